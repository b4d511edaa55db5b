import { expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import { publicDatabase } from "./public-database.ts";
import { publicCreate, publicRoutines, publicThings } from "./public-things.ts";

const ROLES = { app_owner: {}, reader: {} };

test("what everybody holds on a database is found, and nothing else there", () => {
  const world: CheckWorld = { roles: ROLES, grants: ["connect, temporary on database shop to public"] };
  expect(told(publicDatabase, world)).toEqual(["medium everybody holds connect, temporary on database `shop`"]);
  const [finding] = runOn(publicDatabase, world).findings;
  expect(finding?.mend.changes).toMatchObject([
    {
      kind: "remove-grant",
      privileges: ["CONNECT", "TEMPORARY"],
      grantee: "",
      database: null,
      resourceKind: "database",
    },
  ]);
  expect(finding?.mend.manifest).toEqual(["public:", "  revoke:", "    - connect, temporary on database shop"]);
  expect(told(publicDatabase, { roles: ROLES, grants: ["create on database shop to public"] })).toEqual([]);
  expect(told(publicDatabase, { roles: ROLES, grants: ["connect on database shop to reader"] })).toEqual([]);
  expect(told(publicDatabase, { roles: ROLES, grants: ["connect on database other to public"] })).toEqual([]);
  expect(told(publicDatabase, { roles: ROLES, grants: ["connect on database shop to public"] })).toHaveLength(1);
  const others = ["select, insert, update, delete, trigger on table sales.a to public"];
  expect(told(publicDatabase, { roles: ROLES, grants: others })).toEqual([]);
});

test("each of several databases with one list is its own finding, and mended alone", () => {
  const two: CheckWorld = {
    roles: ROLES,
    grants: ["connect on database shop to public", "connect on database stock to public"],
    catalog: (all) => ({ ...all, databases: ["shop", "stock"] }),
  };
  expect(runOn(publicDatabase, two).findings.map(({ mend }) => mend.changes)).toMatchObject([
    [{ resources: [{ path: ["shop"] }] }],
    [{ resources: [{ path: ["stock"] }] }],
  ]);
  for (const { mend } of runOn(publicDatabase, two).findings)
    expect(mend.changes?.flatMap((each) => ("resources" in each ? each.resources : []))).toHaveLength(1);
});

test("routines that everybody may execute are one finding a schema", () => {
  const grants = [
    "execute on routine sales.a. to public",
    "execute on routine sales.b.integer to public",
    "execute on routine hr.c. to public",
    "execute on routine hr.own. to reader",
    "select on table hr.people to public",
  ];
  expect(told(publicRoutines, { roles: ROLES, grants })).toEqual([
    "medium everybody may execute 2 routines in schema `sales`",
    "medium everybody may execute `routine hr.c()`",
  ]);
  const [finding] = runOn(publicRoutines, { roles: ROLES, grants }).findings;
  expect(finding?.mend.changes).toMatchObject([{ privileges: ["EXECUTE"], grantee: "" }]);
  expect(finding?.mend.manifest?.at(-1)).toBe("    - execute on routine sales.b(integer)");
});

test("routines of extensions and of the server are theirs", () => {
  const grants = ["execute on routine public.crypt. to public", "execute on routine pg_catalog.now. to public"];
  const catalog: CheckWorld["catalog"] = (all) => ({
    ...all,
    entries: new Map(
      [...all.entries].map(([key, entry]) => [
        key,
        entry.resource.path[1] === "public" ? { ...entry, extension: "pgcrypto" } : { ...entry, system: true },
      ]),
    ),
  });
  expect(told(publicRoutines, { roles: ROLES, grants, catalog })).toEqual([]);
});

test.each([
  ["select on table sales.orders", "select on `table sales.orders`"],
  ["select on table public.orders", "select on `table public.orders`"],
  ["select on column sales.orders.id", "select on `column sales.orders.id`"],
  ["usage on sequence sales.ids", "usage on `sequence sales.ids`"],
  ["usage on schema sales", "usage on `schema sales`"],
  ["usage on foreign-server other", "usage on `foreign-server other`"],
  ["usage on foreign-data-wrapper any", "usage on `foreign-data-wrapper any`"],
  ["select on large-object 42", "select on `large object 42`"],
  ["create on tablespace fast", "create on `tablespace fast`"],
])("everybody's %s is found", (grant, said) => {
  expect(told(publicThings, { roles: ROLES, grants: [`${grant} to public`] })).toEqual([
    `high everybody holds ${said}`,
  ]);
  expect(told(publicThings, { roles: ROLES, grants: [`${grant} to reader`] })).toEqual([]);
});

test("what is every server's first state, or judged by another check, is not everybody's exposure", () => {
  const grants = [
    "usage, create on schema public to public",
    "usage on language plpgsql to public",
    "usage on type sales.mood to public",
    "execute on routine sales.f. to public",
    "connect on database shop to public",
  ];
  expect(told(publicThings, { roles: ROLES, grants })).toEqual([]);
});

test("columns of an extension's table are the extension's", () => {
  const world: CheckWorld = {
    roles: ROLES,
    grants: ["select on column ext.config.name to public", "update on table ext.config to reader"],
    catalog: (all) => ({
      ...all,
      entries: new Map([...all.entries].map(([key, entry]) => [key, { ...entry, extension: "ext" }])),
    }),
  };
  expect(told(publicThings, world)).toEqual([]);
});

test("different privileges on things of one schema are told apart, and each is taken from whoever gave it", () => {
  const grants = ["select on table sales.a to public", "select, insert on table sales.b, sales.c to public"];
  const world = { roles: ROLES, grants: [grants[0] as string, "insert, select on table sales.b to public"] };
  expect(told(publicThings, world)).toEqual([
    "high everybody holds insert, select on `table sales.b`",
    "high everybody holds select on `table sales.a`",
  ]);
  const keys = runOn(publicThings, world).findings.map((each) => each.key);
  expect(new Set(keys).size).toBe(2);
});

test("only creating in the schema public is its own finding", () => {
  expect(told(publicCreate, { roles: ROLES, grants: ["create, usage on schema public to public"] })).toEqual([
    "medium everybody may create things in `schema public`",
  ]);
  const [finding] = runOn(publicCreate, {
    roles: ROLES,
    grants: ["create, usage on schema public to public"],
  }).findings;
  expect(finding?.mend.changes).toMatchObject([{ privileges: ["CREATE"], grantee: "" }]);
  expect(told(publicCreate, { roles: ROLES, grants: ["usage on schema public to public"] })).toEqual([]);
  expect(told(publicCreate, { roles: ROLES, grants: ["create on schema sales to public"] })).toEqual([]);
  expect(told(publicCreate, { roles: ROLES, grants: ["create on schema public to reader"] })).toEqual([]);
});
