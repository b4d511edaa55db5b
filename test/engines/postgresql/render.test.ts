import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Connection } from "../../../src/engine/engine.ts";
import type { Change, GrantChange } from "../../../src/model/change.ts";
import type { Resource } from "../../../src/model/resource.ts";
import { PUBLIC } from "../../../src/model/role.ts";
import { planRevert } from "../../../src/plan/revert-plan.ts";
import { startPostgres, type PostgresServer } from "../../support/postgres.ts";
import { open, plain, planOf, planTo, read, runStages } from "./planned.ts";

const SETUP = `
  create role app_owner; create role reader; create role writer; create role "del.egate"; create role "say ""hi""" login;
  create schema sales authorization app_owner;
  set role app_owner;
  create table sales.orders (id bigint primary key, card text, total numeric);
  create table sales.customers (id bigint primary key, name text);
  create table sales."od.d ""table""" (id int);
  create function sales.total(integer, text[]) returns int language sql as 'select 1';
  create procedure sales."do it"(inout x int) language sql as 'select 1';
  reset role;`;

let server: PostgresServer;
let connection: Connection;
const database = "shop";

beforeAll(async () => {
  server = await startPostgres();
  await server.query(`create database ${database}`);
  connection = await open(server, { database });
});
afterAll(async () => {
  await connection?.[Symbol.asyncDispose]();
  await server?.stop();
});

beforeEach(() => sql(SETUP));
afterEach(async () => {
  const roles = await sql("select quote_ident(rolname) as name from pg_roles where oid >= 16384");
  const names = roles.map((row) => String(row["name"])).join(", ");
  await sql(`drop owned by ${names} cascade; drop role ${names}; grant connect on database ${database} to public`);
});

const table = (name: string): Resource => ({ kind: "table", path: [database, "sales", name] });
const column = (name: string, of = "orders"): Resource => ({ kind: "column", path: [database, "sales", of, name] });

function grant(kind: GrantChange["kind"], over: Partial<GrantChange> & Pick<GrantChange, "resources">): GrantChange {
  const [first] = over.resources;
  return {
    kind,
    resourceKind: first?.kind ?? "table",
    database,
    privileges: ["SELECT"],
    grantee: "reader",
    grantor: "app_owner",
    grantable: false,
    ...over,
  };
}

/** Plans the changes, runs them, and checks the prediction; gives the statements. */
async function apply(changes: readonly Change[]): Promise<readonly string[]> {
  const derived = planOf(await read(connection), changes);
  expect(derived.plan.findings).toEqual([]);
  const seen = await runStages(connection, derived.plan.stages);
  expect(seen.map(plain)).toEqual(derived.states.slice(1).map(plain));
  return derived.plan.stages.flatMap((stage) =>
    stage.statements.map(({ text, as }) => (as === undefined ? text : `as ${as}: ${text}`)),
  );
}

const sql = (text: string) => server.query(text, { database });

describe("statements", () => {
  test("all grantees of the same on the same objects share one statement, and names are always quoted", async () => {
    const resources = [table("customers"), table('od.d "table"'), table("orders")];
    const statements = await apply([
      grant("add-grant", { resources, grantee: "reader" }),
      grant("add-grant", { resources, grantee: 'say "hi"' }),
      grant("add-grant", { resources: [table("orders")], grantee: PUBLIC }),
    ]);
    expect(statements).toEqual([
      'grant select on table "sales"."customers", "sales"."od.d ""table""" to "reader", "say ""hi"""',
      'grant select on table "sales"."orders" to public, "reader", "say ""hi"""',
    ]);
  });

  test("rows that a plan does not change keep their version", async () => {
    await sql("grant select on sales.orders, sales.customers to reader");
    const version = async () =>
      await sql("select relname, xmin::text from pg_class where relname in ('orders', 'customers') order by 1");
    const before = await version();
    await apply([grant("add-grant", { resources: [table("orders")], grantee: "writer" })]);
    const after = await version();
    expect(after[0]).toEqual(before[0]);
    expect(after[1]).not.toEqual(before[1]);
  });

  test("a whole schema is named only where that touches exactly the objects that change", async () => {
    await sql(
      "set role app_owner; do $$ begin for i in 1..30 loop execute format('create table sales.t%s ()', i); end loop; end $$",
    );
    const live = await read(connection);
    const all = [...live.snapshot.catalog.entries.values()].flatMap(({ resource }) =>
      resource.kind === "table" && resource.path[1] === "sales" ? [resource] : [],
    );
    const whole = planOf(live, [grant("add-grant", { resources: all })]).plan;
    expect(whole.stages[0]?.statements.map((s) => s.text)).toEqual([
      'grant select on all tables in schema "sales" to "reader"',
    ]);
    const most = planOf(live, [grant("add-grant", { resources: all.slice(1) })]).plan;
    expect(most.stages[0]?.statements[0]?.text).toContain('on table "sales".');
    await apply([grant("add-grant", { resources: all })]);
  });

  test("routines are named by their input types, procedures too", async () => {
    const resources: Resource[] = [
      { kind: "routine", path: [database, "sales", "do it", "integer"] },
      { kind: "routine", path: [database, "sales", "total", "integer, text[]"] },
    ];
    expect(await apply([grant("add-grant", { resources, privileges: ["EXECUTE"] })])).toEqual([
      'grant execute on routine "sales"."do it"(integer), "sales"."total"(integer, text[]) to "reader"',
    ]);
  });

  test("SELECT narrowed from a table to two columns keeps the two columns, also one that was granted before", async () => {
    await sql("grant select on sales.orders to reader; grant select (total), update (total) on sales.orders to reader");
    const statements = await apply([
      grant("remove-grant", { resources: [table("orders")] }),
      grant("add-grant", { resources: [column("id")] }),
    ]);
    expect(statements).toEqual([
      'revoke select on table "sales"."orders" from "reader"',
      'grant select ("id", "total") on table "sales"."orders" to "reader"',
    ]);
  });

  test("a column right that goes with the table's needs no statement of its own", async () => {
    await sql("grant select on sales.orders to reader; grant select (id) on sales.orders to reader");
    const statements = await apply([
      grant("remove-grant", { resources: [table("orders")] }),
      grant("remove-grant", { resources: [column("id")] }),
    ]);
    expect(statements).toEqual(['revoke select on table "sales"."orders" from "reader"']);
  });

  test("what others were given on a column by whoever loses the option there is granted again", async () => {
    await sql(`grant usage on schema sales to "del.egate";
      grant select on sales.orders to "del.egate" with grant option;
      grant select (id) on sales.orders to "del.egate" with grant option;
      set role "del.egate"; grant select (id) on sales.orders to reader`);
    const statements = await apply([
      grant("remove-grant", { resources: [table("orders")], grantee: "del.egate", grantable: true }),
    ]);
    expect(statements[0]).toBe('revoke select on table "sales"."orders" from "del.egate" cascade');
  });

  test("revoking a privilege granted twice leaves the other grantor's copy", async () => {
    await sql(`grant usage on schema sales to "del.egate"; grant select on sales.orders to "del.egate" with grant option;
      grant select on sales.orders to reader; set role "del.egate"; grant select on sales.orders to reader`);
    expect(await apply([grant("remove-grant", { resources: [table("orders")] })])).toEqual([
      'revoke select on table "sales"."orders" from "reader"',
    ]);
    const [row] = await sql("select has_table_privilege('reader', 'sales.orders', 'select') as has");
    expect(row).toEqual({ has: true });
    expect(await apply([grant("remove-grant", { resources: [table("orders")], grantor: "del.egate" })])).toEqual([
      'as del.egate: revoke select on table "sales"."orders" from "reader"',
    ]);
  });

  test("a chain of grant options is built from the owner on, and taken down from its end", async () => {
    await sql(`grant usage on schema sales to "del.egate", writer`);
    const chain = [
      grant("add-grant", { resources: [table("orders")], grantor: "writer", grantee: "reader" }),
      grant("add-grant", { resources: [table("orders")], grantor: "del.egate", grantee: "writer", grantable: true }),
      grant("add-grant", { resources: [table("orders")], grantee: "del.egate", grantable: true }),
    ];
    const up = await apply(chain);
    expect(up.map((text) => text.replace(/.*to /, ""))).toEqual([
      '"del.egate" with grant option',
      '"writer" with grant option',
      '"reader"',
    ]);
    const down = await apply(chain.map((change) => ({ ...change, kind: "remove-grant" })));
    expect(down.map((text) => text.replace(/.*from /, ""))).toEqual(['"reader"', '"writer"', '"del.egate"']);
  });

  test("a grantor that may not look into the schema borrows USAGE inside the transaction", async () => {
    await sql(`grant select on sales.orders to "del.egate" with grant option`);
    expect(await apply([grant("add-grant", { resources: [table("orders")], grantor: "del.egate" })])).toEqual([
      'grant usage on schema "sales" to "del.egate"',
      'as del.egate: grant select on table "sales"."orders" to "reader"',
      'revoke usage on schema "sales" from "del.egate"',
    ]);
  });

  test("everything revoked, the owner's own rights too, is not the built-in list", async () => {
    const all = ["DELETE", "INSERT", "REFERENCES", "SELECT", "TRIGGER", "TRUNCATE", "UPDATE"];
    const privileges = server.major >= 17 ? [...all, "MAINTAIN"].sort() : all;
    await apply([grant("remove-grant", { resources: [table("orders")], grantee: "app_owner", privileges })]);
    const [row] = await sql("select relacl::text from pg_class where relname = 'orders'");
    expect(row).toEqual({ relacl: "{}" });
    await apply([grant("add-grant", { resources: [table("orders")], grantee: "app_owner", privileges })]);
  });

  test("PUBLIC's built-in rights are taken by one plan, and a role called public is not PUBLIC", async () => {
    const resources: Resource[] = [{ kind: "database", path: [database] }];
    const statements = await apply([
      {
        ...grant("remove-grant", { resources, grantee: PUBLIC, grantor: "postgres", privileges: ["CONNECT"] }),
        database: null,
      },
      {
        ...grant("add-grant", { resources, grantee: "reader", grantor: "postgres", privileges: ["CONNECT"] }),
        database: null,
      },
    ]);
    expect(statements).toEqual([
      `grant connect on database "${database}" to "reader"`,
      `revoke connect on database "${database}" from public`,
    ]);
  });

  test("an owner changes with everything that follows, and nobody loses a grant", async () => {
    await sql("grant select on sales.orders to reader; grant select (id) on sales.customers to reader");
    await sql("create table sales.numbered (id serial, x int); alter table sales.numbered owner to app_owner");
    const resources = [table("customers"), table("numbered"), table("orders")];
    const statements = await apply([
      { kind: "change-owner", resourceKind: "table", database, resources, from: "app_owner", to: "writer" },
      grant("add-grant", { resources: [table("orders")], grantor: "writer", grantee: "app_owner" }),
    ]);
    expect(statements.filter((text) => text.startsWith("alter"))).toHaveLength(3);
  });

  test("settings that are lists of names come back as they were", async () => {
    const set = (name: string, after: string): Change => ({
      kind: "set-role-setting",
      role: 'say "hi"',
      database,
      name,
      before: null,
      after,
    });
    const [path, region] = await apply([
      set("search_path", '"$user", sales, "od.d, ""name"""'),
      set("app.region", "it's\\ here"),
    ]);
    expect(path).toContain(` set "search_path" to '$user', 'sales', 'od.d, "name"'`);
    expect(region).toContain(String.raw`E'it''s\\ here'`);
  });

  test("default privileges are those of the creator, and the built-in entry does not exist", async () => {
    const target = { creator: "app_owner", database, schema: null, kind: "routine" } as const;
    const open: Change = { kind: "remove-default", target, privileges: ["EXECUTE"], grantee: PUBLIC, grantable: false };
    expect(await apply([open])).toEqual([
      'alter default privileges for role "app_owner" revoke execute on functions from public',
    ]);
    await apply([{ ...open, kind: "add-default" }]);
    expect(await sql("select 1 from pg_default_acl")).toEqual([]);
  });

  test("a policy that cannot be altered is replaced, and row security is enabled after its policies are there", async () => {
    const policy = {
      table: table("orders"),
      name: "own",
      command: "SELECT",
      permissive: true,
      roles: ["reader"],
      using: "(id > 0)",
      check: null,
    } as const;
    const statements = await apply([
      { kind: "create-policy", policy },
      {
        kind: "set-row-security",
        table: table("orders"),
        before: { enabled: false, forced: false },
        after: { enabled: true, forced: true },
      },
    ]);
    expect(statements.map((text) => text.split(" ").slice(0, 2).join(" "))).toEqual(["create policy", "alter table"]);
    const other = { ...policy, command: "ALL" } as const;
    await apply([
      { kind: "drop-policy", policy },
      { kind: "create-policy", policy: other },
    ]);
  });
});

test("a membership is turned around by removing the old direction first", async () => {
  await sql("grant reader to writer");
  const row = (role: string, member: string) => ({
    role,
    member,
    grantor: "postgres",
    admin: false,
    inherit: true,
    set: true,
    implied: false,
  });
  const statements = await apply([
    { kind: "add-membership", membership: row("writer", "reader") },
    { kind: "remove-membership", membership: row("reader", "writer") },
  ]);
  expect(statements[0]).toMatch(/^revoke "reader" from "writer"/);
  expect(statements[1]).toMatch(/^grant "writer" to "reader"/);
});

test("a renamed role keeps what it holds, gets more under its new name, and gets its old name back", async () => {
  await sql("grant select on sales.orders to reader; grant reader to writer");
  const before = await read(connection);
  const { plan, states } = planOf(before, [
    { kind: "rename-role", from: "reader", to: 'the "reader"' },
    grant("add-grant", { resources: [table("customers")], grantee: 'the "reader"' }),
  ]);
  const seen = await runStages(connection, plan.stages);
  expect(seen.map(plain)).toEqual(states.slice(1).map(plain));
  await runStages(connection, plan.inverse);
  expect((await read(connection)).snapshot.fingerprint).toBe(before.snapshot.fingerprint);
});

test("a login that is dropped is closed in a transaction of its own first, and dropped in one of its own last", async () => {
  await sql(`grant select on sales.orders to "say ""hi"""; grant reader to "say ""hi"""`);
  const live = await read(connection);
  const roles = new Map([...live.snapshot.access.roles].filter(([name]) => name !== 'say "hi"'));
  const { plan } = planTo(live, { ...live.snapshot.access, roles });
  // Other databases of the cluster were not read, so this is refused; the order is what counts here.
  expect(plan.findings.map((finding) => finding.code)).toContain("RW312");
  expect(
    plan.stages.map(({ name, statements }) => [name, statements.map((s) => s.text.split(" ").slice(0, 2).join(" "))]),
  ).toEqual([
    ["prepare", ["alter role"]],
    ["remove", ["revoke select"]],
    ["finish", ['revoke "reader"']],
    ["finish", ["drop role"]],
  ]);
  await runStages(connection, plan.stages);
  expect((await read(connection)).snapshot.fingerprint).toBe(plan.fingerprint.after);
});

test("2,500 direct grantees on one table are found in the plan, and a thousand are a warning", async () => {
  const live = await read(connection);
  const plan = (count: number) => {
    const names = Array.from({ length: count }, (_, i) => `clerk_${i}`);
    const role = (name: string): Change => ({
      kind: "create-role",
      role: { name, origin: "user", attributes: live.dialect.rules.defaultAttributes(name), settings: [] },
    });
    const resources = [table("orders")];
    return planOf(
      live,
      names.flatMap((name) => [role(name), grant("add-grant", { resources, grantee: name })]),
    ).plan;
  };
  expect(plan(2_500).findings.map(({ code, severity }) => [code, severity])).toContainEqual(["RW321", "error"]);
  expect(plan(1_000).findings.map(({ code, severity }) => [code, severity])).toContainEqual(["RW320", "warning"]);
  expect(plan(500).findings).toEqual([]);
});

test("a plan is taken back, what was taken back already is left out, and what others changed is named", async () => {
  const before = await read(connection);
  const { plan } = planOf(before, [
    grant("add-grant", { resources: [table("customers"), table("orders")], privileges: ["INSERT", "SELECT"] }),
  ]);
  await runStages(connection, plan.stages);
  await sql("revoke insert on sales.orders from reader; grant select on sales.customers to reader with grant option");
  const live = await read(connection);
  const refused = planRevert(plan, live.snapshot, live.dialect, { tool: "test" });
  expect(refused.findings.map(({ code, severity }) => [code, severity])).toEqual([
    ["RW340", "error"],
    ["RW341", "info"],
  ]);
  expect(refused.findings[0]?.message).toContain("SELECT on sales.customers of `reader` from `app_owner`");
  const partly = planRevert(plan, live.snapshot, live.dialect, { tool: "test", leaveChanged: true });
  await runStages(connection, partly.stages);
  await sql("revoke select on sales.customers from reader");
  expect((await read(connection)).snapshot.fingerprint).toBe(before.snapshot.fingerprint);
});
