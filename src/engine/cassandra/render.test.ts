import { describe, expect, test } from "vitest";
import { EMPTY_STATE, type AccessState } from "../../model/access-state.ts";
import { accessList } from "../../model/access-list.ts";
import type { Change, GrantChange } from "../../model/change.ts";
import { resourceKey, type Resource } from "../../model/resource.ts";
import { membershipKey, type Membership, type Role } from "../../model/role.ts";
import type { RenderedStatement, RenderRequest } from "../engine.ts";
import { render } from "./render.ts";

const ATTRIBUTES = { login: false, superuser: false, datacenters: null, cidr_groups: null, identities: "[]" };

const role = (name: string, attributes = {}): Role => ({
  name,
  origin: "user",
  attributes: { ...ATTRIBUTES, ...attributes },
  settings: [],
});

const membership = (member: string, of: string): Membership => ({
  role: of,
  member,
  grantor: "",
  admin: false,
  inherit: true,
  set: false,
  implied: false,
});

const grant = (
  kind: "add-grant" | "remove-grant",
  resource: Resource,
  privileges: string[],
  grantee: string,
): GrantChange => ({
  kind,
  resourceKind: resource.kind,
  database: "cluster",
  resources: [resource],
  privileges,
  grantee,
  grantor: "",
  grantable: false,
});

const joins = (member: string, of: string): Change => ({ kind: "add-membership", membership: membership(member, of) });
const leaves = (member: string, of: string): Change => ({
  kind: "remove-membership",
  membership: membership(member, of),
});

function having(memberships: readonly (readonly [string, string])[], roles: readonly string[] = []): AccessState {
  const rows = memberships.map(([member, of]) => membership(member, of));
  return {
    ...EMPTY_STATE,
    roles: new Map(roles.map((name) => [name, role(name)])),
    memberships: new Map(rows.map((row) => [membershipKey(row), row])),
  };
}

function rendered(
  all: readonly Change[],
  before: AccessState = EMPTY_STATE,
  circular: RenderRequest["circular"] = new Set(),
): readonly RenderedStatement[] {
  const request = { all, indexes: all.map((_, index) => index), before, moved: before, after: before, circular };
  return render(request, { actor: "admin", series: 500 });
}

const texts = (...given: Parameters<typeof rendered>): readonly string[] => rendered(...given).map(({ text }) => text);

const alter = (...attributes: Extract<Change, { kind: "alter-role" }>["attributes"]): Change => ({
  kind: "alter-role",
  role: "r",
  attributes,
});

describe("roles", () => {
  test("are made with their options, and their identities follow as the same change", () => {
    const made = role('a"b', {
      login: true,
      datacenters: '["dc\'1"]',
      cidr_groups: '["far"]',
      identities: '["x","y"]',
    });
    const statements = rendered([{ kind: "create-role", role: made }]);
    expect(statements.map(({ text }) => text)).toEqual([
      `create role "a""b" with login = true and superuser = false and access from cidrs {'far'} and access to datacenters {'dc''1'}`,
      `add identity 'x' to role 'a"b'`,
      `add identity 'y' to role 'a"b'`,
    ]);
    expect(new Set(statements.flatMap(({ changes }) => changes))).toEqual(new Set([0]));
  });

  test("are altered by what changes alone, and everywhere is said in words", () => {
    const change = alter(
      { name: "datacenters", before: '["dc1"]', after: null },
      { name: "identities", before: '["a","b"]', after: '["b","c"]' },
      { name: "login", before: false, after: true },
    );
    expect(texts([change])).toEqual([
      `alter role "r" with access to all datacenters and login = true`,
      "drop identity 'a'",
      "add identity 'c' to role 'r'",
    ]);
  });

  test("get a password as the hash of it, which is never in the text", () => {
    expect(rendered([{ kind: "set-password", role: "$secret", source: "env:X" }])).toEqual([
      { text: `alter role "$secret" with hashed password = $secret`, changes: [0], secret: "env:X" },
    ]);
  });

  test("are dropped after what others hold on them in part", () => {
    const resource: Resource = { kind: "role", path: ["r"] };
    const entry = (grantee: string, privileges: string[]) => ({ grantee, grantor: "", privileges, grantable: [] });
    const list = accessList([entry("x", ["ALTER"]), entry("y", ["ALTER", "AUTHORIZE", "DESCRIBE", "DROP"])]);
    const before = {
      ...having([], ["r", "x", "y"]),
      holdings: new Map([[resourceKey(resource), { resource, owner: null, list }]]),
    };
    expect(texts([{ kind: "drop-role", role: role("r") }], before)).toEqual([
      `revoke alter on role "r" from "x"`,
      `drop role "r"`,
    ]);
  });
});

describe("memberships", () => {
  test("that others would imply come before those", () => {
    expect(texts([joins("a", "b"), joins("a", "c"), joins("b", "c"), joins("a", "d"), joins("c", "d")])).toEqual([
      `grant "d" to "a"`,
      `grant "c" to "a"`,
      `grant "b" to "a"`,
      `grant "c" to "b"`,
      `grant "d" to "c"`,
    ]);
  });

  test("that follow from what is there interrupt that for a moment, and say so", () => {
    const statements = rendered(
      [joins("a", "c")],
      having([
        ["a", "b"],
        ["b", "c"],
      ]),
    );
    expect(statements).toEqual([
      {
        text: `revoke "b" from "a"`,
        changes: [0],
        interrupts: "until the next statements `a` is no member of `b`",
      },
      { text: `grant "c" to "a"`, changes: [0] },
      { text: `grant "b" to "a"`, changes: [0] },
    ]);
  });

  test("that would close a circle are taken before the others are given", () => {
    const before = having([["a", "b"]]);
    expect(texts([joins("b", "a"), leaves("a", "b")], before, new Set([1]))).toEqual([
      `revoke "b" from "a"`,
      `grant "a" to "b"`,
    ]);
  });
});

describe("grants", () => {
  test.for<readonly [Resource, string]>([
    [{ kind: "all-schemas", path: [] }, "all keyspaces"],
    [{ kind: "schema", path: ["cluster", "Ks"] }, `keyspace "Ks"`],
    [{ kind: "schema-tables", path: ["cluster", "ks"] }, `all tables in keyspace "ks"`],
    [{ kind: "table", path: ["cluster", "ks", "t"] }, `table "ks"."t"`],
    [{ kind: "all-routines", path: [] }, "all functions"],
    [{ kind: "schema-routines", path: ["cluster", "ks"] }, `all functions in keyspace "ks"`],
    [
      { kind: "routine", path: ["cluster", "ks", 'f "x', 'int, frozen<map<text, "AdR">>'] },
      `function "ks"."f ""x"(int, frozen<map<text, "AdR">>)`,
    ],
    [{ kind: "all-roles", path: [] }, "all roles"],
    [{ kind: "role", path: ["we/ird"] }, `role "we/ird"`],
    [{ kind: "all-mbeans", path: [] }, "all mbeans"],
    [{ kind: "mbean", path: ["java.lang:type='x'"] }, `mbean 'java.lang:type=''x'''`],
  ])("on %j name it as the server does", ([resource, on]) => {
    expect(texts([grant("add-grant", resource, ["ALTER", "DROP"], "r")])).toEqual([
      `grant alter, drop on ${on} to "r"`,
    ]);
    expect(texts([grant("remove-grant", resource, ["ALTER"], "r")])).toEqual([`revoke alter on ${on} from "r"`]);
  });

  test("to our own role come first, and are taken from it last", () => {
    const on: Resource = { kind: "table", path: ["cluster", "ks", "t"] };
    const before = having([["admin", "admins"]]);
    expect(
      texts(
        ["a", "admins", "z"].map((name) => grant("add-grant", on, ["SELECT"], name)),
        before,
      ),
    ).toEqual([
      `grant select on table "ks"."t" to "admins"`,
      `grant select on table "ks"."t" to "a"`,
      `grant select on table "ks"."t" to "z"`,
    ]);
    const removed = texts(
      ["a", "admins", "z"].map((name) => grant("remove-grant", on, ["SELECT"], name)),
      before,
    );
    expect(removed.at(-1)).toBe(`revoke select on table "ks"."t" from "admins"`);
  });
});
