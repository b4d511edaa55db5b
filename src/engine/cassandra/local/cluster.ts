import { setTimeout as sleep } from "node:timers/promises";
import { types } from "cassandra-driver";
import { RolewrightError } from "../../../base/error.ts";
import { Secret } from "../../../base/secret.ts";
import { serverAccount } from "../../local/account.ts";
import { freePort } from "../../local/port.ts";
import { privateFolder } from "../../local/run.ts";
import { ensureArchive } from "./archive.ts";
import { type CassandraNode, LocalNode } from "./node.ts";
import { type CassandraVersion, findPrograms, type Programs } from "./programs.ts";
import { type Login, quoteName, quoteText, withClient } from "./session.ts";

/** What a throw-away cluster should be like. */
export interface CassandraOptions {
  /** @default "5.0" */
  readonly version?: CassandraVersion;
  /** On 127.0.0.1, or on 127.0.0.1 to 127.0.0.3 with the same ports. @default 1 */
  readonly nodes?: 1 | 3;
  /** The data center of each node, in order. @default `datacenter1` for all */
  readonly dataCenters?: readonly string[];
  /** The only superuser: the server's own `cassandra` is dropped unless it has this name. @default `cassandra` with the password `cassandra` */
  readonly superuser?: { readonly name: string; readonly password: Secret };
  /** How long a node believes what it read about roles, permissions and passwords. 0: it reads them at every request. @default 0 */
  readonly cacheValidityMs?: number;
  /** Lines of cassandra.yaml, over ours; a function gives each node (0, 1, 2) its own. @default none */
  readonly settings?: Readonly<Record<string, unknown>> | ((node: number) => Readonly<Record<string, unknown>>);
  /** How many copies of `system_auth` each data center has at the end of the start. @default one on each of its nodes */
  readonly systemAuthReplication?: Readonly<Record<string, number>>;
  /** Java's heap of each node. @default 512 for one node, 384 for three */
  readonly heapMegabytes?: number;
  /** The cluster outlives this process; whoever stops its nodes (`pid`) makes their folders disappear. @default false */
  readonly keep?: boolean;
}

/** A throw-away Cassandra cluster on this machine: loopback addresses, private folders, nothing made durable. */
export interface CassandraCluster extends AsyncDisposable {
  readonly version: CassandraVersion;
  /** Exact: `5.0.9`. */
  readonly release: string;
  readonly nodes: readonly CassandraNode[];
  readonly superuser: { readonly name: string; readonly password: Secret };
  /** `cassandra://user:password@127.0.0.1:port,127.0.0.2:port/?dc=datacenter1`; the superuser's unless given. */
  url(login?: { readonly user: string; readonly password: string }): string;
  /** Sessions are cut off; nothing remains on disk. */
  stop(): Promise<void>;
}

const ADDRESSES = ["127.0.0.1", "127.0.0.2", "127.0.0.3"];
const DATA_CENTER = "datacenter1";
const DEFAULT_LOGIN = "cassandra";
const START_ATTEMPTS = 3;

/** Starts a cluster and resolves when its superuser can log in on every node. It is stopped, and its folders removed, by `stop`, by `await using`, or when this process ends in whatever way. */
export async function startCassandra(options: CassandraOptions = {}): Promise<CassandraCluster> {
  const programs = await findPrograms(options.version);
  await ensureArchive(programs);
  for (let attempt = 1; ; attempt++) {
    const nodes = await prepareNodes(programs, options);
    try {
      return await startCluster(nodes, { programs, options });
    } catch (error) {
      await Promise.all(nodes.map((node) => node.remove()));
      const taken = error instanceof RolewrightError && /already in use/i.test(error.message);
      if (!taken || attempt === START_ATTEMPTS) throw error; // Another process may have taken a port between our asking and the server's binding.
    }
  }
}

async function prepareNodes(programs: Programs, options: CassandraOptions): Promise<LocalNode[]> {
  const account = serverAccount();
  const addresses = ADDRESSES.slice(0, options.nodes ?? 1);
  const ports = { native: await freePort(), storage: await freePort(), tls: await freePort() };
  const { settings = {} } = options;
  return Promise.all(
    addresses.map(async (address, index) => {
      const configuration = {
        version: programs.version,
        folder: await privateFolder("rolewright-cassandra-", account),
        account,
        address,
        ports,
        seed: ADDRESSES[0] ?? address,
        dataCenter: options.dataCenters?.[index] ?? DATA_CENTER,
        token: tokenOf(index, addresses.length),
        cacheValidityMs: options.cacheValidityMs ?? 0,
        settings: typeof settings === "function" ? settings(index) : settings,
      };
      const heapMegabytes = options.heapMegabytes ?? (addresses.length === 1 ? 512 : 384);
      return new LocalNode(configuration, { programs, heapMegabytes, keep: options.keep ?? false, writeArchive: null });
    }),
  );
}

/** Evenly around the ring of Murmur3 tokens, which are 64 bits wide. */
function tokenOf(index: number, count: number): bigint {
  return -(2n ** 63n) + 1n + (BigInt(index) * 2n ** 64n) / BigInt(count);
}

async function startCluster(
  nodes: readonly LocalNode[],
  from: { readonly programs: Programs; readonly options: CassandraOptions },
): Promise<CassandraCluster> {
  const { programs, options } = from;
  const [first, ...others] = nodes;
  if (first === undefined) throw new Error("a cluster has at least one node");
  const superuser = options.superuser ?? { name: DEFAULT_LOGIN, password: new Secret(DEFAULT_LOGIN) };
  const everywhere = copiesEverywhere(nodes);
  await first.start();
  const initial = loginOf(first, { name: DEFAULT_LOGIN, password: new Secret(DEFAULT_LOGIN) });
  // While the first node is alone, its data is all there is: nothing has to be repaired when the others join.
  if (others.length > 0) await eventually(() => run(initial, [replicate(everywhere)]));
  await Promise.all(others.map((node) => node.start()));
  await eventually(() => seesAll(initial, others.length));
  await eventually(() => run(initial, [READ_ALL_ROLES], types.consistencies.all));
  if (superuser.name !== DEFAULT_LOGIN || superuser.password.reveal() !== DEFAULT_LOGIN) {
    await replaceSuperuser(initial, superuser);
  }
  const wanted = options.systemAuthReplication;
  if (wanted !== undefined) await run(loginOf(first, superuser), [replicate(wanted)]);
  for (const node of nodes) await eventually(() => run(loginOf(node, superuser), ["select key from system.local"]));
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.remove()));
  };
  return {
    version: programs.version,
    release: programs.release,
    nodes,
    superuser,
    url: (login = { user: superuser.name, password: superuser.password.reveal() }) => urlOf(nodes, login),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Reading every row at ALL writes to each replica what it lacks. */
const READ_ALL_ROLES = "select role, can_login, is_superuser, member_of, salted_hash from system_auth.roles";

function copiesEverywhere(nodes: readonly LocalNode[]): Readonly<Record<string, number>> {
  const copies: Record<string, number> = {};
  for (const { dataCenter } of nodes) copies[dataCenter] = (copies[dataCenter] ?? 0) + 1;
  return copies;
}

function replicate(copies: Readonly<Record<string, number>>): string {
  const entries = Object.entries(copies).map(([dataCenter, count]) => `, ${quoteText(dataCenter)}: ${count}`);
  return `alter keyspace system_auth with replication = {'class': 'NetworkTopologyStrategy'${entries.join("")}}`;
}

async function replaceSuperuser(initial: Login, wanted: { name: string; password: Secret }): Promise<void> {
  const password = quoteText(wanted.password.reveal());
  if (wanted.name === DEFAULT_LOGIN) {
    await run(initial, [`alter role ${quoteName(wanted.name)} with password = ${password}`]);
    return;
  }
  const options = `superuser = true and login = true and password = ${password}`;
  await run(initial, [`create role ${quoteName(wanted.name)} with ${options}`]);
  await run({ ...initial, user: wanted.name, password: wanted.password }, [`drop role ${DEFAULT_LOGIN}`]);
}

async function seesAll(login: Login, others: number): Promise<void> {
  const peers = await withClient(login, (client) =>
    client.execute("select peer, host_id, schema_version from system.peers_v2"),
  );
  const known = peers.rows.filter((row) => row.get("host_id") !== null && row.get("schema_version") !== null);
  if (known.length < others) throw new RolewrightError("RW594", `a node sees ${known.length} of ${others} others`);
}

async function run(login: Login, statements: readonly string[], consistency?: types.consistencies): Promise<void> {
  await withClient(login, async (client) => {
    for (const statement of statements) {
      await client.execute(statement, [], consistency === undefined ? {} : { consistency });
    }
  });
}

function loginOf(node: LocalNode, user: { readonly name: string; readonly password: Secret }): Login {
  return { address: node.address, port: node.port, user: user.name, password: user.password };
}

function urlOf(nodes: readonly LocalNode[], login: { readonly user: string; readonly password: string }): string {
  const hosts = nodes.map((node) => `${node.address}:${node.port}`).join(",");
  const account = [login.user, login.password].map(encodeURIComponent).join(":");
  return `cassandra://${account}@${hosts}/?dc=${encodeURIComponent(nodes[0]?.dataCenter ?? DATA_CENTER)}`;
}

const PATIENCE_MS = 60_000;
const PAUSE_MS = 50;

/** Tries until it works: a node listens before its roles are set up, and before its neighbours know of it. */
async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + PATIENCE_MS; ; ) {
    try {
      return await attempt();
    } catch (cause) {
      if (Date.now() < deadline) {
        await sleep(PAUSE_MS);
        continue;
      }
      throw new RolewrightError("RW594", `Cassandra started, and did not let us in: ${String(cause)}`, { cause });
    }
  }
}
