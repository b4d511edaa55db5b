import { describe, expect, it } from "vitest";
import type { AccessState } from "../../model/access-state.ts";
import { type Resource, resourceKey } from "../../model/resource.ts";
import { PUBLIC } from "../../model/role.ts";
import { evaluate } from "./evaluated.ts";
import { accountName, bareRoleName } from "./names.ts";
import { DATABASE, Grants, type Reader } from "./normalize.ts";
import { ACCOUNT_ATTRIBUTES } from "./normalize-accounts.ts";
import { mariadbMemberships } from "./normalize-memberships.ts";
import { Privileges } from "./privileges.ts";
import { PRODUCTS } from "./product.ts";
import { sources } from "./sources.ts";

const privileges = new Privileges(PRODUCTS.mariadb, 1011);
const reader: Reader = { product: PRODUCTS.mariadb, privileges, series: 1011, newer: false };
const settings = {
  product: PRODUCTS.mariadb,
  limits: {},
  privilegesOf: (kind: Resource["kind"]) => privileges.of(kind),
};
const schema = (name: string): Resource => ({ kind: "schema", path: [DATABASE, name] });
const table = (...path: string[]): Resource => ({ kind: "table", path: [DATABASE, ...path] });

interface Sample {
  readonly accounts?: readonly (readonly [user: string, host: string])[];
  readonly roles?: readonly string[];
  /** Member (an account as `user@host`, a role or PUBLIC) and role. */
  readonly members?: readonly (readonly [user: string, host: string, role: string])[];
  readonly global?: readonly (readonly [grantee: string, ...privileges: string[]])[];
  /** User, host, text of `mysql.db`, columns that say Y. */
  readonly databases?: readonly (readonly [user: string, host: string, db: string, ...columns: string[]])[];
  readonly tables?: readonly (readonly [user: string, host: string, db: string, table: string, set: string])[];
  readonly columns?: readonly (readonly [string, string, string, string, string, string])[];
  readonly routines?: readonly (readonly [string, string, string, string, string, string])[];
  readonly exists?: readonly Resource[];
}

/** The state of rows as the server has them, and of things that exist. */
function stateOf(sample: Sample): AccessState {
  const grants = new Grants(reader);
  for (const [grantee, ...names] of sample.global ?? []) grants.global(grantee, names);
  for (const [user, host, db, ...columns] of sample.databases ?? []) {
    grants.databases(["Host", "Db", "User", ...columns], [[host, db, user, ...columns.map(() => "Y")]]);
  }
  for (const row of sample.tables ?? []) grants.table(row);
  for (const row of sample.columns ?? []) grants.column(row);
  for (const row of sample.routines ?? []) grants.routine(row);
  const holdings = new Map(
    [...grants.lists()].map(([resource, list]) => [resourceKey(resource), { resource, owner: null, list }] as const),
  );
  const list = { id: "", entries: [] };
  for (const resource of sample.exists ?? []) {
    const key = resourceKey(resource);
    if (!holdings.has(key)) holdings.set(key, { resource, owner: null, list });
  }
  const names = [
    ...(sample.accounts ?? []).map(([user, host]) => accountName(user, host)),
    ...(sample.roles ?? []).map(bareRoleName),
  ];
  const role = { origin: "user", attributes: ACCOUNT_ATTRIBUTES.mariadb, settings: [] } as const;
  return {
    roles: new Map(names.map((name) => [name, { ...role, name }])),
    memberships: mariadbMemberships(
      (sample.members ?? []).map(([user, host, of]) => [user, host, of, "N"]),
      { defaultRoles: new Map(), actor: "root@localhost" },
    ),
    holdings,
    defaultPrivileges: new Map(),
    rowPolicies: new Map(),
  };
}

const catalog = { databases: [DATABASE], entries: new Map() };

function held(state: AccessState, resource: Resource): Record<string, string> {
  const found = evaluate(state, catalog, settings).holdings.get(resourceKey(resource));
  return Object.fromEntries((found?.list.entries ?? []).map((entry) => [entry.grantee, entry.privileges.join(" ")]));
}

describe("what counts for whom", () => {
  it("is what is held above too, as far as it can be held there", () => {
    const state = stateOf({
      accounts: [["a", "%"]],
      global: [["a@%", "SELECT", "LOCK TABLES"]],
      databases: [["a", "%", "shop", "Insert_priv", "Event_priv"]],
      tables: [["a", "%", "shop", "t", "Delete,Grant"]],
      exists: [schema("other"), table("other", "t")],
    });
    expect(held(state, schema("shop"))).toEqual({ "a@%": "EVENT INSERT LOCK TABLES SELECT" });
    expect(held(state, table("shop", "t"))).toEqual({ "a@%": "DELETE GRANT OPTION INSERT SELECT" });
    expect(held(state, table("other", "t"))).toEqual({ "a@%": "SELECT" });
  });

  it("is one row of several patterns: the most specific, whatever it gives", () => {
    const state = stateOf({
      accounts: [["a", "%"]],
      databases: [
        ["a", "%", "foo%", "Select_priv"],
        ["a", "%", "foobar", "Insert_priv"],
      ],
      exists: [schema("foobar"), schema("fooxbar")],
    });
    expect(held(state, schema("foobar"))).toEqual({ "a@%": "INSERT" });
    expect(held(state, schema("fooxbar"))).toEqual({ "a@%": "SELECT" });
  });

  it("is for a login also what its name has at other hosts that let it in, the most specific of which decides", () => {
    const state = stateOf({
      accounts: [
        ["h", "localhost"],
        ["h", "%"],
      ],
      global: [["h@%", "RELOAD", "SELECT"]],
      databases: [["h", "%", "shop", "Insert_priv"]],
      tables: [
        ["h", "%", "shop", "t", "Delete"],
        ["h", "localhost", "shop", "t", "Update"],
        ["h", "%", "shop", "u", "Delete"],
      ],
    });
    expect(held(state, table("shop", "t"))["h@localhost"]).toBe("INSERT UPDATE");
    expect(held(state, table("shop", "u"))["h@localhost"]).toBe("DELETE INSERT");
    expect(held(state, table("shop", "t"))["h@%"]).toBe("DELETE INSERT SELECT");
    expect(held(state, { kind: "server", path: [] })).toEqual({ "h@%": "RELOAD" });
  });

  it("is the union over all clients that an account can have", () => {
    const state = stateOf({
      accounts: [["u", "%"]],
      tables: [
        ["u", "%", "shop", "t", "Select"],
        ["u", "10.%", "shop", "t", "Update"],
      ],
    });
    expect(held(state, table("shop", "t"))["u@%"]).toBe("SELECT UPDATE");
  });

  it("is decided by a row that is about columns alone, too", () => {
    const state = stateOf({
      accounts: [
        ["h", "localhost"],
        ["h", "%"],
      ],
      tables: [["h", "%", "shop", "t", "Select"]],
      columns: [["h", "localhost", "shop", "t", "c", "Insert"]],
    });
    expect(held(state, table("shop", "t"))).toEqual({ "h@%": "SELECT" });
    expect(held(state, { kind: "column", path: [DATABASE, "shop", "t", "c"] })).toEqual({ "h@localhost": "INSERT" });
  });

  it("is on schemas also what the anonymous user has, for whoever has no better row", () => {
    const state = stateOf({
      accounts: [
        ["u", "%"],
        ["v", "%"],
        ["", "%"],
      ],
      databases: [
        ["", "%", "shop", "Select_priv"],
        ["v", "%", "shop", "Insert_priv"],
        ["u", "%", "%", "Update_priv"],
      ],
    });
    expect(held(state, schema("shop"))).toEqual({ "@%": "SELECT", "u@%": "SELECT", "v@%": "INSERT" });
  });

  it("is for PUBLIC what its roles have, with everything below them", () => {
    const state = stateOf({
      accounts: [["u", "%"]],
      roles: ["outer", "inner"],
      members: [
        ["PUBLIC", "", "outer"],
        ["outer", "", "inner"],
      ],
      global: [["inner", "RELOAD"]],
      tables: [["inner", "", "shop", "t", "Select"]],
    });
    expect(held(state, table("shop", "t"))).toEqual({ inner: "SELECT", [PUBLIC]: "SELECT" });
    expect(held(state, { kind: "server", path: [] })).toEqual({ inner: "RELOAD", [PUBLIC]: "RELOAD" });
  });

  it("is for a role less than both where a row of a role of its own puts one of its own out of force", () => {
    const sample: Sample = {
      accounts: [["u", "%"]],
      roles: ["ra", "rb", "rc"],
      members: [
        ["u", "%", "ra"],
        ["ra", "", "rb"],
        ["rc", "", "rb"],
      ],
      databases: [
        ["ra", "", "foo%", "Select_priv"],
        ["rb", "", "foobar", "Delete_priv"],
      ],
      exists: [schema("foobar")],
    };
    const state = stateOf(sample);
    expect(held(state, schema("foobar"))).toEqual({ ra: "DELETE", rb: "DELETE" });
    const { memberships } = evaluate(state, catalog, settings);
    const inherits = [...memberships.values()].map(({ role, member, inherit }) => [role, member, inherit]);
    expect(inherits).toEqual([
      ["ra", "u@%", false],
      ["rb", "ra", false],
      ["rb", "rc", true],
    ]);
  });

  it("is the roles of every account of the name that lets a login in, without their admin option", () => {
    const state = stateOf({
      accounts: [
        ["h", "localhost"],
        ["h", "%"],
      ],
      roles: ["r"],
      members: [["h", "%", "r"]],
    });
    const { memberships } = evaluate(state, catalog, settings);
    expect([...memberships.values()].map(({ member, admin, set, implied }) => [member, admin, set, implied])).toEqual([
      ["h@%", false, true, false],
      ["h@localhost", false, true, true],
    ]);
  });
});

describe("what stands behind it", () => {
  it("are the recorded grants that give it, wherever they are", () => {
    const state = stateOf({
      accounts: [
        ["h", "localhost"],
        ["h", "%"],
      ],
      global: [["h@localhost", "SELECT"]],
      databases: [
        ["h", "%", "sh%", "Select_priv"],
        ["h", "%", "shop", "Insert_priv", "Select_priv"],
      ],
      tables: [["h", "%", "shop", "t", "Select"]],
    });
    const found = sources(
      { grantee: "h@localhost", privilege: "SELECT", resource: table("shop", "t") },
      { state, settings },
    );
    expect(found.map(({ grantee, resource }) => [grantee, resource.kind, resource.path.at(-1)])).toEqual([
      ["h@localhost", "all-schemas", undefined],
      ["h@%", "schema", "shop"],
      ["h@%", "table", "t"],
    ]);
    expect(sources({ grantee: "h@%", privilege: "DELETE", resource: table("shop", "t") }, { state, settings })).toEqual(
      [],
    );
  });

  it("are for PUBLIC those of its roles", () => {
    const state = stateOf({ roles: ["r"], members: [["PUBLIC", "", "r"]], tables: [["r", "", "shop", "t", "Select"]] });
    const found = sources({ grantee: PUBLIC, privilege: "SELECT", resource: table("shop", "t") }, { state, settings });
    expect(found).toEqual([{ grantee: "r", resource: table("shop", "t") }]);
  });
});
