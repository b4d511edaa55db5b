import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Shadow, ShadowGap, ShadowOptions } from "../../../simulation.ts";
import { openSession, type Session } from "../../client.ts";
import { parseDsn } from "../../dsn.ts";
import type { ResourceKey } from "../../../../model/resource.ts";
import type { Snapshot } from "../../../../model/snapshot.ts";
import { buildDatabase, writeAccess } from "./build-database.ts";
import { BUILDER, type ClusterPlan, makeDatabases, makeRoles, writeRoles } from "./build-cluster.ts";
import { chosen, chosenKeys, differences, everything, sortedGaps } from "./compare.ts";
import { prune } from "./prune.ts";
import {
  type ClusterRows,
  type DatabaseRows,
  readClusterRows,
  readDatabaseMark,
  readDatabaseRows,
} from "./read-target.ts";
import { readShadow, sessionOptions } from "./read-shadow.ts";
import { type Keeping, RunningShadow } from "./running-shadow.ts";
import { loadRows } from "./rows.ts";
import { beside, borrowServer } from "./staging.ts";
import { type ShadowServer, startServer } from "./server.ts";
import { anyKept, type Kept, takeKept, takeMarked, warmKey, warmMark } from "./warm.ts";

/**
 * Builds a shadow of a target from its catalogs alone. Nothing of the target runs while it is built, and nothing on the target is locked but what reading a definition locks for a moment. Throws RW560 where there is
 * no server to build in; what could not be made is a gap, never an error.
 */
export async function startShadow(options: ShadowOptions): Promise<Shadow> {
  // With rows of somebody's it is not kept, and on a server of somebody's it cannot be.
  const isKept = options.staging === undefined && options.rows === undefined;
  if (isKept && (await anyKept(options.live))) {
    const marked = await stillMarked(options);
    if (marked !== null) return marked;
    const read = await readTarget(options);
    const keeping = keepingOf(options, read);
    const warm = await warmed(await takeKept(keeping.key), keeping, options);
    return warm ?? (await built(await emptyServer(options), { read, keeping, options }));
  }
  const [started, reading] = await Promise.allSettled([emptyServer(options), readTarget(options)]);
  if (started.status === "rejected") throw started.reason;
  if (reading.status === "rejected") {
    await started.value[Symbol.asyncDispose]();
    throw reading.reason;
  }
  const read = reading.value;
  return await built(started.value, { read, keeping: isKept ? keepingOf(options, read) : null, options });
}

/** A shadow of the very state that the target is in, where one is kept: nothing but the mark of that state is read. */
async function stillMarked(options: ShadowOptions): Promise<Shadow | null> {
  const mark = await targetMark(options);
  const found = await takeMarked(options.live, mark);
  if (found === null) return null;
  const { key, kept } = found;
  return await warmed(kept, { key, mark, mirrored: kept.made.mirrored }, options);
}

function keepingOf(options: ShadowOptions, read: TargetRows): Keeping {
  const mirrored = options.about === undefined ? null : [...chosenKeys(read.databases)];
  return { key: warmKey(options.live, read), mark: warmMark(options, read), mirrored };
}

function emptyServer({ staging, live, signal }: ShadowOptions): Promise<ShadowServer> {
  return staging === undefined
    ? startServer(live.version.major, live.actor.bootstrap)
    : borrowServer(staging, live, signal);
}

interface Building {
  readonly read: TargetRows;
  /** How it is kept; null: not at all. */
  readonly keeping: Keeping | null;
  readonly options: ShadowOptions;
}

async function built(server: ShadowServer, { read, keeping, options }: Building): Promise<Shadow> {
  try {
    const gaps = [...(await build(server, read, options)), ...unreadable(options.live)];
    if (options.rows !== undefined) await loadInto(server, options, options.rows);
    const keys = options.about === undefined ? null : chosenKeys(read.databases);
    const { snapshot, found } = await compared(server, keys, options);
    return new RunningShadow({ ...options, server, snapshot, keeping, gaps: sortedGaps([...gaps, ...found]) });
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** A shadow that an earlier process left, and that is still what would be built; null where there is none. It is compared as a new one is, and not used where it differs otherwise than it did then. */
async function warmed(kept: Kept | null, keeping: Keeping, options: ShadowOptions): Promise<Shadow | null> {
  if (kept === null) return null;
  const { live } = options;
  const { gaps } = kept.made;
  let server: ShadowServer | null = null;
  try {
    server = await startServer(live.version.major, live.actor.bootstrap, join(kept.folder, "data"));
    const mirrored = keeping.mirrored === null ? null : new Set(keeping.mirrored);
    const { snapshot, found } = await compared(server, mirrored, options);
    const known = new Set(gaps.map(({ name }) => name));
    if (found.every(({ name }) => known.has(name))) {
      return new RunningShadow({ ...options, server, snapshot, keeping, gaps });
    }
    await server[Symbol.asyncDispose]();
  } catch {
    await server?.[Symbol.asyncDispose]();
    options.signal?.throwIfAborted();
    // Its data is of a release of the server that this one does not take, or damaged.
  } finally {
    await rm(kept.folder, { recursive: true, force: true });
  }
  return null; // Another is built.
}

/** What the shadow grants, and where that differs from the target in what it is meant to have; null: in everything. */
async function compared(
  server: ShadowServer,
  mirrored: ReadonlySet<ResourceKey> | null,
  { live, signal }: ShadowOptions,
): Promise<{ readonly snapshot: Snapshot; readonly found: readonly ShadowGap[] }> {
  const snapshot = await readShadow(server, live, signal);
  const meant = mirrored === null ? everything(live) : chosen(live, mirrored);
  const beside = server.borrowed !== null;
  return { snapshot, found: differences(live.access, snapshot.access, { ...meant, beside }) };
}

/** What is built: a cluster and its databases, and the marks of the states that they were read in. */
interface TargetRows {
  readonly cluster: ClusterRows;
  readonly databases: readonly DatabaseRows[];
  readonly marks: readonly string[];
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
  const cluster = await readCluster(options);
  const databases: DatabaseRows[] = [];
  const marks: string[] = [];
  for (const database of live.identity.databases) {
    const { rows, mark } = await fromTarget(options, database, (session) => readDatabaseRows(session, major));
    databases.push(about === undefined ? rows : prune(rows, about));
    marks.push(mark);
    options.onProgress?.(`the structure of database ${database} was read`);
  }
  return { cluster, databases, marks };
}

async function targetMark(options: ShadowOptions): Promise<string> {
  const cluster = await readCluster(options);
  const marks: string[] = [];
  for (const database of options.live.identity.databases) {
    marks.push(await fromTarget(options, database, readDatabaseMark));
  }
  return warmMark(options, { cluster, marks });
}

function readCluster(options: ShadowOptions): Promise<ClusterRows> {
  const { version } = options.live;
  return fromTarget(options, parseDsn(options.url).database, (session) => readClusterRows(session, version.major));
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
