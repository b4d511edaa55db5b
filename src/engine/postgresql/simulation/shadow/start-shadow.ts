import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Shadow, ShadowGap, ShadowOptions } from "../../../simulation.ts";
import { openSession, type Session } from "../../client.ts";
import { parseDsn } from "../../dsn.ts";
import type { Snapshot } from "../../../../model/snapshot.ts";
import { buildDatabase, writeAccess } from "./build-database.ts";
import { BUILDER, type ClusterPlan, makeDatabases, makeRoles, writeRoles } from "./build-cluster.ts";
import { chosen, differences, everything, sortedGaps } from "./compare.ts";
import { prune } from "./prune.ts";
import { type ClusterRows, type DatabaseRows, readClusterRows, readDatabaseRows } from "./read-target.ts";
import { readShadow, sessionOptions } from "./read-shadow.ts";
import { RunningShadow } from "./running-shadow.ts";
import { loadRows } from "./rows.ts";
import { beside, borrowServer } from "./staging.ts";
import { type ShadowServer, startServer } from "./server.ts";
import { anyKept, takeKept, warmKey } from "./warm.ts";

/**
 * Builds a shadow of a target from its catalogs alone. Nothing of the target runs while it is built, and nothing on the target is locked but what reading a definition locks for a moment. Throws RW560 where there is
 * no server to build in; what could not be made is a gap, never an error.
 */
export async function startShadow(options: ShadowOptions): Promise<Shadow> {
  // With rows of somebody's it is not kept, and on a server of somebody's it cannot be.
  const isKept = options.staging === undefined && options.rows === undefined;
  if (isKept && (await anyKept(options.live))) {
    const read = await readTarget(options);
    const key = warmKey(options.live, read);
    const warm = await warmed(key, options, read);
    return warm ?? (await built(await emptyServer(options), { read, key, options }));
  }
  const [started, reading] = await Promise.allSettled([emptyServer(options), readTarget(options)]);
  if (started.status === "rejected") throw started.reason;
  if (reading.status === "rejected") {
    await started.value[Symbol.asyncDispose]();
    throw reading.reason;
  }
  const read = reading.value;
  return await built(started.value, { read, key: isKept ? warmKey(options.live, read) : null, options });
}

function emptyServer({ staging, live, signal }: ShadowOptions): Promise<ShadowServer> {
  return staging === undefined
    ? startServer(live.version.major, live.actor.bootstrap)
    : borrowServer(staging, live, signal);
}

interface Building {
  readonly read: TargetRows;
  /** Under what it is kept; null: not at all. */
  readonly key: string | null;
  readonly options: ShadowOptions;
}

async function built(server: ShadowServer, { read, key, options }: Building): Promise<Shadow> {
  try {
    const gaps = await build(server, read, options);
    if (options.rows !== undefined) await loadInto(server, options, options.rows);
    return await compared(server, { read, key, options }, [...gaps, ...unreadable(options.live)]);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** A shadow that an earlier process left, and that is still what would be built; null where there is none. It is compared as a new one is. */
async function warmed(key: string, options: ShadowOptions, read: TargetRows): Promise<Shadow | null> {
  const kept = await takeKept(key);
  if (kept === null) return null;
  const { live } = options;
  let server: ShadowServer | null = null;
  try {
    server = await startServer(live.version.major, live.actor.bootstrap, join(kept.folder, "data"));
    return await compared(server, { read, key, options }, kept.gaps);
  } catch {
    await server?.[Symbol.asyncDispose]();
    options.signal?.throwIfAborted();
    return null; // Its data is of a release of the server that this one does not take, or damaged: another is built.
  } finally {
    await rm(kept.folder, { recursive: true, force: true });
  }
}

async function compared(
  server: ShadowServer,
  { read, key, options }: Building,
  gaps: readonly ShadowGap[],
): Promise<Shadow> {
  const { live } = options;
  const snapshot = await readShadow(server, live, options.signal);
  const mirrored = options.about === undefined ? everything(live) : chosen(live, read.databases);
  const found = differences(live.access, snapshot.access, { ...mirrored, beside: server.borrowed !== null });
  return new RunningShadow({ ...options, server, snapshot, key, gaps: sortedGaps([...gaps, ...found]) });
}

/** What is built: a cluster and its databases. */
interface TargetRows {
  readonly cluster: ClusterRows;
  readonly databases: readonly DatabaseRows[];
}

async function fromTarget<T>(
  options: ShadowOptions,
  database: string,
  read: (session: Session) => Promise<T>,
): Promise<T> {
  await using session = await openSession(parseDsn(options.url), database, sessionOptions(options.signal));
  return await read(session);
}

async function readTarget(options: ShadowOptions): Promise<TargetRows> {
  const { live, about } = options;
  const { major } = live.version;
  const home = parseDsn(options.url).database;
  const cluster = await fromTarget(options, home, (session) => readClusterRows(session, major));
  const databases: DatabaseRows[] = [];
  for (const database of live.identity.databases) {
    const all = await fromTarget(options, database, (session) => readDatabaseRows(session, major));
    databases.push(about === undefined ? all : prune(all, about));
    options.onProgress?.(`the structure of database ${database} was read`);
  }
  return { cluster, databases };
}

async function build(server: ShadowServer, read: TargetRows, options: ShadowOptions): Promise<ShadowGap[]> {
  const { signal } = options;
  const gaps: ShadowGap[] = [];
  const open = async (database: string): Promise<Session> => {
    const session = await openSession(parseDsn(server.url(database)), database, sessionOptions(signal));
    await session.run(BUILDER);
    return session;
  };
  const inShadow = async (database: string, work: (session: Session) => Promise<ShadowGap[]>): Promise<void> => {
    await using session = await open(database);
    gaps.push(...(await work(session)));
  };
  const making = { administrator: server.administrator, signal };
  const { borrowed } = server;
  const rowsHere = borrowed === null ? read.cluster : beside(read.cluster, borrowed);
  const cluster: ClusterPlan = { rows: rowsHere, major: server.major, borrowed: borrowed !== null, ...making };
  const home = options.staging === undefined ? "postgres" : parseDsn(options.staging).database;
  await inShadow(home, (session) => makeRoles(session, cluster));
  await inShadow(home, (session) => makeDatabases(session, cluster));
  options.onProgress?.("roles and databases");
  for (const rows of read.databases) {
    await fromTarget(options, rows.database, (target) =>
      inShadow(rows.database, async (session) => {
        await using other = await open(rows.database);
        return await buildDatabase([session, other], { rows, target, ...making });
      }),
    );
    await inShadow(rows.database, (session) => writeAccess(session, { rows, ...making }));
    options.onProgress?.(`database ${rows.database}`);
  }
  await inShadow(read.databases[0]?.database ?? home, (session) => writeRoles(session, cluster));
  return gaps;
}

async function loadInto(server: ShadowServer, options: ShadowOptions, rows: string): Promise<void> {
  const { database } = parseDsn(options.url);
  await using session = await openSession(parseDsn(server.url(database)), database, sessionOptions(options.signal));
  await loadRows(session, rows);
  options.onProgress?.("rows");
}

/** What could not be read of the target cannot be on its shadow. */
function unreadable(live: Snapshot): ShadowGap[] {
  const gaps = live.unknowns.map(({ subject, reason }) => ({ name: subject.replaceAll("`", ""), reason }));
  const { provider } = live.actor;
  if (provider === null) return gaps;
  return [
    ...gaps,
    {
      name: `provider ${provider}`,
      reason: "what the managed service allows or forbids beyond PostgreSQL itself is not on the shadow",
    },
  ];
}
