import { buildAccessIndex } from "../../src/analysis/access-index.ts";
import { applyPlan } from "../../src/apply/apply.ts";
import type { ApplyOptions } from "../../src/apply/apply-options.ts";
import type { Outcome, RunStore } from "../../src/apply/outcome.ts";
import { revertRun } from "../../src/apply/revert.ts";
import { systemClock } from "../../src/base/clock.ts";
import { RolewrightError } from "../../src/base/error.ts";
import { compareText } from "../../src/base/order.ts";
import type { Connection } from "../../src/engine/engine.ts";
import type { AccessState } from "../../src/model/access-state.ts";
import type { Change } from "../../src/model/change.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { buildPlan } from "../../src/plan/build-plan.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { guards, temporaryRuns } from "./applying.ts";

/** A real server whose grants take no part in transactions, and changes of about a dozen statements on it. */
export interface StepwiseWorld extends AsyncDisposable {
  readonly engine: StepwiseEngine;
  /** What another process connects to. */
  readonly url: string;
  /** The databases that are read. */
  readonly databases: readonly string[];
  connect(): Promise<Connection>;
  /** The changes of the plan that is tried, without a narrowing: at every boundary its access lies between before and after. */
  changes(live: Snapshot): Promise<readonly Change[]>;
  /** One more change that the plan is not about. */
  otherChange(live: Snapshot): Change;
  /** Somebody else's statements: the first changes what the plan's first grant is about, the second takes that back. */
  readonly foreign: readonly [string, string];
  /** The same for what the plan changes in its last statements: it is neither as before nor as after then. */
  readonly collision: readonly [string, string];
  query(text: string): Promise<unknown>;
  /** SIGKILL. */
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** The engines that a child process can be told to use. */
export type StepwiseEngine = "stepwise-postgresql" | "mariadb" | "cassandra";

export function planOf(live: Snapshot, connection: Connection, changes: readonly Change[]): Plan {
  return buildPlan({
    target: "shop-test",
    environment: "test",
    snapshot: live,
    dialect: connection.engine.dialect(live),
    changes: changes.map((change) => ({ change, origin: { locations: [], by: "declared" } })),
    manifestDigest: null,
    tool: "0.0.0-test",
    allowRemovals: 1000,
  });
}

export function stepOptions(connection: Connection, runs: RunStore, over: Partial<ApplyOptions> = {}): ApplyOptions {
  const { engine } = connection;
  return {
    connection,
    runs,
    guards: guards({ expectedAnswers: (_live, _state, questions) => questions.map(() => null) }),
    holder: `a test on ${engine.name}`,
    clock: systemClock,
    backoffMs: 20,
    reconnectMs: 500,
    ...over,
  };
}

/** What comes of it, whether it is thrown or not. */
export async function told(work: Promise<Outcome>): Promise<string> {
  try {
    const outcome = await work;
    return outcome.kind === "applied" ? "applied" : `${outcome.kind} ${outcome.code}`;
  } catch (error) {
    if (error instanceof RolewrightError) return error.code;
    throw error;
  }
}

export function apply(
  plan: Plan,
  connection: Connection,
  runs: RunStore,
  over: Partial<ApplyOptions> = {},
): Promise<string> {
  return told(applyPlan(plan, stepOptions(connection, runs, over)));
}

export async function revert(
  plan: Plan,
  connection: Connection,
  runs: RunStore,
  over: Partial<ApplyOptions> & { readonly leaveChanged?: boolean } = {},
): Promise<string> {
  const options = { ...stepOptions(connection, runs, over), tool: plan.tool, leaveChanged: over.leaveChanged ?? false };
  return await told(revertRun(plan.digest, options).then(({ outcome }) => outcome));
}

/** A world at its start, with the plan and both ends of it. */
export interface Bounds {
  readonly world: StepwiseWorld;
  readonly plan: Plan;
  readonly before: Snapshot;
  readonly after: AccessState;
}

/** Makes the plan, and tries it both ways once: only then are its ends known from the server. */
export async function boundsOf(world: StepwiseWorld): Promise<Bounds> {
  await using connection = await world.connect();
  const before = await connection.introspect();
  const plan = planOf(before, connection, await world.changes(before));
  const { runs } = temporaryRuns();
  const ways = [
    await apply(plan, connection, runs),
    (await connection.introspect()).access,
    await revert(plan, connection, runs),
  ];
  const [there, after, back] = ways as [string, AccessState, string];
  const fingerprint = (await connection.introspect()).fingerprint;
  if (there !== "applied" || back !== "applied" || fingerprint !== before.fingerprint)
    throw new Error(`the plan cannot be tried: ${there}, ${back}`);
  return { world, plan, before, after };
}

/** Where a state is not between both ends: recorded grants, memberships, and what everybody can do. Sorted; empty where all is well. */
export function outsideOf({ before, after }: Bounds, live: Snapshot, connection: Connection): readonly string[] {
  const dialect = connection.engine.dialect(before);
  const tuples = (state: AccessState): ReadonlySet<string> =>
    new Set([...recorded(state), ...usable(state, live, dialect)]);
  const [first, last, now] = [tuples(before.access), tuples(after), tuples(live.access)];
  const lost = [...first].filter((one) => last.has(one) && !now.has(one)).map((one) => `lost: ${one}`);
  const extra = [...now].filter((one) => !first.has(one) && !last.has(one)).map((one) => `extra: ${one}`);
  return [...lost, ...extra].sort(compareText);
}

function recorded(state: AccessState): readonly string[] {
  const found: string[] = [];
  for (const { role, member, grantor, inherit } of state.memberships.values()) {
    found.push(["member", role, member, grantor].join(" "));
    if (inherit) found.push(["inherits", role, member, grantor].join(" "));
  }
  for (const [key, { list }] of state.holdings) {
    for (const { grantee, grantor, privileges } of list.entries) {
      for (const privilege of privileges)
        found.push(["grant", key.replaceAll("\0", "."), privilege, grantee, grantor].join(" "));
    }
  }
  return found;
}

function usable(
  state: AccessState,
  { catalog }: Snapshot,
  dialect: ReturnType<Connection["engine"]["dialect"]>,
): readonly string[] {
  const index = buildAccessIndex(state, catalog, dialect.accessRules);
  const found: string[] = [];
  for (const [key, { resource }] of state.holdings) {
    for (const privilege of dialect.accessRules.privilegesOf(resource.kind)) {
      for (const role of state.roles.keys()) {
        if (index.can(role, privilege, resource))
          found.push(["can", role, privilege, key.replaceAll("\0", ".")].join(" "));
      }
    }
  }
  return found;
}
