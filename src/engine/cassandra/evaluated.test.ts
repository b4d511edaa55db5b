import { describe, expect, it } from "vitest";
import { accessList } from "../../model/access-list.ts";
import { type AccessState, EMPTY_STATE, type Holding } from "../../model/access-state.ts";
import type { Catalog, CatalogEntry } from "../../model/catalog.ts";
import { type Resource, resourceKey } from "../../model/resource.ts";
import { evaluate } from "./evaluated.ts";
import { privilegesOf } from "./privileges.ts";
import { sources } from "./sources.ts";

const KS = ["cluster", "ks"];
const at = {
  data: { kind: "all-schemas", path: [] },
  ks: { kind: "schema", path: KS },
  tables: { kind: "schema-tables", path: KS },
  orders: { kind: "table", path: [...KS, "orders"] },
  view: { kind: "table", path: [...KS, "by_note"] },
  functions: { kind: "all-routines", path: [] },
  ksFunctions: { kind: "schema-routines", path: KS },
  total: { kind: "routine", path: [...KS, "total", "int"] },
  roles: { kind: "all-roles", path: [] },
  ana: { kind: "role", path: ["ana"] },
  mbeans: { kind: "all-mbeans", path: [] },
  pools: { kind: "mbean", path: ["java.lang:type=MemoryPool,*"] },
  pool: { kind: "mbean", path: ["java.lang:name=Metaspace,type=MemoryPool"] },
} satisfies Record<string, Resource>;

type Name = keyof typeof at;

const CATALOG: Catalog = {
  databases: ["cluster"],
  entries: new Map(
    Object.values(at).map((resource): [ReturnType<typeof resourceKey>, CatalogEntry] => [
      resourceKey(resource),
      resource === at.view ? { resource, readThrough: at.orders } : { resource },
    ]),
  ),
};

function stateOf(grants: Partial<Record<Name, string>>): AccessState {
  const holdings = Object.entries(at).map(([name, resource]): [ReturnType<typeof resourceKey>, Holding] => {
    const privileges = (grants[name as Name] ?? "").split(" ").filter((each) => each !== "");
    const list = accessList([{ grantee: "bob", grantor: "", privileges, grantable: [] }]);
    return [resourceKey(resource), { resource, owner: null, list }];
  });
  return { ...EMPTY_STATE, holdings: new Map(holdings) };
}

function held(grants: Partial<Record<Name, string>>, name: Name): string {
  const state = evaluate(stateOf(grants), CATALOG, {
    privilegesOf: (kind) => privilegesOf(kind, 500),
    allCovers: "keyspaces of people",
  });
  return state.holdings.get(resourceKey(at[name]))?.list.entries[0]?.privileges.join(" ") ?? "";
}

describe("what is held on all keyspaces", () => {
  it.each([
    ["keyspaces of people", "system_auth", undefined],
    ["every keyspace", "system_auth", "SELECT"],
    ["keyspaces of people", "shop", "SELECT"],
  ] as const)("counts in %s: in %s it is %s", (allCovers, keyspace, expected) => {
    const roles: Resource = { kind: "table", path: ["cluster", keyspace, "roles"] };
    const list = accessList([{ grantee: "bob", grantor: "", privileges: ["SELECT"], grantable: [] }]);
    const holdings = new Map<ReturnType<typeof resourceKey>, Holding>([
      [resourceKey(at.data), { resource: at.data, owner: null, list }],
      [resourceKey(roles), { resource: roles, owner: null, list: accessList([]) }],
    ]);
    const rules = { privilegesOf: (kind: Resource["kind"]) => privilegesOf(kind, 500), allCovers };
    const state = evaluate({ ...EMPTY_STATE, holdings }, CATALOG, rules);
    expect(state.holdings.get(resourceKey(roles))?.list.entries[0]?.privileges.join()).toBe(expected);
  });
});

describe("what counts for a resource", () => {
  it.each<[Partial<Record<Name, string>>, Name, string]>([
    [{ data: "SELECT", ks: "MODIFY", tables: "DROP", orders: "ALTER" }, "orders", "ALTER DROP MODIFY SELECT"],
    [{ data: "CREATE SELECT" }, "orders", "SELECT"],
    [{ data: "CREATE" }, "tables", "CREATE"],
    [{ orders: "SELECT", tables: "SELECT" }, "ks", ""],
    [{ functions: "CREATE EXECUTE", ksFunctions: "DROP" }, "total", "DROP EXECUTE"],
    [{ data: "DROP", ks: "DROP" }, "total", ""],
    [{ roles: "AUTHORIZE CREATE" }, "ana", "AUTHORIZE"],
    [{ mbeans: "SELECT", pools: "EXECUTE" }, "pool", "EXECUTE SELECT"],
    [{ pool: "EXECUTE" }, "pools", ""],
    // What cannot be held there stays where it is recorded.
    [{ orders: "NEWFANGLED" }, "orders", "NEWFANGLED"],
    [{ ks: "NEWFANGLED" }, "orders", ""],
  ])("%j gives %s: %s", (grants, name, expected) => {
    expect(held(grants, name)).toBe(expected);
  });

  it("is for reading a view what is held on its table, and nothing else", () => {
    expect(held({ view: "SELECT MODIFY" }, "view")).toBe("MODIFY");
    expect(held({ orders: "SELECT MODIFY" }, "view")).toBe("SELECT");
    expect(held({ tables: "SELECT" }, "view")).toBe("SELECT");
  });
});

describe("work that is not done twice", () => {
  const listIn = (grants: Partial<Record<Name, string>>, name: Name) => {
    const state = stateOf(grants);
    const made = evaluate(state, CATALOG, {
      privilegesOf: (kind) => privilegesOf(kind, 500),
      allCovers: "keyspaces of people",
    });
    const listOf = (each: Name) => made.holdings.get(resourceKey(at[each]))?.list;
    return { listOf, recorded: state.holdings.get(resourceKey(at[name]))?.list };
  };

  it("keeps the recorded list of what nothing is held above", () => {
    const { listOf, recorded } = listIn({ orders: "SELECT" }, "orders");
    expect(listOf("orders")).toBe(recorded);
  });

  it("makes one entry of equal rights in different lists", () => {
    const { listOf } = listIn({ data: "SELECT", ks: "SELECT MODIFY", orders: "MODIFY" }, "orders");
    expect(listOf("orders")?.entries).toEqual(listOf("ks")?.entries);
    expect(listOf("orders")?.entries[0]).toBe(listOf("ks")?.entries[0]);
  });
});

describe("the grants behind an answer", () => {
  const ask = (grants: Partial<Record<Name, string>>, privilege: string, name: Name): Resource[] =>
    sources(
      { grantee: "bob", privilege, resource: at[name] },
      { state: stateOf(grants), catalog: CATALOG, allCovers: "keyspaces of people" },
    ).map(({ resource }) => resource);

  it("are all that give it, on whatever level", () => {
    expect(ask({ data: "SELECT", orders: "SELECT", ks: "MODIFY" }, "SELECT", "orders")).toEqual([at.data, at.orders]);
    expect(ask({ orders: "SELECT", view: "SELECT" }, "SELECT", "view")).toEqual([at.orders]);
    expect(ask({ orders: "MODIFY", view: "MODIFY" }, "MODIFY", "view")).toEqual([at.view]);
    expect(ask({ pools: "EXECUTE" }, "EXECUTE", "pool")).toEqual([at.pools]);
    expect(ask({ ks: "MODIFY" }, "SELECT", "orders")).toEqual([]);
  });
});
