import { expect, test } from "vitest";
import { accessList, NOBODY } from "../model/access-list.ts";
import type { AccessState } from "../model/access-state.ts";
import { EMPTY_STATE } from "../model/access-state.ts";
import type { Change, GrantChange } from "../model/change.ts";
import type { Resource } from "../model/resource.ts";
import { resourceKey } from "../model/resource.ts";
import { membershipKey } from "../model/role.ts";
import type { StateRules } from "../model/state-rules.ts";
import { questionsFor } from "./questions.ts";

const rules: StateRules = {
  privilegesOf: (kind) => (kind === "table" ? ["INSERT", "SELECT"] : []),
  builtinList: () => NOBODY,
  transferOwnership: (list) => list,
  normalizeDefault: (entry) => entry,
  defaultAttributes: () => ({}),
  refusesName: () => null,
  refusesAttribute: () => null,
  refusesRename: () => null,
  lacks: () => null,
  normalMembership: (membership) => membership,
  mostInherited: () => null,
  unrecordedList: () => undefined,
  resourceOfRole: () => null,
  grantOption: "each",
  ownedAlong: () => [],
  impliedMemberships: () => [],
  grantorFor: () => "owner",
  membershipGrantor: () => "postgres",
  membershipOptions: true,
};
const table = (name: string): Resource => ({ kind: "table", path: ["shop", "sales", name] });
const roles = (...names: string[]): AccessState["roles"] =>
  new Map(names.map((name) => [name, { name, origin: "user", attributes: {}, settings: [] }]));

function grant(grantee: string, resources: readonly Resource[]): GrantChange {
  return {
    kind: "add-grant",
    resourceKind: "table",
    database: "shop",
    resources,
    privileges: ["SELECT"],
    grantee,
    grantor: "owner",
    grantable: false,
  };
}

function holdings(names: readonly string[], listOf: (name: string) => string): AccessState["holdings"] {
  return new Map(
    names.map((name) => [
      resourceKey(table(name)),
      {
        resource: table(name),
        owner: "owner",
        list: accessList([{ grantee: listOf(name), grantor: "owner", privileges: ["SELECT"], grantable: [] }]),
      },
    ]),
  );
}

function ask(changes: readonly Change[], after: AccessState, budget?: number) {
  return questionsFor({
    changes,
    before: after,
    after,
    rules,
    database: "shop",
    ...(budget === undefined ? {} : { budget }),
  });
}

test("every triple of a small plan is asked, once, in a total order", () => {
  const after = { ...EMPTY_STATE, roles: roles("a", "b") };
  const changes = [grant("b", [table("t2"), table("t1")]), grant("a", [table("t1")]), grant("a", [table("t1")])];
  const { questions, affected } = ask(changes, after);
  expect(questions.map((one) => `${one.resource.path[2]} ${one.role}`)).toEqual(["t1 a", "t1 b", "t2 b"]);
  expect(affected).toBe(4);
});

test("above the budget one resource stands for its class, and no role and no class is left out", () => {
  const names = Array.from({ length: 100 }, (_, i) => `t${String(i).padStart(3, "0")}`);
  const odd = (name: string): string => (Number(name.slice(1)) % 2 === 1 ? "x" : "y");
  const after = { ...EMPTY_STATE, roles: roles("a", "b"), holdings: holdings(names, odd) };
  const changes = ["a", "b"].map((grantee) => grant(grantee, names.map(table)));
  const { questions, affected } = ask(changes, after, 50);
  expect(questions.map((one) => `${one.resource.path[2]} ${one.role}`)).toEqual([
    "t000 a",
    "t000 b",
    "t001 a",
    "t001 b",
  ]);
  expect(affected).toBe(200);
});

test("a membership asks about what the role holds, for the member and everybody below", () => {
  const link = (role: string, member: string) => ({
    role,
    member,
    grantor: "postgres",
    admin: false,
    inherit: true,
    set: true,
    implied: false,
  });
  const memberships = new Map([link("team", "tom")].map((one) => [membershipKey(one), one]));
  const after = {
    ...EMPTY_STATE,
    roles: roles("reader", "team", "tom"),
    memberships,
    holdings: holdings(["t1", "t2"], () => "reader"),
  };
  const { questions } = ask([{ kind: "add-membership", membership: link("reader", "team") }], after);
  expect(questions.map((one) => `${one.role} ${one.privilege} ${one.resource.path[2]}`)).toEqual([
    "team SELECT t1",
    "tom SELECT t1",
  ]);
});

test("a role that is gone after the stage is not asked about, and PUBLIC is", () => {
  const after = { ...EMPTY_STATE, roles: roles("a") };
  const { questions } = ask([grant("gone", [table("t1")]), grant("", [table("t1")])], after);
  expect(questions.map((one) => one.role)).toEqual([""]);
});

test("an owner change asks every privilege of the kind for both owners", () => {
  const after = { ...EMPTY_STATE, roles: roles("old", "new") };
  const change: Change = {
    kind: "change-owner",
    resourceKind: "table",
    database: "shop",
    resources: [table("t1")],
    from: "old",
    to: "new",
  };
  expect(ask([change], after).questions).toHaveLength(4);
});
