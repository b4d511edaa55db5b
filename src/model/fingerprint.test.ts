import { expect, test } from "vitest";
import { accessList } from "./access-list.ts";
import { type AccessState, EMPTY_STATE, type Holding } from "./access-state.ts";
import { fingerprint, movedBetween, sections } from "./fingerprint.ts";
import { resourceKey } from "./resource.ts";
import { membershipKey } from "./role.ts";

const reader = accessList([{ grantee: "reader", grantor: "owner", privileges: ["SELECT"], grantable: [] }]);
const writer = accessList([{ grantee: "reader", grantor: "owner", privileges: ["INSERT"], grantable: [] }]);

function tables(count: number, change: (index: number) => Partial<Holding> = () => ({})): AccessState {
  const holdings = Array.from({ length: count }, (_, index): Holding => {
    const resource = { kind: "table" as const, path: ["shop", `s${index % 3}`, `t${index}`] };
    return { resource, owner: "owner", list: reader, ...change(index) };
  });
  return { ...EMPTY_STATE, holdings: new Map(holdings.map((holding) => [resourceKey(holding.resource), holding])) };
}

test("the fingerprint does not depend on the order of the state's maps", () => {
  const state = tables(20);
  const reversed = { ...state, holdings: new Map([...state.holdings].reverse()) };
  expect(fingerprint(reversed)).toBe(fingerprint(state));
  expect(sections(reversed)).toEqual(sections(state));
});

test("every part of a state shows in its fingerprint", () => {
  const base = tables(2);
  const role = { name: "a", origin: "user" as const, attributes: { login: true }, settings: [] };
  const membership = {
    role: "a",
    member: "b",
    grantor: "c",
    admin: false,
    inherit: true,
    set: true,
    implied: false,
  };
  const policy = {
    table: { kind: "table" as const, path: ["shop", "s0", "t0"] },
    name: "p",
    command: "ALL" as const,
    permissive: true,
    roles: ["a"],
    using: "true",
    check: null,
  };
  const defaults = { creator: "a", database: "shop", schema: null, kind: "table" as const, list: reader };
  const states: AccessState[] = [
    base,
    tables(3),
    tables(2, () => ({ owner: "other" })),
    tables(2, () => ({ owner: null })),
    tables(2, () => ({ list: writer })),
    tables(2, () => ({ rowSecurity: { enabled: true, forced: false } })),
    tables(2, () => ({ rowSecurity: { enabled: false, forced: true } })),
    { ...base, roles: new Map([["a", role]]) },
    { ...base, roles: new Map([["a", { ...role, settings: [{ database: null, name: "role", value: "b" }] }]]) },
    { ...base, roles: new Map([["a", { ...role, attributes: { login: false } }]]) },
    { ...base, memberships: new Map([[membershipKey(membership), membership]]) },
    { ...base, memberships: new Map([[membershipKey(membership), { ...membership, set: false }]]) },
    { ...base, rowPolicies: new Map([["p" as never, policy]]) },
    { ...base, rowPolicies: new Map([["p" as never, { ...policy, using: null, check: "true" }]]) },
    { ...base, defaultPrivileges: new Map([["d" as never, defaults]]) },
    { ...base, defaultPrivileges: new Map([["d" as never, { ...defaults, schema: "" }]]) },
  ];
  expect(new Set(states.map(fingerprint)).size).toBe(states.length);
});

test("a small state says which resource moved", () => {
  const moved = movedBetween(
    sections(tables(9)),
    tables(9, (index) => (index === 4 ? { list: writer } : {})),
  );
  expect(moved).toEqual(["table s1.t4 in database shop"]);
});

test("a large state says which schema moved", () => {
  const moved = movedBetween(
    sections(tables(900)),
    tables(900, (index) => (index === 4 ? { owner: "other" } : {})),
  );
  expect(moved).toEqual(["objects in schema s1 of database shop"]);
});

test("a state that grew past the border is compared as finely as its basis was", () => {
  const moved = movedBetween(sections(tables(500)), tables(501));
  expect(moved).toEqual(["table s2.t500 in database shop"]);
});

test("nothing moved between a state and itself", () => {
  for (const state of [EMPTY_STATE, tables(9), tables(900)]) expect(movedBetween(sections(state), state)).toEqual([]);
});

test("where an engine has no databases above the schemas, no section names the one that everything is in", () => {
  const all = { kind: "all-schemas" as const, path: [] };
  const holding: Holding = { resource: all, owner: null, list: reader };
  for (const count of [3, 600]) {
    const state = tables(count);
    const without = { ...state, holdings: new Map(state.holdings).set(resourceKey(all), holding) };
    expect(Object.keys(sections(state)).join()).toContain("database shop");
    expect(Object.keys(sections(without)).join()).not.toMatch(/shop|cluster/u);
    expect(Object.keys(sections(without))).toContain(count === 3 ? "all schemas" : "objects in no schema");
    expect(movedBetween(sections(without), { ...without, holdings: new Map([...without.holdings].slice(1)) })).toEqual([
      count === 3 ? "table s0.t0" : "objects in schema s0",
    ]);
  }
});
