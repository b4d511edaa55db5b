import type { ReplayAnswer, ReplayQuestion, ShadowStatement, StatementQuestion } from "../engine/simulation.ts";
import { RolewrightError } from "../base/error.ts";
import { compareText } from "../base/order.ts";
import type { Requirement, StatementRequirements } from "../model/requirements.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Plan } from "../plan/plan.ts";
import { needsOf } from "./decide.ts";
import { asOfTarget } from "./shadow-requirements.ts";
import type { Basis } from "./simulation.ts";
import type { SimulationInput } from "./world.ts";

/** What was found out about each question in each state. */
export interface Answers {
  readonly basis: Basis;
  /** Of each question. */
  readonly databases: readonly string[];
  readonly before: readonly Answer[];
  readonly after: readonly Answer[];
  /** The state of the shadow after the plan's own statements; null: there is no shadow that runs. */
  readonly reached: Snapshot | null;
}

export interface Answer {
  readonly requirements: StatementRequirements;
  /** Null: it was not tried. */
  readonly tried: ReplayAnswer | null;
}

/** Asks what statements need and tries them, before and after the plan's own statements, on a shadow; or by the text alone. Nothing runs on the target. */
export async function askBoth(questions: readonly StatementQuestion[], input: SimulationInput): Promise<Answers> {
  if (input.textOnly === true) return askText(questions, input);
  const { engine, onProgress, signal } = input;
  if (engine.shadow === "none") return await askCatalog(questions, input);
  const signalled = signal === undefined ? {} : { signal };
  const tell = (step: string): ((done: number) => void) => {
    onProgress?.({ step, done: 0, total: questions.length });
    return (done) => onProgress?.({ step, done, total: questions.length });
  };
  onProgress?.({ step: "building the shadow", done: 0, total: 0 });
  await using shadow = await engine.startShadow({
    url: input.url,
    live: input.live,
    // What the plan is about must be there too, or its statements could not run.
    about: [
      ...questions,
      ...statementsOf(input.plan).map(({ database, text }) => ({ database, text, role: input.live.actor.role })),
    ],
    ...(input.staging === undefined ? {} : { staging: input.staging }),
    ...(input.rows === undefined ? {} : { rows: input.rows }),
    onProgress: (done) => onProgress?.({ step: `building the shadow: ${done}`, done: 0, total: 0 }),
    ...signalled,
  });
  await using source = await engine.openRequirements({
    url: shadow.url,
    snapshot: shadow.snapshot,
    isShadow: true,
    ...signalled,
  });
  await using replay = engine.openReplay === null ? null : await engine.openReplay(shadow, signalled);
  const ask = async (when: string): Promise<readonly Answer[]> => {
    const requirements = await source.read(questions, {
      onProgress: tell(`reading what statements need ${when}`),
      ...signalled,
    });
    const tried = await replay?.attempt(
      questions.map(
        (question, at): ReplayQuestion => ({
          ...question,
          deep: isDeep(requirements[at]),
          rows: input.rows !== undefined,
        }),
      ),
      { onProgress: tell(`trying statements ${when}`), ...signalled },
    );
    return requirements.map((each, at) => ({ requirements: asOfTarget(each, shadow), tried: tried?.[at] ?? null }));
  };
  const before = await ask("before the change");
  onProgress?.({ step: "running the plan on the shadow", done: 0, total: 0 });
  const reached = await shadow.run(statementsOf(input.plan)).catch((error: unknown): never => {
    throw isRefusal(error) ? unrunnable(error, input) : error;
  });
  await source.moved(reached);
  const after = await ask("after the change");
  const basis: Basis = {
    kind: "server",
    version: shadow.snapshot.version.text,
    otherMajor: shadow.otherMajor,
    gaps: [...shadow.gaps].sort((a, b) => compareText(a.name, b.name)),
  };
  return { basis, databases: questions.map(({ database }) => database), before, after, reached };
}

function isRefusal(error: unknown): error is RolewrightError {
  return error instanceof RolewrightError && error.code === "RW412";
}

/** What the shadow refuses to the role that plans, the target would refuse too. */
function unrunnable(error: RolewrightError, { live }: SimulationInput): RolewrightError {
  return new RolewrightError(
    "RW579",
    `the plan cannot run as \`${live.actor.role}\`: tried on the shadow, ${error.message}`,
    { help: "connect as the role that will apply it, and plan again", cause: error, details: error.details ?? {} },
  );
}

/** Where an engine has no shadow: what statements need by the rules of the engine over the target's own catalog. The plan's statements are not rehearsed, and nothing is tried. */
async function askCatalog(questions: readonly StatementQuestion[], input: SimulationInput): Promise<Answers> {
  const { engine, live, after, url, onProgress, signal } = input;
  const signalled = signal === undefined ? {} : { signal };
  await using source = await engine.openRequirements({ url, snapshot: live, ...signalled });
  const ask = async (when: string): Promise<readonly Answer[]> => {
    const step = `reading what statements need ${when}`;
    const requirements = await source.read(questions, {
      onProgress: (done) => onProgress?.({ step, done, total: questions.length }),
      ...signalled,
    });
    return requirements.map((each) => ({ requirements: each, tried: null }));
  };
  const before = await ask("before the change");
  await source.moved({ ...live, access: after });
  const basis: Basis = { kind: "catalog", version: live.version.text, otherMajor: false, gaps: [] };
  return {
    basis,
    databases: questions.map(({ database }) => database),
    before,
    after: await ask("after the change"),
    reached: null,
  };
}

/** What the text alone says is the same in both states: only who holds what differs. */
function askText(questions: readonly StatementQuestion[], { engine }: SimulationInput): Answers {
  const { fromText } = engine;
  const answers = questions.map(
    (question): Answer => ({
      requirements: fromText === null ? NOT_READ : fromText(question),
      tried: null,
    }),
  );
  const basis: Basis = { kind: "text", version: null, otherMajor: false, gaps: [] };
  return {
    basis,
    databases: questions.map(({ database }) => database),
    before: answers,
    after: answers,
    reached: null,
  };
}

const NOT_READ: StatementRequirements = {
  allOf: [],
  unknown: [{ kind: "unparsed", reason: "this engine reads nothing from the text alone", origin: [] }],
  resolved: [],
  approximate: true,
  refused: null,
};

/** The plan's own statements, in its order. Passwords are not rehearsed. */
export function statementsOf(plan: Plan): readonly ShadowStatement[] {
  return plan.stages.flatMap(({ database, statements }) =>
    statements.map(({ text, as, secret }) => ({
      database,
      text,
      ...(as === undefined ? {} : { as }),
      ...(secret === undefined ? {} : { secret: true as const }),
    })),
  );
}

/** What a dry run does not look at: bodies, sequences, and all that cannot be known. */
function isDeep(requirements: StatementRequirements | undefined): boolean {
  if (requirements === undefined || requirements.refused !== null) return false;
  return requirements.unknown.length > 0 || requirements.allOf.some(isHidden);
}

function isHidden(requirement: Requirement): boolean {
  return needsOf(requirement).some(
    ({ right, certainty, origin }) =>
      certainty === "conditional" ||
      (right.kind === "privilege" && right.resource.kind === "sequence") ||
      origin.some((step) => !step.startsWith("view ")),
  );
}
