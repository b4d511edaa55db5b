import { expect, test } from "vitest";
import type { AccessEntry } from "../model/access-list.ts";
import { accessList } from "../model/access-list.ts";
import type { AccessState } from "../model/access-state.ts";
import { EMPTY_STATE } from "../model/access-state.ts";
import type { Change } from "../model/change.ts";
import type { Resource } from "../model/resource.ts";
import { resourceKey } from "../model/resource.ts";
import type { Membership, Role } from "../model/role.ts";
import { membershipKey } from "../model/role.ts";
import { compareStates, concerning } from "./compare-states.ts";
import { namedBy } from "./named.ts";

const table = (name: string, database = "shop"): Resource => ({ kind: "table", path: [database, "sales", name] });
const grant = (grantee: string, ...privileges: string[]): AccessEntry => ({
  grantee,
  grantor: "owner",
  privileges,
  grantable: [],
});
const role = (name: string, attributes = {}): Role => ({
  name,
  origin: "user",
  attributes: { login: false, ...attributes },
  settings: [],
});

interface Shape {
  readonly roles?: readonly Role[];
  readonly memberships?: readonly Membership[];
  readonly lists?: readonly (readonly [Resource, readonly AccessEntry[], string?])[];
}

function state(shape: Shape): AccessState {
  return {
    ...EMPTY_STATE,
    roles: new Map((shape.roles ?? []).map((one) => [one.name, one])),
    memberships: new Map((shape.memberships ?? []).map((one) => [membershipKey(one), one])),
    holdings: new Map(
      (shape.lists ?? []).map(([resource, entries, owner]) => [
        resourceKey(resource),
        { resource, owner: owner ?? "owner", list: accessList(entries) },
      ]),
    ),
  };
}

const addGrant: Change = {
  kind: "add-grant",
  resourceKind: "table",
  database: "shop",
  resources: [table("orders")],
  privileges: ["SELECT"],
  grantee: "reader",
  grantor: "owner",
  grantable: false,
};

test("equal states differ nowhere, whatever the order of their entries", () => {
  const a = state({
    roles: [role("x"), role("y")],
    lists: [[table("orders"), [grant("a", "SELECT"), grant("b", "SELECT")]]],
  });
  const b = state({
    roles: [role("y"), role("x")],
    lists: [[table("orders"), [grant("b", "SELECT"), grant("a", "SELECT")]]],
  });
  expect(compareStates(a, b, "shop")).toEqual([]);
});

test("a grant that is missing is told by grantee, grantor, resource and privileges", () => {
  const predicted = state({ lists: [[table("orders"), [grant("reader", "SELECT", "INSERT")]]] });
  const read = state({ lists: [[table("orders"), [grant("reader", "INSERT")]]] });
  expect(compareStates(predicted, read, "shop").map((one) => one.text)).toEqual([
    "what `reader` holds on table sales.orders from `owner`: predicted INSERT SELECT, read INSERT",
  ]);
});

test("what lives in another database is not compared, since this one does not show it", () => {
  const predicted = state({ lists: [[table("orders", "billing"), [grant("reader", "SELECT")]]] });
  expect(compareStates(predicted, EMPTY_STATE, "shop")).toEqual([]);
  expect(compareStates(predicted, EMPTY_STATE, "billing")).not.toEqual([]);
});

test("a foreign change concerns the plan when it is on a resource of the plan, whoever it is for", () => {
  const before = state({
    lists: [
      [table("orders"), []],
      [table("other"), []],
    ],
  });
  const foreign = state({
    lists: [
      [table("orders"), [grant("stranger", "SELECT")]],
      [table("other"), []],
    ],
  });
  const named = namedBy([addGrant]);
  expect(concerning(named, compareStates(before, foreign, "shop"))).toHaveLength(1);
});

test("a foreign change concerns the plan when it is about a role of the plan, whatever it is on", () => {
  const before = state({ lists: [[table("other"), []]] });
  const foreign = state({ lists: [[table("other"), [grant("reader", "DELETE")]]] });
  expect(concerning(namedBy([addGrant]), compareStates(before, foreign, "shop"))).toHaveLength(1);
});

test("a foreign change that names neither is tolerated, also when the same owner gave it", () => {
  const before = state({ roles: [role("stranger")], lists: [[table("other"), []]] });
  const foreign = state({
    roles: [role("stranger", { login: true })],
    lists: [[table("other"), [grant("stranger", "SELECT")]]],
    memberships: [
      {
        role: "stranger",
        member: "owner",
        grantor: "postgres",
        admin: false,
        inherit: true,
        set: true,
        implied: false,
      },
    ],
  });
  expect(compareStates(before, foreign, "shop")).toHaveLength(3);
  expect(concerning(namedBy([addGrant]), compareStates(before, foreign, "shop"))).toEqual([]);
});

test("a column of a table in the plan concerns the plan, since a statement on the one rewrites the other", () => {
  const column: Resource = { kind: "column", path: ["shop", "sales", "orders", "card"] };
  const found = compareStates(EMPTY_STATE, state({ lists: [[column, [grant("stranger", "SELECT")]]] }), "shop");
  expect(concerning(namedBy([addGrant]), found)).toHaveLength(1);
});

test("options of a membership, attributes, owners and row security are compared", () => {
  const membership = {
    role: "app",
    member: "tom",
    grantor: "postgres",
    admin: true,
    inherit: true,
    set: true,
    implied: false,
  };
  const predicted = state({ roles: [role("app")], memberships: [membership], lists: [[table("orders"), [], "app"]] });
  const read = state({
    roles: [role("app", { superuser: true })],
    memberships: [{ ...membership, set: false }],
    lists: [[table("orders"), [], "other"]],
  });
  expect(compareStates(predicted, read, "shop").map((one) => one.text)).toEqual([
    "`app` is not as predicted",
    "membership of `tom` in `app`, given by `postgres`, is not as predicted",
    "owner of table sales.orders is not as predicted",
  ]);
});
