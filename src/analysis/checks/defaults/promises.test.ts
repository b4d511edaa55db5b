import { expect, test } from "vitest";
import { sampleState } from "../../../../test/support/access-sample.ts";
import { type CheckWorld, runOn, told, worldContext } from "../../../../test/support/check-world.ts";
import { accessList } from "../../../model/access-list.ts";
import { resourceKey } from "../../../model/resource.ts";
import { runChecks } from "../run-checks.ts";
import { emptyDefault } from "./empty-default.ts";
import { vainRevokes, withoutForRole } from "./hand-written.ts";
import { idlePromises } from "./idle-promises.ts";
import { openPromises } from "./open-promises.ts";

const LOGIN = { login: true };
const ROLES = { app: {}, owner: {}, dev: LOGIN, anon: {}, boss: { superuser: true, login: true } };

type Default = NonNullable<CheckWorld["defaults"]>[number];
const PROMISE: Default = { creator: "owner", schema: "sales", kind: "table", to: { app: ["select"] } };

function world(promise: Partial<Default>, more: Partial<CheckWorld> = {}): CheckWorld {
  return { roles: ROLES, owners: { "schema sales": "postgres" }, defaults: [{ ...PROMISE, ...promise }], ...more };
}

test("default privileges of a role that may make nothing there are found", () => {
  expect(told(idlePromises, world({}))).toEqual([
    "medium the default privileges of `owner` for tables in schema `sales` reach nothing: it may not make any there",
  ]);
  expect(runOn(idlePromises, world({})).findings[0]?.mend.changes).toMatchObject([
    { kind: "remove-default", grantee: "app" },
  ]);
  expect(told(idlePromises, world({ schema: null }))).toEqual([
    "medium the default privileges of `owner` for tables reach nothing: it may not make any there",
  ]);
  expect(told(idlePromises, world({ schema: null, kind: "schema" }))).toHaveLength(1);
  expect(told(idlePromises, world({ schema: null, kind: "large-object" }))).toEqual([]);
});

test("a login that may make such things reaches them, in the schema, in any, or schemas themselves", () => {
  const dev = (promise: Partial<Default>, ...grants: readonly string[]): string[] =>
    told(idlePromises, world({ creator: "dev", ...promise }, { grants }));
  expect(dev({}, "create on schema sales to dev")).toEqual([]);
  expect(dev({}, "create on schema other to dev", "usage on schema sales to dev")).toHaveLength(1);
  expect(dev({ schema: null }, "create on schema other to dev")).toEqual([]);
  expect(dev({ schema: null }, "usage on schema other to dev", "create on database shop to dev")).toHaveLength(1);
  expect(dev({ schema: null, kind: "schema" }, "create on database shop to dev")).toEqual([]);
  expect(dev({ schema: null, kind: "schema" }, "create on schema sales to dev")).toHaveLength(1);
});

test("what is found is about the schema, or about the database", () => {
  const there = { kind: "schema", path: ["shop", "sales"] };
  const everywhere = { kind: "database", path: ["shop"] };
  for (const check of [idlePromises, openPromises]) {
    const to = { public: ["select"] };
    expect(runOn(check, world({ to })).findings.map(({ resources }) => resources)).toEqual([[there]]);
    expect(runOn(check, world({ to, schema: null })).findings.map(({ resources }) => resources)).toEqual([
      [everywhere],
    ]);
  }
});

test("a role that owns such things there makes them, one that owns others does not", () => {
  const owns = (name: string): Partial<CheckWorld> => ({ owners: { "schema sales": "postgres", [name]: "owner" } });
  expect(told(idlePromises, world({}, owns("table sales.a")))).toEqual([]);
  expect(told(idlePromises, world({ schema: null }, owns("table other.a")))).toEqual([]);
  expect(told(idlePromises, world({}, owns("table other.a")))).toHaveLength(1);
  expect(told(idlePromises, world({}, owns("sequence sales.a")))).toHaveLength(1);
});

test("a role whose members make the things as themselves is found, though it could make some", () => {
  const grants = ["create on schema sales to owner"];
  const owners = { "schema sales": "postgres", "table sales.a": "dev" };
  expect(told(idlePromises, world({}, { grants, owners, members: ["dev in owner"] }))).toEqual([
    "medium the default privileges of `owner` for tables in schema `sales` reach nothing: its member `dev` made them as itself",
  ]);
  expect(told(idlePromises, world({}, { grants, members: ["dev in owner"] }))).toEqual([]);
  const byBoss = { "schema sales": "postgres", "table sales.a": "boss" };
  expect(told(idlePromises, world({}, { grants, owners: byBoss, members: ["dev in owner", "boss in owner"] }))).toEqual(
    [],
  );
});

test("a schema of another database is none that it makes things in", () => {
  const given = world({ creator: "dev", schema: null }, { owners: {} });
  const state = sampleState(given);
  const within = (database: string): string[] => {
    const resource = { kind: "schema", path: [database, "s"] } as const;
    const list = accessList([{ grantee: "dev", grantor: "postgres", privileges: ["CREATE"], grantable: [] }]);
    const holdings = new Map(state.holdings).set(resourceKey(resource), { resource, owner: "postgres", list });
    return runChecks(worldContext(given, { ...state, holdings }), [idlePromises]).findings.map((each) => each.message);
  };
  expect(within("shop")).toEqual([]);
  expect(within("other")[0]).toContain("it may not make any there");
});

test("a role that nobody can act as makes nothing", () => {
  const grants = ["create on schema sales to owner"];
  expect(told(idlePromises, world({}, { grants }))[0]).toContain("nobody can act as it");
  expect(told(idlePromises, world({}, { grants, members: ["dev in owner noset"] }))[0]).toContain(
    "nobody can act as it",
  );
  expect(told(idlePromises, world({ creator: "dev" }, { grants: ["create on schema sales to dev"] }))).toEqual([]);
  expect(told(idlePromises, world({ creator: "boss" }))).toEqual([]);
  expect(told(idlePromises, world({ creator: "boss" }, { roles: { ...ROLES, boss: { superuser: true } } }))).toEqual(
    [],
  );
});

test("what is made from now on is not to be open to everybody or to nameless callers", () => {
  expect(told(openPromises, world({ to: { public: ["select"] } }))).toEqual([
    "high everybody gets select on all tables that `owner` makes in schema `sales`",
  ]);
  expect(told(openPromises, world({ schema: null, to: { anon: ["select", "insert"], app: ["select"] } }))).toEqual([
    "high `anon` gets insert, select on all tables that `owner` makes",
  ]);
  expect(runOn(openPromises, world({ to: { public: ["select"] } })).findings[0]?.mend.changes).toMatchObject([
    { kind: "remove-default", grantee: "", privileges: ["SELECT"] },
  ]);
  expect(told(openPromises, world({}))).toEqual([]);
  expect(
    told(openPromises, world({ to: { anon: ["select"] } }, { roles: { ...ROLES, anon: { superuser: true } } })),
  ).toEqual([]);
});

test("what everybody has on new routines anyway is not opened by saying it again, what was closed is", () => {
  const routine = { kind: "routine", to: { public: ["execute"] } } as const;
  expect(told(openPromises, world(routine))).toEqual([]);
  expect(told(openPromises, world({ ...routine, schema: null }))).toEqual([]);
  const closed: Default = { creator: "owner", schema: null, kind: "routine", to: { owner: ["execute"] } };
  const both = { ...world(routine), defaults: [closed, { ...PROMISE, ...routine }] };
  expect(told(openPromises, both)).toEqual([
    "high everybody gets execute on all routines that `owner` makes in schema `sales`",
  ]);
});

test("default privileges that leave nobody anything are critical for routines", () => {
  const empty = (more: Partial<Default>): string[] =>
    told(emptyDefault, world({ schema: null, kind: "routine", to: {}, ...more }));
  expect(empty({})).toEqual([
    "critical everybody gets execute on routines that `owner` makes, since its default privileges leave nobody anything",
  ]);
  expect(empty({ kind: "type" })[0]).toMatch(/^medium everybody gets usage on types/u);
  expect(empty({ kind: "table" })).toEqual([]);
  expect(empty({ schema: "sales" })).toEqual([]);
  expect(empty({ to: { owner: ["execute"] } })).toEqual([]);
  const { findings } = runOn(emptyDefault, world({ schema: null, kind: "routine", to: {} }));
  expect(findings[0]?.mend.changes).toMatchObject([{ kind: "add-default", grantee: "owner", privileges: ["EXECUTE"] }]);
});

test("what only SQL written by hand can say is never passed", () => {
  for (const check of [vainRevokes, withoutForRole]) {
    const { notEvaluated, passed, findings } = runOn(check, { roles: {} });
    expect([notEvaluated.length, passed, findings]).toEqual([1, [], []]);
  }
});
