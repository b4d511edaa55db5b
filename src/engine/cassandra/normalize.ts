import { compareText, sortedText } from "../../base/order.ts";
import { type AccessEntry, type AccessList, normalAccessList, type Privilege } from "../../model/access-list.ts";
import { describeName, type Resource, type ResourceKey, resourceKey } from "../../model/resource.ts";
import { type Membership, type MembershipKey, membershipKey, type Role, type RoleName } from "../../model/role.ts";
import type { Unknown } from "../../model/snapshot.ts";
import { privilegesOf } from "./privileges.ts";
import type * as sql from "./queries.ts";
import type { ResourceNames } from "./resource-names.ts";

/** Nobody remembers who gave what. */
export const NO_GRANTOR: RoleName = "";

/** The superuser that the server makes by itself. */
export const BOOTSTRAP: RoleName = "cassandra";

/** What stands in `system_auth`. */
export interface AuthRows {
  readonly roles: readonly sql.RoleRow[];
  readonly permissions: readonly sql.PermissionRow[];
  readonly dataCenters: readonly sql.RestrictionRow[];
  /** Null before 5.0, which has none. */
  readonly cidrGroups: readonly sql.RestrictionRow[] | null;
  readonly identities: readonly sql.IdentityRow[] | null;
}

/** The same in normal form. */
export interface Normalized {
  readonly roles: ReadonlyMap<RoleName, Role>;
  readonly memberships: ReadonlyMap<MembershipKey, Membership>;
  readonly lists: ReadonlyMap<ResourceKey, { readonly resource: Resource; readonly list: AccessList }>;
  /** What is recorded and means nothing to the server or to us: kept out of the state, and told. */
  readonly unknowns: readonly Unknown[];
}

/** Turns the rows of `system_auth` into roles, memberships and lists. */
export function normalize(
  rows: AuthRows,
  reader: { readonly names: ResourceNames; readonly series: number },
): Normalized {
  const roles = rolesOf(rows);
  const unknowns: Unknown[] = [];
  const memberships = membershipsOf(rows, roles, unknowns);
  const lists = listsOf(rows, { ...reader, roles, unknowns });
  return { roles, memberships, lists, unknowns };
}

/** What `readBack` and the whole reading make of a role's rows. */
export function rolesOf(
  rows: Pick<AuthRows, "roles" | "dataCenters" | "cidrGroups" | "identities">,
): Map<RoleName, Role> {
  const dataCenters = new Map(rows.dataCenters.map(([name, limits]) => [name, limits]));
  const cidrGroups = rows.cidrGroups === null ? null : new Map(rows.cidrGroups);
  const identities = new Map<RoleName, string[]>();
  for (const [identity, role] of rows.identities ?? []) {
    const known = identities.get(role);
    if (known === undefined) identities.set(role, [identity]);
    else known.push(identity);
  }
  const roles = new Map<RoleName, Role>();
  for (const [name, login, superuser] of rows.roles) {
    const attributes = {
      login: login === true,
      superuser: superuser === true,
      datacenters: limitedTo(dataCenters.get(`roles/${name}`)),
      ...(cidrGroups === null ? {} : { cidr_groups: limitedTo(cidrGroups.get(name)) }),
      ...(rows.identities === null ? {} : { identities: jsonSet(identities.get(name) ?? []) }),
    };
    roles.set(name, { name, origin: name === BOOTSTRAP ? "bootstrap" : "user", attributes, settings: [] });
  }
  return roles;
}

/** No row, an empty set and no set all mean everywhere. */
function limitedTo(names: readonly string[] | null | undefined): string | null {
  return names === null || names === undefined || names.length === 0 ? null : jsonSet(names);
}

function jsonSet(names: readonly string[]): string {
  return JSON.stringify(sortedText(names));
}

/** One membership, as it always is here. */
export function membershipOf(role: RoleName, member: RoleName): Membership {
  return { role, member, grantor: NO_GRANTOR, admin: false, inherit: true, set: false, implied: false };
}

function membershipsOf(
  rows: AuthRows,
  roles: ReadonlyMap<RoleName, Role>,
  unknowns: Unknown[],
): Map<MembershipKey, Membership> {
  const memberships = new Map<MembershipKey, Membership>();
  for (const [member, , , memberOf] of rows.roles) {
    for (const role of memberOf ?? []) {
      const membership = membershipOf(role, member);
      if (roles.has(role)) memberships.set(membershipKey(membership), membership);
      else unknowns.push(dangling(`the membership of ${describeName(member)} in ${describeName(role)}`, role));
    }
  }
  return memberships;
}

interface Listing {
  readonly names: ResourceNames;
  readonly series: number;
  readonly roles: ReadonlyMap<RoleName, Role>;
  readonly unknowns: Unknown[];
}

/** What a stored name means, and what can be held there. */
interface Meant {
  readonly key: ResourceKey;
  readonly resource: Resource;
  readonly known: readonly Privilege[];
}

function listsOf(rows: AuthRows, { names, series, roles, unknowns }: Listing): Normalized["lists"] {
  const places = new Map<ResourceKey, { readonly resource: Resource; readonly entries: AccessEntry[] }>();
  const entries = new SharedEntries();
  const resources = new Map<string, Meant | null>();
  const gone = new Set<RoleName>();
  for (const [grantee, stored, permissions] of rows.permissions) {
    if (permissions === null || permissions.length === 0) continue;
    if (!roles.has(grantee)) {
      gone.add(grantee);
      continue;
    }
    let meant = resources.get(stored);
    if (meant === undefined) {
      const resource = names.parse(stored);
      meant =
        resource === null ? null : { key: resourceKey(resource), resource, known: privilegesOf(resource.kind, series) };
      resources.set(stored, meant);
    }
    if (meant === null) {
      unknowns.push(unreadable(grantee, stored, permissions));
      continue;
    }
    for (const name of permissions) if (!meant.known.includes(name)) unknowns.push(unknownPrivilege(name, stored));
    const place = places.get(meant.key);
    const entry = entries.of(grantee, permissions);
    if (place === undefined) places.set(meant.key, { resource: meant.resource, entries: [entry] });
    else place.entries.push(entry);
  }
  for (const role of gone) unknowns.push(dangling(`what is granted to ${describeName(role)}`, role));
  const shared = new Map<string, AccessList>();
  const lists = Array.from(places, ([key, { resource, entries: found }]) => {
    const list = normalAccessList(found.sort((a, b) => compareText(a.grantee, b.grantee)));
    const known = shared.get(list.id) ?? list;
    shared.set(list.id, known);
    return [key, { resource, list: known }] as const;
  });
  return new Map(lists);
}

/** One value for each distinct entry: what is held in memory follows what is distinct. */
export class SharedEntries {
  readonly #known: Map<string, AccessEntry> = new Map();

  /** What a grantee holds: the permissions in any order. */
  of(grantee: RoleName, permissions: Iterable<Privilege>): AccessEntry {
    const privileges = sortedText(permissions);
    const key = `${privileges.join()} ${grantee}`;
    let entry = this.#known.get(key);
    if (entry === undefined) {
      entry = { grantee, grantor: NO_GRANTOR, privileges, grantable: [] };
      this.#known.set(key, entry);
    }
    return entry;
  }
}

function dangling(what: string, role: RoleName): Unknown {
  return {
    subject: what,
    reason: `there is no role ${describeName(role)} any more; a new one of that name would have it again`,
    help: `make a role ${describeName(role)} and drop it: that takes away what is left of the old one`,
  };
}

function unreadable(grantee: RoleName, stored: string, permissions: readonly Privilege[]): Unknown {
  return {
    subject: `resource ${describeName(stored)}`,
    reason: `${describeName(grantee)} holds ${sortedText(permissions).join(", ")} on it, and this release does not know what it is`,
    help: "look for a newer release of Rolewright",
  };
}

function unknownPrivilege(name: Privilege, stored: string): Unknown {
  return {
    subject: `privilege \`${name}\``,
    reason: `it is recorded on ${describeName(stored)}, and nothing like that can be held there on this version`,
    help: "look for a newer release of Rolewright",
  };
}
