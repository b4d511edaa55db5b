import { describe, expect, test } from "vitest";
import { accessList } from "../../model/access-list.ts";
import { EMPTY_STATE, type AccessState, type Holding } from "../../model/access-state.ts";
import type { Change, GrantChange } from "../../model/change.ts";
import { type Resource, resourceKey } from "../../model/resource.ts";
import { type Membership, membershipKey, type Role } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { obstacles } from "./obstacles.ts";

const role = (name: string, attributes = {}): Role => ({ name, origin: "user", attributes, settings: [] });

const membership = (member: string, of: string): Membership => ({
  role: of,
  member,
  grantor: "",
  admin: false,
  inherit: true,
  set: false,
  implied: false,
});

interface Shop {
  readonly held?: readonly (readonly [grantee: string, Resource, readonly string[]])[];
  readonly members?: readonly (readonly [string, string])[];
  readonly superuser?: boolean;
  readonly missing?: Resource;
}

function snapshotOf({ held = [], members = [], superuser = false, missing }: Shop): Snapshot {
  const holdings = held.map(([grantee, resource, privileges]): Holding => {
    const entries = [{ grantee, grantor: "", privileges: privileges.toSorted(), grantable: [] }];
    return { resource, owner: null, list: accessList(entries) };
  });
  const rows = members.map(([member, of]) => membership(member, of));
  const roles = [role("me"), role("boss", { superuser: true }), role("r"), role("team")];
  const access: AccessState = {
    ...EMPTY_STATE,
    roles: new Map(roles.map((each) => [each.name, each])),
    memberships: new Map(rows.map((row) => [membershipKey(row), row])),
    holdings: new Map(holdings.map((holding) => [resourceKey(holding.resource), holding])),
  };
  const entries = missing === undefined ? [] : [[resourceKey(missing), { resource: missing, missing: true }] as const];
  return {
    access,
    actor: { role: "me", superuser, bootstrap: "cassandra", provider: null },
    catalog: { databases: ["cluster"], entries: new Map(entries) },
    limits: {},
  } as unknown as Snapshot;
}

function found(all: readonly Change[], shop: Shop = {}): readonly string[] {
  const snapshot = snapshotOf(shop);
  const state = snapshot.access;
  const indexes = all.map((_, index) => index);
  const request = { all, indexes, before: state, moved: state, after: state, circular: new Set<number>() };
  return obstacles(request, snapshot).map(({ code, message, help }) => `${code} ${message}; ${help}`);
}

const orders: Resource = { kind: "table", path: ["cluster", "shop", "orders"] };
const keyspace: Resource = { kind: "schema", path: ["cluster", "shop"] };

const grant = (kind: "add-grant" | "remove-grant" = "add-grant", resource = orders): GrantChange => ({
  kind,
  resourceKind: resource.kind,
  database: "cluster",
  resources: [resource],
  privileges: ["SELECT"],
  grantee: "r",
  grantor: "",
  grantable: false,
});

describe("whoever is no superuser", () => {
  test("grants what it may pass on and holds itself, at the place or above, also through others", () => {
    expect(found([grant()])).toEqual([
      'RW310 `me` may not grant SELECT on table shop.orders: it needs AUTHORIZE and SELECT on table shop.orders; have `boss` run: grant authorize, select on table "shop"."orders" to "me"',
    ]);
    expect(found([grant()], { held: [["me", keyspace, ["AUTHORIZE", "SELECT"]]] })).toEqual([]);
    const team = { held: [["team", keyspace, ["AUTHORIZE"]]], members: [["me", "team"]] } as const;
    expect(found([grant("remove-grant")], team)).toEqual([
      'RW310 `me` may not revoke SELECT on table shop.orders: it needs SELECT on table shop.orders; have `boss` run: grant select on table "shop"."orders" to "me"',
    ]);
    expect(found([grant()], { superuser: true })).toEqual([]);
    expect(found([grant()], { members: [["me", "boss"]] })).toEqual([]);
  });

  test("gives memberships in roles that it may authorize, and in those that it makes", () => {
    const join: Change = { kind: "add-membership", membership: membership("r", "team") };
    expect(found([join])).toEqual([expect.stringContaining('grant authorize on role "team" to "me"')]);
    const roles: Resource = { kind: "all-roles", path: [] };
    expect(found([join], { held: [["me", roles, ["AUTHORIZE"]]] })).toEqual([]);
    const made: readonly Change[] = [
      { kind: "create-role", role: role("new") },
      { kind: "add-membership", membership: membership("r", "new") },
    ];
    expect(found(made, { held: [["me", roles, ["CREATE"]]] })).toEqual([]);
  });

  test("makes no superuser, drops none, and never alters its own login", () => {
    const roles: Resource = { kind: "all-roles", path: [] };
    const all = { held: [["me", roles, ["ALTER", "AUTHORIZE", "CREATE", "DROP"]]] } as const;
    const login = [{ name: "login", before: true, after: false }];
    const refused = found(
      [
        { kind: "create-role", role: role("new", { superuser: true }) },
        { kind: "drop-role", role: role("boss") },
        { kind: "alter-role", role: "me", attributes: login },
        { kind: "alter-role", role: "r", attributes: [{ name: "datacenters", before: null, after: '["dc1"]' }] },
      ],
      all,
    );
    expect(refused).toEqual([
      expect.stringContaining("it needs SUPERUSER (and 2 more that need the same)"),
      expect.stringContaining("may not alter role `me`: it needs another login"),
    ]);
  });
});

describe("nobody", () => {
  test("drops its own role, or changes its own superuser status", () => {
    const status = [{ name: "superuser", before: true, after: false }];
    const all: readonly Change[] = [
      { kind: "drop-role", role: role("me") },
      { kind: "alter-role", role: "team", attributes: status },
    ];
    expect(found(all, { superuser: true, members: [["me", "team"]] })).toEqual([
      expect.stringContaining("it needs another login: it is its own role"),
      expect.stringContaining("it needs another login: it is a member of the role"),
    ]);
  });

  test("revokes what was left behind by something that is gone", () => {
    const shop = { superuser: true, missing: orders };
    expect(found([grant("remove-grant")], shop)).toEqual([expect.stringMatching(/^RW315 `r` holds SELECT .* leave/u)]);
    const dropped: Change = { kind: "drop-role", role: role("r") };
    expect(found([grant("remove-grant"), dropped], shop)).toEqual([expect.stringContaining('drop role "r"')]);
    expect(found([grant()], shop)).toEqual([expect.stringMatching(/^RW315 table shop.orders does not exist/u)]);
  });

  test("grants more than SELECT and ALTER on the server's own keyspaces", () => {
    const own: Resource = { kind: "schema", path: ["cluster", "system_auth"] };
    expect(found([grant("add-grant", own)], { superuser: true })).toEqual([]);
    expect(found([{ ...grant("add-grant", own), privileges: ["MODIFY"] }], { superuser: true })).toEqual([
      expect.stringContaining("MODIFY on its own keyspaces"),
    ]);
  });

  test("makes or drops a role with a single quote, or a membership that follows from others", () => {
    const all: readonly Change[] = [
      { kind: "create-role", role: role("it's") },
      { kind: "add-membership", membership: membership("me", "r") },
    ];
    const members = [
      ["me", "team"],
      ["team", "r"],
    ] as const;
    expect(found(all, { superuser: true, members })).toEqual([
      expect.stringMatching(/^RW316 /u),
      expect.stringMatching(/^RW319 `me` is a member of `r` through `team` already/u),
    ]);
    const leaving: Change = { kind: "remove-membership", membership: membership("me", "team") };
    expect(found([...all.slice(1), leaving], { superuser: true, members })).toEqual([]);
  });

  test("is understood when naming an MBean in another form than the server keeps", () => {
    const mbean: Resource = { kind: "mbean", path: ["a:type=T,keyspace=k"] };
    expect(found([grant("add-grant", mbean)], { superuser: true })).toEqual([
      expect.stringMatching(/^RW322 .*write it as `a:keyspace=k,type=T`$/u),
    ]);
  });
});
