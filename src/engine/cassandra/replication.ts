import { compareBy, sorted } from "../../base/order.ts";
import type { Finding } from "../../model/finding.ts";
import type { Session } from "./client.ts";
import type { PeerRow } from "./queries.ts";
import { quoteText } from "./quote.ts";

/** How many nodes a data center has, and how many of them keep a copy of each role and grant. */
export interface Copies {
  readonly dataCenter: string;
  readonly nodes: number;
  readonly copies: number;
}

/** What `system_auth` is replicated by, as `system_schema.keyspaces` has it. */
export function copiesOf(
  replication: Readonly<Record<string, unknown>>,
  dataCenters: readonly string[],
): readonly Copies[] {
  const nodes = Map.groupBy(dataCenters, (name) => name);
  return sorted(
    nodes,
    compareBy(([name]) => name),
  ).map(([dataCenter, members]) => {
    // The simple strategy knows no data centers; `3/1` is transient replication.
    const factor = replication[dataCenter] ?? replication["replication_factor"];
    const copies = typeof factor === "string" ? Number.parseInt(factor, 10) : 0;
    return { dataCenter, nodes: members.length, copies: Number.isNaN(copies) ? 0 : copies };
  });
}

/** The same as numbers of a snapshot, by name. */
export function copiesLimits(all: readonly Copies[]): Readonly<Record<string, number>> {
  const entries = all.flatMap(({ dataCenter, nodes, copies }) => [
    [NODES + dataCenter, nodes],
    [COPIES + dataCenter, copies],
  ]);
  return Object.fromEntries(entries) as Record<string, number>;
}

const NODES = "nodes in ";
const COPIES = "copies of system_auth in ";

export function copiesInLimits(limits: Readonly<Record<string, number>>): readonly Copies[] {
  return Object.keys(limits)
    .filter((name) => name.startsWith(COPIES))
    .map((name) => name.slice(COPIES.length))
    .map((dataCenter) => ({
      dataCenter,
      nodes: limits[NODES + dataCenter] ?? 0,
      copies: limits[COPIES + dataCenter] ?? 0,
    }));
}

/** How `system_auth` is replicated. */
export const REPLICATION: string =
  "select replication from system_schema.keyspaces where keyspace_name = 'system_auth'";
export type ReplicationRow = readonly [replication: Readonly<Record<string, string>>];

/** How many copies of roles and grants there are, as it is now. */
export async function readCopies(
  session: Session,
  server: Parameters<typeof dataCentersOf>[0],
): Promise<readonly Copies[]> {
  const [row] = await session.rows<ReplicationRow>(REPLICATION, { consistency: "localOne" });
  return copiesOf(row?.[0] ?? {}, dataCentersOf(server));
}

/** The data center of each node. */
export function dataCentersOf({
  dataCenter,
  peers,
}: {
  readonly dataCenter: string;
  readonly peers: readonly PeerRow[];
}): readonly string[] {
  return [dataCenter, ...peers.flatMap((peer) => (peer[0] === null ? [] : (peer[1] ?? [])))];
}

/** So many copies make a quorum when one of them is away. */
const ENOUGH = 3;

/**
 * What is wrong with the copies of `system_auth`: roles are read and written by a quorum, in each data center. An error where a change could stop half-way because one node is down although there are enough nodes; a warning
 * where there are not.
 */
export function copiesFindings(all: readonly Copies[]): readonly Finding[] {
  const short = all.filter(({ nodes, copies }) => copies < Math.min(nodes, ENOUGH) || copies < 2);
  const several = all.reduce((sum, { nodes }) => sum + nodes, 0) > 1;
  const known = all.filter(({ copies }) => copies > 0);
  return short.map(({ dataCenter, nodes, copies }) => {
    const wanted = Math.min(nodes, ENOUGH);
    const kept = copies === 1 ? "one copy" : `${copies} copies`;
    const message = `\`system_auth\` has ${kept} in data center \`${dataCenter}\` of ${nodes === 1 ? "one node" : `${nodes} nodes`}`;
    if (!several) {
      const help = "add nodes, and copies of `system_auth` on them, before roles matter";
      const what = `${message}: while it is down nobody can log in, and if it is lost all roles are`;
      return { code: "RW318", severity: "warning", message: what, help } satisfies Finding;
    }
    const others = known.filter((one) => one.dataCenter !== dataCenter).map((one) => [one.dataCenter, one.copies]);
    const entries = [...others, [dataCenter, wanted]].map(([name, count]) => `, ${quoteText(String(name))}: ${count}`);
    const statement = `alter keyspace system_auth with replication = {'class': 'NetworkTopologyStrategy'${entries.join("")}}`;
    return {
      code: "RW317",
      severity: "error",
      message: `${message}: with one node down some roles cannot be read or changed, and a plan would stop half-way`,
      help: `have a superuser run: ${statement}; then run \`nodetool repair system_auth\` on every node`,
    } satisfies Finding;
  });
}
