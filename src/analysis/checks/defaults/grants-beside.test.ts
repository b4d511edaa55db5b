import { expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import { type CatalogEntry } from "../../../model/catalog.ts";
import { type Resource, resourceKey } from "../../../model/resource.ts";
import type { Snapshot } from "../../../model/snapshot.ts";
import { brokenPromises } from "./broken-promises.ts";
import { halfPromises } from "./half-promises.ts";
import { lostGrants } from "./lost-grants.ts";

const ROLES = { app: {}, owner: {}, group: {}, boss: { superuser: true } };
type Default = NonNullable<CheckWorld["defaults"]>[number];
const PROMISE: Default = { creator: "owner", schema: "sales", kind: "table", to: { app: ["select"] } };

function owned(...names: readonly string[]): NonNullable<CheckWorld["owners"]> {
  return { "schema sales": "postgres", ...Object.fromEntries(names.map((name) => [name, "owner"])) };
}

function named(kind: Resource["kind"], ...path: readonly string[]): Resource {
  return { kind, path: ["shop", ...path] };
}

/** Says more of a resource. */
function about(
  resource: Resource,
  facts: Partial<CatalogEntry>,
): (catalog: Snapshot["catalog"]) => Snapshot["catalog"] {
  return (catalog) => ({
    ...catalog,
    entries: new Map(catalog.entries).set(resourceKey(resource), { resource, ...facts }),
  });
}

function broken(more: Partial<CheckWorld> = {}): string[] {
  return told(brokenPromises, { roles: ROLES, owners: owned("table sales.a"), defaults: [PROMISE], ...more });
}

test("tables that do not carry what their owner promises are found, with the grants to make", () => {
  const world = { roles: ROLES, owners: owned("table sales.a", "table sales.b"), defaults: [PROMISE] };
  expect(told(brokenPromises, world)).toEqual([
    "medium `app` does not hold select on 2 tables in schema `sales`, which the default privileges of `owner` say for tables",
  ]);
  expect(runOn(brokenPromises, world).findings[0]?.mend.changes).toMatchObject([
    { kind: "add-grant", grantee: "app", grantor: "owner", privileges: ["SELECT"] },
  ]);
  expect(broken({ grants: ["select on table sales.a to app"] })).toEqual([]);
  expect(broken({ grants: ["select on table sales.a to public"] })).toEqual([]);
  expect(broken({ grants: ["select on table sales.a to group"], members: ["app in group"] })).toEqual([]);
  expect(broken({ grants: ["insert on table sales.a to app"] })).toHaveLength(1);
});

test("what another role owns, in another schema, of another kind or from another source is not meant", () => {
  expect(broken({ owners: { "table sales.a": "group" } })).toEqual([]);
  expect(broken({ owners: owned("table other.a") })).toEqual([]);
  expect(broken({ owners: owned("table other.a"), defaults: [{ ...PROMISE, schema: null }] })).toHaveLength(1);
  expect(broken({ owners: owned("sequence sales.a") })).toEqual([]);
  const table = named("table", "sales", "a");
  expect(broken({ catalog: about(table, { extension: "x" }) })).toEqual([]);
  expect(broken({ catalog: about(table, { system: true }) })).toEqual([]);
  expect(broken({ catalog: about(table, { partitionOf: named("table", "sales", "p") }) })).toEqual([]);
  const readers = { readers: new Set<string>(), writers: new Set<string>() };
  expect(broken({ declared: { sensitive: [{ name: "s", resources: [table], ...readers }] } })).toEqual([]);
  const roles = { ...ROLES, pg_theirs: {} };
  expect(
    broken({ roles, defaults: [{ ...PROMISE, to: { owner: ["select"], boss: ["select"], pg_theirs: ["select"] } }] }),
  ).toEqual([]);
});

test("what everybody has on routines by the server itself is no promise, and identity sequences need none", () => {
  const routine: Default = {
    creator: "owner",
    schema: null,
    kind: "routine",
    to: { public: ["execute"], app: ["execute"] },
  };
  const world = { owners: owned("routine sales.f"), defaults: [routine] };
  expect(broken(world)).toHaveLength(1);
  expect(broken({ ...world, defaults: [{ ...routine, to: { public: ["execute"], owner: ["execute"] } }] })).toEqual([]);
  const sequence: Default = { ...PROMISE, kind: "sequence", to: { app: ["usage"] } };
  const column = named("column", "sales", "a", "id");
  const serving = (by: "serial" | "identity"): string[] =>
    broken({
      owners: owned("sequence sales.s"),
      defaults: [sequence],
      catalog: about(named("sequence", "sales", "s"), { serves: { column, by } }),
    });
  expect(serving("serial")).toHaveLength(1);
  expect(serving("identity")).toEqual([]);
});

const USAGE = "usage on schema sales to app";

function half(more: Partial<CheckWorld> = {}): string[] {
  return told(halfPromises, { roles: ROLES, owners: owned("table sales.a"), defaults: [PROMISE], ...more });
}

test("tables that are promised in a schema that may not be used are found", () => {
  const said = "medium `app` is promised tables of `owner` in schema `sales`, but may not use the schema";
  expect(half()).toEqual([said]);
  expect(half({ defaults: [{ ...PROMISE, schema: null }] })).toEqual([said]);
  expect(half({ grants: [USAGE] })).toEqual([]);
  const world = { roles: ROLES, owners: owned("table sales.a"), defaults: [PROMISE] };
  expect(runOn(halfPromises, world).findings[0]?.mend.changes).toMatchObject([
    { kind: "add-grant", privileges: ["USAGE"], grantee: "app", grantor: "postgres" },
  ]);
  expect(runOn(halfPromises, world).findings[0]?.mend.manifest).toContain('      - "usage on schema sales"');
  const toAll = { ...world, defaults: [{ ...PROMISE, to: { public: ["select"] } }] };
  expect(runOn(halfPromises, toAll).findings.map(({ mend }) => mend.manifest)).toEqual([undefined]);
  expect(half({ grants: ["usage on schema sales to public"] })).toEqual([]);
  expect(half({ grants: ["create on schema sales to app"] })).toEqual([said]);
  expect(half({ defaults: [{ ...PROMISE, kind: "sequence" }] })).toEqual([]);
  const roles = { ...ROLES, pg_theirs: {} };
  const to = { owner: ["select"], boss: ["select"], pg_theirs: ["select"] };
  expect(half({ roles, defaults: [{ ...PROMISE, to }] })).toEqual([]);
  const elsewhere = [
    { ...PROMISE, schema: null },
    { ...PROMISE, schema: "other", kind: "sequence", to: { app: ["usage"] } } as const,
  ];
  const owners = { ...owned("table sales.a"), "schema other": "postgres" };
  expect(half({ owners, grants: [USAGE], defaults: elsewhere })).toEqual([]);
  expect(half({ owners: { ...owners, "table other.a": "owner" }, grants: [USAGE], defaults: elsewhere })).toHaveLength(
    1,
  );
});

test("inserting is promised with the sequences behind serial columns", () => {
  const insert: Default = { ...PROMISE, to: { app: ["insert"] } };
  const column = named("column", "sales", "a", "id");
  const with_ = (by: "serial" | "identity", defaults: readonly Default[], owners = owned("table sales.a")): string[] =>
    half({
      owners,
      defaults,
      grants: [USAGE],
      catalog: about(named("sequence", "sales", "s"), { serves: { column, by } }),
    });
  const said =
    "medium `app` is promised insert on tables of `owner` in schema `sales`, but not the sequences behind their serial columns";
  expect(with_("serial", [insert])).toEqual([said]);
  const world = { roles: ROLES, owners: owned("table sales.a"), grants: [USAGE, "usage on schema sales to public"] };
  const serves = { column, by: "serial" } as const;
  const mended = (to: Default["to"]): readonly unknown[] => {
    const catalog = about(named("sequence", "sales", "s"), { serves });
    const given = { ...world, defaults: [{ ...PROMISE, to }], catalog };
    return runOn(halfPromises, given).findings.map(({ mend }) => [mend.changes?.length, mend.manifest !== undefined]);
  };
  expect(mended({ app: ["insert"] })).toEqual([[1, true]]);
  expect(mended({ public: ["insert"] })).toEqual([[1, false]]);
  expect(with_("identity", [insert])).toEqual([]);
  expect(with_("serial", [PROMISE])).toEqual([]);
  const sequences = (privilege: string): Default => ({ ...PROMISE, kind: "sequence", to: { app: [privilege] } });
  expect(with_("serial", [insert, sequences("usage")])).toEqual([]);
  expect(with_("serial", [insert, sequences("update")])).toEqual([]);
  expect(with_("serial", [insert, sequences("select")])).toEqual([said]);
  expect(with_("serial", [insert], { "schema sales": "postgres", "table sales.a": "group" })).toEqual([]);
});

const BESIDE = ["a", "b", "c", "d"].map((name) => `select on table sales.${name} to app`);
const TABLES = owned(...["a", "b", "c", "d", "e"].map((name) => `table sales.${name}`));

function lost(more: Partial<CheckWorld> = {}): string[] {
  return told(lostGrants, { roles: ROLES, owners: TABLES, grants: BESIDE, ...more });
}

test("a bare table among many that carry grants is found", () => {
  expect(lost()).toEqual(["medium `app` holds nothing on `table sales.e`, and select on nearly all tables beside"]);
  expect(runOn(lostGrants, { roles: ROLES, owners: TABLES, grants: BESIDE }).findings[0]?.mend.changes).toMatchObject([
    { kind: "add-grant", grantee: "app", grantor: "owner", resources: [{ path: ["shop", "sales", "e"] }] },
  ]);
});

test("few tables beside, no common grant, another owner, or access in another way are no such case", () => {
  expect(lost({ owners: { ...TABLES, "table sales.f": "owner" } })).toEqual([]);
  expect(lost({ grants: ["select on table sales.d to group", ...BESIDE.slice(0, 3)] })).toEqual([]);
  expect(lost({ owners: { ...TABLES, "table sales.e": "group" } })).toEqual([]);
  expect(lost({ members: ["app in owner"], grants: [...BESIDE, "select on table sales.e to owner"] })).toEqual([]);
  expect(lost({ grants: [...BESIDE, "select on table sales.e to group"] })).toEqual([]);
  for (const other of ["boss", "owner", "pg_theirs"])
    expect(
      lost({ roles: { ...ROLES, pg_theirs: {} }, grants: BESIDE.map((each) => each.replace("app", other)) }),
    ).toEqual([]);
});

test("an owner that its own default privileges leave out is not told to grant itself anything", () => {
  const own = BESIDE.map((each) => each.replace("app", "owner"));
  const defaults = [{ ...PROMISE, schema: null, to: { group: ["select"] } }];
  expect(lost({ grants: [...BESIDE, ...own], defaults })).toEqual(lost());
});

test("what the server or an extension made is neither bare nor beside", () => {
  const table = named("table", "sales", "e");
  expect(lost({ catalog: about(table, { extension: "x" }) })).toEqual([]);
  expect(lost({ catalog: about(table, { system: true }) })).toEqual([]);
});

test("where default privileges say it, that check says it", () => {
  expect(lost({ defaults: [PROMISE] })).toEqual([]);
  expect(lost({ defaults: [{ ...PROMISE, to: { group: ["select"] } }] })).toHaveLength(1);
});

test("a new partition without the grants of its siblings is found, and the parent's grants do not matter", () => {
  const parent = named("table", "sales", "p");
  const partitions =
    (...names: readonly string[]) =>
    (catalog: Snapshot["catalog"]): Snapshot["catalog"] =>
      names.reduce((made, name) => about(named("table", "sales", name), { partitionOf: parent })(made), catalog);
  const owners = owned("table sales.p", "table sales.p1", "table sales.p2");
  const catalog = partitions("p1", "p2");
  expect(lost({ owners, grants: ["select on table sales.p1 to app"], catalog })).toEqual([
    "medium `app` holds nothing on `table sales.p2`, and select on the partitions beside",
  ]);
  expect(lost({ owners, grants: ["select on table sales.p to app"], catalog })).toEqual([]);
  const both = ["select on table sales.p1 to app", "select on table sales.p2 to app"];
  expect(lost({ owners, grants: both, catalog })).toEqual([]);
});
