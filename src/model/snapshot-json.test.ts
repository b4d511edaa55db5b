import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RolewrightError } from "../base/error.ts";
import { type AccessEntry, accessList } from "./access-list.ts";
import {
  type AccessState,
  type DefaultPrivilege,
  defaultPrivilegeKey,
  type Holding,
  type RowPolicy,
  rowPolicyKey,
} from "./access-state.ts";
import type { CatalogEntry, DefinedCode } from "./catalog.ts";
import { fingerprint } from "./fingerprint.ts";
import { type Resource, resourceKey } from "./resource.ts";
import { type Membership, membershipKey, type Role } from "./role.ts";
import { readSnapshot, writeSnapshot } from "./snapshot-json.ts";
import type { Snapshot } from "./snapshot.ts";

const name = fc.constantFrom("app", 'a"b', "a.b", "ünï", " ", "Public", "\u202e", "x".repeat(63), "'");
const option = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const entry: fc.Arbitrary<AccessEntry> = fc
  .record({
    grantee: fc.oneof(fc.constant(""), name),
    grantor: name,
    privileges: fc.uniqueArray(fc.constantFrom("INSERT", "SELECT", "ALTER SYSTEM"), { minLength: 1 }),
    grant: fc.boolean(),
  })
  .map(({ grant, ...rest }) => ({ ...rest, grantable: grant ? rest.privileges : [] }));
const list = fc.array(entry, { maxLength: 4 }).map((entries) => accessList(entries));
const table = fc.tuple(name, name, name).map((path) => ({ kind: "table" as const, path }));
const resource: fc.Arbitrary<Resource> = fc.oneof(
  table,
  fc.constantFrom("server", "all-schemas", "all-roles").map((kind) => ({ kind, path: [] }) as const),
  name.map((path) => ({ kind: "mbean" as const, path: [path] })),
);
const rowSecurity = fc.record({ enabled: fc.boolean(), forced: fc.boolean() });
const holding: fc.Arbitrary<Holding> = fc
  .record({ resource, owner: fc.option(name), list, rowSecurity: option(rowSecurity) })
  .map(({ rowSecurity: security, ...rest }) => (security === undefined ? rest : { ...rest, rowSecurity: security }));
const role: fc.Arbitrary<Role> = fc.record({
  name,
  origin: fc.constantFrom("user", "predefined", "bootstrap", "provider"),
  attributes: fc.record({ login: fc.boolean(), connection_limit: fc.integer(), valid_until: fc.option(name) }),
  settings: fc.array(fc.record({ database: fc.option(name), name, value: name }), { maxLength: 2 }),
});
const membership: fc.Arbitrary<Membership> = fc.record({
  role: name,
  member: name,
  grantor: name,
  admin: fc.boolean(),
  inherit: fc.boolean(),
  set: fc.boolean(),
  implied: fc.boolean(),
});
const defaults: fc.Arbitrary<DefaultPrivilege> = fc.record({
  creator: name,
  database: name,
  schema: fc.option(name),
  kind: fc.constantFrom("table", "routine"),
  list,
});
const policy: fc.Arbitrary<RowPolicy> = fc.record({
  table,
  name,
  command: fc.constantFrom("ALL", "SELECT"),
  permissive: fc.boolean(),
  roles: fc.array(name, { maxLength: 2 }),
  using: fc.option(name),
  check: fc.option(name),
});
const catalogEntry: fc.Arbitrary<CatalogEntry> = fc
  .record({
    resource,
    columns: option(fc.array(name, { maxLength: 3 })),
    extension: option(name),
    definer: option(name),
    missing: option(fc.boolean()),
  })
  .map(({ resource: at, columns, extension, definer, missing }) => ({
    resource: at,
    ...(definer === undefined ? {} : { definer }),
    ...(missing === undefined ? {} : { missing }),
    ...(columns === undefined ? {} : { columns }),
    ...(extension === undefined ? {} : { extension }),
  }));

const definedCode: fc.Arbitrary<DefinedCode> = fc.record({
  form: fc.constantFrom("trigger", "event"),
  path: fc.array(name, { minLength: 3, maxLength: 3 }),
  definer: name,
});

const keyed = <K, V>(values: readonly V[], key: (value: V) => K): Map<K, V> => new Map(values.map((v) => [key(v), v]));

const snapshot: fc.Arbitrary<Snapshot> = fc
  .record({
    roles: fc.array(role),
    memberships: fc.array(membership),
    holdings: fc.array(holding),
    defaults: fc.array(defaults),
    policies: fc.array(policy),
    entries: fc.array(catalogEntry),
    databases: fc.uniqueArray(name),
    definedCode: option(fc.array(definedCode)),
  })
  .map(({ roles, memberships, holdings, defaults: defaultPrivileges, policies, entries, databases, ...more }) => {
    const access: AccessState = {
      roles: keyed(roles, (r) => r.name),
      memberships: keyed(memberships, membershipKey),
      holdings: keyed(holdings, (h) => resourceKey(h.resource)),
      defaultPrivileges: keyed(defaultPrivileges, defaultPrivilegeKey),
      rowPolicies: keyed(policies, rowPolicyKey),
    };
    return {
      identity: { engine: "postgresql", server: "1", databases },
      version: { product: "PostgreSQL", major: 18, minor: 4, text: "18.4" },
      actor: { role: "app", superuser: false, bootstrap: "postgres", provider: null },
      takenAt: "2026-11-22T02:14:00Z",
      catalog: {
        databases,
        entries: keyed(entries, (e) => resourceKey(e.resource)),
        ...(more.definedCode === undefined ? {} : { definedCode: more.definedCode }),
      },
      access,
      unknowns: [{ subject: "passwords", reason: "not read" }],
      fingerprint: fingerprint(access),
      limits: { max_locks: 6400 },
    };
  });

test("a snapshot that was written and read is the same snapshot", () => {
  fc.assert(
    fc.property(snapshot, (before) => {
      expect(readSnapshot(writeSnapshot(before))).toEqual(before);
    }),
  );
});

test("the order of a snapshot's maps does not show in its file", () => {
  fc.assert(
    fc.property(snapshot, (before) => {
      const reversed = {
        ...before,
        access: {
          ...before.access,
          holdings: new Map([...before.access.holdings].reverse()),
          roles: new Map([...before.access.roles].reverse()),
        },
      };
      expect(writeSnapshot(reversed)).toBe(writeSnapshot(before));
    }),
  );
});

test("an edited, cut or foreign snapshot file is refused", () => {
  const access: AccessState = {
    roles: new Map([["app", { name: "app", origin: "user", attributes: { login: false }, settings: [] }]]),
    memberships: new Map(),
    holdings: new Map(),
    defaultPrivileges: new Map(),
    rowPolicies: new Map(),
  };
  const [sample] = fc.sample(snapshot, 1);
  if (sample === undefined) throw new Error("no sample");
  const text = writeSnapshot({ ...sample, access, fingerprint: fingerprint(access) });
  expect(() => readSnapshot(text)).not.toThrow();
  const bad = [
    text.replace('"login":false', '"login":true'),
    text.slice(0, -10),
    text.replace('"format_version":"1.0"', '"format_version":"9.0"'),
    "null",
    "[]",
    '{"format_version":"1.0"}',
  ];
  for (const damaged of bad) {
    expect(damaged).not.toBe(text);
    expect(codeOf(() => readSnapshot(damaged))).toBe("RW518");
  }
});

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return error instanceof RolewrightError ? error.code : String(error);
  }
  return "nothing was thrown";
}
