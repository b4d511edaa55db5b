import { describe, expect, test } from "vitest";
import { snapshotOf } from "../../test/property/diff-states.ts";
import { postgresDialect } from "../engine/postgresql/dialect.ts";
import { EMPTY_STATE, type AccessState } from "../model/access-state.ts";
import type { Change } from "../model/change.ts";
import { membershipKey, type Membership, type Role } from "../model/role.ts";
import { doubtAbout } from "./doubt.ts";
import { remainingOf } from "./remaining.ts";

const role = (over: Role["attributes"] = {}): Role => ({
  name: "app",
  origin: "user",
  attributes: { login: false, connection_limit: 3, ...over },
  settings: [],
});

const member = (over: Partial<Membership> = {}): Membership => ({
  role: "reader",
  member: "app",
  grantor: "",
  admin: false,
  inherit: true,
  set: true,
  implied: false,
  ...over,
});

function state(roles: readonly Role[], memberships: readonly Membership[] = []): AccessState {
  return {
    ...EMPTY_STATE,
    roles: new Map(roles.map((one) => [one.name, one])),
    memberships: new Map(memberships.map((one) => [membershipKey(one), one])),
  };
}

const { rules } = postgresDialect(snapshotOf(EMPTY_STATE));
const create: Change = { kind: "create-role", role: role() };
const open: Change = { kind: "alter-role", role: "app", attributes: [{ name: "login", before: false, after: true }] };
const add: Change = { kind: "add-membership", membership: member() };
const remove: Change = { kind: "remove-membership", membership: member() };

describe("what is left of changes", () => {
  test("of a role that is there as it was to be created is nothing, also when it was opened already", () => {
    for (const login of [false, true]) {
      const left = remainingOf([create, open], state([role({ login })]), rules);
      expect(left).toMatchObject({ open: login ? [] : [open], changed: [] });
    }
  });

  test("of a role that is there otherwise is somebody else's, unless it is in doubt", () => {
    const found = state([role({ connection_limit: -1 })]);
    expect(remainingOf([create, open], found, rules)).toMatchObject({ open: [open], changed: ["role `app`"] });
    const attributes = [{ name: "connection_limit", before: -1, after: 3 }];
    expect(remainingOf([create, open], found, rules, doubtAbout([create]))).toMatchObject({
      open: [{ kind: "alter-role", role: "app", attributes }, open],
      of: [0, 1],
      changed: [],
    });
  });

  test("of a membership without its options is somebody else's, unless it is in doubt", () => {
    const half = member({ inherit: false });
    const found = state([role()], [half]);
    const text = ["membership of `app` in `reader`"];
    expect([add, remove].map((change) => remainingOf([change], found, rules).changed)).toEqual([text, text]);
    const doubt = doubtAbout([add]);
    expect(remainingOf([add], found, rules, doubt).open).toEqual([
      { kind: "alter-membership", before: half, after: member() },
    ]);
    expect(remainingOf([remove], found, rules, doubt).open).toEqual([{ kind: "remove-membership", membership: half }]);
  });

  test("of an attribute that is neither as before nor as after is somebody else's, unless it is in doubt", () => {
    const change: Change = {
      kind: "alter-role",
      role: "app",
      attributes: [{ name: "connection_limit", before: 1, after: 2 }],
    };
    expect(remainingOf([change], state([role()]), rules).changed).toEqual(["connection_limit of role `app`"]);
    expect(remainingOf([change], state([role()]), rules, doubtAbout([change])).open).toEqual([
      { ...change, attributes: [{ name: "connection_limit", before: 3, after: 2 }] },
    ]);
  });
});
