import { expect, test } from "vitest";
import { sampleState } from "../../../../test/support/access-sample.ts";
import { type CheckWorld, runOn, told, worldContext } from "../../../../test/support/check-world.ts";
import { type DefaultPrivilege, defaultPrivilegeKey } from "../../../model/access-state.ts";
import type { DeclaredRole, Purpose } from "../../../model/declared.ts";
import type { CheckContext } from "../check.ts";
import { runChecks } from "../run-checks.ts";
import { unreadableTables } from "./unreadable-tables.ts";

const LOGIN = { login: true };

/** `owner` owns two tables that `app` reads; what is said is added. */
function world(more: Partial<CheckWorld> = {}): CheckWorld {
  return {
    roles: { app: LOGIN, owner: {}, dev: LOGIN, boss: { login: true, superuser: true } },
    owners: { "schema sales": "postgres", "table sales.a": "owner", "table sales.b": "owner" },
    grants: ["select on table sales.a to app", "select on table sales.b to app"],
    ...more,
  };
}

const PROMISE = { creator: "owner", schema: "sales", kind: "table", to: { app: ["select"] } } as const;

function declaredAs(name: string, purpose: Purpose): CheckWorld["declared"] {
  const role: DeclaredRole = { name, purpose, owner: null, reviewBy: null, because: null };
  return { roles: new Map([[name, role]]) };
}

test("a creator whose next table nobody could read is found, with the promise to make", () => {
  expect(told(unreadableTables, world())).toEqual([
    "high a table that `owner` makes in schema `sales` is closed to `app`",
  ]);
  const [finding] = runOn(unreadableTables, world()).findings;
  expect(finding?.mend.changes).toEqual([
    {
      kind: "add-default",
      target: { creator: "owner", database: "shop", schema: "sales", kind: "table" },
      privileges: ["SELECT"],
      grantee: "app",
      grantable: false,
    },
  ]);
  expect(finding?.path).toEqual(["`app` uses the tables there: select"]);
  expect(finding?.mend.manifest?.join("\n")).toContain('on: { tables: "sales.*" }');
});

test("a promise in the schema or in all of them is enough, one for another creator, schema, kind or privilege is not", () => {
  expect(told(unreadableTables, world({ defaults: [PROMISE] }))).toEqual([]);
  expect(told(unreadableTables, world({ defaults: [{ ...PROMISE, schema: null }] }))).toEqual([]);
  expect(told(unreadableTables, world({ defaults: [{ ...PROMISE, to: { public: ["select"] } }] }))).toEqual([]);
  for (const other of [
    { creator: "dev" },
    { schema: "other" },
    { kind: "sequence" },
    { to: { app: ["insert"] } },
  ] as const)
    expect(told(unreadableTables, world({ defaults: [{ ...PROMISE, ...other }] }))[0]).toContain("that `owner` makes");
});

test("who has the privileges of the creator, or of somebody who is promised them, is not left out", () => {
  expect(told(unreadableTables, world({ members: ["app in owner"] }))).toEqual([]);
  expect(told(unreadableTables, world({ members: ["app in owner noinherit noset"] }))).toHaveLength(1);
  const group = world({ members: ["app in dev"], defaults: [{ ...PROMISE, to: { dev: ["select"] } }] });
  expect(told(unreadableTables, group)).toEqual([]);
});

test("only who holds it on nearly all tables relies on it, by two of them at least", () => {
  const grants = ["a", "b", "c", "d"].map((name) => `select on table sales.${name} to app`);
  const owners = Object.fromEntries(["a", "b", "c", "d", "e"].map((name) => [`table sales.${name}`, "owner"]));
  expect(told(unreadableTables, world({ owners, grants }))).toHaveLength(1);
  expect(told(unreadableTables, world({ owners, grants: grants.slice(1) }))).toEqual([]);
  const one = { owners: { "table sales.a": "owner" }, grants: ["select on table sales.a to app"] };
  expect(told(unreadableTables, world(one))).toEqual([]);
  const trigger = ["trigger on table sales.a to app", "trigger on table sales.b to app"];
  expect(told(unreadableTables, world({ grants: trigger }))).toEqual([]);
  for (const other of ["boss", "pg_theirs"]) {
    const grants = [`select on table sales.a to ${other}`, `select on table sales.b to ${other}`];
    expect(told(unreadableTables, world({ roles: { ...world().roles, pg_theirs: {} }, grants }))).toEqual([]);
  }
});

test("a promise of one creator says that its schema is relied on", () => {
  const grants = ["create on schema sales to dev"];
  const owners = { "schema sales": "postgres", "table sales.a": "owner", "table sales.b": "dev" };
  const given = world({ owners, grants, defaults: [PROMISE] });
  expect(told(unreadableTables, given)).toEqual(["high a table that `dev` makes in schema `sales` is closed to `app`"]);
});

test("a promise of another kind, for other places, for nothing that reads or writes, or to its creator says nothing of that", () => {
  const owners = { "schema sales": "postgres", "table sales.a": "owner", "table sales.b": "dev" };
  const of = (...promises: readonly Partial<NonNullable<CheckWorld["defaults"]>[number]>[]): string[] =>
    told(unreadableTables, world({ owners, grants: [], defaults: promises.map((each) => ({ ...PROMISE, ...each })) }));
  expect(of({})).toHaveLength(1);
  expect(of({ kind: "sequence" }, { schema: "other" }, { schema: null })).toEqual([]);
  expect(of({ to: { app: ["trigger"] } })).toEqual([]);
  expect(of({ to: { owner: ["select"], boss: ["select"] } })).toEqual([]);
});

test("owners do not rely on their own tables", () => {
  const names = ["a", "b", "c", "d", "e"];
  const owners = Object.fromEntries(names.map((name) => [`table sales.${name}`, "owner"]));
  const grants = names.map((name) => `select on table sales.${name} to owner`);
  expect(told(unreadableTables, world({ owners: { ...owners, "table sales.f": "dev" }, grants }))).toEqual([]);
});

test("a login that may make tables as itself is found too, less urgently", () => {
  const possible = ["medium a table that `dev` would make in schema `sales` is closed to `app`"];
  const both = { defaults: [PROMISE] };
  const create = [...(world().grants ?? []), "create on schema sales to dev"];
  expect(told(unreadableTables, world({ ...both, grants: create }))).toEqual(possible);
  const owners = { ...world().owners, "schema sales": "owner" };
  expect(told(unreadableTables, world({ ...both, owners, members: ["dev in owner"] }))).toEqual(possible);
  const acting = {
    ...both,
    owners,
    members: ["dev in owner"],
    roleSettings: { dev: [{ database: null, name: "role", value: "owner" }] },
  };
  expect(told(unreadableTables, world(acting))).toEqual([]);
  expect(told(unreadableTables, world({ ...acting, members: ["dev in owner noset"] }))).toEqual(possible);
  for (const value of ["dev", "gone", "none"])
    expect(
      told(unreadableTables, world({ ...acting, roleSettings: { dev: [{ database: null, name: "role", value }] } })),
    ).toEqual(possible);
});

test("a group with CREATE counts where a login may become it, administrators and those for migrations by what they are for", () => {
  const roles = { ...world().roles, group: {} };
  const grants = [...(world().grants ?? []), "create on schema sales to group"];
  const given = (more: Partial<CheckWorld>): string[] =>
    told(unreadableTables, world({ roles, grants, defaults: [PROMISE], ...more }));
  expect(given({})).toEqual([]);
  expect(given({ members: ["boss in group"] })).toEqual([]);
  expect(given({ members: ["dev in group noinherit"] })).toEqual([
    "medium a table that `group` would make in schema `sales` is closed to `app`",
  ]);
  expect(given({ members: ["dev in group noinherit"], declared: declaredAs("group", "admin") ?? null })).toEqual([]);
  const migrates = declaredAs("group", "migration") ?? null;
  expect(given({ members: ["dev in group noinherit"], declared: migrates })).toEqual([
    "high a table that `group` makes in schema `sales` is closed to `app`",
  ]);
  const becomes = ["dev in group noinherit", "group in owner noinherit"];
  expect(given({ members: becomes, declared: migrates })).toEqual([]);
  const owners = { ...world().owners, "table sales.c": "group2", "table sales.d": "app" };
  expect(given({ members: becomes, declared: migrates, owners })).not.toContainEqual(
    expect.stringContaining("`group`"),
  );
  expect(given({ members: ["dev in group noinherit", "group in owner noset"], declared: migrates })).toHaveLength(1);
});

test("a promise in another database says nothing of this one", () => {
  const given = world({ grants: [], defaults: [] });
  const state = sampleState(given);
  const promised = (database: string): string[] => {
    const [entry] = sampleState(world({ defaults: [{ ...PROMISE, creator: "dev" }] })).defaultPrivileges.values();
    const there = { ...entry, database } as DefaultPrivilege;
    const access = { ...state, defaultPrivileges: new Map([[defaultPrivilegeKey(there), there]]) };
    return runChecks(worldContext(given, access), [unreadableTables]).findings.map(({ message }) => message);
  };
  expect(promised("shop")).toHaveLength(1);
  expect(promised("other")).toEqual([]);
});

test("what superusers own is made by nobody who is judged", () => {
  const owners = { "schema sales": "postgres", "table sales.a": "boss", "table sales.b": "boss" };
  expect(told(unreadableTables, world({ owners }))).toEqual([]);
});

test("the first of all roles owns a schema as every other, and sessions start as it", () => {
  const roles = { ...world().roles, aaa: LOGIN };
  const owners = { ...world().owners, "schema sales": "aaa" };
  expect(told(unreadableTables, world({ roles, owners, defaults: [PROMISE] }))).toEqual([
    "medium a table that `aaa` would make in schema `sales` is closed to `app`",
  ]);
  const acting = {
    roles: { ...roles, aaa: {} },
    owners: { "schema sales": "aaa", "table sales.a": "aaa", "table sales.b": "aaa" },
    members: ["dev in aaa"],
    defaults: [{ ...PROMISE, creator: "aaa" }],
  };
  expect(told(unreadableTables, world(acting))).toHaveLength(1);
  const roleSettings = { dev: [{ database: null, name: "role", value: "aaa" }] };
  expect(told(unreadableTables, world({ ...acting, roleSettings }))).toEqual([]);
});

test("each schema has its own promises, though the creator is the same", () => {
  const names = ["other.a", "other.b", "sales.a", "sales.b"];
  const given = world({
    owners: Object.fromEntries(names.map((name) => [`table ${name}`, "owner"])),
    grants: names.map((name) => `select on table ${name} to app`),
    defaults: [PROMISE, { ...PROMISE, schema: "other", to: { dev: ["select"] } }],
  });
  expect(told(unreadableTables, given)).toEqual([
    "high a table that `owner` makes in schema `other` is closed to `app`",
  ]);
});

test("a creator is not closed out of its own tables, even where its default privileges leave it out", () => {
  const names = ["a", "b", "c", "d"];
  const given = world({
    owners: { ...Object.fromEntries(names.map((name) => [`table sales.${name}`, "owner"])), "table sales.e": "dev" },
    grants: names.map((name) => `select on table sales.${name} to dev`),
    defaults: [
      { ...PROMISE, to: { dev: ["select"] } },
      { ...PROMISE, creator: "dev", schema: null },
    ],
  });
  expect(told(unreadableTables, given)).toEqual([]);
});

test("everybody is promised by SQL, not in the manifest, and three names are told in full", () => {
  const to = (...names: readonly string[]): CheckWorld =>
    world({
      roles: { ...world().roles, one: {}, two: {}, three: {} },
      grants: ["a", "b"].map((table) => `select on table sales.${table} to ${names.join(", ")}`),
    });
  const [everybody] = runOn(unreadableTables, to("public")).findings;
  expect(everybody?.mend.manifest).toEqual([]);
  expect(everybody?.mend.changes).toHaveLength(1);
  expect(told(unreadableTables, to("one", "two", "three"))[0]).toMatch(/is closed to `one`, `three`, `two`$/u);
  expect(told(unreadableTables, to("one", "two", "three", "app"))[0]).toMatch(/ and 1 more$/u);
});

test("a plan that leads there is warned, since the next table is not its doing", () => {
  const context = worldContext(world());
  const change = { plan: {}, delta: {}, before: context.index } as unknown as NonNullable<CheckContext["change"]>;
  expect(runChecks({ ...context, change }, [unreadableTables]).findings.map(({ danger }) => danger)).toEqual([
    "medium",
  ]);
});
