import { describe, expect, it } from "vitest";
import { type MysqlWorld, mysqlContext } from "../../../test/support/check-world-mysql.ts";
import { describeTyped } from "../../model/resource.ts";
import type { AccessIndex } from "../access-index.ts";
import { type Bits, listBits } from "../bits.ts";
import {
  allTogether,
  countsFor,
  grantTableRights,
  hasEverything,
  heldAnywhere,
  joined,
  powerfulRoles,
  SERVER,
} from "./mysql-held.ts";

const ROLES = { "app@%": {}, "bob@%": {}, group: {}, other: {} };
const on = (...grants: string[]): MysqlWorld => ({ roles: ROLES, exists: ["schema shop"], grants });
const onMysql = (...grants: string[]): MysqlWorld => ({
  product: "mysql",
  roles: { "app@%": {}, "bob@%": {}, "group@%": {}, "other@%": {} },
  grants,
});

const indexOf = (world: MysqlWorld): AccessIndex => mysqlContext(world).index;
const named = (index: AccessIndex, bits: Bits): (string | undefined)[] =>
  listBits(bits).map((id) => index.graph.names[id]);

describe("everything", () => {
  it("is what the first of all names may have too, and neither everybody nor a name that is not there", () => {
    const index = indexOf({ ...on(), roles: { "zoe@%": {} } });
    expect(index.graph.idOf("root@localhost")).toBe(0);
    expect(hasEverything(index, "root@localhost")).toBe(true);
    for (const name of ["zoe@%", "", "gone@%"]) expect(hasEverything(index, name), name).toBe(false);
  });
});

describe("power beyond the data of single schemas", () => {
  const powerful = (world: MysqlWorld): (string | undefined)[] => {
    const index = indexOf(world);
    return named(index, powerfulRoles(index));
  };

  it.each([
    "super on server",
    "select on all-schemas",
    "usage on dynamic-privilege AUDIT_ADMIN",
    "insert on table mysql.global_priv",
    "delete on schema mysql",
  ])("is %s", (right) => {
    expect(powerful({ ...on(`${right} to app@%`) })).toEqual(["app@%", "root@localhost"]);
  });

  it.each([
    "binlog monitor, slave monitor, show databases, create tablespace on server",
    "all on schema shop",
    "usage on role bob@%",
    "select on schema mysql",
    "insert on table mysql.help_topic",
  ])("is not %s", (right) => {
    expect(powerful({ ...on(`${right} to app@%`) })).toEqual(["root@localhost"]);
  });

  it("counts for who inherits a role that writes grant tables, and for the first of all names", () => {
    const world = { ...on("insert on table mysql.db to group"), members: ["bob@% in group default"] };
    expect(powerful(world)).toEqual(["bob@%", "group", "root@localhost"]);
    expect(powerful(on("insert on table mysql.db to public"))).toEqual(["root@localhost"]);
  });
});

describe("rights on the grant tables", () => {
  const rights = (world: MysqlWorld): string[] =>
    grantTableRights(indexOf(world))
      .filter(({ grantee }) => grantee !== "root@localhost")
      .map(({ grantee, privilege, place }) => `${grantee} ${privilege} on ${describeTyped(place)}`);

  it.each([
    ["insert on table mysql.db", "INSERT on table mysql.db"],
    ["update on column mysql.user.plugin", "UPDATE on column mysql.user.plugin"],
    ["delete on table mysql.func", "DELETE on table mysql.func"],
    ["insert on schema mysql", "INSERT on schema mysql"],
    ["insert on schema-pattern my%", 'INSERT on schema-pattern "my%"'],
    ["insert on all-schemas", "INSERT on all schemas"],
  ])("are given by %s", (right, said) => {
    expect(rights(on(`${right} to app@%`))).toEqual([`app@% ${said}`]);
  });

  it.each([
    "insert on table shop.db",
    "insert on table mysql.help_topic",
    "update on column shop.user.plugin",
    "update on column mysql.help_topic.name",
    "insert on schema shop",
    "insert on schema-pattern sh%",
    "select on table mysql.db",
    "insert on server",
  ])("are not given by %s", (right) => {
    expect(rights(on(`${right} to app@%`))).toEqual([]);
  });

  it("are given by one row of several that cover the schema", () => {
    const both = ["insert on schema-pattern my% to app@%", "insert on schema-pattern mysq% to app@%"];
    expect(rights(on(...both))).toEqual(['app@% INSERT on schema-pattern "mysq%"']);
    expect(rights(on("insert on schema-pattern m% to app@%", "select on schema mysql to app@%"))).toEqual([]);
  });

  it("are not given to a role by the row of another role that counts where its own does not", () => {
    const world = on("insert on schema-pattern m% to group, other", "select on schema mysql to group");
    expect(rights({ ...world, members: ["group in other"] })).toEqual(['other INSERT on schema-pattern "m%"']);
  });

  it("are told of each grantee of the same list by itself", () => {
    expect(rights(on("insert on schema-pattern m% to app@%, bob@%", "select on schema mysql to app@%"))).toEqual([
      'bob@% INSERT on schema-pattern "m%"',
    ]);
  });

  it("are taken by a partial revoke of that privilege from that account, on that schema", () => {
    const all = "insert, update on all-schemas to app@%, bob@%";
    const world = { ...onMysql(all, "not insert on schema mysql to app@%"), limits: { partial_revokes: 1 } };
    expect(rights(world)).toEqual([
      "app@% UPDATE on all schemas",
      "bob@% INSERT on all schemas",
      "bob@% UPDATE on all schemas",
    ]);
    const elsewhere = { ...onMysql(all, "not insert on schema shop to app@%"), limits: { partial_revokes: 1 } };
    expect(rights(elsewhere)).toHaveLength(4);
  });
});

describe("what is held together", () => {
  const together = (world: MysqlWorld): string[] => {
    const index = indexOf(world);
    const sets = [joined(index, [[SERVER, "RELOAD"]]), heldAnywhere(index, ["EVENT"])];
    return allTogether(index, sets)
      .filter(({ name }) => name !== "root@localhost")
      .map(({ name, over }) => `${name || "everybody"} ${over}`);
  };
  const RELOAD = "reload on server to";
  const EVENT = "event on schema shop to";

  it("is held by everybody where everybody has both, and by each one where it has the other itself", () => {
    expect(together(on(`${RELOAD} public`, `${EVENT} public`))).toEqual(["everybody effective"]);
    expect(together(on(`${RELOAD} public`, `${EVENT} app@%`))).toEqual(["app@% effective"]);
    expect(together(on(`${RELOAD} app@%`, `${EVENT} public`))).toEqual(["app@% effective"]);
  });

  it("counts for everybody what a role of PUBLIC has, and the roles of that role", () => {
    const world = on(`${RELOAD} public`, `${EVENT} group`);
    expect(together({ ...world, members: ["public in group default"] })).toEqual(["everybody effective"]);
    expect(together({ ...world, members: ["bob@% in group default"] })).toEqual(["bob@% effective", "group effective"]);
    const nested = on(`${RELOAD} public`, `${EVENT} other`);
    expect(together({ ...nested, members: ["public in group default", "group in other"] })).toEqual([
      "everybody effective",
    ]);
    expect(together({ ...nested, members: ["public in group default", "bob@% in other"] })).toEqual([
      "bob@% reachable",
      "other effective",
    ]);
  });

  it("counts for each one after activating it what a role of PUBLIC has that is not active by itself", () => {
    const world = onMysql(`${RELOAD} public`, `${EVENT} group@%`);
    expect(together({ ...world, members: ["public in group@% default"] })).toEqual(["everybody effective"]);
    expect(together({ ...world, members: ["public in group@%"] })).toEqual([
      "app@% reachable",
      "bob@% reachable",
      "group@% effective",
      "other@% reachable",
    ]);
  });

  it("is held after activating the one role that gives what is missing, and not by nothing at all", () => {
    const world = on(`${RELOAD} group`, `${EVENT} app@%`);
    expect(together(world)).toEqual([]);
    expect(together({ ...world, members: ["app@% in group"] })).toEqual(["app@% reachable"]);
    expect(together({ ...world, members: ["app@% in group", "app@% in other"] })).toEqual(["app@% reachable"]);
    expect(together({ ...world, members: ["app@% in other"] })).toEqual([]);
    const roles = on(`${RELOAD} group`, `${EVENT} other`);
    expect(together({ ...roles, members: ["app@% in group", "app@% in other"] })).toEqual([]);
    expect(together({ ...roles, members: ["app@% in group default", "app@% in other"] })).toEqual([]);
  });

  it("is held through a role of a role that is activated", () => {
    const world = on(`${RELOAD} group`, `${EVENT} other`);
    expect(together({ ...world, members: ["app@% in group", "group in other"] })).toEqual([
      "app@% reachable",
      "group effective",
    ]);
  });

  it("adds up on MySQL, where all roles can be active", () => {
    const world = onMysql(`${RELOAD} group@%`, `${EVENT} other@%`);
    expect(together({ ...world, members: ["app@% in group@%", "app@% in other@%"] })).toEqual(["app@% reachable"]);
    expect(together({ ...world, members: ["app@% in group@%"] })).toEqual([]);
    expect(together({ ...world, members: ["app@% in group@% default", "app@% in other@%"] })).toEqual([
      "app@% reachable",
    ]);
    const own = onMysql(`${RELOAD} group@%`, `${EVENT} app@%`);
    expect(together({ ...own, members: ["app@% in group@%"] })).toEqual(["app@% reachable"]);
    expect(together({ ...own, members: ["app@% in other@%"] })).toEqual([]);
  });

  it("keeps on MySQL what is active by default through a role of a role while others are activated", () => {
    const world = onMysql(`${RELOAD} group@%`, `${EVENT} other@%`);
    const members = ["app@% in bob@% default", "bob@% in group@% default", "app@% in other@%"];
    expect(together({ ...world, members })).toContain("app@% reachable");
  });

  it("leaves out a name that is not there", () => {
    expect(together(on(`${RELOAD} gone@%`, `${EVENT} gone@%`))).toEqual([]);
  });
});

describe("what is held anywhere", () => {
  const held = (world: MysqlWorld, options: { readonly own?: true } = {}): string[] => {
    const index = indexOf(world);
    const { effective, everybody } = heldAnywhere(index, ["SELECT", "USAGE"], options);
    return everybody ? ["everybody"] : named(index, effective).map(String);
  };

  it("is held on data alone: not on the server, on a role or as a privilege with a name", () => {
    expect(held(on("select on table shop.t to app@%"))).toEqual(["app@%", "root@localhost"]);
    expect(held(on("insert on table shop.t to app@%"))).toEqual(["root@localhost"]);
    for (const place of ["server", "role bob@%", "dynamic-privilege AUDIT_ADMIN"]) {
      expect(held(on(`usage on ${place} to app@%`)), place).toEqual(["root@localhost"]);
    }
  });

  it("leaves out what everybody holds where only what is one's own counts", () => {
    const world = on("select on table shop.t to public", "select on table shop.u to app@%");
    expect(held(world)).toEqual(["everybody"]);
    expect(held(world, { own: true })).toEqual(["app@%", "root@localhost"]);
  });
});

describe("what counts for a name", () => {
  it("is what it, its roles and everybody were granted", () => {
    const members = ["app@% in group", "public in other default"];
    const index = indexOf({ ...on(), members });
    expect(countsFor(index, "app@%", "app@%")).toBe(true);
    expect(countsFor(index, "group", "app@%")).toBe(true);
    expect(countsFor(index, "", "bob@%")).toBe(true);
    expect(countsFor(index, "other", "bob@%")).toBe(true);
    expect(countsFor(index, "group", "bob@%")).toBe(false);
    expect(countsFor(index, "app@%", "group")).toBe(false);
    for (const [from, to] of [
      ["gone@%", "bob@%"],
      ["group", "gone@%"],
      ["group", ""],
      ["gone@%", "gone@%"],
    ] as const) {
      expect(countsFor(index, from, to), `${from} for ${to}`).toBe(false);
    }
  });
});
