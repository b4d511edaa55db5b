import { personal } from "../audit/entry/commitment.ts";
import { credentialIn } from "../audit/entry/credentials.ts";
import type { Actor, AuditEvent, ChangeRef, TargetRef } from "../audit/entry/event.ts";
import type { OpenIntent } from "../audit/log/open-intents.ts";
import type { Digest } from "../base/digest.ts";
import { RolewrightError } from "../base/error.ts";
import { compareBy } from "../base/order.ts";
import type { Change } from "../model/change.ts";
import type { Plan, Stage } from "../plan/plan.ts";
import { rolesOf } from "../plan/subjects.ts";
import type { Part } from "./journal.ts";
import type { Run, RunStage, RunStore, StepNote } from "./outcome.ts";
import type { SpoolUse } from "./spooling.ts";
import { trialBegins, trialEnds } from "./trial-events.ts";
import type { ReversalCause } from "./window.ts";

/**
 * Where an apply announces what it is about to do, and says how it ended. Contract: `append` gives the indexes in order once all of it outlives any crash, and throws where that cannot be: then nothing that it announces may be done.
 */
export interface Trail {
  /** With ids, what fails may be written elsewhere under them: should it stand in the log after all, it is known again. */
  append(events: readonly AuditEvent[], given?: AppendGiven): Promise<readonly number[]>;
  /** What was announced since then, and has no outcome. */
  openIntents(since: Date | null): Promise<readonly OpenIntent[]>;
  /** Returns when what was announced is as far as the manifest asks before anything may run: readable by others, or seen by witnesses. Throws where that is not so in time: then nothing may run. @default committed is far enough */
  reached?(plan: Digest): Promise<void>;
  /** Keeps content beside the log, erasable; gives its address, durable when it returns, or null where it is not kept. @default nothing is kept */
  keep?(content: string): Promise<string | null>;
  /** Why it goes to a spool, since the log is down; null while it goes to the log. @default it never does */
  spooled?(): SpoolUse | null;
}

export interface AppendGiven {
  readonly ids?: readonly string[];
  /** It may take the room that is kept on a full disk. @default false */
  readonly reserve?: boolean;
}

export interface TrailOptions {
  readonly trail: Trail;
  readonly actor: Actor;
  readonly target: TargetRef;
  /** True where each statement stands at once: then each is announced by itself. */
  readonly stepwise: boolean;
  /** Why a plan is taken back. @default asked */
  readonly because?: ReversalCause;
}

/** What an intent is about: a stage of a part of a run, or one statement of it. */
interface About {
  readonly plan: Digest;
  readonly part: Part;
  readonly stage: number;
  readonly statement: number | null;
}

const FIELDS = { apply: "stages", finish: "finish", undo: "undo" } as const satisfies Record<Part, keyof Run>;
const PARTS = ["apply", "finish", "undo"] as const;
/** So many changes are named in one entry; entries are to stay small. */
const MAX_CHANGES = 24;

/**
 * The same store of runs, with everything that it is told written to the audit log: an intent before the record says that statements may run, an outcome after it says how they ended. Whatever records how a run ended, also a later one that
 * asked the database, closes what was announced.
 */
export function trailedRuns(runs: RunStore, options: TrailOptions): RunStore {
  const { trail } = options;
  /** What was announced by this process and has no outcome, by what it is about. */
  const open = new Map<string, { readonly index: number; readonly about: About }>();
  const noted = new Map<string, number>();
  /** Records as they were written last: reading one reads its plan, which may be large. */
  const saved = new Map<Digest, Run>();
  /** What was announced past the log: its record says so from then on. */
  const spooled = new Map<Digest, SpoolUse>();
  const announce = async (
    intents: readonly { readonly about: About; readonly event: AuditEvent }[],
    before: readonly AuditEvent[] = [],
  ): Promise<void> => {
    const indexes = await trail.append([...before, ...intents.map(({ event }) => event)]);
    for (const [at, { about }] of intents.entries()) {
      const index = indexes[before.length + at];
      if (index !== undefined) open.set(keyOf(about), { index, about });
    }
    const [first] = intents;
    if (first === undefined) return;
    try {
      await trail.reached?.(first.about.plan);
    } catch (error) {
      await withdraw(
        intents.map(({ about }) => about),
        error,
      );
      throw error;
    }
  };
  /** What was announced is not done after all. */
  const withdraw = async (abouts: readonly About[], why: unknown): Promise<void> => {
    const error = why instanceof RolewrightError ? why.code : null;
    const { actor, target } = options;
    const outcomes = abouts.flatMap((about): readonly AuditEvent[] => {
      const intent = open.get(keyOf(about))?.index;
      const event = {
        type: "change.outcome",
        actor,
        target,
        plan: { digest: about.plan },
        outcome: "failure",
        error,
      } as const;
      open.delete(keyOf(about));
      return intent === undefined ? [] : [{ ...event, intent, reconciled: false }];
    });
    // Where that cannot be written, the next command says so.
    await trail.append(outcomes).catch(() => undefined);
  };
  /** Says of what was announced how it ended, as far as the record tells by now. */
  const close = async (run: Run, from: readonly Announced[], reconciled: boolean): Promise<void> => {
    const notes = reconciled ? lastNotes(await runs.notes(run.plan)) : noted;
    const ended = from.flatMap(({ index, about }) => {
      const ending = endingOf(run, about, { last: notes.get(stageKey(about)) ?? -1, stepwise: options.stepwise });
      return ending === null ? [] : [{ index, about, ending }];
    });
    if (ended.length === 0) return;
    await trail.append(
      ended.map(({ index, about, ending }) => ({
        type: "change.outcome",
        actor: options.actor,
        target: options.target,
        plan: { digest: run.plan },
        intent: index,
        ...ending,
        transaction: run[FIELDS[about.part]]?.[about.stage]?.transaction ?? null,
        reconciled,
      })),
    );
    for (const { about } of ended) open.delete(keyOf(about));
  };
  /** What a process announced that did not live to say how it ended; after the database was asked, the records know. */
  const settle = async (found: readonly OpenIntent[]): Promise<void> => {
    const announced = found.flatMap(({ index, entry }) => readAbout(index, entry.fields, options.target));
    for (const plan of new Set(announced.map(({ about }) => about.plan))) {
      const known = (await runs.load(plan))?.run;
      const own = announced.filter((each) => each.about.plan === plan && !open.has(keyOf(each.about)));
      await close(known ?? neverBegun(plan), own, true);
    }
  };
  const blobs = new Map<Digest, string | null>();
  /** The plan itself, where the log can be asked for it later. What looks like a credential is nowhere: an expression may. */
  const keepPlan = async (plan: Plan): Promise<string | null> => {
    const known = blobs.get(plan.digest);
    if (known !== undefined) return known;
    const text = JSON.stringify(plan);
    const blob = credentialIn(text) === null ? ((await trail.keep?.(text)) ?? null) : null;
    blobs.set(plan.digest, blob);
    return blob;
  };
  return {
    load: (plan) => runs.load(plan),
    list: () => runs.list(),
    notes: (plan) => runs.notes(plan),
    lock: (given) => runs.lock(given),
    async save(given, plan) {
      let run = given;
      const before = saved.get(run.plan) ?? (await runs.load(run.plan))?.run ?? null;
      const announced = newIntents(before, run, { plan, options, isOpen: (about) => open.has(keyOf(about)) });
      const blob = announced.length > 0 ? await keepPlan(plan) : null;
      const intents = announced.map(({ about, event }) => ({ about, event: withBlob(event, blob) }));
      if (intents.length > 0) {
        // Also an earlier announcement of this plan, whose client did not live to record a run: nothing ran under it.
        if (before === null) await settle(await trail.openIntents(null));
        await announce(intents, before === null ? trialBegins(plan, options) : []);
      }
      const past = trail.spooled?.() ?? null;
      if (past !== null && intents.length > 0) spooled.set(run.plan, past);
      const use = spooled.get(run.plan);
      if (use !== undefined) run = { ...run, spooled: use };
      await runs.save(run, plan);
      saved.set(run.plan, run);
      const own = [...open.values()].filter(({ about }) => about.plan === run.plan);
      await close(run, own, false);
      if (run.state !== "started" && own.length === 0 && before?.state === "started") {
        await settle(await trail.openIntents(new Date(run.started_at)));
      }
      const { actor, target, because = "asked" } = options;
      const isBack = run.state === "reverted" && before?.state !== "reverted";
      const ends = trialEnds(plan, { before, run, because }, options);
      if (isBack) {
        const event = { type: "apply.reverted", actor, target, plan: { digest: run.plan }, because } as const;
        await trail.append([event, ...ends]);
      } else if (ends.length > 0) await trail.append(ends);
    },
    async note(plan, note) {
      const about: About = { plan, part: note.part, stage: note.stage, statement: note.statement };
      if (!open.has(keyOf(about))) await announce([{ about, event: noteIntent(about, note, options) }]);
      await runs.note(plan, note);
      noted.set(stageKey(about), note.statement);
    },
  };
}

interface Announced {
  readonly index: number;
  readonly about: About;
}

interface IntentSource {
  readonly plan: Plan;
  readonly options: TrailOptions;
  readonly isOpen: (about: About) => boolean;
}

/** What the record is about to say may run, and was not announced. */
function newIntents(
  before: Run | null,
  run: Run,
  source: IntentSource,
): readonly { readonly about: About; readonly event: AuditEvent }[] {
  if (run.state !== "started") return [];
  const { plan, options, isOpen } = source;
  return PARTS.flatMap((part) => {
    const [earlier, stages] = [before?.[FIELDS[part]] ?? [], run[FIELDS[part]] ?? []];
    return stages.flatMap((stage, index) => {
      const was = earlier[index];
      const isNew = was === undefined || (stage.state === "running" && was.state !== "running");
      const planned = part === "apply" ? plan.stages[index] : undefined;
      if (!isNew || (was === undefined && stage.state !== "pending")) return [];
      const about: About = { plan: run.plan, part, stage: index, statement: null };
      const shape = { run, stages, about, options };
      if (!options.stepwise) return isOpen(about) ? [] : [{ about, event: stageIntent(shape, planned, plan) }];
      // The statements of a way back are announced one by one, before each runs.
      if (was !== undefined || planned === undefined) return [];
      return planned.statements.map((statement, at) => {
        const one: About = { ...about, statement: at };
        const changes = statement.changes.flatMap((number) => plan.changes[number]?.change ?? []);
        return { about: one, event: statementIntent({ ...shape, about: one }, statement.text, changes) };
      });
    });
  });
}

interface IntentShape {
  readonly run: Run;
  readonly stages: readonly RunStage[];
  readonly about: About;
  readonly options: TrailOptions;
}

function intentOf({ run, stages, about, options }: IntentShape) {
  const stage = stages[about.stage];
  return {
    type: "change.intent",
    actor: options.actor,
    target: { ...options.target, ...(stage === undefined ? {} : { database: stage.database }) },
    plan: { digest: run.plan },
    part: about.part === "apply" && run.reverts !== null ? "revert" : about.part,
    stage: { index: about.stage, of: stages.length, name: stage?.name ?? "" },
    ...(run.approvals === undefined ? {} : { approved: personal(JSON.stringify(run.approvals)) }),
  } as const;
}

function stageIntent(shape: IntentShape, planned: Stage | undefined, plan: Plan): AuditEvent {
  const numbers = new Set(planned?.statements.flatMap((statement) => statement.changes));
  const changes = [...numbers].sort(compareBy((each) => each)).flatMap((number) => plan.changes[number]?.change ?? []);
  return { ...intentOf(shape), statements: planned?.statements.length ?? 0, ...changeRefs(changes) };
}

function statementIntent(shape: IntentShape, text: string, changes: readonly Change[]): AuditEvent {
  return {
    ...intentOf(shape),
    statements: 1,
    statement_index: shape.about.statement ?? 0,
    statement: personal(withheld(text)),
    ...changeRefs(changes),
  };
}

function withBlob(event: AuditEvent, blob: string | null): AuditEvent {
  return blob === null || event.type !== "change.intent" ? event : { ...event, plan: { ...event.plan, blob } };
}

function noteIntent(about: About, note: StepNote, options: TrailOptions): AuditEvent {
  return {
    type: "change.intent",
    actor: options.actor,
    target: options.target,
    plan: { digest: about.plan },
    part: about.part,
    stage: { index: about.stage, of: about.stage + 1, name: "" },
    statements: 1,
    statement_index: note.statement,
    statement: personal(withheld(note.text)),
    ...changeRefs(note.changes),
  };
}

/** An expression may look like a credential; then the statement is run, and not written down. */
function withheld(text: string): string {
  const found = credentialIn(text);
  return found === null ? text : `[withheld: it looks like ${found}]`;
}

function changeRefs(changes: readonly Change[]): {
  readonly changes: readonly ChangeRef[];
  readonly more_changes?: number;
} {
  const named = changes.slice(0, MAX_CHANGES).map((change): ChangeRef => {
    const subject = rolesOf(change)
      .map((role) => (role === "" ? "public" : role))
      .join(", ");
    const op = change.kind;
    const about = { op, subject: subject === "" || credentialIn(subject) !== null ? null : personal(subject) };
    return "privileges" in change ? { ...about, privileges: change.privileges.slice(0, MAX_CHANGES) } : about;
  });
  const more = changes.length - named.length;
  return { changes: named, ...(more > 0 ? { more_changes: more } : {}) };
}

interface Ending {
  readonly outcome: "success" | "failure" | "unknown";
  readonly error: string | null;
}

const NOT_RUN: Ending = { outcome: "failure", error: "not run" };
const FAILURE: Ending = { outcome: "failure", error: null };
const SUCCESS: Ending = { outcome: "success", error: null };
const UNKNOWN: Ending = { outcome: "unknown", error: null };

/** How what was announced ended, by the record of its run; null while that is open. */
function endingOf(
  run: Run,
  about: About,
  { last, stepwise }: { readonly last: number; readonly stepwise: boolean },
): Ending | null {
  const state = run[FIELDS[about.part]]?.[about.stage]?.state ?? "pending";
  const isOver = run.state !== "started";
  if (state === "committed") return SUCCESS;
  if (stepwise && (isOver || state === "unknown")) return stepEnding(run, about, last);
  if (state === "rolled-back") return FAILURE;
  if (!isOver) return state === "unknown" ? UNKNOWN : null;
  if (state === "pending") return NOT_RUN;
  // The server has forgotten the transaction, or was not asked about it; the state of the database told how the run ended.
  if (about.part === "undo") return UNKNOWN;
  return run.state === "rolled-back" ? FAILURE : run.state === "partial" ? UNKNOWN : SUCCESS;
}

/** Another statement is announced in the journal only when the one before it was read back; of the last one it is not known. */
function stepEnding(run: Run, { part, statement }: About, last: number): Ending {
  const at = statement ?? 0;
  if (at > last) return NOT_RUN;
  if (at < last || (run.state === "applied" && part !== "undo")) return SUCCESS;
  return run.state === "rolled-back" && run.undo === undefined ? FAILURE : UNKNOWN;
}

/** A run that was announced and whose record was never written did nothing. */
function neverBegun(plan: Digest): Run {
  return {
    format_version: "1.0",
    plan,
    target: "",
    server: "",
    holder: "",
    started_at: "",
    stages: [],
    state: "rolled-back",
    finished_at: null,
    reverts: null,
  };
}

/** What an intent that was read back is about; nothing where it is about another server. */
function readAbout(index: number, fields: OpenIntent["entry"]["fields"], target: TargetRef): readonly Announced[] {
  const read = fields as unknown as {
    readonly plan: { readonly digest: Digest };
    readonly part: Part | "revert";
    readonly stage: { readonly index: number };
    readonly statement_index?: number;
    readonly target?: TargetRef;
  };
  if (read.target?.server !== target.server) return [];
  const part = read.part === "revert" ? "apply" : read.part;
  return [
    {
      index,
      about: { plan: read.plan.digest, part, stage: read.stage.index, statement: read.statement_index ?? null },
    },
  ];
}

function lastNotes(notes: readonly StepNote[]): ReadonlyMap<string, number> {
  return new Map(notes.map((note) => [`${note.part} ${note.stage}`, note.statement]));
}

function stageKey({ part, stage }: About): string {
  return `${part} ${stage}`;
}

function keyOf({ plan, part, stage, statement }: About): string {
  return `${plan} ${part} ${stage} ${statement ?? "-"}`;
}
