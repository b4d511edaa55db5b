import { describe, expect, it } from "vitest";
import type { AccessState } from "../../model/access-state.ts";
import { type Resource, resourceKey } from "../../model/resource.ts";
import { membershipKey, PUBLIC, type RoleName } from "../../model/role.ts";
import { evaluate } from "./evaluated.ts";
import { type GrantsFound, type MysqlRows, mysqlGrants } from "./introspect-grants.ts";
import { DATABASE, type Reader } from "./normalize.ts";
import { mandatoryRoles } from "./normalize-memberships.ts";
import { Privileges } from "./privileges.ts";
import { PRODUCTS } from "./product.ts";
import type { MysqlUserRow } from "./queries.ts";

// Rows of MySQL 8.4, written by hand after its reference manual: "8.2.3 Grant Tables", "8.2.10 Using Roles", "8.2.12 Privilege Restriction Using Partial Revokes". Never compared with a live server.

const privileges = new Privileges(PRODUCTS.mysql, 804);
const reader: Reader = { product: PRODUCTS.mysql, privileges, series: 804, newer: false };

function user(
  name: string,
  host: string,
  more: Partial<Record<"locked" | "expired" | "tls" | "restrictions", string>> = {},
): MysqlUserRow {
  return [
    ...([name, host, "caching_sha2_password", more.locked ?? "N", more.expired ?? "N", null] as const),
    ...([more.tls ?? "", "", "", ""] as const),
    ...([0, 0, 0, 0, more.restrictions ?? null] as const),
  ];
}

const COLUMNS = [
  "Select_priv",
  "Insert_priv",
  "Repl_client_priv",
  "Create_role_priv",
  "Grant_priv",
  "Time_travel_priv",
];

const ROWS: MysqlRows = {
  users: [
    user("root", "localhost"),
    user("mysql.sys", "localhost", { locked: "Y" }),
    user("app", "%", {
      restrictions:
        '[{"Database": "mysql", "Privileges": ["INSERT", "SELECT"]}, {"Database": "secret", "Privileges": ["SELECT"]}]',
    }),
    user("ops", "10.%", { tls: "X509", expired: "Y" }),
    user("reader", "%", { locked: "Y", expired: "Y" }),
    user("writer", "%", { locked: "Y", expired: "Y" }),
    user("everyone", "%", { locked: "Y", expired: "Y" }),
  ],
  columns: COLUMNS,
  privileges: [
    ["root", "localhost", "Y", "Y", "Y", "Y", "Y", "N"],
    ["mysql.sys", "localhost", "N", "N", "N", "N", "N", "N"],
    ["app", "%", "Y", "Y", "N", "N", "N", "N"],
    ["ops", "10.%", "N", "N", "Y", "Y", "N", "Y"],
    ["reader", "%", "Y", "N", "N", "N", "N", "N"],
    ["writer", "%", "N", "N", "N", "N", "N", "N"],
    ["everyone", "%", "N", "N", "N", "N", "N", "N"],
  ],
  dynamic: [
    ["root", "localhost", "SYSTEM_USER", "Y"],
    ["ops", "10.%", "BACKUP_ADMIN", "N"],
    ["everyone", "%", "BACKUP_ADMIN", "N"],
  ],
  edges: [
    ["reader", "%", "app", "%", "N"],
    ["writer", "%", "app", "%", "Y"],
    ["reader", "%", "writer", "%", "N"],
  ],
  defaults: [
    ["app", "%", "writer", "%"],
    ["ops", "10.%", "everyone", "%"],
  ],
};

function found(settings: Readonly<Record<string, string>> = {}): GrantsFound {
  const grants = mysqlGrants(ROWS, { reader, actor: "root@localhost", settings: new Map(Object.entries(settings)) });
  grants.grants.databases(["Host", "Db", "User", "Insert_priv", "Event_priv"], [["%", "shop\\_1", "writer", "Y", "N"]]);
  grants.grants.table(["everyone", "%", "shop_1", "orders", "Select,Grant"]);
  grants.grants.table(["mysql.session", "localhost", "mysql", "user", "Select"]);
  grants.grants.routine(["ops", "10.%", "shop_1", "total", "FUNCTION", "Execute,Alter Routine"]);
  grants.grants.proxy(["root", "localhost", "", "", 1]);
  return grants;
}

const schema = (name: string): Resource => ({ kind: "schema", path: [DATABASE, name] });

function stateOf({ roles, memberships, grants }: GrantsFound, exists: readonly Resource[] = []): AccessState {
  const list = { id: "", entries: [] };
  const holdings = new Map(exists.map((resource) => [resourceKey(resource), { resource, owner: null, list }] as const));
  for (const [resource, held] of grants.lists()) {
    holdings.set(resourceKey(resource), { resource, owner: null, list: held as typeof list });
  }
  return { roles, memberships, holdings, defaultPrivileges: new Map(), rowPolicies: new Map() };
}

function held(state: AccessState, resource: Resource): Record<string, string> {
  const entries = state.holdings.get(resourceKey(resource))?.list.entries ?? [];
  return Object.fromEntries(
    entries.map(({ grantee, privileges: names, grantable }) => [
      grantee,
      names.map((name) => (grantable.includes(name) ? `${name}*` : name)).join(", "),
    ]),
  );
}

const settings = {
  product: PRODUCTS.mysql,
  limits: { partial_revokes: 1 },
  privilegesOf: (kind: Resource["kind"]) => privileges.of(kind),
};
const evaluated = (state: AccessState): AccessState =>
  evaluate(state, { databases: [DATABASE], entries: new Map() }, settings);

describe("rows of MySQL 8.4 as the manual has them", () => {
  it("keep static privileges on all schemas and on the server, and one that we do not know by its own name", () => {
    const grants = found();
    const state = stateOf(grants);
    expect(held(state, { kind: "all-schemas", path: [] })).toEqual({
      "app@%": "INSERT, SELECT",
      "reader@%": "SELECT",
      "root@localhost": "GRANT OPTION, INSERT, SELECT",
    });
    expect(held(state, { kind: "server", path: [] })).toEqual({
      "ops@10.%": "CREATE ROLE, REPLICATION CLIENT, TIME TRAVEL",
      "root@localhost": "CREATE ROLE, REPLICATION CLIENT",
    });
    expect(grants.grants.unknown()).toEqual(["TIME TRAVEL"]);
  });

  it("keep each dynamic privilege as something that is used, with a right to pass on of its own", () => {
    const state = stateOf(found());
    expect(held(state, { kind: "dynamic-privilege", path: ["SYSTEM_USER"] })).toEqual({ "root@localhost": "USAGE*" });
    expect(held(state, { kind: "dynamic-privilege", path: ["BACKUP_ADMIN"] })).toEqual({
      "everyone@%": "USAGE",
      "ops@10.%": "USAGE",
    });
  });

  it("keep partial revokes on the schema that they are about", () => {
    const state = stateOf(found());
    expect(held(state, schema("mysql"))).toEqual({ "app@%": "NOT INSERT, NOT SELECT" });
    expect(held(state, schema("secret"))).toEqual({ "app@%": "NOT SELECT" });
  });

  it("tell locked accounts, expired passwords and what TLS must show", () => {
    const { roles } = found();
    expect(roles.get("ops@10.%")?.attributes).toMatchObject({ login: true, password_expired: true, tls: "x509" });
    expect(roles.get("reader@%")?.attributes).toMatchObject({ login: false, plugin: "caching_sha2_password" });
    expect(roles.get("mysql.sys@localhost")?.origin).toBe("predefined");
  });

  it("leave out what the server holds on its own tables from the start", () => {
    const state = stateOf(found());
    expect(held(state, { kind: "table", path: [DATABASE, "mysql", "user"] })).toEqual({});
    expect(held(state, { kind: "table", path: [DATABASE, "shop_1", "orders"] })).toEqual({
      "everyone@%": "GRANT OPTION, SELECT",
    });
  });

  it("say of each membership whether it is active at login, and any number may be", () => {
    const membership = (grants: GrantsFound, role: RoleName, member: RoleName) =>
      grants.memberships.get(membershipKey({ role, member, grantor: "" }));
    expect(membership(found(), "writer@%", "app@%")).toMatchObject({ admin: true, inherit: true, set: true });
    expect(membership(found(), "reader@%", "app@%")).toMatchObject({ admin: false, inherit: false, set: true });
    const all = found({ activate_all_roles_on_login: "ON" });
    expect(membership(all, "reader@%", "app@%")).toMatchObject({ inherit: true });
  });

  it("make everybody a member of mandatory roles, which nobody granted", () => {
    const grants = found({ mandatory_roles: "'everyone'@'%',reader" });
    const implied = [...grants.memberships.values()].filter((each) => each.implied);
    expect(implied.map(({ role, member, inherit }) => [role, member, inherit])).toEqual([
      ["everyone@%", PUBLIC, false],
      ["reader@%", PUBLIC, false],
      ["everyone@%", "ops@10.%", true],
    ]);
    expect(mandatoryRoles("`ro``le`@`%.example.com`, 'o''k' , plain@localhost,\"q\"")).toEqual([
      "ro`le@%.example.com",
      "o'k@%",
      "plain@localhost",
      "q@%",
    ]);
  });
});

describe("who may do what on MySQL, after its manual", () => {
  it("is what is held on all schemas without what was revoked on this one", () => {
    const state = evaluated(stateOf(found(), [schema("other")]));
    expect(held(state, schema("secret"))["app@%"]).toBe("INSERT");
    expect(held(state, schema("mysql"))["app@%"]).toBeUndefined();
    expect(held(state, schema("other"))["app@%"]).toBe("INSERT, SELECT");
    // Another source of the same privilege has no such restriction.
    expect(held(state, schema("secret"))["reader@%"]).toBe("SELECT");
  });

  it("takes no wildcards where partial revokes are on", () => {
    const grants = found();
    grants.grants.databases(["Host", "Db", "User", "Insert_priv"], [["%", "sec%", "writer", "Y"]]);
    expect(held(evaluated(stateOf(grants)), schema("secret"))["writer@%"]).toBeUndefined();
  });

  it("has a role's own roles active with it, and mandatory ones for everybody to activate", () => {
    const { memberships } = evaluated(stateOf(found({ mandatory_roles: "everyone" })));
    const of = (role: RoleName, member: RoleName) => memberships.get(membershipKey({ role, member, grantor: "" }));
    expect(of("reader@%", "writer@%")).toMatchObject({ inherit: true });
    expect(of("everyone@%", "app@%")).toMatchObject({ inherit: false, set: true });
    expect(of("everyone@%", "ops@10.%")).toMatchObject({ inherit: true });
    expect(of("everyone@%", "everyone@%")).toBeUndefined();
  });

  it("gives PUBLIC what mandatory roles hold where all roles are active at login", () => {
    const state = evaluated(stateOf(found({ mandatory_roles: "everyone", activate_all_roles_on_login: "ON" })));
    expect(held(state, { kind: "table", path: [DATABASE, "shop_1", "orders"] })[PUBLIC]).toBe("GRANT OPTION, SELECT");
    expect(held(state, { kind: "dynamic-privilege", path: ["BACKUP_ADMIN"] })[PUBLIC]).toBe("USAGE");
  });
});
