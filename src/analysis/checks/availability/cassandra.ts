import type { NodeFacts } from "../../../model/posture/cassandra.ts";
import type { Check, CheckContext } from "../check.ts";
import { saidNodes } from "../cassandra/nodes.ts";

const COMMON = {
  principles: ["availability"],
  engines: ["cassandra"],
  needs: ["posture"],
} as const satisfies Partial<Check>;

/** So many copies make a quorum when one of them is away. */
const ENOUGH = 3;

/** AVL-05. */
export const thinCopies: Check = {
  ...COMMON,
  id: "AVL-05",
  title: "too few nodes keep roles and grants",
  why: "Roles are read and written by a quorum in each data center. With one copy, which is what a new cluster has, the roles of a node that is down cannot log in, and nothing can be changed; a node that finds no roles at all makes the default superuser anew.",
  fix: "Give `system_auth` three copies in every data center, one on each node where there are fewer, then repair it on every node.",
  example: "alter keyspace system_auth with replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 3};",
  danger: "critical",
  *find({ posture }) {
    const copies = posture?.cassandra?.copies ?? [];
    const isOne = copies.reduce((sum, { nodes }) => sum + nodes, 0) <= 1;
    const wanted = (nodes: number): number => Math.min(nodes, ENOUGH);
    const after = copies.map((each) => `'${quoted(each.dataCenter)}': ${Math.max(each.copies, wanted(each.nodes))}`);
    const statement = `alter keyspace system_auth with replication = {'class': 'NetworkTopologyStrategy', ${after.join(", ")}};`;
    for (const { dataCenter, nodes, copies: kept } of copies) {
      const where = `\`${dataCenter}\``;
      if (isOne) {
        yield {
          message: `there is one node, so that there is one copy of roles and grants: while it is down nobody logs in`,
          principals: [],
          about: dataCenter,
          danger: "low",
          fix: { text: "add nodes, and copies of `system_auth` on them, before roles matter" },
        };
        continue;
      }
      if (kept >= wanted(nodes)) continue;
      const are = kept === 0 ? "no copy" : kept === 1 ? "one copy" : `${kept} copies`;
      yield {
        message: `data center ${where} keeps ${are} of roles and grants on ${nodes === 1 ? "its one node" : `its ${nodes} nodes`}: with one node down some logins fail, and nothing can be changed`,
        principals: [],
        about: dataCenter,
        fix: {
          text: `let ${where} keep ${wanted(nodes) === 1 ? "one copy" : `${wanted(nodes)} copies`} of \`system_auth\`, then run \`nodetool repair system_auth\` on every node`,
          sql: [statement],
        },
      };
    }
  },
};

/** AVL-14. */
export const unfitCluster: Check = {
  ...COMMON,
  id: "AVL-14",
  title: "the cluster is in no state to change roles: nodes cannot be reached, or do not agree on what exists",
  why: "A change is written by a quorum in each data center: with too few nodes up a plan stops half-way, or what was revoked comes back. Nodes that have different schemas do not know the same tables.",
  fix: "Start the nodes that are down, wait until all have one schema, and plan again.",
  example: "nodetool status\nnodetool describecluster",
  danger: "high",
  *find(context) {
    const nodes = context.posture?.cassandra?.nodes ?? [];
    const away = nodes.filter(({ reached }) => !reached);
    if (away.length > 0) {
      const short = withoutQuorum(context, away);
      const then =
        short.length === 0
          ? ""
          : `; in ${short.map((each) => `\`${each}\``).join(", ")} some roles have no quorum left`;
      yield {
        message: `${saidNodes(away)} cannot be reached${then}`,
        principals: [],
        about: "away",
        danger: short.length === 0 ? "high" : "critical",
        fix: { text: `start ${saidNodes(away)}, or make ${away.length === 1 ? "it" : "them"} reachable from here` },
      };
    }
    const schemas = Map.groupBy(
      nodes.filter(({ schema }) => schema !== ""),
      ({ schema }) => schema,
    );
    if (schemas.size < 2) return;
    const [, ...others] = [...schemas.values()].toSorted((a, b) => b.length - a.length || order(a, b));
    yield {
      message: `${saidNodes(others.flat())} ${others.flat().length === 1 ? "has" : "have"} another schema than the others`,
      principals: [],
      about: "schemas",
      fix: {
        text: "wait until every node has the same schema (`nodetool describecluster`), and restart one that never gets it",
      },
    };
  },
};

/** The data centers in which more nodes are away than a quorum of the copies can do without. */
function withoutQuorum({ posture }: CheckContext, away: readonly NodeFacts[]): readonly string[] {
  const copies = posture?.cassandra?.copies ?? [];
  return copies.flatMap(({ dataCenter, copies: kept }) => {
    const gone = away.filter((node) => node.dataCenter === dataCenter).length;
    const spare = kept - (Math.floor(kept / 2) + 1);
    return gone > 0 && gone > spare ? [dataCenter] : [];
  });
}

function order([a]: readonly NodeFacts[], [b]: readonly NodeFacts[]): number {
  return (a?.node ?? "") < (b?.node ?? "") ? -1 : 1;
}

function quoted(name: string): string {
  return name.replaceAll("'", "''");
}
