import type { Shadow, ShadowGap, ShadowOptions } from "../../../simulation.ts";
import { openSession, type Session } from "../../client.ts";
import { type Dsn, parseDsn } from "../../dsn.ts";
import type { Snapshot } from "../../../../model/snapshot.ts";
import { buildDatabase, writeAccess } from "./build-database.ts";
import { BUILDER, type ClusterPlan, makeDatabases, makeRoles, writeRoles } from "./build-cluster.ts";
import { chosen, differences, everything, sortedGaps } from "./compare.ts";
import { prune } from "./prune.ts";
import { type DatabaseRows, readClusterRows, readDatabaseRows } from "./read-target.ts";
import { readShadow, sessionOptions } from "./read-shadow.ts";
import { RunningShadow } from "./running-shadow.ts";
import { type ShadowServer, startServer } from "./server.ts";

/**
 * Builds a shadow of a target from its catalogs alone. Nothing of the target runs while it is built, and nothing on the target is locked but what reading a definition locks for a moment. Throws RW560 where there is
 * no server to build in; what could not be made is a gap, never an error.
 */
export async function startShadow(options: ShadowOptions): Promise<Shadow> {
  const { live } = options;
  const target = parseDsn(options.url);
  const server = await startServer(live.version.major, live.actor.bootstrap);
  try {
    const { gaps, databases } = await build(server, target, options);
    const snapshot = await readShadow(server, live, options.signal);
    const mirrored = options.about === undefined ? everything(live) : chosen(live, databases);
    const found = differences(live.access, snapshot.access, mirrored);
    return new RunningShadow({
      ...options,
      server,
      snapshot,
      gaps: sortedGaps([...gaps, ...unreadable(live), ...found]),
    });
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

interface Built {
  readonly gaps: readonly ShadowGap[];
  /** What was built of each database. */
  readonly databases: readonly DatabaseRows[];
}

async function build(server: ShadowServer, target: Dsn, options: ShadowOptions): Promise<Built> {
  const { live, signal } = options;
  const { major } = live.version;
  const gaps: ShadowGap[] = [];
  const fromTarget = async <T>(database: string, read: (session: Session) => Promise<T>): Promise<T> => {
    await using session = await openSession(target, database, sessionOptions(signal));
    return await read(session);
  };
  const inShadow = async <T>(database: string, work: (session: Session) => Promise<T>): Promise<T> => {
    await using session = await openSession(parseDsn(server.url(database)), database, sessionOptions(signal));
    await session.run(BUILDER);
    return await work(session);
  };
  const rows = await fromTarget(target.database, (session) => readClusterRows(session, major));
  const cluster: ClusterPlan = { rows, major: server.major, administrator: server.administrator, signal };
  const making = { administrator: server.administrator, signal };
  await inShadow("postgres", async (session) => {
    gaps.push(...(await makeRoles(session, cluster)), ...(await makeDatabases(session, cluster)));
  });
  options.onProgress?.("roles and databases");
  const databases: DatabaseRows[] = [];
  for (const database of live.identity.databases) {
    await fromTarget(database, async (session) => {
      const all = await readDatabaseRows(session, major);
      const found = options.about === undefined ? all : prune(all, options.about);
      databases.push(found);
      options.onProgress?.(`the structure of database ${database} was read`);
      const built = await inShadow(database, (own) => buildDatabase(own, { rows: found, target: session, ...making }));
      gaps.push(...built);
    });
    options.onProgress?.(`database ${database}`);
  }
  for (const found of databases) {
    gaps.push(...(await inShadow(found.database, (session) => writeAccess(session, { rows: found, ...making }))));
  }
  await inShadow(live.identity.databases[0] ?? "postgres", async (session) => {
    gaps.push(...(await writeRoles(session, cluster)));
  });
  return { gaps, databases };
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
