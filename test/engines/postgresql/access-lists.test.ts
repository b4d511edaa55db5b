import { expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { openSession } from "../../../src/engine/postgresql/client.ts";
import { parseDsn } from "../../../src/engine/postgresql/dsn.ts";
import { introspectInside } from "../../../src/engine/postgresql/introspect.ts";
import { resourceKey, type ResourceKind } from "../../../src/model/resource.ts";
import { PUBLIC } from "../../../src/model/role.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { startPostgres } from "../../support/postgres.ts";
import { randomStates, resetServer, runScript, STATE_DATABASE } from "../../support/random-state/run.ts";
import { read } from "./reading.ts";

const SEEDS = process.env["ROLEWRIGHT_TEST_LONG"] === "1" ? 40 : 6;

/** Every list of every kind as PostgreSQL itself takes it apart, one object after the other: none of our grouping, none of our ids. */
const PLAIN = `
  with o (kind, schema, name, detail, owner, acl) as (
    select case relkind when 'S' then 'sequence' else 'table' end, nspname, relname, null, relowner,
      coalesce(relacl, acldefault(case relkind when 'S' then 's'::"char" else 'r' end, relowner))
    from pg_class join pg_namespace n on n.oid = relnamespace where relkind in ('r', 'v', 'm', 'f', 'p', 'S')
    union all select 'routine', nspname, proname, oidvectortypes(proargtypes), proowner, coalesce(proacl, acldefault('f', proowner))
    from pg_proc join pg_namespace n on n.oid = pronamespace
    union all select 'type', nspname, typname, null, typowner, coalesce(typacl, acldefault('T', typowner))
    from pg_type t join pg_namespace n on n.oid = typnamespace
    where typtype in ('d', 'e', 'r') or (typtype = 'c' and exists (select from pg_class c where c.oid = typrelid and relkind = 'c'))
    union all select 'schema', nspname, nspname, null, nspowner, coalesce(nspacl, acldefault('n', nspowner)) from pg_namespace
    union all select 'column', nspname, relname, attname, null, attacl
    from pg_attribute join pg_class c on c.oid = attrelid join pg_namespace n on n.oid = relnamespace where attacl is not null
  )
  select kind, schema, name, detail, pg_get_userbyid(owner) as owner,
    (select json_agg(json_build_array(case grantee when 0 then '' else pg_get_userbyid(grantee) end, pg_get_userbyid(grantor),
      privilege_type, is_grantable)) from aclexplode(acl)) as items
  from o
  where schema not in ('pg_catalog', 'information_schema') and schema !~ '^pg_(temp|toast)'`;

interface PlainRow extends Record<string, unknown> {
  readonly kind: ResourceKind;
  readonly schema: string;
  readonly name: string;
  readonly detail: string | null;
  readonly owner: string | null;
  readonly items: readonly (readonly [string, string, string, boolean])[] | null;
}

test("every list equals what aclexplode says of the same object, in random databases", {
  timeout: 300_000,
}, async () => {
  await using server = await startPostgres();
  let compared = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    await resetServer(server);
    await runScript(server, randomStates(seed, { major: server.major }).first);
    const snapshot = await read(server, { database: STATE_DATABASE }, [STATE_DATABASE]);
    const rows = await server.query<PlainRow>(`set search_path = ''; ${PLAIN}`, { database: STATE_DATABASE });
    const expected = rows.map((row) => [keyOf(row), row.owner, (row.items ?? []).map((item) => item.join(" ")).sort()]);
    expect(actual(snapshot), `seed ${seed}`).toEqual(expected.sort(byKey));
    compared += rows.length;
  }
  expect(compared).toBeGreaterThan(SEEDS * 10);
});

test("lists that the server's own array hash confuses are kept apart", async () => {
  await using server = await startPostgres();
  // hash_aclitem adds the ids and the bits: INSERT for role n and SELECT for role n+1 give one sum (INSERT is bit 0, SELECT bit 1).
  await server.query("create role first; create role second; create table one (); create table two ()");
  const [ids] = await server.query<{ far: number }>(
    "select ('second'::regrole::oid::int8 - 'first'::regrole::oid::int8)::int as far",
  );
  expect(ids?.far).toBe(1);
  await server.query("grant select on one to first; grant insert on two to second");
  const [hashes] = await server.query<{ same: boolean; equal: boolean }>(`
    select hash_array(a.relacl) = hash_array(b.relacl) as same, a.relacl = b.relacl as equal
    from pg_class a, pg_class b where a.relname = 'one' and b.relname = 'two'`);
  expect(hashes).toEqual({ same: true, equal: false });
  const snapshot = await read(server, {}, ["postgres"]);
  const who = (table: string): unknown =>
    snapshot.access.holdings
      .get(resourceKey({ kind: "table", path: ["postgres", "public", table] }))
      ?.list.entries.map((entry) => entry.grantee);
  expect(who("one")).toEqual(["first", "postgres"]);
  expect(who("two")).toEqual(["postgres", "second"]);
});

test("roles whose names are numbers, or hold what separates items, are told from roles that are gone", async () => {
  await using server = await startPostgres();
  await server.query("create table t (); create role ghost; grant select on t to ghost");
  const [ghost] = await server.query<{ oid: number }>("select 'ghost'::regrole::oid as oid");
  await server.query("delete from pg_shdepend where refobjid = 'ghost'::regrole; drop role ghost");
  const grantees = async (): Promise<string[]> => {
    const key = resourceKey({ kind: "table", path: ["postgres", "public", "t"] });
    return ((await read(server, {}, ["postgres"])).access.holdings.get(key)?.list.entries ?? []).map(
      (entry) => entry.grantee,
    );
  };
  expect(await grantees()).toEqual([`\0oid:${ghost?.oid}`, "postgres"]);
  await server.query(`create role "${ghost?.oid}"; grant select on t to "${ghost?.oid}"`);
  expect(await grantees()).toEqual([`\0oid:${ghost?.oid}`, `${ghost?.oid}`, "postgres"]);
  await server.query(`create role "a\x1fb"; grant select on t to "a\x1fb"`);
  expect(await grantees()).toEqual([`\0oid:${ghost?.oid}`, `${ghost?.oid}`, "a\x1fb", "postgres"]);
  await server.query(`drop owned by "${ghost?.oid}"; drop role "${ghost?.oid}"`);
  expect(await grantees()).toEqual([`\0oid:${ghost?.oid}`, "a\x1fb", "postgres"]);
});

test("names that the server has to quote are read as they are", async () => {
  await using server = await startPostgres();
  const names = ['a "quoted" one', "a=r/b", "Groß", "with space", "{curly},\\\\", "public2", "a'b"];
  await server.query("create table t ()");
  for (const name of names) {
    const quoted = `"${name.replaceAll('"', '""')}"`;
    await server.query(`create role ${quoted}; grant select, update on t to ${quoted} with grant option`);
  }
  await server.query("grant select on t to public");
  const snapshot = await read(server, {}, ["postgres"]);
  const key = resourceKey({ kind: "table", path: ["postgres", "public", "t"] });
  const entries = (snapshot.access.holdings.get(key)?.list.entries ?? []).filter((e) => e.grantee !== "postgres");
  expect(entries.map((each) => each.grantee)).toEqual(["", ...names.toSorted()]);
  expect(entries.slice(1).every((each) => each.grantable.join() === "SELECT,UPDATE")).toBe(true);
});

test("roles that swap their names after the roles were read are still told apart", async () => {
  await using server = await startPostgres();
  await server.query("create role one; create role two; create table t (); grant select on t to one");
  await using session = await openSession(parseDsn(new Secret(server.url())), "postgres", {
    applicationName: "test",
    connectTimeoutSeconds: 10,
  });
  await session.run("begin transaction isolation level repeatable read, read only");
  await session.rows("select count(*) from pg_roles");
  await server.query("alter role one rename to x; alter role two rename to one; alter role x rename to two");
  const key = resourceKey({ kind: "table", path: ["postgres", "public", "t"] });
  const inside = await introspectInside(session, "");
  expect(inside.access.holdings.get(key)?.list.entries.map((each) => each.grantee)).toEqual(["one", "postgres"]);
  const now = await read(server, {}, ["postgres"]);
  expect(now.access.holdings.get(key)?.list.entries.map((each) => each.grantee)).toEqual(["postgres", "two"]);
});

test("the order in which a list grew does not show", async () => {
  await using server = await startPostgres();
  await server.query("create role a; create role b; create table one (); create table two ()");
  await server.query(
    "grant select on one to a; grant select on one to b; grant select on two to b; grant select on two to a",
  );
  const snapshot = await read(server, {}, ["postgres"]);
  const list = (table: string): unknown =>
    snapshot.access.holdings.get(resourceKey({ kind: "table", path: ["postgres", "public", table] }))?.list;
  expect(list("one")).toBe(list("two"));
});

function actual(snapshot: Snapshot): unknown[] {
  const kinds: ReadonlySet<ResourceKind> = new Set(["table", "sequence", "routine", "type", "schema", "column"]);
  return [...snapshot.access.holdings.values()]
    .filter((holding) => kinds.has(holding.resource.kind))
    .filter((holding) => !["pg_catalog", "information_schema"].includes(holding.resource.path[1] ?? ""))
    .filter((holding) => !isRowType(snapshot, holding.resource.path, holding.resource.kind))
    .map((holding) => [
      resourceKey(holding.resource),
      holding.owner,
      holding.list.entries
        .flatMap((entry) =>
          entry.privileges.map((privilege) =>
            [
              entry.grantee === PUBLIC ? "" : entry.grantee,
              entry.grantor,
              privilege,
              entry.grantable.includes(privilege),
            ].join(" "),
          ),
        )
        .sort(),
    ])
    .sort(byKey);
}

// Row types of tables are read when they have a list; the plain query leaves them out.
function isRowType(snapshot: Snapshot, path: readonly string[], kind: ResourceKind): boolean {
  return kind === "type" && snapshot.catalog.entries.has(resourceKey({ kind: "table", path }));
}

function keyOf(row: PlainRow): string {
  const path = [STATE_DATABASE, row.schema, ...(row.kind === "schema" ? [] : [row.name])];
  return resourceKey({ kind: row.kind, path: row.detail === null ? path : [...path, row.detail] });
}

function byKey(a: unknown, b: unknown): number {
  const [x, y] = [(a as [string])[0], (b as [string])[0]];
  return x < y ? -1 : x > y ? 1 : 0;
}
