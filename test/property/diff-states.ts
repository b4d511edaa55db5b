import * as fc from "fast-check";
import { accessList, type AccessEntry } from "../../src/model/access-list.ts";
import {
  defaultPrivilegeKey,
  rowPolicyKey,
  type AccessState,
  type DefaultPrivilege,
  type Holding,
  type RowPolicy,
} from "../../src/model/access-state.ts";
import { digestText } from "../../src/base/digest.ts";
import { compareBy } from "../../src/base/order.ts";
import { resourceKey, type Resource } from "../../src/model/resource.ts";
import {
  membershipKey,
  PUBLIC,
  type Membership,
  type Role,
  type RoleName,
  type RoleSetting,
} from "../../src/model/role.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { privilegesOf } from "../../src/engine/postgresql/privileges.ts";
import { DEFAULT_ATTRIBUTES, postgresStateRules } from "../../src/engine/postgresql/rules.ts";

/** Names that break whoever joins, splits or folds them. */
export const ROLES: readonly RoleName[] = ["app", "public", "Ann", 'q"uote', "dot.ted", "sp ace", "ünï", "postgres"];
const TABLES: readonly Resource[] = [
  { kind: "table", path: ["shop", "sales", "orders"] },
  { kind: "table", path: ["shop", "sales", "a.b"] },
  { kind: "table", path: ["shop", 'o"dd', "orders"] },
];
const COLUMNS: readonly Resource[] = TABLES.flatMap((table) =>
  ["id", "na me"].map((column): Resource => ({ kind: "column", path: [...table.path, column] })),
);
const OWNED: readonly Resource[] = [
  ...TABLES,
  { kind: "schema", path: ["shop", "sales"] },
  { kind: "routine", path: ["shop", "sales", "total", "integer, text"] },
  { kind: "database", path: ["shop"] },
];

/** A snapshot around a state, as the rules need one. */
export function snapshotOf(access: AccessState, major = 18): Snapshot {
  const text = digestText("");
  return {
    identity: { engine: "postgresql", server: "1", databases: ["shop"] },
    version: { product: "PostgreSQL", major, minor: 0, text: `${major}.0` },
    actor: { role: "postgres", superuser: true, bootstrap: "postgres", provider: null },
    takenAt: "2026-01-01T00:00:00Z",
    catalog: { databases: ["shop"], entries: new Map() },
    access,
    unknowns: [],
    fingerprint: text,
    limits: { max_locks: 6400 },
  };
}

/** Any state over the same objects. Not every one is one that a server could hold: diff and predict do not mind. */
export function states(major: number): fc.Arbitrary<AccessState> {
  return fc.subarray(ROLES.slice(0, -1), { minLength: 1 }).chain((names) => statesWith([...names, "postgres"], major));
}

function statesWith(names: readonly RoleName[], major: number): fc.Arbitrary<AccessState> {
  const name = fc.constantFrom(...names);
  const holdings = [...OWNED, ...COLUMNS, PARAMETER].map((resource) => holdingOf(resource, names, major));
  return fc
    .record({
      roles: fc.tuple(...names.map(roleOf)),
      memberships: fc.array(fc.tuple(name, name, name, fc.boolean(), fc.boolean(), fc.boolean()), { maxLength: 6 }),
      holdings: fc.tuple(...holdings),
      defaults: fc.array(defaultOf(name, names, major), { maxLength: 4 }),
      policies: fc.array(policyOf(names), { maxLength: 3 }),
    })
    .map(({ roles, memberships, holdings, defaults, policies }) => {
      const state: AccessState = {
        roles: new Map(roles.map((role) => [role.name, role])),
        memberships: new Map(memberships.map((row) => membership(row, major)).map((m) => [membershipKey(m), m])),
        holdings: new Map(holdings.map((holding) => [resourceKey(holding.resource), holding])),
        defaultPrivileges: new Map(),
        rowPolicies: new Map(policies.map((policy) => [rowPolicyKey(policy), policy])),
      };
      return normal(state, defaults, major);
    });
}

/** As introspection would give it: no empty column lists, no built-in parameter lists or defaults, one membership row before 16. */
function normal(state: AccessState, defaults: readonly DefaultPrivilege[], major: number): AccessState {
  const rules = postgresStateRules(snapshotOf(state, major));
  const builtin = rules.builtinList("parameter", "");
  const pairs = new Set<string>();
  return {
    ...state,
    memberships: new Map(
      [...state.memberships].filter(([, m]) => {
        const pair = `${m.role}\0${m.member}`;
        if (major < 16 && pairs.has(pair)) return false;
        pairs.add(pair);
        return true;
      }),
    ),
    holdings: new Map(
      [...state.holdings].filter(
        ([, { resource, list }]) =>
          !(resource.kind === "column" && list.entries.length === 0) &&
          !(resource.kind === "parameter" && list.id === builtin.id),
      ),
    ),
    defaultPrivileges: new Map(
      defaults
        .map((entry) => rules.normalizeDefault(entry))
        .filter((entry) => entry !== null)
        .map((entry) => [defaultPrivilegeKey(entry), entry]),
    ),
  };
}

const settingOrder = compareBy<RoleSetting>(
  (setting) => setting.database,
  (setting) => setting.name,
);

const PARAMETER: Resource = { kind: "parameter", path: ["work_mem"] };

function roleOf(name: RoleName): fc.Arbitrary<Role> {
  return fc
    .record({
      login: fc.boolean(),
      createdb: fc.boolean(),
      connection_limit: fc.constantFrom(-1, 0, 5),
      valid_until: fc.constantFrom(null, "2027-01-01T00:00:00.000000Z"),
      settings: fc.uniqueArray(
        fc.record({
          database: fc.constantFrom(null, "shop"),
          name: fc.constantFrom("search_path", "work_mem"),
          value: fc.constantFrom("a", "b"),
        }),
        { maxLength: 3, selector: (setting) => `${setting.database}.${setting.name}` },
      ),
    })
    .map(({ settings, ...attributes }) => ({
      name,
      origin: name === "postgres" ? "bootstrap" : "user",
      attributes: { ...DEFAULT_ATTRIBUTES, ...attributes },
      settings: settings.sort(settingOrder),
    }));
}

function membership(
  [role, member, grantor, admin, inherit, set]: readonly [RoleName, RoleName, RoleName, boolean, boolean, boolean],
  major: number,
): Membership {
  if (major < 16) return { role, member, grantor: "postgres", admin, inherit: true, set: true, implied: false };
  return { role, member, grantor, admin, inherit, set, implied: false };
}

function listOf(resource: Resource["kind"], names: readonly RoleName[], major: number): fc.Arbitrary<AccessEntry[]> {
  const privilege = fc.subarray([...privilegesOf(resource, major)]);
  return fc.array(
    fc
      .record({
        grantee: fc.constantFrom(PUBLIC, ...names),
        grantor: fc.constantFrom(...names),
        privileges: privilege,
        options: privilege,
      })
      .map(({ options, ...entry }) => ({
        ...entry,
        grantable: options.filter((option) => entry.privileges.includes(option)),
      })),
    { maxLength: 4 },
  );
}

function holdingOf(resource: Resource, names: readonly RoleName[], major: number): fc.Arbitrary<Holding> {
  return fc
    .record({
      owner: fc.constantFrom(...names),
      entries: listOf(resource.kind, names, major),
      secured: fc.constantFrom(undefined, { enabled: true, forced: false }, { enabled: true, forced: true }),
    })
    .map(({ owner, entries, secured }) => ({
      resource,
      owner: resource.kind === "column" || resource.kind === "parameter" ? null : owner,
      list: accessList(entries),
      ...(resource.kind === "table" && secured !== undefined ? { rowSecurity: secured } : {}),
    }));
}

function defaultOf(
  name: fc.Arbitrary<RoleName>,
  names: readonly RoleName[],
  major: number,
): fc.Arbitrary<DefaultPrivilege> {
  return fc.constantFrom("table" as const, "routine" as const, "sequence" as const).chain((kind) =>
    fc
      .record({ creator: name, schema: fc.constantFrom(null, "sales"), entries: listOf(kind, names, major) })
      .map(({ creator, schema, entries }) => ({
        creator,
        database: "shop",
        schema,
        kind,
        list: accessList(entries.map((entry) => ({ ...entry, grantor: creator }))),
      })),
  );
}

function policyOf(names: readonly RoleName[]): fc.Arbitrary<RowPolicy> {
  return fc.record({
    table: fc.constantFrom(...TABLES),
    name: fc.constantFrom("own", "other one"),
    command: fc.constantFrom("ALL" as const, "SELECT" as const),
    permissive: fc.boolean(),
    roles: fc.constantFrom(PUBLIC, ...names).map((role) => [role]),
    using: fc.constantFrom(null, "true", "(id > 0)"),
    check: fc.constantFrom(null, "true"),
  });
}
