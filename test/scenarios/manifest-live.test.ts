import { describe, expect, test } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { resolveManifest } from "../../src/config/resolve.ts";
import { diff } from "../../src/diff/diff.ts";
import { postgresql } from "../../src/engine/postgresql/index.ts";
import { planTo, runStages } from "../property/live-states.ts";
import { startPostgres, testMajor } from "../support/postgres.ts";
import { changeLines, fromText } from "./manifest-world.ts";

const MAJORS = process.env["ROLEWRIGHT_TEST_PG_MAJOR"] === undefined ? ([14, 18] as const) : [testMajor()];

const SETUP = `
  create role app_owner; create role reader; create role "Odd ""name"""; create role old; create role alice login;
  create schema sales authorization app_owner; create schema hr authorization old;
  set role app_owner;
  create table sales.orders(id serial primary key, customer text) partition by range (id);
  create table sales.orders_1 partition of sales.orders for values from (0) to (10);
  create table sales.customers(id int generated always as identity, name text);
  create function sales.total(integer) returns integer language sql as 'select 1';
  create function sales.total(text) returns integer language sql as 'select 1';
  grant usage on schema sales to old;
  grant truncate on sales.orders to reader;
  grant select on sales.orders to old with grant option;
  set role old;
  create table hr.salary(amount int);
  grant select on sales.orders to alice;
  reset role;
  grant reader to old;`;

const MANIFEST = `version: 1
scope:
  authoritative: [{ facets: [grants, memberships], schemas: [sales] }]
roles:
  reader:
    presets: [{ preset: read-write, schemas: [sales], creators: [app_owner] }]
    grants: ["select (amount) on table hr.salary"]
  'Odd "name"':
    connection_limit: 3
    valid_until: 2027-01-01T02:00:00+02:00
    settings: { work_mem: 8MB }
    databases_settings: { postgres: { statement_timeout: 10s } }
    grants: [execute on routine sales.total(integer) with grant option]
  alice: { member_of: [{ role: reader, admin: true }], grants: [select on tables sales.*] }
  old: { retire: { successor: app_owner } }
public:
  revoke:
    - execute on routines sales.*
    - { privileges: [execute], on: { routines: "*.*" }, future: { creators: [app_owner], only: true } }
ownership: [{ owner: reader, of: tables sales.cust* }]
row_policies:
  - { table: sales.customers, enabled: true, policies: { all_rows: { to: [reader], using: "(id > 0)" } } }
`;

describe.each(MAJORS)("a manifest on a real PostgreSQL %i", (major) => {
  test("plans what it says, the server then has it, and the second plan is empty", async () => {
    await using server = await startPostgres({ major });
    await server.query(SETUP);
    await using connection = await postgresql.connect({ url: new Secret(`${server.url()}?sslmode=disable`) });
    const loaded = fromText(MANIFEST);
    const resolve = async () => {
      const live = await connection.introspect();
      const { rules } = connection.engine.dialect(live);
      const { desired, findings } = resolveManifest(loaded, "prod", live, rules);
      expect(findings.filter((finding) => finding.severity === "error")).toEqual([]);
      return { live, desired, changes: changeLines(diff(live.access, desired, { rules })) };
    };
    const first = await resolve();
    expect(first.changes).toContain("~ owner hr.salary old to app_owner");
    expect(first.changes).toContain("- role old");
    await runStages(connection, planTo(connection, first.live, first.desired).stages);
    const second = await resolve();
    expect(second.changes).toEqual([]);
    const asked = await server.query(
      "select has_table_privilege('alice', 'sales.orders', 'select') as kept, has_table_privilege('reader', 'sales.orders', 'truncate') as gone, has_function_privilege('alice', 'sales.total(text)', 'execute') as closed",
    );
    expect(Object.values(asked[0] ?? {})).toEqual([true, false, false]);
  });
});
