import { RolewrightError } from "../../base/error.ts";
import { compareBy, sorted } from "../../base/order.ts";
import { NOBODY, type AccessList, type Privilege } from "../../model/access-list.ts";
import type { AccessState, Holding } from "../../model/access-state.ts";
import type { CatalogEntry } from "../../model/catalog.ts";
import { fingerprint } from "../../model/fingerprint.ts";
import { type Resource, type ResourceKey, resourceKey, tableOf } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import type { ServerVersion, Snapshot, TargetIdentity, Unknown } from "../../model/snapshot.ts";
import type { IntrospectOptions } from "../engine.ts";
import type { Session } from "./client.ts";
import { ER, isServerError, readingError } from "./errors.ts";
import { type CatalogFound, readCatalog } from "./introspect-catalog.ts";
import { type GrantsFound, readMariadbGrants, readMysqlGrants } from "./introspect-grants.ts";
import { accountOf } from "./names.ts";
import { DATABASE, type Reader } from "./normalize.ts";
import { providerOf } from "./normalize-accounts.ts";
import { Privileges } from "./privileges.ts";
import { BOOTSTRAP, type Product } from "./product.ts";
import * as sql from "./queries.ts";
import { quoteLiteral } from "./quote.ts";
import { newerVersion, seriesOf, serverVersion } from "./version.ts";
import { hiddenFrom } from "./visibility.ts";

export interface Reading extends IntrospectOptions {
  readonly product: Product;
  /** Where the server is, for the identity of one that has no id of its own. */
  readonly address: string;
}

/** Reads a server: its grant tables as of one moment, and what exists. */
export async function introspect(session: Session, reading: Reading): Promise<Snapshot> {
  const abort = (): void => session.destroy();
  reading.signal?.addEventListener("abort", abort, { once: true });
  try {
    return await readServer(session, reading);
  } catch (error) {
    reading.signal?.throwIfAborted(); // What failed then failed because its session was ended.
    throw error;
  } finally {
    reading.signal?.removeEventListener("abort", abort);
  }
}

async function readServer(session: Session, reading: Reading): Promise<Snapshot> {
  reading.signal?.throwIfAborted();
  const { product } = reading;
  const [server] = await step("the server's version", () => session.rows<sql.ServerRow>(sql.SERVER));
  const version = serverVersion(server?.[0] ?? "", product);
  const settings = await step("the server's settings", () => readSettings(session));
  const newer = newerVersion(version, product);
  const reader = readerOf(version, product);
  const actor = actorName(server?.[1] ?? "");
  const read = product.engine === "mariadb" ? readMariadbGrants : readMysqlGrants;
  const found = await step("the grant tables", () => readable(actor, () => read(session, { reader, actor, settings })));
  reading.onProgress?.("accounts, roles and grants");
  const catalog = await step("what exists", () => readCatalog(session, product));
  reading.onProgress?.("schemas, tables and routines");
  const takenAt = `${(server?.[2] ?? "").replace(" ", "T")}Z`;
  return assemble({ reading, version, settings, actor, found, catalog, takenAt, newer });
}

/** How the rows of a server of this version are read. */
export function readerOf(version: ServerVersion, product: Product): Reader {
  const series = seriesOf(version);
  const newer = newerVersion(version, product).length > 0;
  return { product, series, newer, privileges: new Privileges(product, series) };
}

/** Without the grant tables nothing is known, so that there is nothing to go on with: the statement that would help is told. */
async function readable<T>(actor: RoleName, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isServerError(error, ER.noRight)) throw error;
    throw new RolewrightError("RW517", `\`${actor}\` may not read the grant tables: ${(error as Error).message}`, {
      help: `have an administrator run: grant select on mysql.* to ${sqlAccount(actor)}; grant show view, references, trigger on *.* to ${sqlAccount(actor)}`,
      cause: error,
    });
  }
}

interface Parts {
  readonly reading: Reading;
  readonly version: ServerVersion;
  readonly settings: ReadonlyMap<string, string>;
  readonly actor: RoleName;
  readonly found: GrantsFound;
  readonly catalog: CatalogFound;
  readonly takenAt: string;
  readonly newer: readonly Unknown[];
}

function assemble({ reading, version, settings, actor, found, catalog, takenAt, newer }: Parts): Snapshot {
  const { product } = reading;
  const lists = [...found.grants.lists()];
  const hidden = hiddenFrom(heldGlobally(actor, found, lists), product, sqlAccount(actor));
  const { holdings, entries } = placed(lists, { found, catalog, reading, hidden });
  const access: AccessState = {
    roles: sortedMap(found.roles),
    memberships: sortedMap(found.memberships),
    holdings,
    defaultPrivileges: new Map(),
    rowPolicies: new Map(),
  };
  return {
    identity: identityOf(settings, product, reading.address),
    version,
    actor: { role: actor, superuser: false, bootstrap: BOOTSTRAP, provider: providerOf(found.roles.keys()) },
    takenAt,
    catalog: { databases: [DATABASE], entries, definedCode: catalog.definedCode },
    access,
    unknowns: sorted(
      [...newer, ...found.unknowns, ...hidden, ...unknownPrivileges(found)],
      compareBy((each) => each.subject),
    ),
    fingerprint: fingerprint(access),
    limits: { ...numericSettings(settings), public_role: found.hasPublic ? 1 : 0 },
  };
}

interface Placing extends Pick<Parts, "found" | "catalog" | "reading"> {
  readonly hidden: readonly Unknown[];
}

/** A holding for everything that exists or that something is granted on. */
function placed(
  lists: readonly (readonly [Resource, AccessList])[],
  parts: Placing,
): { readonly holdings: AccessState["holdings"]; readonly entries: ReadonlyMap<ResourceKey, CatalogEntry> } {
  const holdings = new Map<ResourceKey, Holding>();
  const entries = new Map<ResourceKey, CatalogEntry>(parts.catalog.entries);
  const unnamed: readonly Resource[] = [
    { kind: "all-schemas", path: [] },
    { kind: "server", path: [] },
  ];
  const exists = unnamed.map((resource): CatalogEntry => ({ resource }));
  for (const entry of exists) entries.set(resourceKey(entry.resource), entry);
  for (const [key, { resource }] of entries) holdings.set(key, { resource, owner: null, list: NOBODY });
  for (const [resource, list] of lists) {
    const key = resourceKey(resource);
    holdings.set(key, { resource, owner: null, list });
    if (!entries.has(key)) entries.set(key, entryOf(resource, parts));
  }
  return { holdings: sortedMap(holdings), entries: sortedMap(entries) };
}

/** The catalog entry of something that is granted on and does not stand in the catalog by itself. */
function entryOf(resource: Resource, { found, catalog, reading, hidden }: Placing): CatalogEntry {
  const isShown = (what: string): boolean => !hidden.some(({ subject }) => subject === what);
  if (reading.product.systemSchemas.includes(resource.path[1] ?? "")) return { resource, system: true };
  const missing: CatalogEntry = { resource, missing: true };
  if (resource.kind === "column") {
    const columns = catalog.entries.get(resourceKey(tableOf(resource)))?.columns ?? [];
    const isThere = columns.includes(resource.path[3] ?? "") || !isShown("tables") || !isShown("columns");
    return isThere ? { resource } : missing;
  }
  if (resource.kind === "table" || resource.kind === "schema") return isShown("tables") ? missing : { resource };
  if (resource.kind === "routine") return isShown("routines") ? missing : { resource };
  // PROXY on an account without a name is PROXY on any.
  const isRole = resource.kind === "role" && resource.path[0] !== "@";
  return isRole && !found.roles.has(resource.path[0] ?? "") ? missing : { resource };
}

/** What our account holds on `*.*`: by itself, by its default roles, and as everybody. */
function heldGlobally(
  actor: RoleName,
  found: GrantsFound,
  lists: readonly (readonly [Resource, AccessList])[],
): ReadonlySet<Privilege> {
  const names = new Set<RoleName>([actor, PUBLIC]);
  for (const name of names) {
    for (const each of found.memberships.values()) if (each.member === name && each.inherit) names.add(each.role);
  }
  const held = lists.filter(
    ([{ kind }]) => kind === "all-schemas" || kind === "server" || kind === "dynamic-privilege",
  );
  return new Set(
    held.flatMap(([{ kind, path }, list]) =>
      list.entries
        .filter((entry) => names.has(entry.grantee))
        .flatMap((entry) => (kind === "dynamic-privilege" ? path : entry.privileges)),
    ),
  );
}

function unknownPrivileges(found: GrantsFound): Unknown[] {
  return found.grants.unknown().map((privilege) => ({
    subject: `privilege \`${privilege}\``,
    reason: "the server knows it and this release does not",
    help: "look for a newer release of Rolewright",
  }));
}

/**
 * The identity of a server. MySQL keeps a UUID in its data folder. MariaDB has no such thing: `server_uid` is a digest of the machine's first network address and the port, so it survives restarts and tells a
 * copy on another machine or port apart, and changes with the network card of a container; a plan is then refused and made again.
 */
export function identityOf(settings: ReadonlyMap<string, string>, product: Product, address: string): TargetIdentity {
  const own = settings.get("server_uuid") ?? settings.get("server_uid") ?? "";
  return { engine: product.engine, server: own === "" ? `address:${address}` : own, databases: [DATABASE] };
}

export async function readSettings(session: Session): Promise<ReadonlyMap<string, string>> {
  return new Map(await session.rows<sql.SettingRow>(sql.SETTINGS));
}

/** `current_user()` has the account that the server chose: `user@host`. */
function actorName(text: string): RoleName {
  return text;
}

/** An account as SQL. */
export function sqlAccount(name: RoleName): string {
  const account = accountOf(name);
  return account === null ? name : `${quoteLiteral(account.user)}@${quoteLiteral(account.host)}`;
}

/** Settings that are numbers or switches; `read_only` and others are 0 or 1. */
function numericSettings(settings: ReadonlyMap<string, string>): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const name of [...settings.keys()].sort()) {
    const value = settings.get(name) ?? "";
    if (/^\d{1,15}$/u.test(value)) numbers[name] = Number(value);
    else if (value === "ON" || value === "OFF") numbers[name] = value === "ON" ? 1 : 0;
  }
  return numbers;
}

async function step<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw readingError(error, name);
  }
}

/** The same in the order of its keys. */
export function sortedMap<K extends string, V>(map: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
  return new Map([...map.keys()].sort().map((key) => [key, map.get(key) as V]));
}
