import { RolewrightError } from "../../base/error.ts";
import { compareBy, sorted } from "../../base/order.ts";
import type { AccessList } from "../../model/access-list.ts";
import type { Holding } from "../../model/access-state.ts";
import type { CatalogEntry } from "../../model/catalog.ts";
import { describeResource, type Resource, type ResourceKey, resourceKey } from "../../model/resource.ts";
import {
  type Membership,
  type MembershipKey,
  membershipKey,
  type Role,
  type RoleName,
  type RoleSetting,
} from "../../model/role.ts";
import type { Actor, ServerVersion } from "../../model/snapshot.ts";
import type { Session } from "./client.ts";
import { AccessLists, RoleNames } from "./normalize.ts";
import { type Provider, recogniseProvider, roleOrigin } from "./providers.ts";
import * as sql from "./queries.ts";
import { serverVersion } from "./version.ts";

/** What the databases of a cluster share, and the tables that reading each of them needs. */
export interface Shared {
  readonly version: ServerVersion;
  readonly actor: Actor;
  /** What the server calls itself; null where it keeps that from us. */
  readonly systemIdentifier: string | null;
  readonly takenAt: string;
  readonly standby: boolean;
  readonly limits: Readonly<Record<string, number>>;
  readonly databases: readonly DatabaseFacts[];
  readonly names: RoleNames;
  readonly lists: AccessLists;
  readonly roles: ReadonlyMap<RoleName, Role>;
  readonly memberships: ReadonlyMap<MembershipKey, Membership>;
}

export interface DatabaseFacts {
  readonly name: string;
  readonly acceptsConnections: boolean;
  readonly template: boolean;
  readonly mayConnect: boolean;
}

/** Where readings put what they find. */
export interface Found {
  readonly holdings: Map<ResourceKey, Holding>;
  readonly entries: Map<ResourceKey, CatalogEntry>;
}

/** Reads roles, memberships and everything else that stands in shared catalogs. The session must be in the transaction of the reading. */
export async function readShared(session: Session, found: Found): Promise<Shared> {
  const [server] = await session.rows<sql.ServerRow>(sql.SERVER);
  if (server === undefined) throw new Error("the server did not say who we are");
  const version = serverVersion(server[0], server[1]);
  const roleRows = await session.rows<sql.RoleRow>(sql.ROLES);
  const nameByOid = new Map(roleRows.map(([oid, name]) => [oid, name]));
  const names = new RoleNames(nameByOid);
  const lists = new AccessLists(names);
  const provider = recogniseProvider(new Set(nameByOid.values()));
  const settings = await readSettings(session, names);
  const databases = await session.rows<sql.DatabaseRow>(sql.DATABASES);
  const actor: Actor = {
    role: server[2],
    superuser: server[3] === "t",
    bootstrap: server[4],
    provider: provider?.name ?? null,
  };
  await readSharedResources(session, { version, names, lists, databases, found });
  return {
    version,
    actor,
    systemIdentifier: await readSystemIdentifier(session),
    takenAt: server[6],
    standby: server[5] === "t",
    limits: {
      max_locks: Number(server[7]),
      max_locks_per_transaction: Number(server[8]),
      max_connections: Number(server[9]),
      block_size: Number(server[10]),
    },
    databases: databases.map(([, name, , accepts, template, mayConnect]) => ({
      name,
      acceptsConnections: accepts === "t",
      template: template === "t",
      mayConnect: mayConnect === "t",
    })),
    names,
    lists,
    roles: new Map(roleRows.map((row) => [row[1], toRole(row, settings.get(row[1]) ?? [], provider)])),
    memberships: await readMemberships(session, version, names),
  };
}

/** What the server calls itself: chosen once by initdb. Null where a managed service keeps it from us. */
export async function readSystemIdentifier(session: Session): Promise<string | null> {
  // INVARIANT: a refused query would end the transaction, so the right is asked for first.
  const [allowed] = await session.rows<readonly ["t" | "f"]>(
    "select has_function_privilege('pg_control_system()', 'EXECUTE')",
  );
  if (allowed?.[0] !== "t") return null;
  const [row] = await session.rows<sql.SystemIdentifierRow>(sql.SYSTEM_IDENTIFIER);
  return row?.[0] ?? null;
}

function toRole(row: sql.RoleRow, settings: readonly RoleSetting[], provider: Provider | null): Role {
  const [oid, name, login, superuser, createrole, createdb, inherit, replication, bypassrls, limit, validUntil] = row;
  return {
    name,
    origin: roleOrigin(name, oid, provider),
    attributes: {
      bypassrls: bypassrls === "t",
      connection_limit: Number(limit),
      createdb: createdb === "t",
      createrole: createrole === "t",
      inherit: inherit === "t",
      login: login === "t",
      replication: replication === "t",
      superuser: superuser === "t",
      valid_until: validUntil,
    },
    settings: sorted(
      settings,
      compareBy(
        (setting) => setting.database,
        (setting) => setting.name,
      ),
    ),
  };
}

async function readSettings(session: Session, names: RoleNames): Promise<ReadonlyMap<RoleName, RoleSetting[]>> {
  const settings = new Map<RoleName, RoleSetting[]>();
  for (const [oid, database, text] of await session.rows<sql.RoleSettingRow>(sql.ROLE_SETTINGS)) {
    const at = text.indexOf("=");
    const role = names.of(oid);
    const list = settings.get(role) ?? [];
    list.push({ database, name: text.slice(0, at), value: text.slice(at + 1) });
    settings.set(role, list);
  }
  return settings;
}

async function readMemberships(
  session: Session,
  version: ServerVersion,
  names: RoleNames,
): Promise<ReadonlyMap<MembershipKey, Membership>> {
  const rows = await session.rows<sql.MembershipRow>(version.major >= 16 ? sql.MEMBERSHIPS : sql.MEMBERSHIPS_15);
  const memberships = rows.map(([role, member, grantor, admin, inherit, set]): Membership => {
    const options = { admin: admin === "t", inherit: inherit === "t", set: set === "t" };
    return {
      role: names.of(role),
      member: names.of(member),
      grantor: names.of(grantor),
      ...options,
      // PostgreSQL 16+: what CREATE ROLE gives a creator who is no superuser. Nobody else's row looks like this but one made to.
      implied: version.major >= 16 && grantor === "10" && options.admin && !options.inherit && !options.set,
    };
  });
  return new Map(memberships.map((membership) => [membershipKey(membership), membership]));
}

interface SharedReading {
  readonly version: ServerVersion;
  readonly names: RoleNames;
  readonly lists: AccessLists;
  readonly databases: readonly sql.DatabaseRow[];
  readonly found: Found;
}

/** What initdb made has an oid below it: template0 and template1 are part of the server. */
const FIRST_USER_OID = 16384;

async function readSharedResources(session: Session, reading: SharedReading): Promise<void> {
  const { version, names, databases, found } = reading;
  const hasParameters = version.major >= 15;
  const query = hasParameters ? sql.SHARED_ACCESS : sql.SHARED_ACCESS_14;
  const lists = byResource(await readLists(session, query, reading.lists));
  const add = (resource: Resource, oid: string, owner: string | null, system = false): void => {
    const list = lists.get(`${resource.kind} ${oid}`);
    if (list === undefined) throw movedWhileReading(resource);
    const key = resourceKey(resource);
    found.holdings.set(key, { resource, owner: owner === null ? null : names.of(owner), list });
    found.entries.set(key, { resource, ...(system ? { system } : {}) });
  };
  for (const [oid, name, owner, , template] of databases) {
    add({ kind: "database", path: [name] }, oid, owner, template === "t" && Number(oid) < FIRST_USER_OID);
  }
  for (const [oid, name, owner] of await session.rows<sql.TablespaceRow>(sql.TABLESPACES)) {
    add({ kind: "tablespace", path: [name] }, oid, owner);
  }
  if (!hasParameters) return;
  for (const [oid, name] of await session.rows<sql.ParameterRow>(sql.PARAMETERS)) {
    add({ kind: "parameter", path: [name] }, oid, null);
  }
}

/** An access list, and the resources that have it, as the query prints them. */
export interface ListFound {
  readonly kind: string;
  readonly resources: string;
  readonly list: AccessList;
}

/** The access lists of one query: taken in while the server prints them, and asked for again by oid where their texts are not enough. */
export async function readLists(
  session: Session,
  query: sql.AccessQuery,
  lists: AccessLists,
): Promise<readonly ListFound[]> {
  const found: ListFound[] = [];
  let readable = true;
  const printed = session.each(query.short, (row) => {
    const [kind, resources, text] = row as sql.AccessRow;
    const list = readable ? lists.ofItems(text ?? "") : undefined;
    if (list === undefined) readable = false;
    else found.push({ kind, resources, list });
  });
  const [, [renamed]] = await Promise.all([printed, session.rows<sql.RenamedRow>(sql.RENAMED)]);
  if (readable && renamed?.[0] === "0") return found;
  const exact = await session.rows<sql.AccessRow>(query.exact);
  return exact.map(([kind, resources, text]) => ({ kind, resources, list: lists.of(text) }));
}

/** The list of each resource, by `kind oid`. */
export function byResource(lists: readonly ListFound[]): ReadonlyMap<string, AccessList> {
  const found = new Map<string, AccessList>();
  for (const { kind, resources, list } of lists) {
    for (const oid of arrayItems(resources)) found.set(`${kind} ${oid}`, list);
  }
  return found;
}

/** Inside a transaction that writes, two queries may see two states: what one of them missed is no part of any. */
export function movedWhileReading(resource: Resource): RolewrightError {
  return new RolewrightError(
    "RW411",
    `\`${describeResource(resource)}\` was made or changed while the catalog was read`,
    {
      help: "try again from the start",
    },
  );
}

/** The elements of an array whose elements need no quotes: ids and numbers. */
export function arrayItems(text: string): string[] {
  return text === "{}" ? [] : text.slice(1, -1).split(",");
}
