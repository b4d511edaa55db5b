import { Secret } from "../../../src/base/secret.ts";
import { diff } from "../../../src/diff/diff.ts";
import type { Connection, Dialect } from "../../../src/engine/engine.ts";
import { postgresql } from "../../../src/engine/postgresql/index.ts";
import type { AccessState } from "../../../src/model/access-state.ts";
import type { Change } from "../../../src/model/change.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { derivePlan, type DerivedPlan } from "../../../src/plan/build-plan.ts";
import type { Stage } from "../../../src/plan/plan.ts";
import type { PostgresServer } from "../../support/postgres.ts";

export interface Live {
  readonly snapshot: Snapshot;
  readonly dialect: Dialect;
}

export function open(
  server: PostgresServer,
  options: { readonly user?: string; readonly database: string },
): Promise<Connection> {
  return postgresql.connect({ url: new Secret(server.url(options)) });
}

export async function read(connection: Connection): Promise<Live> {
  const snapshot = await connection.introspect();
  return { snapshot, dialect: postgresql.dialect(snapshot) };
}

/** The plan from what is live to a desired state. */
export function planTo({ snapshot, dialect }: Live, desired: AccessState): DerivedPlan {
  return planOf({ snapshot, dialect }, diff(snapshot.access, desired, { rules: dialect.rules }));
}

export function planOf({ snapshot, dialect }: Live, changes: readonly Change[]): DerivedPlan {
  return derivePlan({
    target: "test",
    environment: "test",
    snapshot,
    dialect,
    changes: changes.map((change) => ({ change, origin: { locations: [], by: "declared" } })),
    manifestDigest: null,
    tool: "test",
    allowRemovals: Number.MAX_SAFE_INTEGER,
  });
}

const TIMEOUTS = { lockTimeoutMs: 5_000, statementTimeoutMs: 60_000 };

/** Runs stages as they are; gives the state read back before the commit of each. */
export async function runStages(connection: Connection, stages: readonly Stage[]): Promise<readonly AccessState[]> {
  const seen: AccessState[] = [];
  for (const stage of stages) {
    await using transaction = await connection.begin(stage.database, TIMEOUTS);
    for (const { text, as } of stage.statements) {
      await transaction.execute({ text, ...(as === undefined ? {} : { as }) });
    }
    seen.push((await transaction.introspect()).access);
    await transaction.commit();
  }
  return seen;
}

/** A state as sorted plain data, so that two of equal meaning are equal and a difference can be read. */
export function plain(state: AccessState): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(state).map(([side, entries]) => [
      side,
      Object.fromEntries(
        [...(entries as ReadonlyMap<string, unknown>)]
          .sort(([x], [y]) => (x < y ? -1 : 1))
          .map(([key, value]) => [key.replaceAll("\0", "|"), value]),
      ),
    ]),
  );
}
