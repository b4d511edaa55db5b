import { createHash } from "node:crypto";
import type { Secret } from "../../../../base/secret.ts";
import type { ReplayAnswer, ReplayQuestion, ReplayRows } from "../../../simulation.ts";
import { Administrator } from "./administrator.ts";
import { leavesUnseen, notToRun, writesOf } from "./blind-spots.ts";
import { inWindow, workOff } from "./crew.ts";
import { dryRun, planText } from "./dry-run.ts";
import { execute, type ExecutionContext, runPlain, type Trial } from "./execution.ts";
import { type Ground, readGround } from "./ground.ts";
import { isRepairable } from "./parameters.ts";
import { tryCopy } from "./copy.ts";
import { rowsOf } from "./rows.ts";
import { become } from "./session-state.ts";
import { type Batch, batchesOf, newItem, type TrialItem } from "./trial-item.ts";
import { judge, no, notConfirmed, yes } from "./verdict.ts";
import { openWire, type Reply, SessionLost, type Wire } from "./wire.ts";

export interface DatabaseTrialOptions {
  readonly url: Secret;
  readonly database: string;
  /** Sessions at once. */
  readonly sessions: number;
  readonly signal: AbortSignal;
  /** A question got its answer: once for each. */
  readonly onAnswer: (question: number, answer: ReplayAnswer) => void;
}

/** Tries the questions about one database. */
export async function tryInDatabase(
  questions: readonly (readonly [number, ReplayQuestion])[],
  options: DatabaseTrialOptions,
): Promise<void> {
  const open = (): Promise<Wire> => openTracked(options);
  await using keeper = await open();
  const ground = await readGround(keeper);
  await using administrator = new Administrator(ground, open);
  const trial = new DatabaseTrial(ground, administrator, options, open);
  await trial.run(questions.map(([number, question]) => newItem(number, question)));
}

/** A session that an abort ends. */
async function openTracked({ url, database, signal }: DatabaseTrialOptions): Promise<Wire> {
  const wire = await openWire(url, database, signal);
  const end = (): void => wire.destroy();
  signal.addEventListener("abort", end, { once: true });
  return {
    ask: (text, options) => wire.ask(text, options),
    get lost() {
      return wire.lost;
    },
    destroy: end,
    async [Symbol.asyncDispose]() {
      signal.removeEventListener("abort", end);
      await wire[Symbol.asyncDispose]();
    },
  };
}

/** Under way at once in a session. */
const WINDOW = 64;
/** An execution is several messages. */
const EXECUTIONS = 16;

/** They come from others at work beside it, or from a slow moment. */
const TRY_AGAIN = new Set(["55P03", "40P01", "40001", "57014"]);

/** What is done once it is certain that the session stayed what it was. */
type Settle = () => void;

class DatabaseTrial {
  readonly #ground: Ground;
  readonly #administrator: Administrator;
  readonly #options: DatabaseTrialOptions;
  readonly #open: () => Promise<Wire>;
  readonly #unsure: TrialItem[] = [];
  readonly #unseen: Map<string, boolean> = new Map();
  readonly #toRun: TrialItem[] = [];
  /** Rows go in between, so nothing else can be under way. */
  readonly #copies: TrialItem[] = [];
  readonly #toRunAlone: TrialItem[] = [];

  constructor(ground: Ground, administrator: Administrator, options: DatabaseTrialOptions, open: () => Promise<Wire>) {
    this.#ground = ground;
    this.#administrator = administrator;
    this.#options = options;
    this.#open = open;
  }

  async run(items: readonly TrialItem[]): Promise<void> {
    await this.#phase(items, WINDOW, (wire, item) => this.#start(wire, item));
    const repaired = await this.#askAdministrator();
    await this.#phase(repaired, WINDOW, (wire, item) => this.#dryRun(wire, item));
    await this.#phase(this.#toRun, EXECUTIONS, (wire, item) => this.#run(wire, item));
    await this.#phase(this.#copies, 1, (wire, item) => this.#run(wire, item));
    await this.#phase(this.#toRunAlone, 1, (wire, item) => this.#run(wire, item), 1);
  }

  /** Has every item asked about in a session that is its actor's. */
  async #phase(
    items: readonly TrialItem[],
    width: number,
    ask: (wire: Wire, item: TrialItem) => Promise<Settle>,
    sessions = this.#options.sessions,
  ): Promise<void> {
    await workOff<Batch>(batchesOf(items, sessions), {
      open: this.#open,
      sessions,
      work: async (wire, batch) => {
        for (const settle of await this.#askAll(wire, batch, { width, ask })) settle();
      },
      afterLoss: ({ actor, items: lost }) => {
        this.#options.signal.throwIfAborted();
        if (lost.length > 1) return lost.map((item) => ({ actor, items: [item] }));
        for (const item of lost) this.#answer(item, notConfirmed("execution", "the session ended while it was tried"));
        return [];
      },
    });
  }

  async #askAll(
    wire: Wire,
    { actor, items }: Batch,
    { width, ask }: { width: number; ask: (wire: Wire, item: TrialItem) => Promise<Settle> },
  ): Promise<readonly Settle[]> {
    const refused = await become(wire, actor, { settings: this.#ground.settings, generic: width === WINDOW });
    if (refused !== null) return items.map((item) => () => this.#answer(item, no("rule", refused)));
    const before = await wire.ask(STATE);
    for (const item of items) item.path = before.rows[0]?.[2] ?? "";
    const settled: Settle[] = [];
    await inWindow(items, width, async (item) => {
      settled.push(await ask(wire, item));
    });
    const after = await wire.ask(STATE);
    // Something that ran made the session somebody else's: nobody knows from where on.
    if (items.length > 1 && JSON.stringify(after.rows) !== JSON.stringify(before.rows))
      throw new SessionLost("changed");
    return settled;
  }

  async #start(wire: Wire, item: TrialItem): Promise<Settle> {
    switch (item.way.kind) {
      case "dry-run":
        return await this.#dryRun(wire, item);
      case "rule": {
        const answer = await this.#ground.decide(item.way.rule, item.actor.role);
        return () => this.#answer(item, answer);
      }
      case "run": {
        const queue = item.way.alone ? this.#toRunAlone : this.#toRun;
        return () => queue.push(item);
      }
      case "copy":
        return () => this.#copies.push(item);
    }
  }

  async #dryRun(wire: Wire, item: TrialItem): Promise<Settle> {
    const reply = await dryRun(wire, item.prepared, this.#ground.major);
    const outcome = judge(reply.failure, reply.notices);
    switch (outcome.kind) {
      case "denied":
        return () => this.#answer(item, no("dry-run", outcome.failure));
      case "allowed":
        return () => this.#planned(item, reply);
      case "lost-name":
        // Repaired: an administrator can ask it in this form.
        if (item.repaired) return () => this.#answer(item, no("dry-run", outcome.failure));
        break;
      case "other":
        if (item.repaired || !isRepairable(outcome.failure.code, item.question.text))
          return () => this.#answer(item, notConfirmed("dry-run", outcome.failure));
        break;
    }
    return () => {
      item.failure = outcome.failure;
      this.#unsure.push(item);
    };
  }

  #planned(item: TrialItem, reply: Reply): void {
    item.plan = planText(reply);
    const kept = notToRun(item.prepared.text);
    if (kept === "stays-open")
      return this.#answer(item, notConfirmed("dry-run", "what it calls is not called in a trial"));
    if (kept === "dry-run-suffices") return this.#answer(item, yes("dry-run"));
    item.unseen = item.question.deep || this.#leavesUnseen(item);
    if (item.unseen || item.question.rows === true) this.#toRun.push(item);
    else this.#answer(item, yes("dry-run"));
  }

  /** Plans and texts are the same for many roles. */
  #leavesUnseen({ plan, prepared }: TrialItem): boolean {
    const key = `${prepared.text}\0${plan}`;
    const known = this.#unseen.get(key) ?? leavesUnseen(plan, prepared.text, this.#ground.spots);
    this.#unseen.set(key, known);
    return known;
  }

  /** Gives back what has to be asked again in another form. */
  async #askAdministrator(): Promise<readonly TrialItem[]> {
    const again: TrialItem[] = [];
    // By path: the administrator's session then changes seldom.
    for (const item of this.#unsure.toSorted((a, b) =>
      a.path < b.path ? -1 : a.path > b.path ? 1 : a.number - b.number,
    )) {
      this.#options.signal.throwIfAborted();
      const control = await this.#administrator.control(item);
      const failure = item.failure ?? { code: "", message: "" };
      if (control.kind === "repaired") {
        item.prepared = control.prepared;
        item.repaired = true;
        again.push(item);
      } else if (control.kind === "fine" && judge(failure).kind === "lost-name")
        this.#answer(item, no("dry-run", failure));
      else this.#answer(item, notConfirmed("dry-run", failure));
    }
    return again;
  }

  async #run(wire: Wire, item: TrialItem): Promise<Settle> {
    const context = this.#context(wire, item);
    const trial = await this.#execute(context, item);
    const { outcome } = trial;
    switch (outcome.kind) {
      case "denied":
        return () => this.#answer(item, no("execution", outcome.failure));
      case "allowed": {
        const rows = item.question.rows === true ? await rowsOf(trial, () => this.#execute(context, item)) : null;
        return () => this.#allowed(item, trial, rows);
      }
      case "lost-name": {
        const plain = item.way.kind === "run" ? item.way.text : null;
        const control = await this.#administrator.run(item, context, plain);
        if (control.outcome.kind === "allowed") return () => this.#answer(item, no("execution", outcome.failure));
        return () => this.#answer(item, notConfirmed("execution", outcome.failure));
      }
      case "other":
        return () => this.#failed(item, notConfirmed("execution", outcome.failure));
    }
  }

  async #execute(context: ExecutionContext, item: TrialItem): Promise<Trial> {
    switch (item.way.kind) {
      case "run":
        return await runPlain(context, item.way.text);
      case "copy":
        return await tryCopy(context, item.way, this.#ground);
      case "dry-run":
      case "rule":
        return await execute(context, item.prepared);
    }
  }
  #allowed(item: TrialItem, trial: Trial, rows: ReplayRows | null): void {
    const found = rows === null ? {} : { rows };
    if (trial.reached || item.way.kind !== "dry-run") return this.#answer(item, { ...yes("execution"), ...found });
    if (!item.unseen) return this.#answer(item, { ...yes("dry-run"), ...found });
    this.#answer(item, {
      ...notConfirmed("execution", "no row was reached, so what runs for a row did not"),
      ...found,
    });
  }

  #failed(item: TrialItem, answer: ReplayAnswer): void {
    if (!item.again && TRY_AGAIN.has(answer.code ?? "")) {
      item.again = true;
      this.#toRunAlone.push(item);
    } else if (item.way.kind === "dry-run" && !item.unseen) this.#answer(item, yes("dry-run"));
    else this.#answer(item, answer);
  }

  #context(wire: Wire, { actor, plan }: TrialItem): ExecutionContext {
    const { types, spots, sampleRow, remembered } = this.#ground;
    return { wire, actor, types, ...writesOf(plan, spots), sampleRow, remembered };
  }

  #answer(item: TrialItem, answer: ReplayAnswer): void {
    const plan = item.plan === "" || answer.verdict === "no" ? {} : { plan: digest(item.plan) };
    this.#options.onAnswer(item.number, { ...answer, ...plan });
  }
}

/** Who the session is, and what its names stand for. */
const STATE = "select session_user, current_user, current_setting('search_path')";

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
