import { sorted, sortedText } from "../base/order.ts";
import { compareChanges } from "../diff/change-order.ts";
import { circularRemovals } from "../diff/membership-cycles.ts";
import { predict } from "../diff/predict.ts";
import type { Dialect, Placement, RenderedStatement, RenderRequest } from "../engine/engine.ts";
import type { AccessState } from "../model/access-state.ts";
import { isGrantChange, type Change } from "../model/change.ts";
import { compareResources, resourceKey, type Resource, type ResourceKey } from "../model/resource.ts";
import type { PlannedChange, Stage, Statement } from "./plan.ts";
import { narrowTogether, splitNarrowing } from "./narrowing.ts";
import { anchorOf, rolesBy, splitByBlock, splitLogins } from "./split-changes.ts";
import { cutIntoPieces, stepsOf, type Step } from "./steps.ts";

export interface LayoutInput {
  readonly changes: readonly PlannedChange[];
  readonly before: AccessState;
  readonly dialect: Dialect;
  /** Sorted, not empty. */
  readonly databases: readonly string[];
  /** How many entries of the shared lock table one stage may take. */
  readonly lockBudget: number;
}

export interface Layout {
  /** Sorted; statements name them by index. Some are split so that each is carried out wholly within one stage. */
  readonly changes: readonly PlannedChange[];
  readonly stages: readonly Stage[];
  /** The predicted state before each stage, and after the last. */
  readonly states: readonly AccessState[];
  /** The lock table entries of the largest stage. */
  readonly locks: number;
  /** Where grants take no part in transactions, what stands after which statements of each stage; empty elsewhere. */
  readonly steps: readonly (readonly Step[])[];
}

/**
 * Puts changes into stages: a single one where everything fits into one transaction of one database that holds up nobody, else the rows of planning-and-applying.md, section 4. Where grants take no part in
 * transactions it is always the rows, so that at every statement boundary all of what is added stands before anything is taken away. Applied to the changes of its own result it gives the same result.
 */
export function layout(input: LayoutInput): Layout {
  const { changes, before, dialect, databases } = input;
  if (changes.length === 0) return { changes: [], stages: [], states: [before], locks: 0, steps: [] };
  const placements = changes.map(({ change }) => dialect.placement(change));
  const touched = sortedText(placements.flatMap(({ database }) => (database === null ? [] : [database])));
  const home = touched[0] ?? databases[0] ?? "";
  const dropped = rolesBy(changes, "drop-role");
  const closes = changes.some(({ change }) => isClosing(change, dropped));
  if (!dialect.capabilities.transactionalGrants) return run(rows(splitLogins(changes), input, home, touched), input);
  if (touched.length <= 1 && !closes && placements.every(({ stage }) => stage !== "heavy")) {
    const single = run([{ name: "all", database: home, changes }], input);
    if (single.locks <= input.lockBudget) return single;
  }
  return run(splitToBudget(rows(splitLogins(changes), input, home, touched), input), input);
}

interface StageSpec {
  readonly name: Stage["name"];
  readonly database: string;
  readonly changes: readonly PlannedChange[];
}

const NONE: ReadonlySet<PlannedChange> = new Set();

/** The login of a role that this plan drops is closed in a transaction of its own, before everything else. */
function isClosing(change: Change, dropped: ReadonlySet<string>): boolean {
  return (
    change.kind === "alter-role" &&
    dropped.has(change.role) &&
    change.attributes.some((attribute) => attribute.name === "login" && attribute.after === false)
  );
}

function rows(
  given: readonly PlannedChange[],
  { before, dialect }: LayoutInput,
  home: string,
  touched: readonly string[],
): StageSpec[] {
  // In whatever order they came: what is rendered from the plan again must be the same text.
  const all = sorted(given, (a, b) => compareChanges(a.change, b.change));
  const created = rolesBy(all, "create-role");
  const dropped = rolesBy(all, "drop-role");
  const { changes, narrowing } = dialect.capabilities.transactionalGrants
    ? { changes: splitHeavy(all, dialect), narrowing: NONE }
    : splitNarrowing(all);
  const circular = circularRemovals(
    before,
    changes.map(({ change }) => change),
  );
  const heavy = heavyObjects(changes, dialect);
  const specs = new Map<string, { name: Stage["name"]; database: string; changes: PlannedChange[] }>();
  const put = (row: number, name: Stage["name"], database: string, planned: PlannedChange, part = ""): void => {
    const key = `${row}\0${database}\0${part}`;
    const spec = specs.get(key);
    if (spec === undefined) specs.set(key, { name, database, changes: [planned] });
    else spec.changes.push(planned);
  };
  const last = touched.at(-1) ?? home;
  for (const [index, planned] of changes.entries()) {
    const { change } = planned;
    const place: Placement = dialect.placement(change);
    const object = heavyObject(change, heavy);
    if (object !== undefined) put(3, "heavy", place.database ?? home, planned, object);
    else if (narrowing.has(planned)) put(4, "remove", place.database ?? last, planned);
    else if (isClosing(change, dropped)) put(0, "prepare", home, planned);
    else if (change.kind === "drop-role") put(6, "finish", last, planned);
    else if (circular.has(index)) put(1, "prepare", home, planned);
    else if (change.kind === "alter-role" && created.has(change.role)) put(5, "finish", last, planned);
    else if (place.stage === "prepare") put(1, "prepare", home, planned);
    else if (place.stage === "add") put(2, "add", place.database ?? home, planned);
    else if (place.stage === "remove") put(4, "remove", place.database ?? last, planned);
    else put(5, "finish", last, planned);
  }
  return sorted(specs.entries(), ([a], [b]) => (a < b ? -1 : 1)).map(([, spec]) => spec);
}

/** Changes that take heavy locks get one stage for each object, so changes over several of these objects are cut. */
function splitHeavy(changes: readonly PlannedChange[], dialect: Dialect): PlannedChange[] {
  const heavy = heavyObjects(changes, dialect);
  const numbers = new Map([...new Set(heavy.values())].map((key, index) => [key, index]));
  if (heavy.size === 0) return [...changes];
  return splitByBlock(changes, (anchor) => numbers.get(heavy.get(anchor) ?? anchor));
}

/**
 * The objects that are locked against their users, by some change; what follows them when they change hands stands beside them. Whatever else happens to the owner or the
 * list of one of these has to happen with it.
 */
function heavyObjects(changes: readonly PlannedChange[], dialect: Dialect): ReadonlyMap<ResourceKey, ResourceKey> {
  const objects = new Map<ResourceKey, ResourceKey>();
  for (const { change } of changes) {
    if (dialect.placement(change).stage !== "heavy") continue;
    for (const resource of ownResources(change)) {
      const key = resourceKey(anchorOf(resource));
      objects.set(key, key);
      if (change.kind !== "change-owner") continue;
      for (const along of dialect.rules.ownedAlong(resource)) objects.set(resourceKey(along), key);
    }
  }
  return objects;
}

function ownResources(change: Change): readonly Resource[] {
  if (change.kind === "change-owner") return change.resources;
  if (change.kind === "set-row-security") return [change.table];
  if (change.kind === "create-policy" || change.kind === "drop-policy") return [change.policy.table];
  return change.kind === "alter-policy" ? [change.after.table] : [];
}

function heavyObject(change: Change, heavy: ReadonlyMap<ResourceKey, ResourceKey>): ResourceKey | undefined {
  const [first] = isGrantChange(change) ? change.resources : ownResources(change);
  return first === undefined ? undefined : heavy.get(resourceKey(anchorOf(first)));
}

/** Cuts stages whose locks would not fit: grants by blocks of objects, the rest by counting. */
function splitToBudget(specs: readonly StageSpec[], input: LayoutInput): StageSpec[] {
  if (specs.every((spec) => atMostLocks(spec.changes) <= input.lockBudget)) return [...specs];
  let state = input.before;
  return specs.flatMap((spec) => {
    const { locks, states } = run([spec], { ...input, before: state });
    state = states.at(-1) ?? state;
    return locks <= input.lockBudget ? [spec] : cut(spec, input.lockBudget);
  });
}

/** An upper bound of what the changes lock, without rendering them. */
function atMostLocks(changes: readonly PlannedChange[]): number {
  const objects = changes.reduce((sum, { change }) => sum + ("resources" in change ? change.resources.length : 1), 0);
  return objects * LOCKS_PER_OBJECT + changes.length;
}

const LOCKS_PER_OBJECT = 4;

function cut(spec: StageSpec, budget: number): StageSpec[] {
  const grants = spec.changes.filter(({ change }) => isGrantChange(change));
  // Besides the objects, the roles that they are granted to are locked.
  const roles = new Set(grants.flatMap(({ change }) => (isGrantChange(change) ? [change.grantee] : [])));
  const size = Math.max(1, Math.floor(budget / 2), budget - roles.size);
  const others = spec.changes.filter(({ change }) => !isGrantChange(change));
  const anchors = new Map<ResourceKey, Resource>();
  for (const resources of new Set(grants.flatMap(({ change }) => (isGrantChange(change) ? [change.resources] : [])))) {
    for (const resource of resources) {
      const anchor = anchorOf(resource);
      anchors.set(resourceKey(anchor), anchor);
    }
  }
  // Schemas come before what is in them, and are left after it.
  const order = sorted(anchors, ([, a], [, b]) => compareResources(a, b));
  if (spec.name === "remove" || spec.name === "finish") order.reverse();
  const blocks = new Map(order.map(([key], index) => [key, Math.floor(index / size)]));
  const parts = Map.groupBy(
    splitByBlock(grants, (anchor) => blocks.get(anchor)),
    ({ change }) => (isGrantChange(change) ? blockOfFirst(change.resources, blocks) : 0),
  );
  const inOrder = [...parts].sort(([a], [b]) => a - b).map(([, changes]) => changes);
  const rest = chunks(others, Math.max(1, Math.floor(budget / LOCKS_PER_OBJECT)));
  const groups = spec.name === "finish" ? [...inOrder, ...rest] : [...rest, ...inOrder];
  return groups.map((changes) => ({ ...spec, changes }));
}

function blockOfFirst([first]: readonly Resource[], blocks: ReadonlyMap<ResourceKey, number>): number {
  return first === undefined ? 0 : (blocks.get(resourceKey(anchorOf(first))) ?? 0);
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let start = 0; start < items.length; start += size) result.push(items.slice(start, start + size));
  return result;
}

interface RenderedStage {
  readonly spec: StageSpec;
  readonly statements: readonly RenderedStatement[];
  readonly steps: readonly Step[];
}

/** Renders the stages one after the other, each from the state that the ones before lead to. */
function run(specs: readonly StageSpec[], { before, dialect }: LayoutInput): Layout {
  const states: AccessState[] = [before];
  const rendered: RenderedStage[] = [];
  let locks = 0;
  for (const spec of specs) {
    const state = states.at(-1) ?? before;
    const request = requestFor(spec.changes, state, dialect);
    const stage = dialect.capabilities.transactionalGrants
      ? { spec, statements: dialect.render(request), steps: [] }
      : renderSteps(spec, request, dialect);
    locks = Math.max(locks, dialect.lockDemand(stage.statements));
    rendered.push(stage);
    states.push(request.after);
  }
  const changes = sorted(
    specs.flatMap((spec) => spec.changes),
    (a, b) => compareChanges(a.change, b.change),
  );
  const indexOf = new Map(changes.map((planned, index) => [planned, index]));
  const stages = rendered.map(({ spec, statements }): Stage => {
    const place = (local: number): number => {
      const planned = spec.changes[local];
      return (planned === undefined ? undefined : indexOf.get(planned)) ?? -1;
    };
    return {
      name: spec.name,
      database: spec.database,
      statements: statements.map((statement) => toStatement(statement, place)),
    };
  });
  const steps = dialect.capabilities.transactionalGrants ? [] : rendered.map((stage) => stage.steps);
  return { changes, stages, states, locks, steps };
}

/** The plan lists changes as they are; its statements are made from what they are cut into. States are predicted from the whole ones, whose resources share lists. */
function renderSteps(spec: StageSpec, request: RenderRequest, dialect: Dialect): RenderedStage {
  const pieces = cutIntoPieces(request.all);
  const all = pieces.map(({ change }) => change);
  const indexes = all.map((_, index) => index);
  const circular = circularRemovals(request.before, all);
  const statements = narrowTogether(dialect.render({ ...request, all, indexes, circular }), pieces);
  const whole = statements.map((statement) => ({
    ...statement,
    changes: [...new Set(statement.changes.map((piece) => pieces[piece]?.of ?? -1))],
  }));
  return { spec, statements: whole, steps: stepsOf(statements, pieces) };
}

function toStatement(
  { text, changes, as, secret, heavy, interrupts }: RenderedStatement,
  place: (local: number) => number,
): Statement {
  return {
    text,
    changes: changes.map(place).sort((a, b) => a - b),
    ...(as === undefined ? {} : { as }),
    ...(secret === undefined ? {} : { secret }),
    ...(heavy === undefined ? {} : { heavy }),
    ...(interrupts === undefined ? {} : { interrupts }),
  };
}

/** What a dialect is asked about changes that run together, starting from a state. `after` saves work where it is known already. */
export function requestFor(
  planned: readonly PlannedChange[],
  before: AccessState,
  { rules }: Pick<Dialect, "rules">,
  after?: AccessState,
): RenderRequest {
  const all = planned.map(({ change }) => change);
  const moves = all.filter((change) => change.kind === "rename-role" || change.kind === "change-owner");
  return {
    all,
    indexes: all.map((_, index) => index),
    before,
    moved: predict(before, moves, rules),
    after: after ?? predict(before, all, rules),
    circular: circularRemovals(before, all),
  };
}
