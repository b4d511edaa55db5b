import { expect, test } from "vitest";
import { buildEscalation } from "../../escalation/build.ts";
import type { EscalationEdge } from "../../escalation/escalation.ts";
import { type CheckWorld, runOn, told, worldContext } from "../../../../test/support/check-world.ts";
import { person } from "../../../../test/support/access-sample.ts";
import { DEFAULT_LIMITS } from "../../../model/declared.ts";
import { runChecks } from "../run-checks.ts";
import { hiddenAdmin } from "./hidden-admin.ts";
import { idleRoles } from "./idle-roles.ts";
import { overlap } from "./overlap.ts";
import { redundantGrants } from "./redundant-grants.ts";

const LOGIN = { login: true };

test("a grant that a role's group gives too is redundant, on all things it is so for", () => {
  const roles = { writers: {}, readers: {}, others: {} };
  const grants = [
    "select on table sales.a to readers, writers",
    "insert, select on table sales.b to readers",
    "select on table sales.b to writers",
  ];
  const world = { roles, grants, members: ["writers in readers"] };
  expect(told(redundantGrants, world)).toEqual([
    "low `writers` was granted select on 2 tables in schema `sales`, and has it by `readers` too",
  ]);
  expect(told(redundantGrants, { ...world, members: [] })).toEqual([]);
  expect(told(redundantGrants, { ...world, members: ["writers in readers noinherit"] })).toEqual([]);
  expect(told(redundantGrants, { ...world, members: ["readers in others"] })).toEqual([]);
});

test("a grant with the right to pass on is kept beside one without it", () => {
  const world: CheckWorld = {
    roles: { writers: {}, readers: {} },
    members: ["writers in readers"],
    grants: ["select on table sales.a to readers", "select on table sales.a to writers *"],
  };
  expect(told(redundantGrants, world)).toEqual([]);
  expect(
    told(redundantGrants, {
      ...world,
      grants: ["select on table sales.a to readers *", "select on table sales.a to writers *"],
    }),
  ).toHaveLength(1);
});

test("what everybody has need not be granted, but owners and built-in roles are left alone", () => {
  const roles = { reader: {}, boss: {} };
  const grants = ["select on table sales.a to public, reader, postgres"];
  expect(told(redundantGrants, { roles, grants })).toEqual([
    "low `reader` was granted select on `table sales.a`, and has it as everybody too",
  ]);
  expect(
    told(redundantGrants, {
      roles,
      grants: ["select on table sales.a to public, boss"],
      owners: { "table sales.a": "boss" },
    }),
  ).toEqual([]);
  expect(
    told(redundantGrants, {
      roles,
      grants: ["insert on table sales.a to public", "select on table sales.a to reader"],
    }),
  ).toEqual([]);
  expect(
    told(redundantGrants, {
      roles,
      grants: ["select on table sales.a to public", "select on table sales.a to reader *"],
    }),
  ).toEqual([]);
});

test("a column's grant under the table's is redundant", () => {
  const roles = { reader: {}, other: {} };
  expect(
    told(redundantGrants, {
      roles,
      grants: ["select on table sales.a to reader", "select, update on column sales.a.id to reader, other"],
    }),
  ).toEqual(["low `reader` was granted select on `column sales.a.id`, and has it on the whole table too"]);
  expect(
    told(redundantGrants, {
      roles,
      grants: ["select on table sales.a to other", "select on column sales.a.id to reader"],
    }),
  ).toEqual([]);
});

test("the same from two grantors is found", () => {
  const roles = { reader: {}, ops: {} };
  const world = worldContext({ roles, grants: ["select on table sales.a to reader"] });
  const found = (...entries: readonly { grantee?: string; grantor: string; privileges: string[] }[]) => {
    const place = world.index.classes.all.find((each) => each.kind === "table");
    if (place === undefined) throw new Error("no table");
    const list = { ...place.list, entries: entries.map((each) => ({ grantee: "reader", grantable: [], ...each })) };
    const classes = { ...world.index.classes, all: [{ ...place, list }] };
    return runChecks({ ...world, index: { ...world.index, classes } }, [redundantGrants]).findings.map(
      (each) => each.message,
    );
  };
  expect(found({ grantor: "postgres", privileges: ["SELECT"] }, { grantor: "ops", privileges: ["SELECT"] })).toEqual([
    "`reader` was granted select on `table sales.a`, and has it from `ops` too",
  ]);
  expect(found({ grantor: "postgres", privileges: ["SELECT"] })).toEqual([]);
  for (const grantee of ["", "postgres"]) {
    const one = { grantee, privileges: ["SELECT"] };
    expect(found({ ...one, grantor: "postgres" }, { ...one, grantor: "ops" })).toEqual([]);
  }
  expect(found({ grantor: "postgres", privileges: ["SELECT"] }, { grantor: "ops", privileges: ["INSERT"] })).toEqual(
    [],
  );
});

const TABLES = ["a", "b", "c", "d", "e"];
const all = (to: string, tables = TABLES): string[] => tables.map((each) => `select on table sales.${each} to ${to}`);

test("roles with the same rights are one finding, and roles with nearly the same are told by how much", () => {
  const roles = { x: {}, y: {}, z: {}, w: {} };
  expect(told(overlap, { roles, grants: all("x, y, z") })).toEqual(["medium `x`, `y` and `z` hold the same rights"]);
  const nearly = [...all("x"), ...all("y", TABLES.slice(0, 4))];
  expect(told(overlap, { roles, grants: nearly })).toEqual(["medium `x` and `y` hold the same rights to 80 percent"]);
  expect(told(overlap, { roles, grants: [...all("x"), ...all("y", TABLES.slice(0, 3))] })).toEqual([]);
  expect(told(overlap, { roles, grants: nearly, declared: { limits: { ...DEFAULT_LIMITS, overlap: 0.9 } } })).toEqual(
    [],
  );
  expect(
    told(overlap, { roles, grants: [...all("x"), ...all("y").map((each) => each.replace("select", "insert"))] }),
  ).toEqual([]);
});

test("a large class weighs more than a small one, by its tables and by its privileges", () => {
  const roles = { x: {}, y: {} };
  const grants = [...all("x, y", ["a", "b", "c", "d"]), "select on table hr.p to x", "select on table hr.q to y"];
  expect(told(overlap, { roles, grants })).toEqual([]);
  const more = [
    ...grants,
    ...all("x, y", ["f", "g", "h", "i"]).map((each) => each.replace("select", "insert, update")),
  ];
  expect(told(overlap, { roles, grants: more })).toEqual(["medium `x` and `y` hold the same rights to 85 percent"]);
});

test("a role and its group, logins and superusers do not overlap", () => {
  expect(told(overlap, { roles: { x: {}, y: {} }, grants: all("x, y"), members: ["x in y"] })).toEqual([]);
  expect(
    told(overlap, { roles: { x: {}, y: {} }, grants: [...all("y"), "select on table hr.p to x"], members: ["x in y"] }),
  ).toEqual([]);
  expect(told(overlap, { roles: { x: LOGIN, y: {} }, grants: all("x, y") })).toEqual([]);
  expect(told(overlap, { roles: { x: { superuser: true }, y: {} }, grants: all("x, y") })).toEqual([]);
  expect(told(overlap, { roles: { x: {}, y: {} }, grants: all("x, public") })).toEqual([]);
});

const EDGE: EscalationEdge = {
  from: "jobs",
  to: { kind: "system" },
  by: "holds pg_execute_server_program",
  over: "effective",
  needsVictim: false,
  confidence: "certain",
};

function hidden(world: CheckWorld, ...edges: readonly EscalationEdge[]) {
  const context = worldContext(world);
  return runChecks({ ...context, escalation: buildEscalation(context.index, edges) }, [hiddenAdmin]).findings;
}

test("a way to everything is one finding for all who come to it, with the whole path", () => {
  const world: CheckWorld = {
    roles: { ann: LOGIN, bob: LOGIN, cy: LOGIN, jobs: {} },
    members: ["ann in jobs", "bob in jobs"],
  };
  const found = hidden(world, EDGE);
  expect(found.map((each) => `${each.danger} ${each.message}`)).toEqual([
    "critical `ann` and `bob` can get everything on the server: `ann` has the privileges of `jobs`; `jobs` holds pg_execute_server_program; the server's own account is a superuser",
  ]);
  expect(found[0]).toMatchObject({ over: "escalable", principals: ["ann", "bob"], path: { length: 3 } });
  expect(hidden(world)).toEqual([]);
  expect(hidden({ ...world, members: [] }, EDGE)).toEqual([]);
});

test("different first steps are different findings, and everybody's step is everybody's", () => {
  const world: CheckWorld = {
    roles: { ann: LOGIN, bob: LOGIN, jobs: {}, code: {} },
    members: ["ann in jobs", "bob in code"],
  };
  expect(hidden(world, EDGE, { ...EDGE, from: "code", by: "owns a function" })).toHaveLength(2);
  expect(hidden(world, { ...EDGE, from: "" })[0]?.principals).toEqual(["ann", "bob"]);
});

test.each([
  ["a superuser", { roles: { ann: { ...LOGIN, superuser: true }, jobs: {} } }],
  [
    "who may become a superuser",
    { roles: { ann: LOGIN, jobs: {}, dba: { superuser: true } }, members: ["ann in jobs", "ann in dba"] },
  ],
  ["who bears an administrative attribute", { roles: { ann: { ...LOGIN, createrole: true }, jobs: {} } }],
  ["a role that cannot log in", { roles: { ann: {}, jobs: {} } }],
])("no way is hidden of %s", (_, world: CheckWorld) => {
  expect(hidden({ members: ["ann in jobs"], ...world }, EDGE)).toEqual([]);
});

test("a declared administrator's way is known", () => {
  const purpose = { name: "jobs", purpose: "admin" as const, owner: null, reviewBy: null, because: null };
  const world = {
    roles: { ann: LOGIN, jobs: {} },
    members: ["ann in jobs"],
    declared: { roles: new Map([["jobs", purpose]]) },
  };
  expect(hidden(world, EDGE)).toEqual([]);
});

test("roles without rights or without members are idle", () => {
  const base = { roles: { ann: LOGIN, r: {} }, grants: ["select on table sales.a to r"], members: ["ann in r"] };
  expect(told(idleRoles, base)).toEqual([]);
  expect(told(idleRoles, { ...base, grants: [] })).toEqual(["low the role `r` has no rights"]);
  expect(told(idleRoles, { ...base, members: [] })).toEqual(["low the role `r` has no members"]);
  expect(told(idleRoles, { ...base, members: [], grants: [] })).toEqual([
    "low the role `r` has no rights and no members",
  ]);
  expect(runOn(idleRoles, { ...base, grants: [] }).findings[0]?.mend.changes).toMatchObject([{ kind: "drop-role" }]);
});

test("a role that somebody may ask for here is not without members", () => {
  const base = { roles: { ann: LOGIN, r: {} }, grants: ["select on table sales.a to r"] };
  const asks = (target: string | null) => [
    { ...person("ann", "ann"), eligible: [{ role: "r", target, maxMinutes: 60 }] },
  ];
  expect(told(idleRoles, { ...base, identities: asks(null) })).toEqual([]);
  expect(told(idleRoles, { ...base, identities: asks("here") })).toEqual([]);
  expect(told(idleRoles, { ...base, identities: asks("there") })).toHaveLength(1);
});

test("owning, being in a group, a promise, a policy, an attribute and a default are something", () => {
  const lone = { roles: { ann: LOGIN, r: {}, g: {} }, members: ["ann in r"] };
  const r = (world: CheckWorld) => told(idleRoles, world).filter((each) => each.includes("`r`"));
  expect(r(lone)).toHaveLength(1);
  expect(r({ ...lone, members: [], owners: { "table sales.a": "r" } })).toEqual([]);
  expect(r({ ...lone, members: ["ann in r", "r in g"] })).toEqual([]);
  expect(r({ ...lone, roles: { ...lone.roles, r: { createdb: true } } })).toEqual([]);
  expect(r({ ...lone, defaults: [{ creator: "g", schema: null, kind: "table", to: { r: ["select"] } }] })).toEqual([]);
  expect(
    r({ ...lone, members: [], defaults: [{ creator: "r", schema: null, kind: "table", to: { g: ["select"] } }] }),
  ).toEqual([]);
  const policy = { name: "p", command: "ALL", permissive: true, roles: ["r"], using: "true", check: null } as const;
  expect(r({ ...lone, policies: [{ ...policy, table: { kind: "table", path: ["shop", "sales", "a"] } }] })).toEqual([]);
});

test("a member of the server does not fill a role, and a setting is something", () => {
  const world: CheckWorld = { roles: { ann: LOGIN, r: {} }, grants: ["select on table sales.a to r"] };
  expect(told(idleRoles, { ...world, members: ["ann in r implied"] })).toEqual(["low the role `r` has no members"]);
  const lone: CheckWorld = { roles: world.roles, members: ["ann in r"] };
  expect(told(idleRoles, lone)).toHaveLength(1);
  const roleSettings = { r: [{ database: null, name: "work_mem", value: "8MB" }] };
  expect(told(idleRoles, { ...lone, roleSettings })).toEqual([]);
});

test("two are enough to be the same, by common rights wherever they stand, and everybody's are nobody's own", () => {
  const roles = { x: {}, y: {} };
  expect(told(overlap, { roles, grants: all("x, y") })).toEqual(["medium `x` and `y` hold the same rights"]);
  expect(told(overlap, { roles, grants: ["select on table hr.p to x", ...all("x, y")] })).toEqual([
    "medium `x` and `y` hold the same rights to 83 percent",
  ]);
  expect(told(overlap, { roles, grants: ["select on table hr.p to y", ...all("x, y")] })).toHaveLength(1);
  expect(told(overlap, { roles, grants: all("y, public") })).toEqual([]);
  const catalog: CheckWorld["catalog"] = (known) => ({
    ...known,
    entries: new Map(
      [...known.entries].map(([key, entry]) => [key, { ...entry, system: entry.resource.path[1] === "pg_catalog" }]),
    ),
  });
  const withheld = [...all("x, y"), "insert on table pg_catalog.pg_class to x"];
  expect(told(overlap, { roles, grants: withheld, catalog })).toEqual(["medium `x` and `y` hold the same rights"]);
  expect(told(overlap, { roles, grants: withheld })).toEqual(["medium `x` and `y` hold the same rights to 83 percent"]);
  const grants = [...all("x"), "select on table hr.p to y"];
  expect(told(overlap, { roles, grants, members: ["y in x"] })).toEqual([]);
});

test("what built-in roles hold twice is the server's, and the first role by name is judged like the others", () => {
  const twice = (...grants: string[]): string[] =>
    told(redundantGrants, {
      roles: { aa: {}, pg_monitor: {}, writer: {}, zed: {} },
      grants,
      members: ["pg_monitor in zed"],
    });
  expect(twice("select on table sales.a to public, aa")).toHaveLength(1);
  expect(twice("select on table sales.a to public, writer")).toEqual([
    "low `writer` was granted select on `table sales.a`, and has it as everybody too",
  ]);
  expect(twice("select on table sales.a to public, pg_monitor")).toEqual([]);
  expect(twice("select on table sales.a to zed, pg_monitor")).toEqual([]);
  expect(twice("select on table sales.a to pg_monitor", "select on column sales.a.id to pg_monitor")).toEqual([]);
  expect(twice("insert on table sales.a to zed", "update on column sales.a.id to zed")).toEqual([]);
});
