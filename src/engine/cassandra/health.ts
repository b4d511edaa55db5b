import type { Snapshot } from "../../model/snapshot.ts";
import type { HealthFact } from "../engine.ts";
import { CAPABILITIES } from "./capabilities.ts";
import type { Session } from "./client.ts";
import type { Dsn } from "./dsn.ts";
import { accountFacts } from "./health-account.ts";
import { readServer, type ServerFound } from "./introspect.ts";
import * as sql from "./queries.ts";
import { copiesOf, type Copies } from "./replication.ts";
import { quoteText } from "./quote.ts";
import { cacheValidityMs, classOfSetting, readSettings, type Settings } from "./settings.ts";
import { holesFact } from "./version.ts";

/** How far apart the clocks may be before the times in plans, runs and drift mislead. */
const MAX_SKEW_MS = 5000;

/** How many copies of roles and grants are enough, where there are as many nodes. */
const ENOUGH_COPIES = 3;

export interface Examination {
  readonly session: Session;
  readonly dsn: Dsn;
}

/** Looks at the cluster, the way to it and our account, and says of each how it is and what would fix it. */
export async function examine(live: Snapshot, { session, dsn }: Examination): Promise<readonly HealthFact[]> {
  const sent = Date.now();
  const server = await readServer(session);
  const received = Date.now();
  const settings = await readSettings(session);
  const keyspaces = await session.rows<sql.KeyspaceRow>(sql.KEYSPACES, { consistency: "localOne" });
  const [, replication = {}] = keyspaces.find(([name]) => name === "system_auth") ?? [];
  const dataCenters = [server.dataCenter, ...server.peers.flatMap((peer) => peer[1] ?? [])];
  return [
    verifiedFact(live),
    holesFact(live.version),
    releasesFact(server),
    clockFact({ sent, received, server: Date.parse(server.now) }),
    transportFact(session, dsn),
    ...(settings === null ? [unreadFact()] : settingFacts(settings)),
    replicationFact(copiesOf(replication, dataCenters)),
    ...accountFacts(live),
  ];
}

/** Whether this series was ever tried. */
function verifiedFact({ version }: Snapshot): HealthFact {
  const name = "verified";
  const series = `${version.major}.${version.minor}`;
  if (CAPABILITIES.verifiedOn.includes(series)) return { name, result: "ok", text: `tested on Cassandra ${series}` };
  const text = `tested on Cassandra ${CAPABILITIES.verifiedOn.join(", ")}, and not on ${series}`;
  return { name, result: "warn", text, fix: "try plans on a copy first" };
}

/** While nodes run different releases, what can be granted differs between them. */
function releasesFact({ release, peers }: ServerFound): HealthFact {
  const name = "releases";
  const found = [...new Set([release, ...peers.flatMap((peer) => peer[4] ?? [])])].sort();
  if (found.length === 1) return { name, result: "ok", text: `every node runs ${release}` };
  const text = `nodes run different releases: ${found.join(", ")}`;
  return { name, result: "warn", text, fix: "finish the upgrade before anything is changed" };
}

/** Three moments in milliseconds: when we asked, when the node answered by its own clock, and when we had the answer. What the way took is in doubt, and not held against it. */
function clockFact(moments: { readonly sent: number; readonly received: number; readonly server: number }): HealthFact {
  const { sent, received, server } = moments;
  const ahead = server - (sent + received) / 2;
  if (Math.abs(ahead) - (received - sent) / 2 <= MAX_SKEW_MS) {
    return { name: "clock", result: "ok", text: "the node's clock and ours are within 5 seconds" };
  }
  const text = `the node's clock is ${Math.round(Math.abs(ahead) / 1000)} seconds ${ahead > 0 ? "ahead of" : "behind"} ours`;
  const fix = "set the clocks of all nodes and ours by NTP: of two grants the one with the later time wins";
  return { name: "clock", result: "warn", text, fix };
}

/** How what we send travels, and whether the node has proved who it is. */
function transportFact({ transport: { address, tls } }: Session, dsn: Dsn): HealthFact {
  const name = "tls";
  const here = /^(?:::ffff:)?127\.|^::1$/iu.test(address);
  if (!tls && here) return { name, result: "ok", text: `none, and ${address} is this machine` };
  if (!tls) {
    const text = `none: our password and all that we send to ${address} can be read on the way`;
    return { name, result: "warn", text, fix: `${VERIFY}; the nodes need \`client_encryption_options\`` };
  }
  if (dsn.tls === "verify-full") return { name, result: "ok", text: "TLS, and the node has proved its name" };
  if (dsn.tls === "verify-ca") {
    return { name, result: "ok", text: "TLS; the certificate is checked, the name in it is not" };
  }
  const text = `TLS, but nothing proves who the node is (\`tls=${dsn.tls}\`)`;
  return here ? { name, result: "ok", text } : { name, result: "warn", text, fix: VERIFY };
}

const VERIFY = "set `tls=verify-full` in the target's URL, and `tls-ca=FILE` where the authority is your own";

function unreadFact(): HealthFact {
  const text = "the settings of the node may not be read, so that nobody knows whether grants count at all";
  const fix = "have a superuser run: grant select on keyspace system_views to us";
  return { name: "enforced", result: "warn", text, fix };
}

/** Settings that decide whether what is granted counts, and when. */
function settingFacts(settings: Settings): HealthFact[] {
  const authenticator = classOfSetting(settings, "authenticator");
  const authorizer = classOfSetting(settings, "authorizer");
  const manager = classOfSetting(settings, "role_manager");
  const off = [authenticator, authorizer].filter((name) => name.startsWith("AllowAll"));
  const facts: HealthFact[] = [
    off.length === 0
      ? { name: "enforced", result: "ok", text: `${authenticator} and ${authorizer} check every login and statement` }
      : {
          name: "enforced",
          result: "fail",
          text: `access is not enforced: ${off.join(" and ")} let everybody do everything`,
          fix: "set `authenticator: PasswordAuthenticator` and `authorizer: CassandraAuthorizer` in cassandra.yaml of every node",
        },
    cacheFact(cacheValidityMs(settings)),
  ];
  if (manager !== "" && manager !== "CassandraRoleManager") {
    const text = `roles are kept by ${manager}, which may not keep them in \`system_auth\``;
    facts.push({ name: "roles", result: "warn", text, fix: "manage the roles where that keeps them" });
  }
  return facts;
}

/** Longer than this, what is revoked works on for too long to call it revoked. */
const LONG_VALIDITY_MS = 60_000;

function cacheFact(validity: number): HealthFact {
  const name = "caches";
  const text = `a node believes what it read about roles and grants for up to ${validity / 1000} seconds`;
  if (validity <= LONG_VALIDITY_MS) return { name, result: "ok", text };
  const fix =
    "lower `roles_validity` and `permissions_validity` in cassandra.yaml: until then what is revoked still works";
  return { name, result: "warn", text, fix };
}

/** Each role and grant is kept on so many nodes: when too few of those are up, its role can do nothing, and nothing can be changed. */
function replicationFact(all: readonly Copies[]): HealthFact {
  const name = "copies";
  const wanted = all.map(({ dataCenter, nodes }) => ({ dataCenter, copies: Math.min(nodes, ENOUGH_COPIES) }));
  const short = all.filter(({ nodes, copies }) => copies < Math.min(nodes, ENOUGH_COPIES));
  const is = all.map(({ dataCenter, nodes, copies }) => `${copies} on ${nodes} nodes of ${dataCenter}`).join(", ");
  const only = all.reduce((sum, { nodes }) => sum + nodes, 0) === 1;
  if (only) {
    const text = "there is one node, and one copy of the roles and grants: when it is away, so is all access";
    return { name, result: "ok", text };
  }
  if (short.length === 0) return { name, result: "ok", text: `of \`system_auth\`: ${is}` };
  const places = wanted.map(({ dataCenter, copies }) => `${quoteText(dataCenter)}: ${copies}`).join(", ");
  const fix = `run: alter keyspace system_auth with replication = {'class': 'NetworkTopologyStrategy', ${places}}; then \`nodetool repair system_auth\` on every node`;
  const single = short.some(({ copies }) => copies <= 1);
  const text = `of \`system_auth\`: ${is}: ${single ? "when one node is away, some roles cannot log in and nothing can be changed" : "one more copy would let a node be away"}`;
  return { name, result: single ? "fail" : "warn", text, fix };
}
