import { expect, test } from "vitest";
import { person, service } from "../../../../test/support/access-sample.ts";
import { type CheckWorld, runOn, told, toldAfterFix, worldContext } from "../../../../test/support/check-world.ts";
import { DEFAULT_LIMITS, type DeclaredRole, type Purpose } from "../../../model/declared.ts";
import type { RoleAttributes } from "../../../model/role.ts";
import { buildEscalation } from "../../escalation/build.ts";
import type { EscalationEdge } from "../../escalation/escalation.ts";
import { runChecks } from "../run-checks.ts";
import { administrativeMachines } from "./machines.ts";
import { destroyers } from "./owners.ts";
import { remoteSuperuser } from "./remote-superuser.ts";
import { standingAdministrators } from "./standing.ts";
import { tooManySuperusers } from "./superusers.ts";
import { superuserForSmallTasks } from "./usage-of-superusers.ts";

const LOGIN = { login: true };
const SUPER = { login: true, superuser: true };

function purposes(said: Readonly<Record<string, Purpose>>): NonNullable<CheckWorld["declared"]> {
  const roles = Object.entries(said).map(([name, purpose]): [string, DeclaredRole] => [
    name,
    { name, purpose, owner: null, reviewBy: null, because: null },
  ]);
  return { roles: new Map(roles) };
}

test("more superusers than the budget are one finding, and as many are none", () => {
  const roles = { ann: SUPER, bob: SUPER, cy: SUPER };
  expect(told(tooManySuperusers, { roles })).toEqual([
    "high 3 can do everything on this server where 2 may: `ann`, `bob` and `cy`",
  ]);
  expect(told(tooManySuperusers, { roles: { ann: SUPER, bob: SUPER, app: LOGIN } })).toEqual([]);
  expect(told(tooManySuperusers, { roles, declared: { limits: { ...DEFAULT_LIMITS, administrators: 3 } } })).toEqual(
    [],
  );
  expect(told(tooManySuperusers, { roles, declared: null })).toHaveLength(1);
});

test("a person with two logins is one, emergencies are apart, and roles that cannot log in are nobody", () => {
  const roles = { ann: SUPER, bob: SUPER, cy: SUPER };
  const two = [person("ann", "ann", "bob")];
  expect(told(tooManySuperusers, { roles, identities: two })).toEqual([]);
  expect(told(tooManySuperusers, { roles, identities: [{ ...person("cy", "cy"), breakGlass: true }] })).toEqual([]);
  expect(told(tooManySuperusers, { roles, declared: purposes({ cy: "break-glass" }) })).toEqual([]);
  expect(told(tooManySuperusers, { roles: { ...roles, cy: { superuser: true } } })).toEqual([]);
});

test("who can become a superuser or make itself one counts, with the way", () => {
  const world: CheckWorld = {
    roles: { ann: SUPER, bob: LOGIN, cy: LOGIN, dba: { superuser: true } },
    members: ["bob in dba"],
  };
  const context = worldContext(world);
  const edge: EscalationEdge = {
    from: "cy",
    to: { kind: "system" },
    by: "runs programs",
    over: "effective",
    needsVictim: false,
    confidence: "certain",
  };
  const run = (edges: readonly EscalationEdge[]) =>
    runChecks({ ...context, escalation: buildEscalation(context.index, edges) }, [tooManySuperusers]).findings;
  expect(run([])).toEqual([]);
  expect(run([edge])).toMatchObject([
    {
      message:
        "3 can do everything on this server where 2 may, 1 of them without being superuser: `ann`, `bob` and `cy`",
      over: "escalable",
      path: ["`cy` runs programs", "the server's own account is a superuser"],
    },
  ]);
});

test("a person who always holds an administrative role is found, with what to ask for instead", () => {
  const world: CheckWorld = {
    roles: { ann: LOGIN, dba: {} },
    members: ["ann in dba"],
    identities: [person("ann", "ann")],
    declared: purposes({ dba: "admin" }),
  };
  // A declared administrator counts one step less.
  expect(told(standingAdministrators, world)).toEqual(["medium `ann` always holds `dba`, as `ann`"]);
  expect(runOn(standingAdministrators, world).findings[0]?.mend.manifest).toEqual([
    "people:",
    "  ann:",
    "    eligible: [{ role: dba, max_minutes: 60 }]",
  ]);
  expect(toldAfterFix(standingAdministrators, world)).toEqual([]);
  const quiet = (more: Partial<CheckWorld>) => expect(told(standingAdministrators, { ...world, ...more })).toEqual([]);
  quiet({ members: [] });
  quiet({ declared: purposes({ dba: "maintenance" }) });
  quiet({ identities: [service("ann", "ann")] });
  quiet({ identities: [{ ...person("ann", "ann"), until: "2026-12-01" }] });
  quiet({ identities: [{ ...person("ann", "ann"), breakGlass: true }] });
  quiet({ identities: [] });
  quiet({ identities: [person("bob", "bob")] });
  quiet({ members: ["ann in postgres"] });
});

test("a login of two people counts for the one it is known by, and the finding stands where that one does", () => {
  const location = { file: "r.yaml", line: 3, column: 5 };
  const world: CheckWorld = {
    roles: { ann: LOGIN, dba: {} },
    members: ["ann in dba"],
    identities: [person("ann", "ann"), { ...person("bea", "ann"), location }],
    declared: purposes({ dba: "admin" }),
  };
  expect(told(standingAdministrators, world)).toEqual(["medium `bea` always holds `dba`, as `ann`"]);
  expect(runOn(standingAdministrators, world).findings[0]?.location).toEqual(location);
});

test("superusers are administrative without being declared, also one's own login", () => {
  const world = {
    roles: { ann: SUPER, bob: LOGIN, root: { superuser: true } },
    members: ["bob in root noinherit"],
    identities: [person("ann", "ann"), person("bob", "bob")],
  };
  expect(told(standingAdministrators, world)).toEqual([
    "critical `ann` always holds `ann`, as `ann`",
    "critical `bob` always holds `root`, as `bob`",
  ]);
  const [ann, bob] = runOn(standingAdministrators, world).findings;
  expect(bob?.over).toBe("reachable");
  // Nobody asks for the login that they have.
  expect(ann?.mend.text).toBe("give `ann` an end date, or a login without it");
  expect(ann?.mend).not.toHaveProperty("manifest");
  expect(bob?.mend.text).toBe("make `root` something that `bob` asks for, for a time");
});

test.each([["superuser"], ["createrole"], ["createdb"], ["replication"], ["bypassrls"]])(
  "a program's login with %s is found, and the fix takes it",
  (attribute) => {
    const world = { roles: { app: { ...LOGIN, [attribute]: true } }, identities: [service("shop", "app")] };
    expect(told(administrativeMachines, world)).toEqual([`high the service login \`app\` holds ${attribute}`]);
    expect(toldAfterFix(administrativeMachines, world)).toEqual([]);
    expect(told(administrativeMachines, { ...world, identities: [person("shop", "app")] })).toEqual([]);
    expect(told(administrativeMachines, { ...world, identities: [] })).toEqual([]);
    expect(told(administrativeMachines, { ...world, roles: { app: LOGIN } })).toEqual([]);
  },
);

test("an attribute that a program reaches by SET ROLE counts, and one that takes the login itself does not", () => {
  const world = (own: RoleAttributes): CheckWorld => ({
    roles: { app: LOGIN, ops: own },
    members: ["app in ops"],
    declared: purposes({ app: "application" }),
  });
  expect(told(administrativeMachines, world({ createrole: true }))).toEqual([
    "high the program login `app` holds createrole through `ops`",
  ]);
  const [reached] = runOn(administrativeMachines, world({ createrole: true })).findings;
  expect(reached?.over).toBe("reachable");
  expect(reached?.mend.changes).toEqual([]);
  expect(runOn(administrativeMachines, world({ superuser: true })).findings[0]?.over).toBe("reachable");
  const both = {
    ...world({ createrole: true }),
    roles: { app: { ...LOGIN, createdb: true }, ops: { createrole: true } },
  };
  expect(runOn(administrativeMachines, both).findings[0]?.over).toBe("effective");
  expect(told(administrativeMachines, world({ replication: true }))).toEqual([]);
});

test("what a program was declared for it may have", () => {
  const roles = { rep: { ...LOGIN, replication: true }, dump: { ...LOGIN, replication: true, bypassrls: true } };
  expect(told(administrativeMachines, { roles, declared: purposes({ rep: "replication", dump: "backup" }) })).toEqual([
    "high the program login `dump` holds bypassrls",
  ]);
});

test("a superuser that gets in from the network is found, the first one too, and what is unknown is no pass", () => {
  const facts = (remote: boolean | null) => ({
    password: null,
    form: null,
    letInWithoutProof: null,
    remote,
    lastLogin: null,
  });
  const posture = (remote: boolean | null, names: readonly string[]): NonNullable<CheckWorld["posture"]> => ({
    logins: new Map(["ann", "bob", "postgres"].map((name) => [name, facts(names.includes(name) ? remote : false)])),
    postgresql: {},
  });
  const roles = { ann: SUPER, bob: LOGIN, off: { superuser: true } };
  expect(told(remoteSuperuser, { roles, posture: posture(true, ["ann", "bob", "postgres"]) })).toEqual([
    "high the superuser `ann` can log in over the network",
    "high the superuser `postgres` can log in over the network",
  ]);
  expect(runOn(remoteSuperuser, { roles, posture: posture(false, []) }).passed).toEqual(["ADM-04"]);
  // What belongs to the provider is not ours to judge.
  const theirs = { ...roles, pg_provider: SUPER };
  expect(runOn(remoteSuperuser, { roles: theirs, posture: posture(false, []) }).passed).toEqual(["ADM-04"]);
  expect(runOn(remoteSuperuser, { roles, posture: posture(null, ["ann"]) })).toMatchObject({
    findings: [],
    passed: [],
    notEvaluated: [{ reason: "whether `ann` can log in over the network was not read" }],
  });
  expect(runOn(remoteSuperuser, { roles })).toMatchObject({ findings: [], passed: [] });
});

test("a superuser that built-in roles would be enough for is told, once it was watched for long enough", () => {
  expect(runOn(superuserForSmallTasks, { roles: {} })).toMatchObject({
    findings: [],
    passed: [],
    notEvaluated: [{ check: "ADM-14" }],
  });
  const used = (days: number, enough: readonly string[] | null, open = 0): CheckWorld => ({
    roles: { ann: SUPER },
    usage: {
      days,
      unused: [],
      unclear: [],
      lastSeen: new Map(),
      superusers: [{ role: "ann", statements: 3, open, enough }],
    },
  });
  expect(told(superuserForSmallTasks, used(90, ["pg_monitor"]))).toEqual([
    "medium the superuser `ann` did nothing in 90 days that `pg_monitor` would not be enough for",
  ]);
  expect(told(superuserForSmallTasks, used(90, []))).toEqual([
    "medium the superuser `ann` did nothing in 90 days that needs one",
  ]);
  expect(runOn(superuserForSmallTasks, used(90, null)).passed).toEqual(["ADM-14"]);
  for (const unknown of [used(89, ["pg_monitor"]), used(90, null, 1)]) {
    expect(runOn(superuserForSmallTasks, unknown)).toMatchObject({
      findings: [],
      passed: [],
      notEvaluated: [{ check: "ADM-14" }],
    });
  }
});

test("in production, an application that owns or may destroy is found by what gives it that", () => {
  const world: CheckWorld = {
    environment: "production",
    roles: { app: LOGIN, app_owner: {}, app_rw: {} },
    owners: { "table sales.a": "app_owner", "schema sales": "app_owner" },
    grants: ["select, truncate on table sales.b to app_rw", "insert on table sales.c to app_rw"],
    members: ["app in app_owner noinherit", "app in app_rw"],
    identities: [service("shop", "app")],
  };
  expect(told(destroyers, world)).toEqual([
    "critical `app_owner` owns `schema sales` and `table sales.a`; `app` has its rights",
    "critical `app_rw` holds truncate on `table sales.b`; `app` has its rights",
  ]);
  expect(runOn(destroyers, world).findings.map((each) => each.over)).toEqual(["reachable", "effective"]);
  const quiet = (more: Partial<CheckWorld>) => expect(told(destroyers, { ...world, ...more })).toEqual([]);
  quiet({ environment: "test" });
  quiet({ members: [] });
  quiet({ identities: [] });
  quiet({ declared: purposes({ app: "migration" }) });
  quiet({ declared: purposes({ app: "admin" }), identities: [] });
  quiet({ grants: ["insert on table sales.b to app_rw"], owners: {} });
  quiet({
    roles: { app: LOGIN, pg_theirs: {} },
    owners: { "table sales.a": "pg_theirs" },
    grants: ["truncate on table sales.b to pg_theirs"],
    members: ["app in pg_theirs"],
  });
  // Columns are their table's.
  const columns = { ...world, grants: ["select on column sales.a.id to app_rw"] };
  expect(told(destroyers, columns)).toEqual([
    "critical `app_owner` owns `schema sales` and `table sales.a`; `app` has its rights",
  ]);
  expect(told(destroyers, { ...world, identities: [person("ann", "app")] })).toHaveLength(2);
});
