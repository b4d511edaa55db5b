import { expect, test } from "vitest";
import { thing } from "../../../../test/support/access-sample.ts";
import { type CheckWorld, runOn, told, worldContext } from "../../../../test/support/check-world.ts";
import { resourceKey } from "../../../model/resource.ts";
import { runChecks } from "../run-checks.ts";
import { schemaDoors } from "./schema-doors.ts";
import { unprotectedCopies } from "./unprotected-copies.ts";

const LOGIN = { login: true };

test("things behind a schema that nobody with them may use are found, and USAGE by any way opens it", () => {
  const base: CheckWorld = {
    roles: { ann: LOGIN, readers: {}, doors: {} },
    grants: [
      "select on table sales.a to readers",
      "select on table sales.b to readers",
      "usage on schema sales to postgres",
    ],
    members: ["ann in readers"],
  };
  expect(told(schemaDoors, base)).toEqual([
    "low `readers` holds select on 2 tables in schema `sales`, and nobody who has that holds usage on schema `sales`",
  ]);
  const quiet = (more: Partial<CheckWorld>) => expect(told(schemaDoors, { ...base, ...more })).toEqual([]);
  quiet({ grants: [...(base.grants ?? []), "usage on schema sales to public"] });
  quiet({ grants: [...(base.grants ?? []), "usage on schema sales to ann"] });
  quiet({ grants: [...(base.grants ?? []), "usage on schema sales to doors"], members: ["readers in doors"] });
  quiet({ owners: { "table sales.a": "readers", "table sales.b": "readers" } });
});

test("USAGE on a schema where nobody with it holds anything is found, but not where something comes later or there is nothing", () => {
  const base: CheckWorld = {
    roles: { ann: LOGIN, readers: {}, others: {} },
    grants: ["usage on schema sales to readers", "select on table sales.a to postgres"],
  };
  expect(told(schemaDoors, base)).toEqual([
    "low `readers` holds usage on schema `sales`, and nobody who has that holds anything in it",
  ]);
  expect(runOn(schemaDoors, base).findings[0]?.mend.changes).toMatchObject([
    { privileges: ["USAGE"], grantee: "readers" },
  ]);
  const quiet = (more: Partial<CheckWorld>) => expect(told(schemaDoors, { ...base, ...more })).toEqual([]);
  quiet({ grants: ["usage on schema sales to readers"] });
  quiet({ grants: ["usage, create on schema sales to readers", "select on table sales.a to postgres"] });
  quiet({ grants: [...(base.grants ?? []), "select on table sales.b to readers"] });
  quiet({ grants: [...(base.grants ?? []), "select on table sales.b to ann"], members: ["ann in readers"] });
  quiet({ grants: [...(base.grants ?? []), "select on table sales.b to public"] });
  quiet({ defaults: [{ creator: "postgres", schema: "sales", kind: "table", to: { readers: ["select"] } }] });
  quiet({ defaults: [{ creator: "postgres", schema: null, kind: "table", to: { readers: ["select"] } }] });
});

test("built-in roles, types and what is only called like a schema are behind no door, and the first role by name is", () => {
  const doors = (...grants: string[]): string[] =>
    told(schemaDoors, { roles: { aa: {}, pg_monitor: {}, readers: {}, zed: {} }, grants });
  const closed = "usage on schema sales to postgres";
  const things = "select on table sales.a to postgres";
  expect(doors("select on table sales.a to aa", closed)).toHaveLength(1);
  expect(doors("usage on schema sales to aa", things)).toHaveLength(1);
  expect(doors("select on table sales.a to pg_monitor", closed)).toEqual([]);
  expect(doors("usage on schema sales to pg_monitor", things)).toEqual([]);
  expect(doors("usage on type sales.mood to readers", closed)).toEqual([]);
  expect(doors("usage on foreign-server sales to readers", closed, things)).toEqual([]);
  expect(
    doors("update on large-object 42 to readers", "usage on schema 42 to postgres", "select on table 42.a to postgres"),
  ).toEqual([]);
  const open = ["usage on schema sales to readers", "select on table sales.a to readers"];
  expect(doors(...open, "usage on foreign-server sales to zed")).toEqual([]);
  expect(doors("usage on foreign-server sales to zed", ...open)).toEqual([]);
});

test("what many hold behind a closed door is all of it and nothing else, and owners of things are behind none", () => {
  const names = Array.from({ length: 9 }, (_, at) => `r${at}`);
  const world = (...grants: string[]): CheckWorld => ({
    roles: { ...Object.fromEntries(names.map((name) => [name, {}])), open: {} },
    grants: [...grants, "usage on schema sales to open"],
  });
  const many = world(
    `select on table sales.a to ${names.join(", ")}, open`,
    `usage on sequence sales.ids to ${names.join(", ")}`,
    `usage on type sales.mood to ${names.join(", ")}`,
    "select on table sales.z to open",
  );
  expect(runOn(schemaDoors, many).findings.map(({ resources }) => resources)).toEqual([
    [thing("table sales.a"), thing("sequence sales.ids")],
  ]);
  const context = worldContext(many);
  const { all } = context.index.classes;
  const elsewhere = all.filter(({ kind }) => kind === "sequence").map((each) => ({ ...each, database: "stock" }));
  const index = { ...context.index, classes: { ...context.index.classes, all: [...all, ...elsewhere] } };
  expect(runChecks({ ...context, index }, [schemaDoors]).findings[0]?.resources).toHaveLength(2);
  expect(told(schemaDoors, world(`usage on type sales.mood to ${names.join(", ")}`))).toEqual([]);
  const own = world(
    "select on table sales.a to open",
    ...names.map((name) => `select on table sales.${name} to ${name}`),
  );
  const owners = Object.fromEntries(names.map((name) => [`table sales.${name}`, name]));
  expect(told(schemaDoors, { ...own, owners })).toEqual([]);
  const few = world(
    "select on table sales.a to r1",
    "usage on type sales.mood to r1",
    "select on table sales.z to open",
  );
  expect(runOn(schemaDoors, few).findings.map(({ resources }) => resources)).toEqual([[thing("table sales.a")]]);
  const schema = { "schema hr": "r1" };
  const door = world("usage on schema hr to r1", "select on table hr.a to postgres", "select on table sales.z to open");
  expect(told(schemaDoors, door)).toHaveLength(1);
  expect(told(schemaDoors, { ...door, owners: schema })).toEqual([]);
});

test("up to eight roles behind a closed door are told one by one, and more as one", () => {
  const doors = (count: number) => {
    const names = Array.from({ length: count }, (_, at) => `r${at}`);
    const grants = [`select on table sales.a to ${names.join(", ")}`, "select on table hr.a to r1, r2"];
    return told(schemaDoors, {
      roles: Object.fromEntries(names.map((name) => [name, {}])),
      grants: [...grants, "usage on schema sales to postgres", "usage on schema hr to r1"],
    });
  };
  expect(doors(8)).toHaveLength(9);
  const nine = doors(9);
  expect(nine).toHaveLength(2);
  expect(nine).toContain("low 9 roles hold rights in schema `sales`, and nobody who has them holds usage on it");
  expect(nine).toContain("low `r2` holds select on `table hr.a`, and nobody who has that holds usage on schema `hr`");
});

const GUARDED = { "sales.orders": { enabled: true, forced: false } };
const FORMS =
  (forms: Readonly<Record<string, object>>): NonNullable<CheckWorld["catalog"]> =>
  (all) => ({
    ...all,
    entries: new Map(
      [...all.entries].map(([key, entry]) => [key, { ...entry, ...forms[entry.resource.path.slice(1).join(".")] }]),
    ),
  });
const PARTITION = FORMS({ "sales.orders_1": { partitionOf: thing("table sales.orders") } });

test("a partition of a protected table that is granted itself is found, unless it is protected too", () => {
  const base: CheckWorld = {
    roles: { reader: {} },
    grants: ["select on table sales.orders to reader", "select on table sales.orders_1 to reader"],
    rowSecurity: GUARDED,
    catalog: PARTITION,
  };
  expect(told(unprotectedCopies, base)).toEqual([
    "medium `reader` may get at rows of `table sales.orders` past its policies, in `table sales.orders_1`",
  ]);
  expect(runOn(unprotectedCopies, base).findings[0]?.mend.changes).toMatchObject([
    { privileges: ["SELECT"], grantee: "reader" },
  ]);
  const quiet = (more: Partial<CheckWorld>) => expect(told(unprotectedCopies, { ...base, ...more })).toEqual([]);
  quiet({ rowSecurity: {} });
  quiet({ rowSecurity: { ...GUARDED, "sales.orders_1": { enabled: true, forced: false } } });
  quiet({ catalog: FORMS({}) });
  quiet({ owners: { "table sales.orders_1": "reader" } });
  quiet({ grants: ["select on table sales.orders to reader", "trigger on table sales.orders_1 to reader"] });
  const others = ["select on table sales.orders to reader", "select on table sales.orders_1 to public, pg_monitor"];
  expect(told(unprotectedCopies, { ...base, roles: { reader: {}, pg_monitor: {} }, grants: others })).toEqual([
    "medium everybody may get at rows of `table sales.orders` past its policies, in `table sales.orders_1`",
  ]);
  const builtIn = ["select on table sales.orders to reader", "select on table sales.orders_1 to pg_monitor"];
  quiet({ roles: { reader: {}, pg_monitor: {} }, grants: builtIn });
  const unread = (form: object) => runOn(unprotectedCopies, { ...base, catalog: FORMS({ "sales.orders_1": form }) });
  expect(unread({ form: "materialized-view" }).notEvaluated).toHaveLength(1);
  expect(unread({ form: "view" }).passed).toEqual(["LPV-13"]);
  expect(unread({ form: "materialized-view", system: true }).passed).toEqual(["LPV-13"]);
  const read = { ...base, catalog: FORMS({ "sales.orders_1": { form: "materialized-view" } }) };
  expect(runOn(unprotectedCopies, { ...read, posture: { postgresql: { views: [] } } }).passed).toEqual(["LPV-13"]);
  const grants = ["select on table sales.orders to reader", "select, trigger on table sales.orders_1 to reader"];
  expect(told(unprotectedCopies, { ...base, grants })).toHaveLength(1);
});

test("a materialized view keeps rows without policies, through views too", () => {
  const base: CheckWorld = {
    roles: { reader: {} },
    grants: [
      "select on table sales.orders to postgres",
      "select on table sales.mv to reader",
      "select on table sales.v to reader",
    ],
    rowSecurity: GUARDED,
    catalog: FORMS({ "sales.mv": { form: "materialized-view" }, "sales.v": { form: "view" } }),
    posture: {
      postgresql: {
        views: [
          { view: thing("table sales.mv"), reads: [thing("table sales.v")] },
          { view: thing("table sales.v"), reads: [thing("table sales.orders")] },
        ],
      },
    },
  };
  expect(told(unprotectedCopies, base)).toEqual([
    "medium `reader` may get at rows of `table sales.orders` past its policies, in `table sales.mv`",
  ]);
  const other = {
    ...base,
    posture: { postgresql: { views: [{ view: thing("table sales.mv"), reads: [thing("table sales.x")] }] } },
  };
  expect(told(unprotectedCopies, other)).toEqual([]);
  expect(runOn(unprotectedCopies, { ...base, posture: { postgresql: { views: null } } })).toMatchObject({
    findings: [],
    passed: [],
    notEvaluated: [{ reason: "what materialized views read was not read" }],
  });
  expect(
    runOn(unprotectedCopies, { ...base, rowSecurity: {}, posture: { postgresql: { views: null } } }).passed,
  ).toEqual(["LPV-13"]);
});

test("tables that inherit from a protected one are copies of it", () => {
  const base: CheckWorld = {
    roles: { reader: {} },
    grants: ["select on table sales.orders to postgres", "select on table sales.old to reader"],
    rowSecurity: GUARDED,
    posture: {
      postgresql: { views: [], inherits: [{ child: thing("table sales.old"), parent: thing("table sales.orders") }] },
    },
  };
  expect(told(unprotectedCopies, base)).toHaveLength(1);
  expect(resourceKey(runOn(unprotectedCopies, base).findings[0]?.resources[0] ?? thing("table x.y"))).toContain("old");
  expect(told(unprotectedCopies, { ...base, posture: { postgresql: { views: [], inherits: [] } } })).toEqual([]);
});
