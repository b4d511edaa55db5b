import { describe, expect, it } from "vitest";
import {
  type CassandraWorld,
  resource,
  runOn,
  told,
  toldAfterFix,
  untold,
} from "../../../../test/support/check-world-cassandra.ts";
import type { DeclaredRole } from "../../../model/declared.ts";
import { unmasks } from "./masks.ts";

const roles = { app: { login: true }, readers: {}, boss: { superuser: true } };
const on = (...grants: string[]): CassandraWorld => ({ roles, grants });

describe("CSE-13 above tables", () => {
  it.each([
    ["all-schemas", "`all schemas`"],
    ["schema shop", "`schema shop`"],
    ["schema-tables shop", "`all tables in shop`"],
  ])("finds UNMASK on %s", (place, said) => {
    const world = on(`unmask, select on ${place} to app`);
    expect(told(unmasks, world)).toEqual([
      `medium \`app\` sees through every mask there is and will be: it holds UNMASK on ${said}`,
    ]);
    expect(toldAfterFix(unmasks, world)).toEqual([]);
  });

  it("is silent about single tables, other rights, administrators, superusers, and where there are no masks", () => {
    expect(told(unmasks, on("unmask on table shop.orders to app"))).toEqual([]);
    expect(told(unmasks, on("select, select_masked on schema shop to app"))).toEqual([]);
    expect(told(unmasks, { ...on("unmask on schema shop to app"), purposes: { app: "admin" } })).toEqual([]);
    expect(told(unmasks, on("unmask on schema shop to boss"))).toEqual([]);
    expect(runOn(unmasks, { ...on("select on schema shop to app"), release: "4.1.10" }).passed).toEqual([]);
  });
});

describe("CSE-13 on what is sensitive", () => {
  const sensitive = (...texts: string[]): NonNullable<CassandraWorld["declared"]> => ({
    sensitive: [
      { name: "cards", resources: texts.map(resource), readers: new Set(["readers"]), writers: new Set<string>() },
    ],
  });
  const posture = { cassandra: { masked: [resource("column shop.orders.card")] } };
  const world: CassandraWorld = {
    ...on("unmask on table shop.orders to app"),
    declared: sensitive("table shop.orders"),
    posture,
  };

  const declaredAdmin = {
    roles: new Map([
      ["app", { name: "app", purpose: "admin", owner: null, reviewBy: null, because: null } satisfies DeclaredRole],
    ]),
  };

  it("finds who is no reader, by the table and by the column", () => {
    expect(told(unmasks, world)).toEqual([
      "medium `app` sees through the masks of `table shop.orders`, which is sensitive (`cards`), and is none of its readers",
    ]);
    expect(toldAfterFix(unmasks, world)).toEqual([]);
    expect(told(unmasks, { ...world, declared: sensitive("column shop.orders.card") })).toHaveLength(1);
  });

  it("is silent about readers, itself or by a role, and about what is not masked or not sensitive", () => {
    expect(told(unmasks, { ...world, members: ["app in readers"] })).toEqual([]);
    expect(told(unmasks, { ...world, grants: ["unmask on table shop.orders to readers"] })).toEqual([]);
    expect(told(unmasks, { ...world, posture: { cassandra: { masked: [] } } })).toEqual([]);
    expect(told(unmasks, { ...world, declared: sensitive("table shop.other") })).toEqual([]);
    expect(told(unmasks, { ...world, declared: sensitive("column shop.orders.id") })).toEqual([]);
    expect(told(unmasks, { ...world, grants: ["unmask on table shop.other to app"] })).toEqual([]);
    expect(told(unmasks, { ...world, grants: ["select on table shop.orders to app"] })).toEqual([]);
    expect(told(unmasks, { ...world, declared: { ...declaredAdmin, ...world.declared } })).toEqual([]);
  });

  it("goes by each of several readers, of which some are not there", () => {
    const readers = (...names: string[]): CassandraWorld => ({
      ...world,
      declared: {
        sensitive: [
          { name: "cards", resources: [resource("table shop.orders")], readers: new Set(names), writers: new Set() },
        ],
      },
    });
    expect(told(unmasks, readers("gone", "boss"))).toHaveLength(1);
    expect(told(unmasks, readers("gone", "app"))).toEqual([]);
    expect(told(unmasks, { ...readers("boss", "readers"), members: ["app in readers"] })).toEqual([]);
  });

  it("says where masks were not read, and only where something is sensitive", () => {
    expect(untold(unmasks, { ...world, posture: { cassandra: { masked: null } } })).toHaveLength(1);
    expect(untold(unmasks, { ...world, posture: { cassandra: { masked: null } }, declared: {} })).toEqual([]);
  });
});
