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
    expect(says(ownersLose, changing(context, [dropping(context, "owner")]))).toEqual([]);
  });

  test("names the first of the tables that are lost alike, and three pieces of code", () => {
    const views = ["table sales.v", "table sales.w", "table sales.x"];
    const entries = views.map((each) => ({ resource: thing(each), form: "view" as const }));
    const parts = thing("table sales.parts");
    const context = worldContext({
      roles: { owner: {} },
      owners: Object.fromEntries(views.map((each) => [each, "owner"])),
      grants: ["select on table sales.orders to owner", "select on table sales.parts to owner"],
      catalog: (catalog) => {
        const all = new Map(catalog.entries);
        for (const each of entries) all.set(resourceKey(each.resource), each);
        return { ...catalog, entries: all };
      },
    });
    const both = [taken, grant("remove-grant", "owner", ["SELECT"], parts)];
    expect(says(ownersLose, changing(context, both))).toEqual([
      "high `owner` loses access to table sales.orders, and is the owner of `table sales.v`, `table sales.w`, `table sales.x`",
    ]);
  });

  test("is none where the view asks for its caller's rights, or is a table, or an extension's", () => {
    for (const known of [
      { form: "view", securityInvoker: true },
      { form: "table" },
      { form: "view", extension: "x" },
      { form: "view", system: true },
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
    const orphan = mysqlContext({ ...MYSQL, known: { "table shop.v": { form: "view", definer: "gone@%" } }, code: [] });
    expect(says(definerGoes, changing(orphan, [dropping(orphan, "app@%")]))).toEqual([]);
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
    const twice = grant("add-grant", "app", ["INSERT", "SELECT"], thing("table copy.orders"));
    expect(says(seesTwice, changing(context, [twice]))).toHaveLength(1);
    const apart = [
      grant("add-grant", "app", ["SELECT"], thing("table copy.orders")),
      grant("add-grant", "app", ["INSERT"], thing("table copy.parts")),
    ];
    const pair = worldContext({
      ...world,
      grants: [...(world.grants ?? []), "select on table sales.parts to app", "insert on table copy.parts to postgres"],
    });
    expect(says(seesTwice, changing(pair, apart))).toHaveLength(1);
    const everybody = worldContext({
      ...world,
      grants: [
        ...(world.grants ?? []),
        "usage on schema sales, copy to public",
        "select on table sales.orders to public",
      ],
    });
    const toAll = grant("add-grant", "", ["SELECT"], thing("table copy.orders"));
    expect(
      runChecks(changing(everybody, [toAll]), [seesTwice]).findings.map((each) => each.principals),
    ).not.toContainEqual([""]);
    const back = worldContext({
      ...world,
      grants: [
        "insert on table sales.orders to postgres",
        ...(world.grants ?? []).filter((each) => !each.startsWith("select")),
        "select on table copy.orders to app",
      ],
    });
    const sales = grant("add-grant", "app", ["SELECT"], ORDERS);
    expect(says(seesTwice, changing(back, [sales]))).toHaveLength(1);
    const seen = worldContext({ ...world, grants: [...(world.grants ?? []), "select on table copy.orders to app"] });
    const write = grant("add-grant", "app", ["INSERT"], thing("table copy.orders"));
    expect(says(seesTwice, changing(seen, [write]))).toEqual([]);
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

  test("only tables of users count as twins, and not more of them than tell something", () => {
    const base = ["connect on database shop to public", "usage on schema sales to app", "usage on schema copy to app"];
    const roles = { app: { login: true } };
    const sequence = worldContext({
      roles,
      grants: [...base, "select on sequence sales.parts to app", "insert on table copy.parts to postgres"],
    });
    const parts = grant("add-grant", "app", ["SELECT"], thing("table copy.parts"));
    expect(says(seesTwice, changing(sequence, [parts]))).toEqual([]);
    const counted = worldContext({
      roles,
      grants: [
        ...base,
        "select on table sales.orders to app",
        "insert on table copy.orders to postgres",
        "usage on sequence copy.orders to postgres",
      ],
    });
    const counter = grant("add-grant", "app", ["USAGE"], thing("sequence copy.orders"));
    expect(says(seesTwice, changing(counted, [counter]))).toEqual([]);
    const system = worldContext({
      roles,
      grants: [...base, "select on table sales.orders to app", "insert on table copy.orders to postgres"],
      catalog: (catalog) => ({
        ...catalog,
        entries: new Map(
          [...catalog.entries].map(([key, entry]) => [key, { ...entry, system: entry.resource.path[1] === "sales" }]),
        ),
      }),
    });
    const orders = grant("add-grant", "app", ["SELECT"], thing("table copy.orders"));
    expect(says(seesTwice, changing(system, [orders]))).toEqual([]);
    const names = Array.from({ length: 21 }, (_, at) => `t${at + 10}`);
    const many = worldContext({
      roles,
      grants: [
        ...base,
        ...names.flatMap((name) => [
          `select on table sales.${name} to app`,
          `insert on table copy.${name} to postgres`,
        ]),
      ],
    });
    const all = names.map((name) => grant("add-grant", "app", ["SELECT"], thing(`table copy.${name}`)));
    expect(says(seesTwice, changing(many, all))).toEqual([
      "medium `app` will see table copy.t10 and 19 more besides table sales.t10",
    ]);
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
    const row = mysqlContext({ ...world, grants: ["select, insert on schema shop to app@%"] });
    expect(says(hidesWider, changing(row, [grant("remove-grant", "app@%", ["INSERT"], shop)]))).toEqual([]);
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
    const own = { ...policy, roles: ["gone"] };
    const elsewhere = { ...own, table: thing("table sales.parts") };
    const others: readonly Change[] = [
      { kind: "drop-policy", policy: { ...own, name: "other" } },
      { kind: "drop-policy", policy: elsewhere },
      { kind: "alter-policy", before: { ...own, name: "other" }, after: { ...own, name: "other" } },
      { kind: "alter-policy", before: elsewhere, after: elsewhere },
    ];
    for (const other of others) {
      expect(says(policiesGo, changing(only, [other, dropping(only, "gone")]))).toHaveLength(1);
    }
    const altered: Change = { kind: "alter-policy", before: own, after: { ...own, roles: ["stays"] } };
    expect(says(policiesGo, changing(only, [altered, dropping(only, "gone")]))).toEqual([]);
  });

  test("what counts only after reconnecting is told where the server checks once", () => {
    const context = mysqlContext({ roles: { "app@%": {} } });
    const on: Resource = { kind: "all-schemas", path: [] };
    expect(says(needsReconnect, changing(context, [grant("add-grant", "app@%", ["SELECT"], on)]))).toHaveLength(1);
    const names = ["a@%", "b@%", "c@%", "d@%", "e@%", ""];
    const wide = (count: number): string =>
      says(
        needsReconnect,
        changing(
          context,
          names.slice(-count).map((name) => grant("add-grant", name, ["SELECT"], on)),
        ),
      )[0] ?? "";
    expect(wide(6)).toContain("gives to everybody, `a@%`, `b@%`, `c@%`, `d@%` and 1 more only");
    expect(wide(5)).toContain("gives to everybody, `b@%`, `c@%`, `d@%`, `e@%` only");
    const membership = {
      role: "team",
      member: "ann",
      grantor: "postgres",
      admin: false,
      inherit: true,
      set: true,
      implied: false,
    };
    const joined: Change = { kind: "add-membership", membership };
    const team = worldContext({ roles: { ann: {}, team: {} } });
    expect(says(needsReconnect, changing(team, [joined]))).toEqual([]);
    const role = (member: string, grants: readonly string[]): CheckContext =>
      changing(mysqlContext({ roles: { "app@%": {}, team: {}, nested: {} }, grants }), [
        { kind: "add-membership", membership: { ...membership, member, grantor: "root@localhost" } },
      ]);
    const global = ["select on all-schemas to team"];
    expect(says(needsReconnect, role("nested", global))).toHaveLength(1);
    expect(says(needsReconnect, role("nested", []))).toEqual([]);
    expect(says(needsReconnect, role("app@%", global))).toEqual([]);
    const schema: Resource = { kind: "schema", path: ["def", "shop"] };
    expect(says(needsReconnect, changing(context, [grant("add-grant", "app@%", ["SELECT"], schema)]))).toHaveLength(1);
    expect(says(needsReconnect, changing(context, [grant("remove-grant", "app@%", ["SELECT"], on)]))).toEqual([]);
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
      roles: {
        ops: { createrole: true },
        team: {},
        other: {},
        dba: { createrole: true, superuser: true },
        boss: { createrole: true, superuser: true },
      },
      members: ["dba in team admin", "dba in other admin", ...members],
      grants: [
        "create on schema public to public",
        "create on schema other to public",
        "usage on schema public to public",
        "usage on schema public to ops",
      ],
    });
    const closed = {
      ...world(14, ["ops in team admin"]),
      grants: ["create on schema public to ops", "usage on schema public to public"],
    };
    expect(told(upgradeBreaks, closed)).toEqual([]);
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
