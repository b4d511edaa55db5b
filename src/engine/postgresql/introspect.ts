import { sortedText } from "../../base/order.ts";
import { RolewrightError } from "../../base/error.ts";
import type { AccessState } from "../../model/access-state.ts";
import { fingerprint } from "../../model/fingerprint.ts";
import type { Snapshot, TargetIdentity, Unknown } from "../../model/snapshot.ts";
import type { IntrospectOptions } from "../engine.ts";
import type { Session } from "./client.ts";
import { readingError } from "./errors.ts";
import { type DatabaseFound, readDatabase } from "./introspect-database.ts";
import { type DatabaseFacts, readShared, type Shared } from "./introspect-shared.ts";
import { newerVersion } from "./version.ts";

/** How many databases are read at the same time. */
const AT_ONCE = 4;

const BEGIN = "begin transaction isolation level repeatable read, read only";

export interface Reading extends IntrospectOptions {
  /** The database that the shared catalogs are read in. */
  readonly home: string;
  readonly databases: readonly string[] | "all";
  /** Where the server is, for the identity of one that keeps its own from us. */
  readonly address: string;
  /** Opens a session of its own for this reading. */
  open(database: string): Promise<Session>;
}

/** Reads a cluster: what is shared once, then every database in one transaction of its own, each as of one moment. */
export async function introspect(reading: Reading): Promise<Snapshot> {
  try {
    return await readCluster(reading);
  } catch (error) {
    reading.signal?.throwIfAborted(); // What failed then failed because its session was ended.
    throw error;
  }
}

async function readCluster(reading: Reading): Promise<Snapshot> {
  const found = emptyFound();
  await using home = await openReading(reading, reading.home);
  const shared = await step("the shared catalogs", () => readShared(home, found));
  reading.onProgress?.("roles and memberships");
  const { wanted, unknowns } = chooseDatabases(reading.databases, shared.databases);
  found.unknowns.push(...unknowns);
  const queue = wanted.filter((database) => database !== reading.home);
  const read: string[] = [];
  const readOne = async (session: Session): Promise<void> => {
    await step(`database \`${session.database}\``, () => readDatabase(session, shared, found));
    read.push(session.database);
    reading.onProgress?.(`database ${session.database}`);
  };
  const worker = async (): Promise<void> => {
    for (let database = queue.shift(); database !== undefined; database = queue.shift()) {
      reading.signal?.throwIfAborted();
      await using session = await openReading(reading, database);
      await readOne(session);
    }
  };
  const first = wanted.includes(reading.home) ? [readOne(home)] : [];
  const others = Array.from({ length: Math.min(AT_ONCE - first.length, queue.length) }, worker);
  await settle([...first, ...others]);
  reading.signal?.throwIfAborted();
  return assemble({ shared, found, databases: read, address: reading.address });
}

/** Reads a cluster inside a transaction of somebody else's, as far as its database shows it. */
export async function introspectInside(session: Session, address: string): Promise<Snapshot> {
  const found = emptyFound();
  const shared = await readShared(session, found);
  await readDatabase(session, shared, found);
  return assemble({ shared, found, databases: [session.database], address });
}

/** The identity of a server: what it calls itself, and the databases in reach. */
export function identityOf(systemIdentifier: string | null, address: string, databases: string[]): TargetIdentity {
  // A managed service that hides its identifier is known by its address: weaker, since a name can move to another server.
  const server = systemIdentifier ?? `address:${address}`;
  return { engine: "postgresql", server, databases: sortedText(databases) };
}

function emptyFound(): DatabaseFound {
  return {
    holdings: new Map(),
    entries: new Map(),
    defaultPrivileges: new Map(),
    rowPolicies: new Map(),
    unknowns: [],
  };
}

async function openReading(reading: Reading, database: string): Promise<Session> {
  const session = await reading.open(database);
  reading.signal?.addEventListener("abort", () => session.destroy(), { once: true });
  await step(`database \`${database}\``, () => session.run(BEGIN));
  return session;
}

async function step<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw readingError(error, name);
  }
}

// Waits for all, so that no session is closed under a reading, then fails with the first failure.
async function settle(tasks: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(tasks);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** Which databases are read, and which of the wanted ones cannot be. Templates are read only by name: a session in one keeps CREATE DATABASE waiting. */
export function chooseDatabases(
  wanted: readonly string[] | "all",
  databases: readonly DatabaseFacts[],
): { readonly wanted: readonly string[]; readonly unknowns: readonly Unknown[] } {
  const chosen = databases.filter((database) =>
    wanted === "all" ? !database.template : wanted.includes(database.name),
  );
  if (wanted !== "all") {
    const missing = wanted.find((name) => !databases.some((database) => database.name === name));
    if (missing !== undefined) {
      throw new RolewrightError("RW507", `there is no database \`${missing}\` on this server`, {
        help: `names are exact; the server has ${sortedText(databases.map((d) => d.name)).join(", ")}`,
      });
    }
  }
  const readable = chosen.filter((database) => database.acceptsConnections && database.mayConnect);
  return {
    wanted: sortedText(readable.map((database) => database.name)),
    unknowns: chosen.filter((database) => !readable.includes(database)).map(unreadable),
  };
}

function unreadable(database: DatabaseFacts): Unknown {
  const subject = `database \`${database.name}\``;
  return database.acceptsConnections
    ? {
        subject,
        reason: "the connection's role lacks CONNECT on it",
        help: "its owner or an administrator can grant CONNECT on the database to the connection's role",
      }
    : { subject, reason: "it accepts no connections (`datallowconn` is false)" };
}

interface Parts {
  readonly shared: Shared;
  readonly found: DatabaseFound;
  readonly databases: string[];
  readonly address: string;
}

function assemble({ shared, found, databases, address }: Parts): Snapshot {
  const access: AccessState = {
    roles: sortedMap(shared.roles),
    memberships: sortedMap(shared.memberships),
    holdings: sortedMap(found.holdings),
    defaultPrivileges: sortedMap(found.defaultPrivileges),
    rowPolicies: sortedMap(found.rowPolicies),
  };
  const identity = identityOf(shared.systemIdentifier, address, databases);
  return {
    identity,
    version: shared.version,
    actor: shared.actor,
    takenAt: shared.takenAt,
    catalog: { databases: identity.databases, entries: sortedMap(found.entries) },
    access,
    unknowns: [...newerVersion(shared.version), ...found.unknowns, ...unreadItems(shared)].sort((a, b) =>
      a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0,
    ),
    fingerprint: fingerprint(access),
    limits: shared.limits,
  };
}

function unreadItems(shared: Shared): Unknown[] {
  return [
    ...shared.names.gone().map((oid) => ({
      subject: `role with the id ${oid}`,
      reason: "the catalog still names it although it was dropped",
      help: "a superuser can revoke what it holds as the grantor or drop what it owns",
    })),
    ...shared.lists.unknown().map((privilege) => ({
      subject: `privilege \`${privilege}\``,
      reason: "the server knows it and this release does not",
      help: "look for a newer release of Rolewright",
    })),
  ];
}

function sortedMap<K extends string, V>(map: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
  return new Map([...map.keys()].sort().map((key) => [key, map.get(key) as V]));
}
