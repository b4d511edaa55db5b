import { buildAccessIndex, type AccessIndex } from "../../src/analysis/access-index.ts";
import { compareText, sorted } from "../../src/base/order.ts";
import { type AccessEntry, accessList } from "../../src/model/access-list.ts";
import type { AccessRules, GrantSource } from "../../src/model/access-rules.ts";
import { type AccessState, EMPTY_STATE, type Holding } from "../../src/model/access-state.ts";
import type { Catalog } from "../../src/model/catalog.ts";
import {
  compareResources,
  isUnnamed,
  type Resource,
  type ResourceKey,
  type ResourceKind,
  resourceKey,
} from "../../src/model/resource.ts";
import { type Membership, membershipKey, PUBLIC, type Role, type RoleAttributes } from "../../src/model/role.ts";

/**
 * A small state of an engine that exists nowhere, made of what engines besides PostgreSQL do: what is held on something counts for all that lies in it, a login also gets what was given to its name at any host, roles too,
 * being a superuser is inherited, the right to pass on is a privilege of its own, nobody owns anything, and there is one database without a name.
 */
export interface CoveringSample {
  readonly roles: Readonly<Record<string, RoleAttributes>>;
  /** `alice@% in readers`, and options after it: `admin`, `noinherit`, `noset`, `implied`. */
  readonly members?: readonly string[];
  /** `select, insert on table shop.orders to alice@%, public`; `select on all-schemas to alice@%`. */
  readonly grants?: readonly string[];
  /** What exists besides what something is granted on: `table shop.orders`. */
  readonly things?: readonly string[];
  /** @default false */
  readonly superuserIsInherited?: boolean;
}

const PRIVILEGES: Partial<Record<ResourceKind, readonly string[]>> = {
  server: ["ACCOUNTS", "RELOAD"],
  "all-schemas": ["AUTHORIZE", "CREATE", "SELECT", "WRITE"],
  schema: ["AUTHORIZE", "CREATE", "SELECT", "WRITE"],
  table: ["AUTHORIZE", "SELECT", "WRITE"],
  column: ["SELECT", "WRITE"],
};

const COVERS: Partial<Record<ResourceKind, (resource: Resource) => Resource>> = {
  schema: () => ({ kind: "all-schemas", path: [] }),
  table: ({ path }) => ({ kind: "schema", path: path.slice(0, 2) }),
};

export function coveringIndex(sample: CoveringSample): AccessIndex {
  const state = coveringState(sample);
  return buildAccessIndex(state, coveringCatalog(state), coveringRules(sample));
}

export function coveringRules({
  superuserIsInherited = false,
}: Pick<CoveringSample, "superuserIsInherited">): AccessRules {
  return {
    privilegesOf: (kind) => PRIVILEGES[kind] ?? [],
    edge: ({ inherit, set }) => ({ privileges: inherit, setRole: set }),
    unrecordedMembers: () => [],
    superuser: (role) => role.attributes["superuser"] === true,
    superuserIsInherited,
    evaluated,
    sources: ({ grantee, privilege, resource }, state) => {
      const found: GrantSource[] = [];
      for (const place of [resource, ...above(resource)]) {
        for (const entry of state.holdings.get(resourceKey(place))?.list.entries ?? []) {
          if (entry.privileges.includes(privilege) && countsFor(entry.grantee, grantee, place)) {
            found.push({ grantee: entry.grantee, resource: place });
          }
        }
      }
      return sorted(found, (a, b) => compareResources(a.resource, b.resource) || compareText(a.grantee, b.grantee));
    },
    administration: [
      { privilege: "ACCOUNTS", resource: { kind: "server", path: [] } },
      { privilege: "AUTHORIZE", resource: { kind: "all-schemas", path: [] } },
    ],
    ownerOf: () => null,
    builtinRights: [],
    withheld: () => [],
    recordedOnly: new Set(),
    attributes: [
      { name: "superuser", bySetRole: !superuserIsInherited },
      { name: "login", bySetRole: false },
    ],
    adminNeeded: true,
    startsAs: () => null,
    gates: () => [],
    usable: () => true,
    barred: () => null,
    privilegeClass: (_, privilege) => CLASSES[privilege] ?? "define",
    futureList: () => accessList([]),
  };
}

const CLASSES: Readonly<Record<string, "read" | "write" | "pass on" | "administer">> = {
  SELECT: "read",
  WRITE: "write",
  AUTHORIZE: "pass on",
  ACCOUNTS: "administer",
  RELOAD: "administer",
};

export function coveringState(sample: CoveringSample): AccessState {
  const roles = Object.entries(sample.roles).map(
    ([name, attributes]): Role => ({ name, origin: "user", attributes, settings: [] }),
  );
  const memberships = (sample.members ?? []).map((text): Membership => {
    const [member = "", , role = "", ...options] = text.split(" ");
    const [admin, inherit, set] = [
      options.includes("admin"),
      !options.includes("noinherit"),
      !options.includes("noset"),
    ];
    return { role, member, grantor: "", admin, inherit, set, implied: options.includes("implied") };
  });
  const entries = new Map<ResourceKey, { readonly resource: Resource; readonly list: AccessEntry[] }>();
  const at = (resource: Resource): AccessEntry[] => {
    const key = resourceKey(resource);
    const found = entries.get(key) ?? { resource, list: [] };
    entries.set(key, found);
    return found.list;
  };
  at({ kind: "server", path: [] });
  at({ kind: "all-schemas", path: [] });
  for (const text of sample.things ?? []) at(place(text));
  for (const text of sample.grants ?? []) {
    const [, what = "", on = "", to = ""] = /^(.*) on (.*) to (.*)$/.exec(text) ?? [];
    const privileges = what.split(", ").map((each) => each.toUpperCase());
    for (const grantee of to.split(", ")) {
      at(place(on)).push({ grantee: grantee === "public" ? PUBLIC : grantee, grantor: "", privileges, grantable: [] });
    }
  }
  return {
    ...EMPTY_STATE,
    roles: new Map(roles.map((role) => [role.name, role])),
    memberships: new Map(memberships.map((each) => [membershipKey(each), each])),
    holdings: new Map(
      [...entries].map(([key, { resource, list }]) => [key, { resource, owner: null, list: accessList(list) }]),
    ),
  };
}

export function coveringCatalog(state: AccessState): Catalog {
  return {
    databases: ["def"],
    entries: new Map([...state.holdings].map(([key, { resource }]) => [key, { resource }])),
  };
}

/** `table shop.orders` or `all-schemas` as a resource. */
export function place(text: string): Resource {
  const [kind = "", name = ""] = text.split(" ");
  return { kind: kind as ResourceKind, path: isUnnamed(kind as ResourceKind) ? [] : ["def", ...name.split(".")] };
}

function above(resource: Resource): Resource[] {
  const up = COVERS[resource.kind]?.(resource);
  return up === undefined ? [] : [up, ...above(up)];
}

/** What was given to the same user name at every host counts for a login too, below all schemas. */
function countsFor(given: string, principal: string, where: Resource): boolean {
  if (given === principal) return true;
  const [user, host] = given.split("@");
  return host === "%" && !isUnnamed(where.kind) && principal.startsWith(`${user}@`);
}

/** Plainly, one resource and principal after the other. */
function evaluated(state: AccessState): AccessState {
  const principals = [PUBLIC, ...state.roles.keys()];
  const holdings = new Map<ResourceKey, Holding>();
  for (const [key, holding] of state.holdings) {
    const list: AccessEntry[] = [];
    for (const where of [holding.resource, ...above(holding.resource)]) {
      for (const entry of state.holdings.get(resourceKey(where))?.list.entries ?? []) {
        const privileges = entry.privileges.filter((each) => PRIVILEGES[holding.resource.kind]?.includes(each));
        for (const grantee of principals.filter((each) => countsFor(entry.grantee, each, where))) {
          list.push({ ...entry, grantee, privileges });
        }
      }
    }
    holdings.set(key, { ...holding, list: accessList(list) });
  }
  const memberships = [...state.memberships.values()].flatMap((each) =>
    [...state.roles.keys()]
      .filter((member) => countsFor(each.member, member, { kind: "schema", path: [] }))
      .map((member): Membership => ({ ...each, member, admin: each.admin && member === each.member })),
  );
  return { ...state, memberships: new Map(memberships.map((each) => [membershipKey(each), each])), holdings };
}
