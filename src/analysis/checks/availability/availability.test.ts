import { describe, expect, test } from "vitest";
import { person, thing } from "../../../../test/support/access-sample.ts";
import { type CheckWorld, told, worldContext } from "../../../../test/support/check-world.ts";
import { type MysqlWorld, mysqlContext, told as toldOnMysql } from "../../../../test/support/check-world-mysql.ts";
import { changing } from "../../../../test/support/plan-world.ts";
import type { Change } from "../../../model/change.ts";
import type { Resource } from "../../../model/resource.ts";
import { resourceKey } from "../../../model/resource.ts";
import type { Snapshot } from "../../../model/snapshot.ts";
import type { Check, CheckContext } from "../check.ts";
import { runChecks } from "../run-checks.ts";
import { heavyLocks, severalAtOnce, takenBeforeGiven } from "./order-of-steps.ts";
import { definerGoes, definersLose, ownersLose } from "./owners-lose.ts";
import { hidesWider, needsReconnect, policiesGo, seesTwice } from "./sight.ts";
import { onReplica, upgradeBreaks } from "./upgrade.ts";

function says(check: Check, context: CheckContext): string[] {
  return runChecks(context, [check]).findings.map((each) => `${each.danger} ${each.message}`);
}

function grant(
  kind: "add-grant" | "remove-grant",
  grantee: string,
  privileges: readonly string[],
  on: Resource,
): Change {
  const database = on.path.length > 1 ? (on.path[0] ?? null) : null;
  const grantor = database === "def" ? "" : "postgres";
  return { kind, resourceKind: on.kind, database, resources: [on], privileges, grantee, grantor, grantable: false };
}

function dropping(context: CheckContext, name: string): Change {
  const role = context.live.access.roles.get(name);
  if (role === undefined) throw new Error(`there is no role ${name}`);
  return { kind: "drop-role", role };
}

const ORDERS = thing("table sales.orders");

describe("code whose owner or definer loses", () => {
  const world = (
    known: Partial<Snapshot["catalog"]["entries"] extends ReadonlyMap<string, infer E> ? E : never>,
  ): CheckWorld => ({
    roles: { owner: {}, ann: { login: true } },
    owners: { "table sales.v": "owner" },
    grants: ["select on table sales.orders to owner, ann"],
    catalog: (catalog) => {
      const view = thing("table sales.v");
      return { ...catalog, entries: new Map(catalog.entries).set(resourceKey(view), { resource: view, ...known }) };
    },
  });
  const taken = grant("remove-grant", "owner", ["SELECT"], ORDERS);

  test("is found where a view's owner loses what it may read", () => {
    const context = worldContext(world({ form: "view" }));
    expect(says(ownersLose, changing(context, [taken]))).toEqual([
      "high `owner` loses access to table sales.orders, and is the owner of `table sales.v`",
    ]);
    expect(says(ownersLose, changing(context, [grant("remove-grant", "ann", ["SELECT"], ORDERS)]))).toEqual([]);
    expect(says(ownersLose, changing(context, []))).toEqual([]);
  });

  test("is none where the view asks for its caller's rights, or is a table, or an extension's", () => {
    for (const known of [
      { form: "view", securityInvoker: true },
      { form: "table" },
      { form: "view", extension: "x" },
    ] as const) {
      expect(says(ownersLose, changing(worldContext(world(known)), [taken]))).toEqual([]);
    }
    expect(says(ownersLose, changing(worldContext(world({ form: "materialized-view" })), [taken]))).toHaveLength(1);
    expect(says(ownersLose, changing(worldContext(world({ securityDefiner: true })), [taken]))).toHaveLength(1);
  });

  const MYSQL: MysqlWorld = {
    roles: { "defs@%": {}, "app@%": {} },
    grants: ["select on table shop.orders to defs@%, app@%"],
    known: { "table shop.v": { form: "view", definer: "defs@%" } },
    code: [{ form: "trigger", path: ["def", "shop", "t"], definer: "defs@%" }],
  };
  const shopOrders: Resource = { kind: "table", path: ["def", "shop", "orders"] };

  test("is found where a definer is dropped or loses, and names views and triggers", () => {
    const context = mysqlContext(MYSQL);
    expect(says(definerGoes, changing(context, [dropping(context, "defs@%")]))).toEqual([
      "critical without `defs@%` `table shop.v`, `trigger shop.t` will fail",
    ]);
    expect(says(definerGoes, changing(context, [dropping(context, "app@%")]))).toEqual([]);
    const renamed: Change = { kind: "rename-role", from: "defs@%", to: "other@%" };
    expect(says(definerGoes, changing(context, [renamed]))).toHaveLength(1);
    expect(
      says(definersLose, changing(context, [grant("remove-grant", "defs@%", ["SELECT"], shopOrders)]))[0],
    ).toContain("`defs@%` loses access to table shop.orders, and is the definer of `table shop.v`, `trigger shop.t`");
    expect(says(definersLose, changing(context, [grant("remove-grant", "app@%", ["SELECT"], shopOrders)]))).toEqual([]);
  });
});

describe("the order of steps", () => {
  const stepped = (statement: object, engine?: string): CheckContext => {
    const context = changing(engine === "mariadb" ? mysqlContext({ roles: {} }) : worldContext({ roles: {} }), [
      grant("add-grant", "a", ["SELECT"], ORDERS),
      grant("add-grant", "b", ["SELECT"], ORDERS),
    ]);
    const change = context.change;
    if (change === null) throw new Error("nothing is planned");
    const stages = [
      { name: "all" as const, database: "shop", statements: [{ text: "grant x", changes: [0], ...statement }] },
    ];
    return { ...context, change: { ...change, plan: { ...change.plan, stages } } };
  };

  test("tells heavy locks, gaps, and statements about several accounts", () => {
    expect(says(heavyLocks, stepped({ heavy: "a lock on sales.orders" }))).toEqual([
      "info `grant x` takes a lock on sales.orders",
    ]);
    expect(says(heavyLocks, stepped({}))).toEqual([]);
    expect(says(takenBeforeGiven, stepped({ interrupts: "`a` cannot read" }))).toEqual([
      "high for a moment `a` cannot read",
    ]);
    expect(says(takenBeforeGiven, stepped({}))).toEqual([]);
    expect(says(severalAtOnce, stepped({ changes: [0, 1] }, "mariadb"))).toHaveLength(1);
    expect(says(severalAtOnce, stepped({ changes: [0] }, "mariadb"))).toEqual([]);
  });
});

describe("what is seen", () => {
  test("tables of the same name in a further schema are told, and others not", () => {
    const world: CheckWorld = {
      roles: { app: { login: true } },
      grants: [
        "connect on database shop to public",
        "usage on schema sales to app",
        "usage on schema copy to app",
        "select on table sales.orders to app",
        "insert on table copy.orders to postgres",
        "insert on table copy.other to postgres",
      ],
    };
    const context = worldContext(world);
    const see = (table: string): string[] =>
      says(seesTwice, changing(context, [grant("add-grant", "app", ["SELECT"], thing(`table ${table}`))]));
    expect(see("copy.orders")).toEqual(["medium `app` will see table copy.orders besides table sales.orders"]);
    expect(see("copy.other")).toEqual([]);
    const personal = worldContext({ ...world, identities: [person("ann", "app")] });
    const added = grant("add-grant", "app", ["SELECT"], thing("table copy.orders"));
    expect(says(seesTwice, changing(personal, [added]))).toEqual([]);
    const blind = worldContext({
      ...world,
      grants:
        world.grants?.filter((each) => !each.startsWith("select")).concat("insert on table sales.orders to postgres") ??
        [],
    });
    expect(
      says(seesTwice, changing(blind, [grant("add-grant", "app", ["SELECT"], thing("table copy.orders"))])),
    ).toEqual([]);
  });

  test("a narrower row that hides a wider pattern is told with what it takes", () => {
    const world: MysqlWorld = {
      roles: { "app@%": {} },
      grants: ["select, insert on schema-pattern sh% to app@%"],
      exists: ["table shop.orders", "schema shop"],
    };
    const shop: Resource = { kind: "schema", path: ["def", "shop"] };
    const context = mysqlContext(world);
    expect(says(hidesWider, changing(context, [grant("add-grant", "app@%", ["SELECT"], shop)]))[0]).toContain(
      "granting SELECT on schema shop takes INSERT there from `app@%`",
    );
    expect(says(hidesWider, changing(context, [grant("add-grant", "app@%", ["INSERT", "SELECT"], shop)]))).toEqual([]);
    const none = mysqlContext({ ...world, grants: [] });
    expect(says(hidesWider, changing(none, [grant("add-grant", "app@%", ["SELECT"], shop)]))).toEqual([]);
  });

  test("policies that go with their only role are told, unless the plan means them", () => {
    const policy = {
      table: ORDERS,
      name: "own",
      command: "ALL",
      permissive: true,
      using: "true",
      check: null,
    } as const;
    const context = (roles: readonly string[]): CheckContext =>
      worldContext({ roles: { gone: {}, stays: {} }, policies: [{ ...policy, roles }] });
    const only = context(["gone"]);
    expect(says(policiesGo, changing(only, [dropping(only, "gone")]))).toHaveLength(1);
    expect(says(policiesGo, changing(only, [dropping(only, "stays")]))).toEqual([]);
    const both = context(["gone", "stays"]);
    expect(says(policiesGo, changing(both, [dropping(both, "gone")]))).toEqual([]);
    const meant: Change = { kind: "drop-policy", policy: { ...policy, roles: ["gone"] } };
    expect(says(policiesGo, changing(only, [meant, dropping(only, "gone")]))).toEqual([]);
  });

  test("what counts only after reconnecting is told where the server checks once", () => {
    const context = mysqlContext({ roles: { "app@%": {} } });
    const on: Resource = { kind: "all-schemas", path: [] };
    expect(says(needsReconnect, changing(context, [grant("add-grant", "app@%", ["SELECT"], on)]))).toHaveLength(1);
    const table: Resource = { kind: "table", path: ["def", "shop", "orders"] };
    expect(says(needsReconnect, changing(context, [grant("add-grant", "app@%", ["SELECT"], table)]))).toEqual([]);
    const there = worldContext({ roles: { ann: {} }, grants: ["insert on table sales.orders to postgres"] });
    expect(says(needsReconnect, changing(there, [grant("add-grant", "ann", ["SELECT"], ORDERS)]))).toEqual([]);
  });
});

describe("the state by itself", () => {
  test("what a newer major takes away is told on the majors before it", () => {
    const world = (major: number, members: readonly string[] = []): CheckWorld => ({
      major,
      roles: { ops: { createrole: true }, team: {}, dba: { createrole: true, superuser: true } },
      members: ["dba in team admin", ...members],
      grants: [
        "create on schema public to public",
        "create on schema other to public",
        "usage on schema public to public",
      ],
    });
    expect(told(upgradeBreaks, world(14))).toEqual([
      "medium `ops` manages roles by CREATEROLE alone, which is not enough from PostgreSQL 16 on",
      "low everybody may create in schema public, which databases made by PostgreSQL 15 and later do not give",
    ]);
    expect(told(upgradeBreaks, world(15))).toHaveLength(1);
    expect(told(upgradeBreaks, world(15, ["ops in team admin"]))).toEqual([]);
    expect(told(upgradeBreaks, world(16))).toEqual([]);
  });

  test("replicas and filtered replication are told on MariaDB", () => {
    const with_ = (settings: Readonly<Record<string, string>>): string[] =>
      toldOnMysql(onReplica, { roles: {}, posture: { mysql: { settings: new Map(Object.entries(settings)) } } });
    expect(with_({ read_only: "ON" })[0]).toContain("`read_only` is on");
    expect(with_({ read_only: "OFF", replicate_do_db: "shop" })[0]).toContain("filtered by `replicate_do_db`");
    expect(with_({ read_only: "OFF", replicate_do_db: "" })).toEqual([]);
  });
});
