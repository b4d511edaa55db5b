import { describe, expect, test } from "vitest";
import { type CheckWorld, runOn, told, worldContext } from "../../../../test/support/check-world.ts";
import { sampleState, thing } from "../../../../test/support/access-sample.ts";
import { accessList } from "../../../model/access-list.ts";
import type { DeclaredRole } from "../../../model/declared.ts";
import { resourceKey } from "../../../model/resource.ts";
import { runChecks } from "../run-checks.ts";
import { databaseCreate } from "./database-create.ts";
import { databaseOwners } from "./database-owners.ts";
import { schemaOwners } from "./schema-owners.ts";
import { shadowedNames } from "./shadowed-names.ts";

const roles = {
  dev: { login: true },
  app: { login: true },
  boss: { login: true, createrole: true },
  owner: {},
  root: { superuser: true },
};

describe("PGE-13", () => {
  const settings = new Map([["search_path", "lib, public"]]);
  const posture = { postgresql: { settings, databaseSettings: [] } };
  const world = (grant: string, changed: Partial<CheckWorld> = {}): CheckWorld => ({
    roles,
    grants: [grant],
    posture,
    ...changed,
  });

  test("finds who may create where stronger roles look up names", () => {
    expect(told(shadowedNames, world("create on schema lib to dev"))).toEqual([
      "high `dev` may create in `schema lib`, where `boss`, `postgres` look up names",
    ]);
    expect(told(shadowedNames, world("create on schema public to public"))).toEqual([
      "high everybody may create in `schema public`, where `boss`, `postgres` look up names",
    ]);
    expect(told(shadowedNames, world("create on schema lib to dev", { members: ["dev in boss"] }))).toEqual([
      "high `dev` may create in `schema lib`, where `postgres` looks up names",
    ]);
    const [found] = runOn(shadowedNames, world("create on schema lib to dev")).findings;
    expect(found?.mend.changes).toMatchObject([{ kind: "remove-grant", privileges: ["CREATE"], grantee: "dev" }]);
    expect(found?.path[1]).toBe("`lib` is in the search_path of `boss`, which manages roles");
  });

  test("the first of all roles is trusted as every other, by what it was declared for or what it inherits", () => {
    const declared = (name: string): CheckWorld["declared"] => {
      const role: DeclaredRole = { name, purpose: "scheduler", owner: null, reviewBy: null, because: null };
      return { roles: new Map([[name, role]]) };
    };
    const first = { roles: { ...roles, aaa: { login: true } }, declared: declared("aaa") ?? null };
    expect(told(shadowedNames, world("create on schema lib to dev", first))).toEqual([
      "high `dev` may create in `schema lib`, where `aaa`, `boss`, `postgres` look up names",
    ]);
    const power = {
      roles: { pg_read_all_data: {}, weak: {}, zed: { login: true } },
      members: ["zed in pg_read_all_data"],
    };
    expect(told(shadowedNames, world("create on schema lib to weak", power))).toEqual([
      "high `weak` may create in `schema lib`, where `postgres`, `zed` look up names",
    ]);
  });

  test("finds owners of such schemas", () => {
    expect(told(shadowedNames, { roles, owners: { "schema lib": "dev" }, posture })).toEqual([
      "high `dev` owns `schema lib`, where `boss`, `postgres` look up names",
    ]);
    expect(told(shadowedNames, { roles, owners: { "schema lib": "root" }, posture })).toEqual([]);
    expect(told(shadowedNames, { roles, owners: { "schema other": "dev" }, posture })).toEqual([]);
    const built = { ...roles, pg_database_owner: {} };
    expect(told(shadowedNames, { roles: built, owners: { "schema public": "pg_database_owner" }, posture })).toEqual(
      [],
    );
  });

  test("is silent about other schemas, about who is trusted itself, and where it is only equals that look", () => {
    expect(told(shadowedNames, world("create on schema other to dev"))).toEqual([]);
    expect(told(shadowedNames, world("usage on schema lib to dev"))).toEqual([]);
    expect(told(shadowedNames, world("create on schema lib to boss"))).toEqual([]);
    expect(told(shadowedNames, world("create on schema lib to root"))).toEqual([]);
    const own = { postgresql: { settings: new Map([["search_path", '"$user"']]), databaseSettings: [] } };
    expect(told(shadowedNames, world("create on schema app to dev", { posture: own }))).toEqual([]);
    expect(told(shadowedNames, world("create on schema boss to dev", { posture: own }))).toHaveLength(1);
  });

  test("says where the settings of databases are not known", () => {
    expect(runOn(shadowedNames, { roles }).notEvaluated).toHaveLength(1);
    expect(runOn(shadowedNames, world("usage on schema lib to dev")).notEvaluated).toEqual([]);
  });
});

describe("PGE-14", () => {
  const world = (grant: string): CheckWorld => ({ roles, grants: [grant] });

  test("finds who may make schemas", () => {
    expect(told(databaseCreate, world("create on database shop to dev"))).toEqual([
      "medium `dev` may make schemas in `database shop`",
    ]);
    expect(told(databaseCreate, world("create on database shop to public"))).toHaveLength(1);
    expect(runOn(databaseCreate, world("create on database shop to dev")).findings[0]?.mend.changes).toMatchObject([
      { kind: "remove-grant", database: null, privileges: ["CREATE"] },
    ]);
  });

  test("is silent about who migrates, who owns it, superusers, and other privileges", () => {
    const role: DeclaredRole = { name: "dev", purpose: "migration", owner: null, reviewBy: null, because: null };
    const declared = { roles: new Map([["dev", role]]) };
    expect(told(databaseCreate, { ...world("create on database shop to dev"), declared })).toEqual([]);
    const app = { roles: new Map([["dev", { ...role, purpose: "application" as const }]]) };
    expect(told(databaseCreate, { ...world("create on database shop to dev"), declared: app })).toHaveLength(1);
    expect(
      told(databaseCreate, { ...world("create on database shop to dev"), owners: { "database shop": "dev" } }),
    ).toEqual([]);
    expect(told(databaseCreate, world("create on database shop to root"))).toEqual([]);
    expect(told(databaseCreate, world("connect on database shop to dev"))).toEqual([]);
  });
});

describe("PGE-15", () => {
  const owners = { "schema lib": "dev", "table lib.t": "owner" };

  test("finds schemas whose owner is not the owner of what is in them", () => {
    expect(told(schemaOwners, { roles, owners: { ...owners, "routine lib.f.": "app" } })).toEqual([
      "medium `dev` owns `schema lib` and may drop and replace 2 things there of `app`, `owner`",
    ]);
    expect(runOn(schemaOwners, { roles, owners }).findings[0]?.mend.changes).toEqual([
      {
        kind: "change-owner",
        resourceKind: "schema",
        database: "shop",
        resources: [thing("schema lib")],
        from: "dev",
        to: "owner",
      },
    ]);
    expect(told(schemaOwners, { roles, owners: { "schema lib": "dev", "sequence lib.s": "owner" } })).toHaveLength(1);
  });

  test("changes no owner where several have things there", () => {
    const changes = (more: Record<string, string>): unknown =>
      runOn(schemaOwners, { roles, owners: { ...owners, ...more } }).findings[0]?.mend.changes;
    expect(changes({ "table lib.u": "app" })).toBeUndefined();
    expect(changes({ "table lib.u": "dev" })).toBeUndefined();
    expect(changes({ "table lib.u": "dev", "table other.u": "dev" })).toBeUndefined();
    expect(changes({ "table other.u": "dev" })).toHaveLength(1);
    const world = { roles, owners };
    const state = sampleState(world);
    const resource = { kind: "table", path: ["other", "lib", "u"] } as const;
    const theirs = { resource, owner: "dev", list: accessList([]) };
    const access = { ...state, holdings: new Map(state.holdings).set(resourceKey(resource), theirs) };
    expect(runChecks(worldContext(world, access), [schemaOwners]).findings[0]?.mend.changes).toHaveLength(1);
  });

  test("is silent about one's own, about who has the privileges anyway, superusers, extensions and types", () => {
    const quiet = (world: CheckWorld): void => expect(told(schemaOwners, world)).toEqual([]);
    quiet({ roles, owners: { "schema lib": "dev", "table lib.t": "dev" } });
    quiet({ roles, owners, members: ["dev in owner"] });
    const beside = { ...owners, "schema own": "owner", "table own.t": "owner" };
    expect(told(schemaOwners, { roles, owners: beside })).toEqual([
      "medium `dev` owns `schema lib` and may drop and replace one thing there of `owner`",
    ]);
    quiet({ roles, owners: { "schema lib": "root", "table lib.t": "owner" } });
    quiet({ roles, owners: { "schema lib": "dev", "table other.t": "owner" } });
    quiet({ roles, owners: { "schema lib": "dev", "type lib.t": "owner" } });
    const table = thing("table lib.t");
    quiet({
      roles,
      owners,
      catalog: (catalog) => ({
        ...catalog,
        entries: new Map(catalog.entries).set(resourceKey(table), { resource: table, extension: "pg_cron" }),
      }),
    });
  });
});

describe("PGE-16", () => {
  const PUBLIC_SCHEMA = { "schema public": "pg_database_owner" };
  const world = (owner: string, changed: Partial<CheckWorld> = {}): CheckWorld => ({
    roles: { ...roles, pg_database_owner: {} },
    owners: { "database shop": owner, ...PUBLIC_SCHEMA },
    ...changed,
  });

  test("finds logins that own `public` through the database", () => {
    expect(told(databaseOwners, world("app"))).toEqual([
      "high `app` owns `schema public` of `database shop`, by acting as its owner `app`",
    ]);
    expect(told(databaseOwners, world("owner", { members: ["app in owner", "dev in owner noinherit"] }))).toEqual([
      "high `app`, `dev` own `schema public` of `database shop`, by acting as its owner `owner`",
    ]);
  });

  test("is silent where nobody acts as the owner, where it is a superuser, where `public` has another owner, before 15", () => {
    expect(told(databaseOwners, world("owner"))).toEqual([]);
    expect(told(databaseOwners, world("owner", { members: ["boss in owner"] }))).toEqual([]);
    const builtIn = { roles: { ...roles, pg_database_owner: {}, pg_app: { login: true } } };
    expect(told(databaseOwners, world("owner", { ...builtIn, members: ["pg_app in owner"] }))).toEqual([]);
    expect(told(databaseOwners, world("root", { members: ["dev in root"] }))).toEqual([]);
    expect(
      told(databaseOwners, world("app", { owners: { "database shop": "app", "schema public": "postgres" } })),
    ).toEqual([]);
    expect(told(databaseOwners, world("app", { owners: { "database shop": "app" } }))).toEqual([]);
    expect(told(databaseOwners, world("app", { major: 14 }))).toEqual([]);
    expect(told(databaseOwners, world("app", { major: 15 }))).toEqual(told(databaseOwners, world("app")));
  });
});
