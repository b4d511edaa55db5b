import { RolewrightError } from "../../base/error.ts";
import { compareText } from "../../base/order.ts";
import { NOBODY } from "../../model/access-list.ts";
import type { AccessState, Holding } from "../../model/access-state.ts";
import type { CatalogEntry } from "../../model/catalog.ts";
import { fingerprint } from "../../model/fingerprint.ts";
import { type Resource, type ResourceKey, resourceKey } from "../../model/resource.ts";
import type { Role, RoleName } from "../../model/role.ts";
import type { ServerVersion, Snapshot, TargetIdentity, Unknown } from "../../model/snapshot.ts";
import type { IntrospectOptions } from "../engine.ts";
import type { Session } from "./client.ts";
import { readingError } from "./errors.ts";
import { type CatalogFound, readCatalog } from "./introspect-catalog.ts";
import { type AuthRows, BOOTSTRAP, normalize, type Normalized } from "./normalize.ts";
import * as sql from "./queries.ts";
import { type Copies, copiesLimits, readCopies } from "./replication.ts";
import { DATABASE, SYSTEM_KEYSPACES } from "./resource-names.ts";
import { enforcement, readSettings, type Settings } from "./settings.ts";
import { newerVersion, seriesOf, serverVersion } from "./version.ts";

export interface Reading extends IntrospectOptions {
  /** Who we logged in as: no query tells. */
  readonly actor: RoleName;
}

/** There is no reading of several tables as of one moment: they are read until two readings in a row are equal, at most so often. */
const MOST_READINGS = 10;

/** Reads a cluster: its roles and grants from a quorum of the copies, and what exists. */
export async function introspect(session: Session, reading: Reading): Promise<Snapshot> {
  reading.signal?.throwIfAborted();
  const server = await step("the server's version", () => readServer(session));
  const version = serverVersion(server.release);
  const settings = await step("the node's settings", () => readSettings(session));
  const { rows, catalog } = await steady(session, seriesOf(version));
  reading.onProgress?.("roles and grants");
  reading.onProgress?.("keyspaces, tables and functions");
  const copies = await step("the replication of roles and grants", () => readCopies(session, server));
  return assemble({ reading, server, version, settings, copies, rows, catalog });
}

/** What one node says about itself and its cluster. */
export interface ServerFound {
  readonly identity: TargetIdentity;
  readonly release: string;
  readonly dataCenter: string;
  /** The node's clock, RFC 3339 in UTC. */
  readonly now: string;
  readonly peers: readonly sql.PeerRow[];
}

/**
 * Reads who the server is. A cluster has a name that people choose, often the default, and no id that was chosen once; so the lowest host id goes with it: it stays when nodes restart, move and (mostly) come
 * and go, and tells a copy of the cluster apart. When the node that had it leaves, plans are refused and made again.
 */
export async function readServer(session: Session): Promise<ServerFound> {
  const [row] = await session.rows<sql.ServerRow>(sql.SERVER, { consistency: "localOne" });
  const peers = await session.rows<sql.PeerRow>(sql.PEERS, { consistency: "localOne" });
  if (row === undefined) throw new RolewrightError("RW500", "`system.local` of the node is empty");
  const [cluster, hostId, release, dataCenter, now] = row;
  const [lowest] = [hostId, ...peers.flatMap((peer) => peer[0] ?? [])].sort(compareText);
  const identity = { engine: "cassandra", server: `${cluster}/${lowest}`, databases: [DATABASE] };
  return { identity, release, dataCenter, now, peers };
}

/** The rows of `system_auth`, at the level that the server reads them with. */
export async function readAuth(session: Session, series: number): Promise<AuthRows> {
  const since5 = series >= 500;
  // All at once: the less time it takes, the less can change meanwhile.
  const [roles, permissions, dataCenters, cidrGroups, identities] = await Promise.all([
    session.rows<sql.RoleRow>(sql.ROLES),
    session.rows<sql.PermissionRow>(sql.PERMISSIONS),
    session.rows<sql.RestrictionRow>(sql.DATA_CENTERS),
    since5 ? session.rows<sql.RestrictionRow>(sql.CIDR_GROUPS) : null,
    since5 ? session.rows<sql.IdentityRow>(sql.IDENTITIES) : null,
  ]);
  return { roles, permissions, dataCenters, cidrGroups, identities };
}

interface Steady {
  readonly rows: AuthRows;
  readonly catalog: CatalogFound;
}

async function steady(session: Session, series: number): Promise<Steady> {
  const read = (): Promise<AuthRows> => step("roles and grants", () => readAuth(session, series));
  let before = JSON.stringify(await read());
  for (let reading = 1; reading < MOST_READINGS; reading++) {
    const catalog = await step("what exists", () => readCatalog(session));
    const rows = await read();
    const now = JSON.stringify(rows);
    if (now === before) return { rows, catalog };
    before = now;
  }
  throw new RolewrightError("RW523", `roles and grants changed each of ${MOST_READINGS} times that they were read`, {
    help: "find out what keeps changing them, or try again later",
  });
}

interface Parts extends Steady {
  readonly reading: Reading;
  readonly server: ServerFound;
  readonly version: ServerVersion;
  readonly settings: Settings | null;
  readonly copies: readonly Copies[];
}

function assemble({ reading, server, version, settings, copies, rows, catalog }: Parts): Snapshot {
  const series = seriesOf(version);
  const found = normalize(rows, { names: catalog.names, series });
  const { holdings, entries } = placed(found, catalog);
  const access: AccessState = {
    roles: sortedMap(found.roles),
    memberships: sortedMap(found.memberships),
    holdings,
    defaultPrivileges: new Map(),
    rowPolicies: new Map(),
  };
  const limits = enforcement(settings);
  const { actor } = reading;
  return {
    identity: server.identity,
    version,
    actor: { role: actor, superuser: isSuperuser(actor, access), bootstrap: BOOTSTRAP, provider: null },
    takenAt: server.now,
    catalog: { databases: [DATABASE], entries },
    access,
    unknowns: distinct([...newerVersion(version), ...found.unknowns, ...unenforced(limits, settings)]),
    fingerprint: fingerprint(access),
    limits: { ...limits, ...copiesLimits(copies) },
  };
}

/** A holding for everything that exists or that something is granted on. */
function placed(
  found: Normalized,
  catalog: CatalogFound,
): { readonly holdings: AccessState["holdings"]; readonly entries: ReadonlyMap<ResourceKey, CatalogEntry> } {
  const entries = new Map(catalog.entries);
  const exists = (resource: Resource): void => void entries.set(resourceKey(resource), { resource });
  for (const kind of ["all-schemas", "all-routines", "all-roles", "all-mbeans"] as const) exists({ kind, path: [] });
  for (const name of found.roles.keys()) exists({ kind: "role", path: [name] });
  const holdings = new Map<ResourceKey, Holding>();
  for (const [key, { resource }] of entries) holdings.set(key, { resource, owner: null, list: NOBODY });
  for (const [key, { resource, list }] of found.lists) {
    holdings.set(key, { resource, owner: null, list });
    if (!entries.has(key)) entries.set(key, unlisted(resource));
  }
  return { holdings: sortedMap(holdings), entries: sortedMap(entries) };
}

/** The catalog entry of something that is granted on and does not stand in the catalog by itself. MBeans may be patterns, and the server knows which there are only over JMX. */
function unlisted(resource: Resource): CatalogEntry {
  if (resource.kind === "mbean") return { resource };
  return SYSTEM_KEYSPACES.has(resource.path[1] ?? "") ? { resource, system: true } : { resource, missing: true };
}

/** Whether the role, or one whose member it is, is a superuser. */
export function isSuperuser(
  name: RoleName,
  { roles, memberships }: Pick<AccessState, "roles" | "memberships">,
): boolean {
  const parents = Map.groupBy(memberships.values(), (membership) => membership.member);
  const reached = new Set<RoleName>([name]);
  for (const each of reached) for (const { role } of parents.get(each) ?? []) reached.add(role);
  return [...reached].some((each) => isMarked(roles.get(each)));
}

function isMarked(role: Role | undefined): boolean {
  return role?.attributes["superuser"] === true;
}

/** What makes all that was read mean less than it says. */
function unenforced(limits: Readonly<Record<string, number>>, settings: Settings | null): Unknown[] {
  if (settings === null) {
    return [
      {
        subject: "whether access is enforced",
        reason: "the settings of the node may not be read: with AllowAllAuthorizer nothing that is granted counts",
        help: "have a superuser run: grant select on keyspace system_views to us",
      },
    ];
  }
  const off = [
    ["authenticator", "nobody is asked for a password, and everybody counts as a superuser (`authenticator`)"],
    ["authorizer", "everybody may read and change all data, whatever is granted (`authorizer`)"],
  ] as const;
  return off
    .filter(([name]) => limits[name] === 0)
    .map(([name, reason]) => ({
      subject: `access is not enforced: ${name}`,
      reason,
      help: `set \`${name}\` in cassandra.yaml of every node, and restart them one after the other`,
    }));
}

function distinct(unknowns: readonly Unknown[]): Unknown[] {
  const bySubject = new Map(unknowns.map((each) => [each.subject, each]));
  return [...bySubject.values()].sort((a, b) => compareText(a.subject, b.subject));
}

async function step<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw readingError(error, name);
  }
}

function sortedMap<K extends string, V>(map: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
  return new Map([...map.keys()].sort().map((key) => [key, map.get(key) as V]));
}
