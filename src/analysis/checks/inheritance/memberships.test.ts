import { expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import { person, service } from "../../../../test/support/access-sample.ts";
import { DEFAULT_LIMITS } from "../../../model/declared.ts";
import { boundaries } from "./boundaries.ts";
import { cycles } from "./cycles.ts";
import { depth } from "./depth.ts";
import { diamonds, redundantMemberships } from "./redundant-memberships.ts";
import { inheritAttribute, severalRows } from "./rows.ts";
import { selfService } from "./self-service.ts";
import { twoStepAccess } from "./two-step-access.ts";

const LOGIN = { login: true };
const limits = (more: Partial<typeof DEFAULT_LIMITS>): NonNullable<CheckWorld["declared"]> => ({
  limits: { ...DEFAULT_LIMITS, ...more },
});

test("a circle of memberships is found once, with its way and the row to take", () => {
  const world: CheckWorld = {
    roles: { a: {}, b: {}, c: {}, d: LOGIN },
    members: ["a in b", "b in c", "c in a", "d in a"],
  };
  expect(told(cycles, world)).toEqual(["high `a`, `b` and `c` are members of each other in a circle"]);
  const [finding] = runOn(cycles, world).findings;
  expect(finding?.path).toEqual(["`a` is a member of `b`", "`b` is a member of `c`", "`c` is a member of `a`"]);
  expect(finding?.mend.changes).toMatchObject([{ kind: "remove-membership", membership: { role: "a", member: "c" } }]);
  expect(told(cycles, { roles: world.roles, members: ["a in a"] })).toEqual(["high `a` is a member of itself"]);
});

test("two circles are two findings, and chains and diamonds are none", () => {
  const roles = { a: {}, b: {}, c: {}, d: {} };
  expect(told(cycles, { roles, members: ["a in b", "b in a", "c in d", "d in c"] })).toHaveLength(2);
  expect(told(cycles, { roles, members: ["a in b", "b in d", "a in c", "c in d"] })).toEqual([]);
});

test("a chain longer than the limit is one finding for all logins below it", () => {
  const roles = { ann: LOGIN, bob: LOGIN, a: {}, b: {}, c: {}, d: {}, e: {} };
  const members = ["ann in a", "bob in a", "a in b", "b in c", "c in d", "d in e"];
  expect(told(depth, { roles, members })).toEqual([
    "medium `ann` and `bob` are 5 memberships below `e`, where 4 are allowed",
  ]);
  expect(runOn(depth, { roles, members }).findings[0]?.path).toHaveLength(5);
  expect(told(depth, { roles, members: members.slice(0, 5) })).toEqual([]);
  expect(told(depth, { roles, members, declared: limits({ depth: 5 }) })).toEqual([]);
  expect(
    told(depth, { roles, members: [...members.slice(0, 2), "a in b"], declared: limits({ depth: 1 }) }),
  ).toHaveLength(1);
});

test("the chain of a role that no login is in is nobody's", () => {
  const roles = { a: {}, b: {}, c: {}, d: {}, e: {}, f: {} };
  expect(told(depth, { roles, members: ["a in b", "b in c", "c in d", "d in e", "e in f"] })).toEqual([]);
});

test("two ways to one role are found at the nearest role, once for all who have both", () => {
  const roles = { ann: LOGIN, bob: LOGIN, x: {}, y: {}, top: {}, higher: {} };
  const members = ["ann in x", "ann in y", "bob in x", "bob in y", "x in top", "y in top", "top in higher"];
  expect(told(diamonds, { roles, members })).toEqual(["low `ann` and `bob` get to `top` by `x` and `y`"]);
  expect(told(diamonds, { roles, members: members.filter((each) => each !== "y in top") })).toEqual([]);
});

test("a membership beside a group that leads there is redundant and no diamond", () => {
  const roles = { ann: LOGIN, writers: {}, readers: {} };
  const members = ["ann in writers", "ann in readers", "writers in readers"];
  expect(told(diamonds, { roles, members })).toEqual([]);
  expect(told(redundantMemberships, { roles, members })).toEqual([
    "low `ann` is a member of `readers`, and of `writers`, which gives the same",
  ]);
  expect(runOn(redundantMemberships, { roles, members }).findings[0]?.mend.changes).toMatchObject([
    { kind: "remove-membership", membership: { role: "readers", member: "ann" } },
  ]);
  expect(told(redundantMemberships, { roles, members: members.slice(0, 2) })).toEqual([]);
});

test.each([
  ["its own gives SET and the other way does not", ["ann in writers noset", "ann in readers", "writers in readers"]],
  ["the other way stops inheriting", ["ann in writers noinherit", "ann in readers", "writers in readers"]],
  ["the step above is not inherited", ["ann in writers", "ann in readers", "writers in readers noinherit"]],
  ["the step above cannot be taken by SET ROLE", ["ann in writers", "ann in readers", "writers in readers noset"]],
  ["it brings the right to add members", ["ann in writers", "ann in readers admin", "writers in readers"]],
])("a membership is kept where %s", (_, members) => {
  expect(told(redundantMemberships, { roles: { ann: LOGIN, writers: {}, readers: {} }, members })).toEqual([]);
});

test("a membership that only lets become is given by another one that does", () => {
  const members = ["ann in writers", "ann in readers noinherit", "writers in readers"];
  expect(told(redundantMemberships, { roles: { ann: LOGIN, writers: {}, readers: {} }, members })).toHaveLength(1);
});

test("rows of one membership from several grantors are found, without those that the server made", () => {
  const roles = { ann: LOGIN, ops: {}, readers: {}, writers: {} };
  const twice = ["ann in readers", "ann in readers by=ops noset"];
  expect(told(severalRows, { roles, members: twice })).toEqual([
    "medium `ann` was made a member of `readers` by `ops` and `postgres`, with different set",
  ]);
  expect(runOn(severalRows, { roles, members: twice }).findings[0]?.mend.changes).toMatchObject([
    { kind: "remove-membership", membership: { grantor: "postgres" } },
  ]);
  expect(told(severalRows, { roles, members: ["ann in readers", "ann in readers by=ops"] })).toEqual([
    "medium `ann` was made a member of `readers` by `ops` and `postgres`",
  ]);
  expect(told(severalRows, { roles, members: ["ann in readers", "ann in readers by=ops admin implied"] })).toEqual([]);
  expect(told(severalRows, { roles, members: ["ann in readers", "ann in writers by=ops"] })).toEqual([]);
  expect(told(severalRows, { roles, members: ["ann in readers", "ops in readers by=ops"] })).toEqual([]);
  expect(told(severalRows, { roles, members: twice, major: 15 })).toEqual([]);
});

test("NOINHERIT that inherits is found from 16 on, and told before", () => {
  const roles = { ann: { ...LOGIN, inherit: false }, bob: LOGIN, readers: {} };
  const members = ["ann in readers", "bob in readers"];
  expect(told(inheritAttribute, { roles, members })).toEqual([
    "medium `ann` is NOINHERIT, and inherits from `readers`",
  ]);
  expect(runOn(inheritAttribute, { roles, members }).findings[0]?.mend.changes).toMatchObject([
    { kind: "alter-membership", after: { inherit: false } },
  ]);
  expect(told(inheritAttribute, { roles, members, major: 15 })).toEqual([
    "info `ann` is NOINHERIT; from PostgreSQL 16 on that no longer decides about its memberships in `readers`",
  ]);
  expect(told(inheritAttribute, { roles, members: ["ann in readers noinherit"] })).toEqual([]);
});

test("what takes SET ROLE and then inheritance is found with its way", () => {
  const roles = { ann: LOGIN, mid: {}, top: {} };
  const world = { roles, members: ["ann in mid noinherit", "mid in top noset"] };
  expect(told(twoStepAccess, world)).toEqual([
    "medium `ann` gets to what `top` has by SET ROLE and inheritance together",
  ]);
  expect(runOn(twoStepAccess, world).findings[0]?.path).toEqual([
    "`ann` may become `mid` by SET ROLE",
    "`mid` has the privileges of `top`",
  ]);
  expect(runOn(twoStepAccess, world).findings[0]?.over).toBe("reachable");
  expect(told(twoStepAccess, { roles, members: ["ann in mid", "mid in top noset"] })).toEqual([]);
  expect(told(twoStepAccess, { roles, members: ["ann in mid noinherit", "mid in top"] })).toEqual([]);
  expect(told(twoStepAccess, { roles: { ...roles, ann: {} }, members: world.members })).toEqual([]);
});

test("a member that may add members is found, and one that has none of the rights is not", () => {
  const roles = { ann: LOGIN, payroll: {} };
  expect(told(selfService, { roles, members: ["ann in payroll admin"] })).toEqual([
    "high `ann` is in `payroll`, and may put others into it",
  ]);
  expect(runOn(selfService, { roles, members: ["ann in payroll admin"] }).findings[0]?.mend.changes).toMatchObject([
    { kind: "alter-membership", after: { admin: false } },
  ]);
  expect(told(selfService, { roles, members: ["ann in payroll admin noinherit"] })).toHaveLength(1);
  expect(told(selfService, { roles, members: ["ann in payroll admin noset"] })).toHaveLength(1);
  expect(told(selfService, { roles, members: ["ann in payroll admin noinherit noset"] })).toEqual([]);
  expect(told(selfService, { roles, members: ["ann in payroll"] })).toEqual([]);
  expect(told(selfService, { roles, members: ["ann in payroll", "ann in payroll by=ann admin implied"] })).toEqual([]);
});

test("ADMIN held by way of another role, with the rights, is self-service too; a declared administrator's is not", () => {
  const roles = { ann: LOGIN, clerks: {}, payroll: {} };
  expect(told(selfService, { roles, members: ["clerks in payroll admin", "ann in clerks"] })).toEqual([
    "high `clerks` is in `payroll`, and may put others into it",
  ]);
  const declared: NonNullable<CheckWorld["declared"]> = {
    roles: new Map([["clerks", { name: "clerks", purpose: "admin", owner: null, reviewBy: null, because: null }]]),
  };
  expect(told(selfService, { roles, members: ["clerks in payroll admin"], declared })).toEqual([]);
  expect(
    told(selfService, {
      roles: { ann: { ...LOGIN, superuser: true }, payroll: {} },
      members: ["ann in payroll admin"],
    }),
  ).toEqual([]);
});

const role = (name: string, more: object): NonNullable<CheckWorld["declared"]> => ({
  roles: new Map([[name, { name, purpose: null, owner: null, reviewBy: null, because: null, ...more }]]),
});

test("a role that belongs to one team and reaches another is found, by the name of the team or of somebody in it", () => {
  const identities = [
    { ...person("ann", "ann"), team: "sales" },
    { ...person("bob", "bob"), team: "support" },
  ];
  const world = {
    roles: { ann: LOGIN, bob: LOGIN, sales_rw: {} },
    members: ["ann in sales_rw", "bob in sales_rw"],
    identities,
  };
  const found = ["medium `sales_rw` belongs to the team `sales`, and reaches `bob` of `support`"];
  expect(told(boundaries, { ...world, declared: role("sales_rw", { owner: "sales" }) })).toEqual(found);
  expect(told(boundaries, { ...world, declared: role("sales_rw", { owner: "ann" }) })).toEqual(found);
  expect(
    told(boundaries, { ...world, members: ["ann in sales_rw"], declared: role("sales_rw", { owner: "sales" }) }),
  ).toEqual([]);
  expect(told(boundaries, { ...world, declared: role("sales_rw", {}) })).toEqual([]);
  expect(told(boundaries, { ...world, declared: role("sales_rw", { owner: "sales", purpose: "admin" }) })).toEqual([]);
});

test("an application's role that people get to is found, and programs may have it", () => {
  const world = {
    roles: { ann: LOGIN, svc: LOGIN, app_rw: {} },
    identities: [person("ann", "ann"), service("shop", "svc")],
  };
  const declared = role("app_rw", { purpose: "application" });
  expect(told(boundaries, { ...world, members: ["ann in app_rw", "svc in app_rw"], declared })).toEqual([
    "medium `app_rw` was declared for an application, and reaches people: `ann`",
  ]);
  expect(told(boundaries, { ...world, members: ["svc in app_rw"], declared })).toEqual([]);
  expect(
    told(boundaries, { ...world, members: ["ann in app_rw"], declared: role("app_rw", { purpose: "read-only" }) }),
  ).toEqual([]);
  const emergency = [{ ...person("ann", "ann"), breakGlass: true as const }];
  expect(told(boundaries, { ...world, identities: emergency, members: ["ann in app_rw"], declared })).toEqual([]);
});

test("two circles of which one is below the other are two findings, each by a shortest way", () => {
  const roles = { a: {}, b: {}, c: {}, d: {} };
  expect(told(cycles, { roles, members: ["a in b", "b in a", "c in d", "d in c", "c in a"] })).toHaveLength(2);
  expect(told(cycles, { roles, members: ["a in b", "b in a", "c in d", "d in c", "a in c"] })).toHaveLength(2);
  const members = ["a in b", "a in c", "b in d", "c in d", "d in a"];
  expect(runOn(cycles, { roles, members }).findings.map(({ path }) => path)).toEqual([
    ["`a` is a member of `b`", "`b` is a member of `d`", "`d` is a member of `a`"],
  ]);
});

test("the longest of several ways up counts, the first of equal ones, and a circle ends", () => {
  const roles = { ann: LOGIN, a: {}, b: {}, c: {}, z: {} };
  const chains = (members: string[]) => runOn(depth, { roles, members, declared: limits({ depth: 1 }) }).findings;
  expect(chains(["ann in a", "a in b", "ann in z"]).map(({ path }) => path)).toEqual([
    ["`ann` is a member of `a`", "`a` is a member of `b`"],
  ]);
  expect(chains(["ann in a", "a in b", "ann in c", "c in z"]).map(({ path }) => path)).toEqual([
    ["`ann` is a member of `a`", "`a` is a member of `b`"],
  ]);
  expect(chains(["ann in a", "a in b", "b in a"])).toHaveLength(1);
});

test("only those of the groups that lead there are told, and built-in roles and circles are no diamonds", () => {
  const roles = { ann: LOGIN, pg_monitor: {}, x: {}, y: {}, z: {}, t1: {}, t2: {} };
  const two = ["x in t1", "y in t1"];
  expect(told(diamonds, { roles, members: [...two, "ann in x", "ann in y", "ann in z"] })).toEqual([
    "low `ann` gets to `t1` by `x` and `y`",
  ]);
  expect(
    told(diamonds, { roles, members: [...two, "x in t2", "z in t2", "ann in x", "ann in y", "ann in z"] }),
  ).toEqual(["low `ann` gets to `t1` and `t2` by `x`, `y` and `z`"]);
  expect(told(diamonds, { roles, members: [...two, "pg_monitor in x", "pg_monitor in y"] })).toEqual([]);
  expect(told(diamonds, { roles, members: ["x in y", "y in x"] })).toEqual([]);
});

test("a membership is redundant for what it gives, whatever the other one's options", () => {
  const roles = { zoe: LOGIN, aa: {}, others: {}, ops: {}, pg_monitor: {}, readers: {} };
  const found = (...members: string[]) => told(redundantMemberships, { roles, members }).length;
  expect(found("zoe in aa", "zoe in readers", "aa in readers")).toBe(1);
  expect(found("zoe in aa noinherit", "zoe in readers noinherit", "aa in readers")).toBe(1);
  expect(found("zoe in aa noset", "zoe in readers noset", "aa in readers noset")).toBe(1);
  expect(found("zoe in others", "zoe in readers noinherit noset")).toBe(0);
  expect(found("zoe in aa", "zoe in readers", "aa in readers", "readers in aa")).toBe(0);
  expect(found("zoe in aa", "zoe in readers", "zoe in readers by=ops admin", "aa in readers")).toBe(0);
  expect(found("zoe in aa", "zoe in readers implied", "aa in readers")).toBe(0);
  expect(found("pg_monitor in aa", "pg_monitor in readers", "aa in readers")).toBe(0);
});

test("rows count from 16 on, and those of built-in roles and of the server are not judged", () => {
  const roles = { ann: LOGIN, ops: {}, pg_monitor: {}, readers: {} };
  const twice = (member: string): string[] => [`${member} in readers`, `${member} in readers by=ops`];
  expect(told(severalRows, { roles, members: twice("ann"), major: 16 })).toHaveLength(1);
  expect(told(severalRows, { roles, members: twice("pg_monitor") })).toEqual([]);
  const quiet = { ...roles, ann: { ...LOGIN, inherit: false } };
  expect(told(inheritAttribute, { roles: quiet, members: ["ann in readers"], major: 16 })).toEqual([
    "medium `ann` is NOINHERIT, and inherits from `readers`",
  ]);
  expect(told(inheritAttribute, { roles: quiet, members: ["ann in readers implied"] })).toEqual([]);
});

test("self-service is ended for those who have the rights alone, and is no built-in role's", () => {
  const roles = { aa: {}, ann: LOGIN, bob: LOGIN, ops: {}, pg_monitor: {}, zoe: LOGIN };
  const members = [
    "ann in aa admin",
    "ann in aa by=ops admin implied",
    "ann in aa by=bob",
    "ann in ops admin noinherit noset",
    "bob in ops admin noinherit noset",
    "bob in aa",
    "zoe in aa admin noinherit noset",
  ];
  expect(told(selfService, { roles, members })).toEqual(["high `ann` is in `aa`, and may put others into it"]);
  const [finding] = runOn(selfService, { roles, members }).findings;
  expect(finding?.mend.changes).toHaveLength(1);
  expect(finding?.mend.changes).toMatchObject([{ before: { member: "ann", role: "aa", grantor: "postgres" } }]);
  expect(told(selfService, { roles, members: ["pg_monitor in aa admin"] })).toEqual([]);
  expect(told(selfService, { roles, members: ["aa in aa admin"] })).toEqual([]);
});

test("emergency and built-in roles, people of no team and a program's own login are no strangers", () => {
  const team = (name: string) => ({ ...person(name, name), team: "support" });
  const identities = [
    { ...person("ann", "ann"), team: "sales" },
    ...["bob", "cy", "dan", "eve"].map(team),
    person("loner", "loner"),
    { ...service("shop", "svc"), team: "support" },
  ];
  const logins = ["ann", "bob", "cy", "dan", "eve", "loner", "svc"];
  const roles = { ...Object.fromEntries(logins.map((name) => [name, LOGIN])), sales_rw: {} };
  const across = (members: readonly string[], name: string, more: object = {}): string[] =>
    told(boundaries, {
      roles,
      identities,
      members: members.map((each) => `${each} in ${name}`),
      declared: role(name, { owner: "sales", ...more }),
    });
  expect(across(["bob"], "sales_rw")).toHaveLength(1);
  expect(across(["bob"], "sales_rw", { purpose: "break-glass" })).toEqual([]);
  expect(across(["bob"], "postgres")).toEqual([]);
  expect(across(["loner"], "sales_rw")).toEqual([]);
  expect(across(["svc"], "sales_rw")).toHaveLength(1);
  expect(across([], "svc")).toEqual([]);
  expect(across([], "bob")).toHaveLength(1);
  const three = "`bob` of `support`, `cy` of `support`";
  expect(across(["bob", "cy", "dan"], "sales_rw")).toEqual([
    `medium \`sales_rw\` belongs to the team \`sales\`, and reaches ${three} and \`dan\` of \`support\``,
  ]);
  expect(across(["bob", "cy", "dan", "eve"], "sales_rw")).toEqual([
    `medium \`sales_rw\` belongs to the team \`sales\`, and reaches ${three}, \`dan\` of \`support\` and 1 more`,
  ]);
});
