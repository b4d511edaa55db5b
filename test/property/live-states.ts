import { diff } from "../../src/diff/diff.ts";
import { buildPlan } from "../../src/plan/build-plan.ts";
import type { Plan, Stage } from "../../src/plan/plan.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { STATE_DATABASE, type StateServer } from "../support/random-state/run.ts";
import { Secret } from "../../src/base/secret.ts";
import type { Connection } from "../../src/engine/engine.ts";
import { postgresql } from "../../src/engine/postgresql/index.ts";
import { databaseOf } from "../../src/model/resource.ts";
import type { AccessState } from "../../src/model/access-state.ts";

/** How many cases a run holds each property against. */
export function cases(normal: number): number {
  return process.env["ROLEWRIGHT_TEST_LONG"] === "1" ? normal * 20 : normal;
}

/** How long a test of so many cases may take, in milliseconds; a failure is made smaller within it. */
export function timeLimit(normal: number): number {
  return 120_000 + cases(normal) * 4_000;
}

/** Opens the server of the random states as the superuser, in their database. @param databases what is read; dropping a role needs all of them */
export function openStates(server: StateServer, databases?: "all"): Promise<Connection> {
  const url = new Secret(`${server.url({ database: STATE_DATABASE })}?sslmode=disable`);
  return postgresql.connect({ url, ...(databases === undefined ? {} : { databases }) });
}

/** A state as plain data, for comparing: without what the server does by itself and nobody can plan. */
export function plainState(state: AccessState): Readonly<Record<string, unknown>> {
  const here = (database: string | null): boolean => database === null || database === STATE_DATABASE;
  return {
    roles: byKey(state.roles),
    memberships: byKey(new Map([...state.memberships].filter(([, one]) => !one.implied))),
    holdings: byKey(
      new Map(
        [...state.holdings].filter(([, one]) => here(databaseOf(one.resource)) && one.resource.kind !== "column"),
      ),
    ),
    columns: byKey(
      new Map([...state.holdings].filter(([, one]) => one.resource.kind === "column" && one.list.entries.length > 0)),
    ),
    defaultPrivileges: byKey(state.defaultPrivileges),
    rowPolicies: byKey(state.rowPolicies),
  };
}

function byKey<V>(map: ReadonlyMap<string, V>): Readonly<Record<string, V>> {
  return Object.fromEntries([...map].map(([key, value]) => [key.replaceAll("\0", " / "), value]));
}

/** The plan that leads from what was read to another state of the same server. */
export function planTo(connection: Connection, live: Snapshot, desired: AccessState): Plan {
  const dialect = connection.engine.dialect(live);
  const changes = diff(live.access, desired, { rules: dialect.rules });
  const origin = { locations: [], by: "declared" } as const;
  return buildPlan({
    target: "random",
    environment: "test",
    snapshot: live,
    dialect,
    changes: changes.map((change) => ({ change, origin })),
    manifestDigest: null,
    tool: "test",
    allowRemovals: 1_000_000,
  });
}

/** Runs stages as they stand, each in a transaction of its own. */
export async function runStages(connection: Connection, stages: readonly Stage[]): Promise<void> {
  for (const stage of stages) {
    await using transaction = await connection.begin(stage.database, {
      lockTimeoutMs: 5_000,
      statementTimeoutMs: 30_000,
    });
    for (const { text, as } of stage.statements) {
      await transaction.execute(as === undefined ? { text } : { text, as });
    }
    await transaction.commit();
  }
}
