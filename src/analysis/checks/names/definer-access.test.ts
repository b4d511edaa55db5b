import { expect, it } from "vitest";
import { runOn, told, type CheckWorld } from "../../../../test/support/check-world.ts";
import type { Resource } from "../../../model/resource.ts";
import { definerAccess } from "./definer-access.ts";

const table = (name: string): Resource => ({ kind: "table", path: ["shop", "s", name] });
const world: CheckWorld = {
  roles: { app: { login: true }, owner: {} },
  grants: ["select on table s.v to app", "update on table s.t to app"],
  owners: { "table s.v": "owner", "table s.t": "owner" },
  posture: { postgresql: { views: [{ view: table("v"), reads: [table("t")] }] } },
};

it("HID-13 finds who reads a table through a view alone", () => {
  expect(told(definerAccess, world)).toEqual(["medium `app` reads `table s.t` through `table s.v` alone"]);
});

it("HID-13 looks through views of views", () => {
  const views = [
    { view: table("v"), reads: [table("w")] },
    { view: table("w"), reads: [table("t")] },
  ];
  const posture = { postgresql: { views } };
  expect(told(definerAccess, { ...world, posture })).toEqual([
    "medium `app` reads `table s.t` through `table s.v` alone",
  ]);
});

it("HID-13 is silent where the table is granted too, where the view is not read, and where it checks its caller", () => {
  expect(
    told(definerAccess, { ...world, grants: ["select on table s.v to app", "select on table s.t to app"] }),
  ).toEqual([]);
  expect(
    told(definerAccess, { ...world, grants: ["insert on table s.v to app", "update on table s.t to app"] }),
  ).toEqual([]);
  const invoker: CheckWorld = {
    ...world,
    catalog: (catalog) => ({
      ...catalog,
      entries: new Map(
        [...catalog.entries].map(([key, entry]) => [
          key,
          entry.resource.path[2] === "v" ? { ...entry, securityInvoker: true } : entry,
        ]),
      ),
    }),
  };
  expect(told(definerAccess, invoker)).toEqual([]);
});

it("HID-13 is not evaluated where views exist and what they read was not read", () => {
  const { posture: _, ...unread } = world;
  const withView: CheckWorld = {
    ...unread,
    catalog: (catalog) => ({
      ...catalog,
      entries: new Map(
        [...catalog.entries].map(([key, entry]) => [
          key,
          entry.resource.path[2] === "v" ? { ...entry, form: "view" } : entry,
        ]),
      ),
    }),
  };
  expect(runOn(definerAccess, withView).notEvaluated).toHaveLength(1);
  expect(runOn(definerAccess, unread).passed).toEqual(["HID-13"]);
});

it("HID-13 goes through a view that checks its caller below one that does not", () => {
  const views = [
    { view: table("v"), reads: [table("w")] },
    { view: table("w"), reads: [table("t")] },
  ];
  const inner: CheckWorld = {
    ...world,
    grants: [...(world.grants ?? []), "select on table s.w to owner"],
    posture: { postgresql: { views } },
    catalog: (catalog) => ({
      ...catalog,
      entries: new Map(
        [...catalog.entries].map(([key, entry]) => [
          key,
          entry.resource.path[2] === "w" ? { ...entry, securityInvoker: true } : entry,
        ]),
      ),
    }),
  };
  expect(told(definerAccess, inner)).toEqual(["medium `app` reads `table s.t` through `table s.v` alone"]);
});

it("HID-13 is about tables alone, and not about what the owner of a view was granted on it", () => {
  const routine: Resource = { kind: "routine", path: ["shop", "s", "f()"] };
  const grants = ["select on table s.v to app", "execute on routine s.f() to owner"];
  const posture = { postgresql: { views: [{ view: table("v"), reads: [routine] }] } };
  expect(told(definerAccess, { ...world, grants, posture })).toEqual([]);
  const other: CheckWorld = {
    ...world,
    roles: { ...world.roles, other: {} },
    grants: ["select on table s.v to owner", "update on table s.t to app"],
    owners: { "table s.v": "owner", "table s.t": "other" },
  };
  expect(told(definerAccess, other)).toEqual([]);
});

it("HID-13 tells of everybody, and not of roles that PostgreSQL brought", () => {
  const to = (grantee: string): string[] =>
    told(definerAccess, {
      ...world,
      roles: { ...world.roles, pg_monitor: {} },
      grants: [`select on table s.v to ${grantee}`, "update on table s.t to app"],
    });
  expect(to("public")).toEqual(["medium everybody (PUBLIC) reads `table s.t` through `table s.v` alone"]);
  expect(to("pg_monitor")).toEqual([]);
});

it("HID-13 passes where all views are the server's own, although what they read was not read", () => {
  const { posture: _, ...unread } = world;
  const system: CheckWorld = {
    ...unread,
    catalog: (catalog) => ({
      ...catalog,
      entries: new Map(
        [...catalog.entries].map(([key, entry]) => [key, { ...entry, form: "view", system: true } as const]),
      ),
    }),
  };
  expect(runOn(definerAccess, system).passed).toEqual(["HID-13"]);
});
