import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildAccessIndex } from "../../src/analysis/access-index.ts";
import type { ApplyOptions } from "../../src/apply/apply-options.ts";
import type { Guards } from "../../src/apply/guards.ts";
import type { RunStore } from "../../src/apply/outcome.ts";
import { systemClock } from "../../src/base/clock.ts";
import { digestText } from "../../src/base/digest.ts";
import { Secret } from "../../src/base/secret.ts";
import { diff } from "../../src/diff/diff.ts";
import type { DiffOptions } from "../../src/diff/diff-options.ts";
import type { Connection } from "../../src/engine/engine.ts";
import { postgresql } from "../../src/engine/postgresql/index.ts";
import type { AccessState } from "../../src/model/access-state.ts";
import { databaseOf } from "../../src/model/resource.ts";
import { buildPlan } from "../../src/plan/build-plan.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { fileRunStore } from "../../src/store/files/run-store.ts";
import type { PostgresServer } from "./postgres.ts";

/** Statements for each database, in their order. */
export type Wish = Readonly<Record<string, readonly string[]>>;

export function connectTo(
  server: { url(): string } | { readonly url: string },
  databases: readonly string[],
): Promise<Connection> {
  const url = typeof server.url === "string" ? server.url : server.url();
  return postgresql.connect({ url: new Secret(url), databases });
}

/** The state that statements would lead to, by running them in a transaction that is rolled back. What the cluster shares may be changed in the first database only. */
export async function wished(connection: Connection, live: AccessState, wish: Wish): Promise<AccessState> {
  let state = live;
  for (const [index, [database, statements]] of Object.entries(wish).entries()) {
    await using transaction = await connection.begin(database, { lockTimeoutMs: 5000, statementTimeoutMs: 60_000 });
    for (const text of statements) await transaction.execute({ text });
    const { access } = await transaction.introspect();
    state = merge(state, access, { database, shared: index === 0 });
  }
  return state;
}

/** What one database shows replaces what was known of it and, where wanted, of what the cluster shares. */
function merge(
  known: AccessState,
  read: AccessState,
  { database, shared }: { readonly database: string; readonly shared: boolean },
): AccessState {
  const visible = (home: string | null): boolean => (home === null ? shared : home === database);
  const take = <K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>, home: (value: V) => string | null): Map<K, V> =>
    new Map([
      ...[...a].filter(([, value]) => !visible(home(value))),
      ...[...b].filter(([, value]) => visible(home(value))),
    ]);
  return {
    roles: shared ? read.roles : known.roles,
    memberships: shared ? read.memberships : known.memberships,
    holdings: take(known.holdings, read.holdings, (holding) => databaseOf(holding.resource)),
    defaultPrivileges: take(known.defaultPrivileges, read.defaultPrivileges, (entry) => entry.database),
    rowPolicies: take(known.rowPolicies, read.rowPolicies, (policy) => databaseOf(policy.table)),
  };
}

/** A plan for what statements would do, made from the live database and the state that they lead to. */
export async function planFor(
  connection: Connection,
  wish: Wish,
  options: Pick<DiffOptions, "passwords" | "rotate"> = {},
): Promise<Plan> {
  const live = await connection.introspect();
  const desired = await wished(connection, live.access, wish);
  const dialect = postgresql.dialect(live);
  const changes = diff(live.access, desired, { rules: dialect.rules, ...options });
  return buildPlan({
    target: "shop-test",
    environment: "test",
    snapshot: live,
    dialect,
    changes: changes.map((change) => ({ change, origin: { locations: [], by: "declared" } })),
    manifestDigest: digestText("a manifest"),
    tool: "0.0.0-test",
  });
}

/** Guards on the real analysis, with nothing to accept and nobody to refuse. */
export function guards(over: Partial<Guards> = {}): Guards {
  return {
    lockout: () => [],
    failingTests: () => [],
    judge: () => ({ refusedBy: [], acceptLoss: null }),
    expectedAnswers(live, state, questions) {
      const index = buildAccessIndex(state, live.catalog, postgresql.dialect(live).accessRules);
      return questions.map(({ role, privilege, grantable, resource }) =>
        index.can(role, privilege, resource, { grantable }),
      );
    },
    ...over,
  };
}

/** A store of runs in a folder of its own, which is gone when the process ends. */
export function temporaryRuns(): { readonly runs: RunStore; readonly folder: string } {
  const folder = join(temporaryFolder(), "runs");
  return { runs: fileRunStore({ folder }), folder };
}

let scratch: string | null = null;

/** A new folder that is gone when the process ends. */
export function temporaryFolder(): string {
  if (scratch === null) {
    const made = mkdtempSync(join(tmpdir(), "rolewright-test-"));
    scratch = made;
    process.once("exit", () => rmSync(made, { recursive: true, force: true }));
  }
  return mkdtempSync(join(scratch, "folder-"));
}

export function applyOptions(connection: Connection, over: Partial<ApplyOptions> = {}): ApplyOptions {
  return {
    connection,
    runs: over.runs ?? temporaryRuns().runs,
    guards: guards(),
    holder: "a test",
    clock: systemClock,
    backoffMs: 20,
    reconnectMs: 1000,
    ...over,
  };
}

/** Two schemas, four tables, hostile names, column grants, groups and logins: the state that the fault tests start from. */
export const SHOP: readonly string[] = [
  `create role app_owner`,
  `create role reader`,
  `create role writer`,
  `create role old_group`,
  `create role "we""ird.Rôle" login`,
  `create role alice login in role writer`,
  `create role bob login in role old_group`,
  `create role svc login in role reader`,
];

export const SHOP_OBJECTS: readonly string[] = [
  `create schema sales authorization app_owner`,
  `create table sales.orders (id int primary key, name text, card text)`,
  `create table sales.items (id int primary key)`,
  `create table sales."odd ""t.able" (id int)`,
  `create table sales.narrow (id int, name text, secret text)`,
  `alter table sales.orders owner to app_owner`,
  `alter table sales.items owner to app_owner`,
  `alter table sales."odd ""t.able" owner to app_owner`,
  `alter table sales.narrow owner to app_owner`,
  `grant usage on schema sales to reader, writer, old_group`,
  `grant select on sales.orders, sales.items, sales.narrow to reader`,
  `grant select, insert, update on sales.orders to writer`,
  `grant select on sales.orders to old_group`,
];

/** From there: a role, grants, removals, memberships, defaults, an attribute, and a grant narrowed to columns. */
export const SHOP_WISH: readonly string[] = [
  `create role "new ""role"`,
  `grant usage on schema sales to "new ""role"`,
  `grant select on sales.orders, sales.items, sales."odd ""t.able" to "new ""role"`,
  `revoke insert on sales.orders from writer`,
  `grant reader to "we""ird.Rôle"`,
  `revoke old_group from bob`,
  `revoke select on sales.orders from old_group`,
  `alter default privileges for role app_owner in schema sales grant select on tables to reader`,
  `revoke select on sales.narrow from reader`,
  `grant select (id, name) on sales.narrow to reader`,
  `alter role svc connection limit 5`,
];

/** Makes the shop in one or more databases of a server. */
export async function makeShop(server: PostgresServer, databases: readonly string[] = ["shop"]): Promise<void> {
  for (const text of SHOP) await server.query(text);
  for (const database of databases) {
    await server.query(`create database "${database}"`);
    for (const text of SHOP_OBJECTS) await server.query(text, { database });
  }
}

/** From SHOP_WISH back to where it started. */
export const SHOP_UNDO: readonly string[] = [
  `alter role svc connection limit -1`,
  `revoke select (id, name) on sales.narrow from reader`,
  `grant select on sales.narrow to reader`,
  `alter default privileges for role app_owner in schema sales revoke select on tables from reader`,
  `grant select on sales.orders to old_group`,
  `grant old_group to bob`,
  `revoke reader from "we""ird.Rôle"`,
  `grant insert on sales.orders to writer`,
  `drop owned by "new ""role"`,
  `drop role "new ""role"`,
];
