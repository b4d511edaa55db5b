import { expect, test } from "vitest";
import { person, service, thing } from "../../../../test/support/access-sample.ts";
import { type CheckWorld, runOn, told, worldContext } from "../../../../test/support/check-world.ts";
import type { DeclaredRole, DeclaredTest, Purpose, Sensitive } from "../../../model/declared.ts";
import { buildEscalation } from "../../escalation/build.ts";
import type { EscalationEdge } from "../../escalation/escalation.ts";
import { runChecks } from "../run-checks.ts";
import { blanketGrants } from "./blanket.ts";
import { declaredReadOnly } from "./declared-read-only.ts";
import { directGrants } from "./direct-grants.ts";
import { environmentsMixed } from "./environments.ts";
import { makingThings } from "./making-things.ts";
import { sensitiveAccess } from "./sensitive.ts";
import { unusedOptions } from "./unused-options.ts";
import { unusedPrivileges } from "./unused.ts";

const LOGIN = { login: true };
type Said = NonNullable<CheckWorld["declared"]>;

function purposes(said: Readonly<Record<string, Purpose>>): Said {
  const roles = Object.entries(said).map(([name, purpose]): [string, DeclaredRole] => [
    name,
    { name, purpose, owner: null, reviewBy: null, because: null },
  ]);
  return { roles: new Map(roles) };
}

const need = (as: string, on: string, more: Partial<DeclaredTest> = {}): DeclaredTest => ({
  as,
  logins: [as],
  must: "allow",
  privilege: "SELECT",
  resources: [thing(on)],
  over: "effective",
  because: null,
  ...more,
});

test("a role that holds everything in a schema, where its tests need one table, is found", () => {
  const grants = [
    "select on table sales.a to app_ro",
    "select on table sales.b to app_ro",
    "select on table sales.c to app_ro",
  ];
  const world = { roles: { app: LOGIN, app_ro: {} }, members: ["app in app_ro"], grants };
  expect(told(blanketGrants, { ...world, declared: { tests: [need("app", "table sales.a")] } })).toEqual([
    "medium `app` holds select on all 3 tables of schema `sales`; its tests need it on `table sales.a` alone",
  ]);
  const quiet = (tests: DeclaredTest[], more: Partial<CheckWorld> = {}) =>
    expect(told(blanketGrants, { ...world, ...more, declared: { tests } })).toEqual([]);
  quiet([need("app", "table sales.a", { must: "deny" })]);
  quiet([need("app", "table sales.a", { privilege: "INSERT" })]);
  quiet([need("app", "table sales.a"), need("app", "table sales.b"), need("app", "table sales.c")]);
  quiet([need("app", "table sales.a")], { grants: [...grants, "select on table sales.d to postgres"] });
  quiet([need("app", "table sales.a")], { grants: grants.slice(0, 2) });
  quiet([need("app", "table hr.a")]);
  quiet([need("app", "table hr.a")], { grants: [...grants, "select on table hr.a to app"] });
  const sequences = ["a", "b", "c"].map((each) => `select on sequence sales.${each} to app`);
  quiet([need("app", "sequence sales.a")], { grants: sequences });
  quiet([need("pg_app", "table sales.a")], { roles: { pg_app: LOGIN, app_ro: {} }, members: ["pg_app in app_ro"] });
  const admin = { ...purposes({ app: "admin" }), tests: [need("app", "table sales.a")] };
  expect(told(blanketGrants, { ...world, declared: admin })).toEqual([]);
  const beside = { ...world, grants: [...grants, "usage on sequence sales.ids to postgres"] };
  expect(told(blanketGrants, { ...beside, declared: { tests: [need("app", "table sales.a")] } })).toHaveLength(1);
  const routines = ["a", "b", "c"].map((each) => `execute on routine sales.${each}. to app`);
  const one = need("app", "routine sales.a.", { privilege: "EXECUTE" });
  expect(told(blanketGrants, { ...world, grants: routines, declared: { tests: [one] } })).toHaveLength(1);
  quiet([need("app", "table sales.a")], { roles: { app: { ...LOGIN, superuser: true }, app_ro: {} } });
});

test("a declared read-only role that writes is found by schema, with all that writes there", () => {
  const roles = { ro: {}, other: {} };
  const declared = purposes({ ro: "read-only", other: "application" });
  const grants = [
    "select, insert on table sales.a to ro",
    "usage on sequence sales.ids to ro",
    "delete on table hr.p to ro",
  ];
  expect(told(declaredReadOnly, { roles, grants, declared })).toEqual([
    "high `ro` is declared read-only, and holds delete on `table hr.p`",
    "high `ro` is declared read-only, and holds insert on `table sales.a` and usage on `sequence sales.ids`",
  ]);
  const harmless = [
    "select on table sales.a to ro",
    "select on sequence sales.ids to ro",
    "usage on schema sales to ro",
    "temporary, connect on database shop to public",
  ];
  expect(told(declaredReadOnly, { roles, declared, grants: harmless })).toEqual([]);
  expect(told(declaredReadOnly, { roles, declared, grants: ["insert on table sales.a to other"] })).toEqual([]);
  expect(told(declaredReadOnly, { roles, declared, grants: ["create on schema sales to ro"] })).toHaveLength(1);
  expect(
    told(declaredReadOnly, { roles, declared, grants: ["insert on table sales.a to other"], members: ["ro in other"] }),
  ).toHaveLength(1);
  expect(told(declaredReadOnly, { roles: { ...roles, ro: { superuser: true } }, declared })).toEqual([
    "high `ro` is declared read-only, and is a superuser",
  ]);
});

test("a read-only role may run what has the caller's rights, and not what has its owner's", () => {
  const world = (securityDefiner: boolean, more: object = {}): CheckWorld => ({
    roles: { ro: {} },
    grants: ["execute on routine sales.f. to ro"],
    declared: purposes({ ro: "read-only" }),
    catalog: (all) => ({
      ...all,
      entries: new Map([...all.entries].map(([key, entry]) => [key, { ...entry, securityDefiner, ...more }])),
    }),
  });
  expect(told(declaredReadOnly, world(true))).toEqual([
    "high `ro` is declared read-only, and holds execute on `routine sales.f()`",
  ]);
  expect(told(declaredReadOnly, world(false))).toEqual([]);
  expect(told(declaredReadOnly, world(true, { extension: "ext" }))).toEqual([]);
  expect(told(declaredReadOnly, world(true, { system: true }))).toEqual([]);
  expect(told(declaredReadOnly, world(false, { definer: "postgres" }))).toHaveLength(1);
});

test("the first role by name is judged, and one that does not exist holds nothing", () => {
  const read = (name: string, grant: string): string[] =>
    told(declaredReadOnly, { roles: { aa: {} }, grants: [grant], declared: purposes({ [name]: "read-only" }) });
  expect(read("aa", "insert on table sales.a to aa")).toHaveLength(1);
  expect(read("ghost", "insert on table sales.a to public")).toEqual([]);
});

test("a login with rights of its own is found once a schema, and roles, administrators and owners are not", () => {
  const roles = { ann: LOGIN, staff: {}, boss: LOGIN };
  const grants = [
    "select on table sales.a to ann, staff",
    "usage on schema sales to ann",
    "insert on table sales.b to ann",
  ];
  expect(told(directGrants, { roles, grants })).toEqual([
    "low the login `ann` holds privileges of its own on `schema sales` and 2 tables in schema `sales`",
  ]);
  expect(runOn(directGrants, { roles, grants }).findings[0]?.mend.changes).toHaveLength(3);
  expect(
    told(directGrants, { roles, grants: ["select on table sales.a to ann", "select on table hr.a to ann"] }),
  ).toHaveLength(2);
  expect(
    told(directGrants, { roles, grants: ["select on table sales.a to boss"], owners: { "table sales.a": "boss" } }),
  ).toEqual([]);
  expect(told(directGrants, { roles, grants, declared: purposes({ ann: "admin" }) })).toEqual([]);
});

test("a login with more than a thousand rights of its own is one finding, with their number", () => {
  const grants = (count: number): string[] =>
    Array.from({ length: count }, (_, n) => `select on table area_${n % 7}.t${n} to ann`);
  expect(told(directGrants, { roles: { ann: LOGIN }, grants: grants(1001) })).toEqual([
    "low the login `ann` holds privileges of its own on 1001 things in 7 schemas",
  ]);
  expect(told(directGrants, { roles: { ann: LOGIN }, grants: grants(1000) })).toHaveLength(7);
  expect(told(directGrants, { roles: { ann: {} }, grants: grants(1001) })).toEqual([]);
  const owners = Object.fromEntries(grants(1001).map((each) => [/table \S+/u.exec(each)?.[0] ?? "", "ann"]));
  expect(
    told(directGrants, { roles: { ann: LOGIN }, grants: [...grants(1001), "select on table hr.a to ann"], owners }),
  ).toEqual(["low the login `ann` holds privileges of its own on `table hr.a`"]);
});

const SECRET: Sensitive = {
  name: "salaries",
  resources: [thing("table hr.salary")],
  readers: new Set(["payroll"]),
  writers: new Set(["payroll_rw"]),
};
const HERE = { file: "access.yaml", line: 3, column: 5 };
const HR = { ann: LOGIN, bob: LOGIN, payroll: {}, payroll_rw: {}, staff: {} };

test("whoever reads or changes what is sensitive without being named is found, by way of what gives it", () => {
  const grants = ["select on table hr.salary to payroll, staff", "update on table hr.salary to payroll_rw, staff"];
  const world: CheckWorld = {
    roles: HR,
    grants,
    members: ["ann in payroll", "bob in staff"],
    declared: { sensitive: [SECRET] },
  };
  expect(told(sensitiveAccess, world)).toEqual([
    "critical `staff` may change `table hr.salary` (salaries): it holds update, which gives it to `bob`",
    "critical `staff` may read `table hr.salary` (salaries): it holds select, which gives it to `bob`",
  ]);
  expect(runOn(sensitiveAccess, world).findings[0]).toMatchObject({
    path: ["`bob` has the privileges of `staff`"],
    over: "effective",
  });
  expect(runOn(sensitiveAccess, world).findings.map(({ principals, mend }) => [principals, mend.text])).toEqual([
    [["staff"], "take update from `staff`, or add it to `writers` of salaries"],
    [["staff"], "take select from `staff`, or add it to `readers` of salaries"],
  ]);
  expect(told(sensitiveAccess, { ...world, members: ["ann in payroll"] })).toEqual([]);
  const located = { sensitive: [{ ...SECRET, location: HERE }] };
  expect(runOn(sensitiveAccess, { ...world, declared: located }).findings[0]?.location).toEqual(HERE);
  const first = {
    ...world,
    roles: { ...HR, aa: {} },
    grants: ["select on table hr.salary to aa"],
    members: ["ann in aa"],
  };
  const readers = (...names: string[]) => ({ sensitive: [{ ...SECRET, readers: new Set(names) }] });
  expect(told(sensitiveAccess, { ...first, declared: readers("aa") })).toEqual([]);
  expect(told(sensitiveAccess, { ...first, declared: readers("ghost") })).toHaveLength(1);
  expect(told(sensitiveAccess, { ...world, members: ["bob in staff noinherit noset"] })).toEqual([]);
  const [after] = runOn(sensitiveAccess, { ...world, members: ["bob in staff noinherit"] }).findings;
  expect(after?.over).toBe("reachable");
});

test("readers need not be writers, and who is in both lists is nobody's finding", () => {
  const grants = ["select, update on table hr.salary to payroll"];
  const world: CheckWorld = { roles: HR, grants, members: ["ann in payroll"], declared: { sensitive: [SECRET] } };
  expect(told(sensitiveAccess, world)).toEqual([
    "critical `payroll` may change `table hr.salary` (salaries): it holds update, which gives it to `ann`",
  ]);
  const both = { ...SECRET, writers: new Set(["payroll"]) };
  expect(told(sensitiveAccess, { ...world, declared: { sensitive: [both] } })).toEqual([]);
});

test("everybody, the table behind a column, built-in readers and owners are ways to it; superusers are their own matter", () => {
  const declared = { sensitive: [{ ...SECRET, resources: [thing("column hr.salary.amount")] }] };
  expect(told(sensitiveAccess, { roles: HR, grants: ["select on table hr.salary to public"], declared })).toEqual([
    "critical everybody may read `column hr.salary.amount` (salaries): it holds select",
  ]);
  expect(
    told(sensitiveAccess, {
      roles: HR,
      grants: ["select on table hr.salary to staff"],
      members: ["bob in staff"],
      declared,
    }),
  ).toHaveLength(1);
  expect(told(sensitiveAccess, { roles: HR, grants: ["select on column hr.salary.other to bob"], declared })).toEqual(
    [],
  );
  const twice = ["select on column hr.salary.amount to bob", "select on table hr.salary to bob"];
  expect(told(sensitiveAccess, { roles: HR, grants: twice, declared })).toEqual([
    "critical `bob` may read `column hr.salary.amount` (salaries): it holds select",
  ]);
  const all = { roles: { ...HR, pg_read_all_data: {} }, grants: ["select on table hr.salary to payroll"], declared };
  const [server] = runOn(sensitiveAccess, { ...all, members: ["bob in pg_read_all_data"] }).findings;
  expect(server?.principals).toEqual(["bob"]);
  expect(
    told(sensitiveAccess, {
      ...all,
      roles: { ...HR, bob: { ...LOGIN, superuser: true } },
      grants: ["select on table hr.salary to bob"],
    }),
  ).toEqual([]);
});

test("who can come to the privileges of a reader is found as escalation", () => {
  const world: CheckWorld = {
    roles: HR,
    grants: ["select on table hr.salary to payroll"],
    declared: { sensitive: [SECRET] },
  };
  const context = worldContext(world);
  const edge: EscalationEdge = {
    from: "bob",
    to: { kind: "role", role: "payroll" },
    by: "sets its password",
    over: "effective",
    needsVictim: false,
    confidence: "documented",
  };
  const findings = runChecks({ ...context, escalation: buildEscalation(context.index, [edge]) }, [
    sensitiveAccess,
  ]).findings;
  expect(findings).toMatchObject([
    {
      message: "`bob` can come to read `table hr.salary` (salaries) by getting the privileges of `payroll`",
      over: "escalable",
      confidence: "documented",
    },
  ]);
  expect(findings[0]?.path).toEqual(["`bob` sets its password", "`payroll` holds select on `table hr.salary`"]);
  const placed = worldContext({ ...world, declared: { sensitive: [{ ...SECRET, location: HERE }] } });
  const escalation = buildEscalation(placed.index, [edge]);
  expect(runChecks({ ...placed, escalation }, [sensitiveAccess]).findings[0]?.location).toEqual(HERE);
  const allowed = { ...world, members: ["bob in payroll"] };
  const other = worldContext(allowed);
  expect(runChecks({ ...other, escalation: buildEscalation(other.index, [edge]) }, [sensitiveAccess]).findings).toEqual(
    [],
  );
});

test("a right to pass on that gave nobody anything is found, and one that did is not", () => {
  const roles = { app: {}, dba: {}, x: {} };
  expect(
    told(unusedOptions, { roles, grants: ["select on table sales.a to app *", "select on table sales.b to app"] }),
  ).toEqual(["medium `app` may pass on select on `table sales.a`, and gave it to nobody"]);
  const [finding] = runOn(unusedOptions, { roles, grants: ["select on table sales.a to app *"] }).findings;
  expect(finding?.mend.changes).toMatchObject([
    { kind: "remove-grant-option", privileges: ["SELECT"], grantee: "app" },
  ]);
  expect(finding?.mend.manifest?.at(-1)).toBe("      - grant option for select on table sales.a");
  expect(
    told(unusedOptions, { roles, grants: ["select on table sales.a to dba *"], declared: purposes({ dba: "admin" }) }),
  ).toEqual([]);
  const context = worldContext({ roles, grants: ["select on table sales.a to app *"] });
  const gave = (grantor: string, grantee: string) => {
    const more = { grantee, grantor, privileges: ["SELECT"], grantable: [] };
    const all = context.index.classes.all.map((place) => ({
      ...place,
      list: { ...place.list, entries: [...place.list.entries, more] },
    }));
    const index = { ...context.index, classes: { ...context.index.classes, all } };
    return runChecks({ ...context, index }, [unusedOptions]).findings;
  };
  expect(gave("app", "x")).toEqual([]);
  expect(gave("app", "app")).toHaveLength(1);
  expect(gave("dba", "x")).toHaveLength(1);
  expect(
    told(unusedOptions, { roles: { pg_monitor: {} }, grants: ["select on table sales.a to pg_monitor *"] }),
  ).toEqual([]);
});

test("what was watched for long enough and not used is told; what cannot be said is a gap", () => {
  const usage = {
    days: 120,
    unused: [
      {
        grantees: ["app"],
        privileges: ["DELETE"],
        resources: [{ kind: "table", path: ["shop", "sales", "a"] } as const],
      },
    ],
    unclear: [{ count: 2, why: "nothing was seen of `b`" }],
    lastSeen: new Map(),
  };
  expect(runOn(unusedPrivileges, { roles: { app: {} }, usage })).toMatchObject({
    findings: [
      {
        code: "LPV-05",
        danger: "medium",
        message: "DELETE on `table sales.a` was not used by `app` in 120 days",
        principals: ["app"],
      },
    ],
    notEvaluated: [
      { check: "LPV-05", reason: "2 grants or memberships were not seen in use: nothing was seen of `b`" },
    ],
  });
});

test("without a record of use nothing is called unused", () => {
  expect(runOn(unusedPrivileges, { roles: {} })).toMatchObject({
    findings: [],
    passed: [],
    notEvaluated: [{ check: "LPV-05" }],
  });
});

test("a program of production and of a lower environment is found where both were read", () => {
  const both = {
    ...service("billing", "svc"),
    logins: new Map([
      ["here", ["svc"]],
      ["there", ["svc"]],
    ]),
  };
  const world: CheckWorld = { roles: { svc: LOGIN }, environment: "production", identities: [both] };
  const run = (given: CheckWorld, others: readonly { target: string; production: boolean }[]) =>
    runChecks({ ...worldContext(given), others: others as never }, [environmentsMixed]);
  const found = run(world, [{ target: "there", production: false }]);
  expect(found.findings.map((each) => each.message)).toEqual([
    "the service `billing` logs in to production and to `there`",
  ]);
  expect(run(world, [{ target: "there", production: true }])).toMatchObject({ findings: [], notEvaluated: [] });
  expect(run(world, [])).toMatchObject({
    findings: [],
    notEvaluated: [{ reason: "programs log in to `there` too, of which the environment is not known here" }],
  });
  expect(run({ ...world, environment: "test" }, [{ target: "there", production: false }]).passed).toEqual(["LPV-11"]);
  expect(
    run({ ...world, identities: [{ ...both, kind: "person" }] }, [{ target: "there", production: false }]).passed,
  ).toEqual(["LPV-11"]);
  const elsewhere = { ...both, logins: new Map([["there", ["svc"]]]) };
  expect(run({ ...world, identities: [elsewhere] }, [{ target: "there", production: false }]).passed).toEqual([
    "LPV-11",
  ]);
  expect(run({ ...world, identities: [service("billing", "svc")] }, []).passed).toEqual(["LPV-11"]);
  const located = run({ ...world, identities: [{ ...both, location: HERE }] }, [
    { target: "there", production: false },
  ]);
  expect(located.findings[0]?.location).toEqual(HERE);
  const nowhere = { ...both, logins: new Map([...both.logins, ["there", []]]) };
  expect(run({ ...world, identities: [nowhere] }, [{ target: "there", production: false }]).passed).toEqual(["LPV-11"]);
});

test("an application that may create is found by the role that gives it, and migrations and people may", () => {
  const roles = { svc: LOGIN, ann: LOGIN, app_rw: {} };
  const grants = ["create, usage on schema sales to app_rw", "temporary, connect on database shop to app_rw"];
  const world: CheckWorld = { roles, grants, members: ["svc in app_rw"], identities: [service("shop", "svc")] };
  expect(told(makingThings, world)).toEqual([
    "medium `app_rw` holds create on `schema sales`, which gives it to `svc`",
  ]);
  expect(runOn(makingThings, world).findings[0]?.mend.changes).toMatchObject([{ privileges: ["CREATE"] }]);
  expect(told(makingThings, { ...world, grants: grants.slice(1) })).toEqual([]);
  expect(told(makingThings, { ...world, members: [] })).toEqual([]);
  expect(told(makingThings, { ...world, declared: purposes({ svc: "migration" }) })).toEqual([]);
  expect(told(makingThings, { ...world, identities: [person("shop", "svc")] })).toEqual([]);
  expect(told(makingThings, { ...world, identities: [], declared: purposes({ svc: "application" }) })).toHaveLength(1);
  expect(told(makingThings, { ...world, identities: [] })).toEqual([]);
  expect(told(makingThings, { ...world, members: ["svc in app_rw noinherit"] })).toHaveLength(1);
  const over = (more: Partial<CheckWorld>) => runOn(makingThings, { ...world, ...more }).findings[0]?.over;
  expect(over({})).toBe("effective");
  expect(over({ members: ["svc in app_rw noinherit"] })).toBe("reachable");
  expect(told(makingThings, { ...world, grants: ["create on schema sales to svc"] })).toEqual([
    "medium `svc` holds create on `schema sales`",
  ]);
});
