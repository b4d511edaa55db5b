import { accessList, type AccessList } from "../../model/access-list.ts";
import { resourceKey, tableOf, type Resource, type ResourceKey, type ResourceKind } from "../../model/resource.ts";
import { PUBLIC, type RoleAttributes, type RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { StateRules } from "../../model/state-rules.ts";
import { privilegesOf, specOf } from "./privileges.ts";
import { reach } from "./reach.ts";

/** The first major version whose memberships carry their own options and remember every grantor. */
export const MEMBERSHIP_OPTIONS_SINCE = 16;

const MEMBERSHIPS_BEFORE_16 =
  "PostgreSQL 15 and older decide by the member's own `inherit` attribute; set that, or upgrade to 16";

/** What CREATE ROLE gives when nothing is said. */
export const DEFAULT_ATTRIBUTES: RoleAttributes = {
  bypassrls: false,
  connection_limit: -1,
  createdb: false,
  createrole: false,
  inherit: true,
  login: false,
  replication: false,
  superuser: false,
  valid_until: null,
};

/** What this server does to an AccessState by itself: semantics-postgresql.md, sections 2, 3, 8 and 10. */
export function postgresStateRules(snapshot: Snapshot): StateRules {
  const { actor, access } = snapshot;
  const { major } = snapshot.version;
  const membershipOptions = major >= MEMBERSHIP_OPTIONS_SINCE;
  const closures = reach(access, major);
  const builtin = memoize(builtinList(major, actor.bootstrap));
  let following: ReadonlyMap<ResourceKey, readonly Resource[]> | undefined;
  return {
    privilegesOf: (kind) => privilegesOf(kind, major),
    builtinList: builtin,
    transferOwnership,
    normalizeDefault: (entry) => {
      if (entry.schema !== null) return entry.list.entries.length === 0 ? null : entry;
      return entry.list.id === builtin(entry.kind, entry.creator).id ? null : entry;
    },
    defaultAttributes: () => DEFAULT_ATTRIBUTES,
    refusesName: (role) => (role.startsWith("pg_") ? "names that begin with `pg_` belong to the server" : null),
    refusesAttribute: () => null,
    refusesRename: () => null,
    lacks: (what) => {
      if (what === "public-memberships") return "grant the role's privileges to everybody, or name the members";
      if (what === "membership-options" && !membershipOptions) return MEMBERSHIPS_BEFORE_16;
      return null;
    },
    ownedAlong: (resource) => {
      following ??= followers(snapshot);
      return following.get(resourceKey(resource)) ?? [];
    },
    impliedMemberships: (role) =>
      membershipOptions && !actor.superuser
        ? [
            {
              role,
              member: actor.role,
              grantor: actor.bootstrap,
              admin: true,
              inherit: false,
              set: false,
              implied: true,
            },
          ]
        : [],
    grantorFor: (owner) => {
      const acting = owner ?? actor.bootstrap;
      return actor.superuser || closures.privileges(actor.role).has(acting) ? acting : actor.role;
    },
    membershipGrantor: (role) => {
      if (!membershipOptions) return actor.role;
      return actor.superuser ? actor.bootstrap : (closures.adminIn(actor.role, role) ?? actor.role);
    },
    membershipOptions,
    normalMembership: (membership) => membership,
    mostInherited: () => null,
    unrecordedList: (kind) => (kind === "parameter" ? builtin("parameter", "") : undefined),
    resourceOfRole: () => null,
    grantOption: "each",
  };
}

function builtinList(major: number, bootstrap: RoleName): (kind: ResourceKind, owner: RoleName) => AccessList {
  return (kind, owner) => {
    const spec = specOf(kind);
    const grantor = kind === "parameter" ? bootstrap : owner;
    const all = spec.owner === "all" ? privilegesOf(kind, major) : [];
    return accessList([
      { grantee: grantor, grantor, privileges: all, grantable: [] },
      { grantee: PUBLIC, grantor, privileges: spec.public, grantable: [] },
    ]);
  };
}

function memoize(
  make: (kind: ResourceKind, owner: RoleName) => AccessList,
): (kind: ResourceKind, owner: RoleName) => AccessList {
  const known = new Map<string, AccessList>();
  return (kind, owner) => {
    const key = `${kind}\0${owner}`;
    const seen = known.get(key);
    if (seen !== undefined) return seen;
    const list = make(kind, owner);
    known.set(key, list);
    return list;
  };
}

/** What aclnewowner() does: the old owner's name is replaced as grantee and as grantor, and entries that become equal are merged. */
function transferOwnership(list: AccessList, from: RoleName, to: RoleName): AccessList {
  if (!list.entries.some((entry) => entry.grantee === from || entry.grantor === from)) return list;
  return accessList(
    list.entries.map((entry) => ({
      ...entry,
      grantee: entry.grantee === from ? to : entry.grantee,
      grantor: entry.grantor === from ? to : entry.grantor,
    })),
  );
}

/** By table: the sequences that serve its columns, and its row type where that has a list of its own. */
function followers(snapshot: Snapshot): ReadonlyMap<ResourceKey, readonly Resource[]> {
  const byTable = new Map<ResourceKey, Resource[]>();
  const add = (table: Resource, resource: Resource): void => {
    const key = resourceKey(table);
    const list = byTable.get(key);
    if (list === undefined) byTable.set(key, [resource]);
    else list.push(resource);
  };
  for (const { resource, serves } of snapshot.catalog.entries.values()) {
    if (serves !== undefined) add(tableOf(serves.column), resource);
    if (resource.kind !== "type") continue;
    const table: Resource = { kind: "table", path: resource.path };
    if (snapshot.access.holdings.has(resourceKey(table))) add(table, resource);
  }
  return byTable;
}
