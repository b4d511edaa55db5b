import { buildAccessIndex } from "../../src/analysis/access-index.ts";
import type { Check, CheckContext } from "../../src/analysis/checks/check.ts";
import { checkContext } from "../../src/analysis/checks/context.ts";
import type { AppliedChange } from "../../src/analysis/checks/records.ts";
import { type CheckRun, runChecks } from "../../src/analysis/checks/run-checks.ts";
import type { Usage } from "../../src/analysis/checks/usage.ts";
import { predict } from "../../src/diff/predict.ts";
import { postgresql } from "../../src/engine/postgresql/index.ts";
import type { AccessState } from "../../src/model/access-state.ts";
import { type Declared, NOTHING_DECLARED } from "../../src/model/declared.ts";
import { fingerprint } from "../../src/model/fingerprint.ts";
import type { Identity } from "../../src/model/identity.ts";
import type { Posture } from "../../src/model/posture.ts";
import { type PostgresPosture, UNREAD_POSTGRES } from "../../src/model/posture/postgresql.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { sampleCatalog, sampleState, type Sample } from "./access-sample.ts";

/** A small PostgreSQL cluster and what checks know of it; what is not said is of no importance. */
export interface CheckWorld extends Sample {
  readonly environment?: string;
  readonly now?: string;
  /** What the manifest says. @default there is a manifest that says nothing */
  readonly declared?: Partial<Declared> | null;
  readonly identities?: readonly Identity[];
  /** @default no evidence */
  readonly usage?: Usage;
  /** @default no records of what was applied */
  readonly records?: readonly AppliedChange[];
  /** @default not read */
  readonly posture?: Partial<Omit<Posture, "postgresql">> & { readonly postgresql: Partial<PostgresPosture> };
  /** Changes what is known of single resources: `table sales.orders`. */
  readonly catalog?: (catalog: Snapshot["catalog"]) => Snapshot["catalog"];
}

export const NOW = "2026-11-22T09:00:00Z";

/** What checks look at, for a hand-made cluster. `access` in place of what the world says. */
export function worldContext(world: CheckWorld, access: AccessState = sampleState(world)): CheckContext {
  const catalog = (world.catalog ?? ((same) => same))(sampleCatalog(world));
  const major = world.major ?? 18;
  const live: Snapshot = {
    identity: { engine: "postgresql", server: "1", databases: catalog.databases },
    version: { product: "PostgreSQL", major, minor: 4, text: `${major}.4` },
    actor: { role: "postgres", superuser: true, bootstrap: "postgres", provider: null },
    takenAt: world.now ?? NOW,
    catalog,
    access,
    unknowns: [],
    fingerprint: fingerprint(access),
    limits: {},
  };
  const dialect = postgresql.dialect(live);
  return checkContext({
    target: "here",
    environment: world.environment ?? "test",
    now: live.takenAt,
    index: buildAccessIndex(access, catalog, dialect.accessRules),
    live,
    dialect,
    posture: world.posture === undefined ? null : postureOf(world.posture),
    usage: world.usage ?? null,
    records: world.records ?? null,
    declared: world.declared === null ? null : declaredOf(world),
  });
}

/** Runs one check on a hand-made cluster. */
export function runOn(check: Check, world: CheckWorld): CheckRun {
  return runChecks(worldContext(world), [check]);
}

/** What it says, as `danger message`. */
export function told(check: Check, world: CheckWorld): string[] {
  return runOn(check, world).findings.map((each) => `${each.danger} ${each.message}`);
}

/** What it still says after the changes of all its fixes were made; nothing is made of SQL. */
export function toldAfterFix(check: Check, world: CheckWorld): string[] {
  const context = worldContext(world);
  const changes = runChecks(context, [check]).findings.flatMap(({ mend }) => mend.changes ?? []);
  if (changes.length === 0) throw new Error("the fix changes nothing");
  const after = predict(context.index.recorded, changes, context.dialect.rules);
  return runChecks(worldContext(world, after), [check]).findings.map(({ message }) => message);
}

function declaredOf({ declared, identities = [] }: CheckWorld): Declared {
  return {
    ...NOTHING_DECLARED,
    identities,
    targets: ["here"],
    ...declared,
  };
}

function postureOf({ postgresql: own, ...rest }: NonNullable<CheckWorld["posture"]>): Posture {
  return {
    takenAt: NOW,
    logins: new Map(),
    sessions: [],
    unknowns: [],
    ...rest,
    postgresql: { ...UNREAD_POSTGRES, ...own },
  };
}
