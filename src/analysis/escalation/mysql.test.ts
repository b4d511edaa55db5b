import { describe, expect, it } from "vitest";
import { type MysqlWorld, mysqlContext } from "../../../test/support/check-world-mysql.ts";
import { accessList } from "../../model/access-list.ts";
import type { AccessState } from "../../model/access-state.ts";
import type { Role } from "../../model/role.ts";
import type { EscalationPath } from "./escalation.ts";
import { anybody, callersBySchema, definerRights, replacers } from "./mysql.ts";

const on = (...grants: string[]): MysqlWorld => ({
  roles: { "app@%": {}, "bob@%": {}, group: {} },
  exists: ["schema shop"],
  grants,
});

function toAll(world: MysqlWorld, name = "app@%"): EscalationPath | null {
  return mysqlContext(world).escalation.toSuperuser(name);
}

function toRole(world: MysqlWorld, role: string, name = "app@%"): EscalationPath | null {
  return mysqlContext(world).escalation.toRole(name, role);
}

const EVERYTHING =
  "`root@localhost` holds every privilege on the server and on all schemas, with the right to pass them on";

describe("escalation to everything", () => {
  it("is being root already where one holds everything, and nothing of what harms less is a way", () => {
    expect(toAll(on(), "root@localhost")?.steps).toEqual([EVERYTHING]);
    const little = on(
      "select, insert, update, delete, grant option on schema shop to app@%",
      "reload, process on server to app@%",
    );
    expect(toAll(little)).toBeNull();
  });

  it.each([
    ["create user on server to app@%", "holds CREATE USER, which sets the password of any account"],
    ["update on schema mysql to app@%", "holds UPDATE on schema mysql, which sets the password of any account"],
    ["update on all-schemas to app@%", "holds UPDATE on all schemas, which sets the password of any account"],
  ])("goes by %s, without anybody's help", (grant, step) => {
    expect(toAll(on(grant))).toMatchObject({ steps: [`\`app@%\` ${step}`], needsVictim: false, confidence: "certain" });
  });

  it("goes by rows of grant tables once somebody has them read, which RELOAD does", () => {
    const world = on("insert on table mysql.global_priv to app@%");
    expect(toAll(world)).toMatchObject({ needsVictim: true });
    const both = on("insert on table mysql.global_priv to app@%", "reload on server to app@%");
    expect(toAll(both)).toMatchObject({ needsVictim: false });
    expect(toAll(on("delete on table mysql.global_priv to app@%"))).toBeNull();
  });

  it("goes by code with another definer", () => {
    expect(toAll(on("set user on server to app@%", "create routine on schema shop to app@%"))?.steps).toEqual([
      "`app@%` may make code that runs with the rights of any account",
    ]);
    expect(toAll(on("set user on server to app@%"))).toBeNull();
  });

  it("goes by files where no folder limits them, and over the account of the server", () => {
    const settings = (folder: string): MysqlWorld["posture"] & {} => ({
      mysql: { settings: new Map([["secure_file_priv", folder]]) },
    });
    const world = on("file on server to app@%");
    expect(toAll({ ...world, posture: settings("") })?.steps).toEqual([
      "`app@%` holds FILE, which reads and writes the server's own files",
      "the server's own account is a superuser",
    ]);
    expect(toAll({ ...world, posture: settings("/srv/files") })).toBeNull();
    expect(toAll(world)).toBeNull();
  });

  it("goes by native code, as the manual says", () => {
    expect(toAll(on("insert on table mysql.plugin to app@%"))).toMatchObject({ confidence: "documented" });
  });

  it("goes through roles, active or not, and through PUBLIC", () => {
    const world = on("create user on server to group");
    expect(toAll({ ...world, members: ["app@% in group"] })?.steps).toEqual([
      "`app@%` may become `group` by SET ROLE",
      "`group` holds CREATE USER, which sets the password of any account",
    ]);
    expect(toAll({ ...world, members: ["app@% in group default"] })?.steps[0]).toBe(
      "`app@%` has the privileges of `group`",
    );
    expect(toAll(on("create user on server to public"))?.steps).toEqual([
      "everybody holds CREATE USER, which sets the password of any account",
    ]);
  });
});

describe("escalation to a role", () => {
  it("goes by PROXY, if the plugin allows it", () => {
    const world = on("proxy on role bob@% to app@%");
    expect(toRole(world, "bob@%")).toMatchObject({
      steps: ["`app@%` may sign in as `bob@%` by PROXY"],
      confidence: "documented",
    });
    expect(toAll(on("proxy on role @% to app@%"))?.steps[0]).toContain("by PROXY");
  });

  it("goes by the admin option, of which a membership without it is none", () => {
    expect(toRole({ ...on(), members: ["bob@% in group admin", "app@% in group"] }, "group")).toBeNull();
    const world: MysqlWorld = { ...on("proxy on role bob@% to app@%"), members: ["bob@% in group admin"] };
    expect(toRole(world, "group")?.steps).toHaveLength(2);
  });

  it("goes by code that others call, when they call it", () => {
    const grants = ["alter routine, create routine on schema shop to app@%", "execute on schema shop to bob@%"];
    const world = { ...on(...grants), exists: ["routine shop.f.function"] };
    expect(toRole(world, "bob@%")).toMatchObject({ needsVictim: true });
    expect(toRole({ ...world, exists: ["schema shop"] }, "bob@%")).toBeNull();
    expect(toRole({ ...world, grants: grants.slice(1) }, "bob@%")).toBeNull();
  });

  it("reaches every account alone where none has everything that is open to it", () => {
    const mysql: MysqlWorld = {
      product: "mysql",
      roles: { "app@%": {}, "bob@%": {}, "safe@%": {} },
      grants: ["create user on server to app@%", "usage on dynamic-privilege SYSTEM_USER to root@localhost, safe@%"],
    };
    expect(toAll(mysql)).toBeNull();
    expect(toRole(mysql, "bob@%")).toMatchObject({ confidence: "documented" });
    expect(toRole(mysql, "safe@%")).toBeNull();
    const grants = ["usage on dynamic-privilege ROLE_ADMIN to app@%"];
    expect(toAll({ ...mysql, grants })?.steps).toEqual([
      "`app@%` holds ROLE_ADMIN, which grants any account as a role",
    ]);
  });
});

/** The edges as `from -> goal`, with `!` where somebody else has to act; without those of who has everything. */
function edges(world: MysqlWorld): string[] {
  return mysqlContext(world).escalation.edges.flatMap(({ from, to, needsVictim }) =>
    from === "root@localhost"
      ? []
      : [`${from || "everybody"} -> ${to.kind === "role" ? to.role : to.kind}${needsVictim ? "!" : ""}`],
  );
}

describe("the edges of grant tables", () => {
  it.each([
    ["update on schema mysql", ["app@% -> superuser"]],
    ["update on schema-pattern my%", ["app@% -> superuser"]],
    ["update on table mysql.user", ["app@% -> superuser!"]],
    ["update on column mysql.user.plugin", ["app@% -> superuser!"]],
    ["insert on table mysql.user", ["app@% -> superuser!"]],
    ["insert on column mysql.user.plugin", ["app@% -> superuser!"]],
    ["insert on schema mysql", ["app@% -> superuser!", "app@% -> system"]],
    ["insert on all-schemas", ["app@% -> superuser!", "app@% -> system"]],
    ["insert on table mysql.func", ["app@% -> system"]],
    ["insert on column mysql.func.dl", ["app@% -> system"]],
    ["update on table mysql.func", []],
    ["delete on table mysql.plugin", []],
    ["delete on schema mysql", []],
    ["insert on table mysql.help_topic", []],
  ])("of %s are %j", (right, expected) => {
    expect(edges(on(`${right} to app@%`))).toEqual(expected);
  });

  it("need nobody where the same account has the tables read again, and somebody where it is everybody", () => {
    expect(edges(on("update on table mysql.user to app@%", "reload on server to app@%"))).toEqual([
      "app@% -> superuser",
    ]);
    expect(edges(on("update on table mysql.user to app@%", "reload on server to bob@%"))).toEqual([
      "app@% -> superuser!",
    ]);
    expect(edges(on("update on table mysql.user to public"))).toEqual(["everybody -> superuser!"]);
  });
});

describe("who can be reached as any account", () => {
  const SYSTEM_USER = "usage on dynamic-privilege SYSTEM_USER to";
  const mysql = (...grants: string[]): MysqlWorld => ({
    product: "mysql",
    roles: { "app@%": {}, "bob@%": {}, "safe@%": {} },
    grants,
  });
  const goals = (world: MysqlWorld, from: string, access?: AccessState): string[] =>
    anybody(mysqlContext(world, access).index, from).map((to) => (to.kind === "role" ? to.role : to.kind));

  it("is whoever has everything, for all who are protected themselves and where one of them is not protected", () => {
    const world = mysql(`${SYSTEM_USER} root@localhost, safe@%`);
    expect(goals(world, "safe@%")).toEqual(["superuser"]);
    expect(goals(world, "app@%")).toEqual(["bob@%"]);
    expect(goals(world, "")).toEqual(["app@%", "bob@%"]);
    expect(goals(world, "root@localhost")).toEqual(["superuser"]);
    const index = mysqlContext(world).index;
    const all = ["server", "all-schemas"].map(
      (kind) =>
        `${index.rules
          .privilegesOf(kind as "server")
          .join(", ")
          .toLowerCase()} on ${kind} to bob@%`,
    );
    expect(goals(mysql(`${SYSTEM_USER} root@localhost`, ...all), "app@%")).toEqual(["superuser"]);
  });

  it("is each account but itself where nobody has everything: no role, and none of the server's own", () => {
    const world = { ...on(), roles: { ...on().roles, "own@%": {} } };
    const { recorded } = mysqlContext(world).index;
    const none = Array.from(recorded.holdings, ([key, each]) => [key, { ...each, list: accessList([]) }] as const);
    const roles = Array.from(recorded.roles, ([name, role]): [string, Role] => [
      name,
      name === "own@%" ? { ...role, origin: "predefined" } : role,
    ]);
    const access: AccessState = { ...recorded, holdings: new Map(none), roles: new Map(roles) };
    expect(goals(world, "app@%", access)).toEqual(["root@localhost", "bob@%"]);
    expect(goals(world, "group", access)).toEqual(["root@localhost", "app@%", "bob@%"]);
  });
});

describe("the edges of definers", () => {
  const words = (world: MysqlWorld): string[] =>
    definerRights(mysqlContext(world)).map(([{ path }, privilege]) => path[0] ?? privilege);

  it("come from SUPER until MariaDB 11.0, and on every MySQL", () => {
    const dynamic = ["SET_ANY_DEFINER", "SET_USER_ID"];
    expect(words(on())).toEqual(["SET USER", "SUPER", ...dynamic]);
    expect(words({ ...on(), version: [11, 0] })).toEqual(["SET USER", ...dynamic]);
    expect(words({ ...on(), version: [12, 1] })).toEqual(["SET USER", ...dynamic]);
    expect(words({ product: "mysql", roles: {}, version: [11, 0] })).toEqual(["SET USER", "SUPER", ...dynamic]);
  });

  it("are told of nobody who has everything, who needs none", () => {
    const context = mysqlContext(on("event on schema shop to app@%"));
    expect(context.escalation.edges.filter(({ by }) => by.includes("code that runs with the rights"))).toEqual([]);
  });
});

describe("the edges of PROXY", () => {
  it("come from roles alone, not from what else is granted", () => {
    expect(edges(on("proxy on role bob@% to app@%"))).toEqual(["app@% -> bob@%"]);
    expect(edges(on("select on schema shop to app@%"))).toEqual([]);
  });
});

describe("code that others call", () => {
  const SHOP = { kind: "schema", path: ["def", "shop"] } as const;
  const code = (...grants: string[]): MysqlWorld => ({ ...on(...grants), exists: ["routine shop.f.function"] });
  const called = (world: MysqlWorld): unknown => Object.fromEntries(callersBySchema(mysqlContext(world).index));
  const replacing = (world: MysqlWorld): readonly string[] => replacers(mysqlContext(world).index, SHOP);

  it("is called by who was granted EXECUTE on the schema or on a routine of it, and PUBLIC is nobody", () => {
    expect(called(code("execute on schema shop to bob@%, app@%"))).toEqual({ shop: ["app@%", "bob@%"] });
    expect(called(code("execute on routine shop.f.function to app@%"))).toEqual({ shop: ["app@%"] });
    expect(called(code("execute on schema shop to public, app@%"))).toEqual({ shop: ["app@%"] });
    expect(called(code("execute on schema shop to public"))).toEqual({});
    expect(called(code("alter routine on schema shop to app@%"))).toEqual({});
    expect(called(code("alter routine on routine shop.f.function to app@%"))).toEqual({});
    expect(called(code("select on table shop.t to app@%"))).toEqual({});
    expect(called(code("execute on schema-pattern shop to app@%"))).toEqual({});
    expect(called(code("execute on schema other to app@%"))).toEqual({});
  });

  it("is replaced by who may do both in the schema, one of it as everybody", () => {
    const both = "alter routine, create routine on schema shop to";
    expect(replacing(code(`${both} app@%`))).toEqual(["app@%", "root@localhost"]);
    expect(replacing(code(`${both} public`))).toEqual([""]);
    expect(replacing(code("alter routine on schema shop to public", "create routine on schema shop to app@%"))).toEqual(
      ["app@%", "root@localhost"],
    );
    expect(replacing(code("create routine on schema shop to public", "alter routine on schema shop to app@%"))).toEqual(
      ["app@%", "root@localhost"],
    );
    expect(replacing(code("alter routine on schema shop to app@%", "create routine on schema shop to bob@%"))).toEqual([
      "root@localhost",
    ]);
  });

  it("leads to its callers, and not to oneself nor from who has everything", () => {
    const world = code(
      "alter routine, create routine on schema shop to app@%",
      "execute on schema shop to app@%, bob@%",
    );
    const found = mysqlContext(world).escalation.edges.filter(({ by }) => by.startsWith("may replace"));
    expect(found.map(({ from, to }) => [from, to])).toEqual([["app@%", { kind: "role", role: "bob@%" }]]);
  });
});
