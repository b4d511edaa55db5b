import { describe, expect, it } from "vitest";
import {
  type CassandraWorld,
  node,
  runOn,
  told,
  untold,
  withNodes,
} from "../../../../test/support/check-world-cassandra.ts";
import type { CopyFacts, NodeFacts } from "../../../model/posture/cassandra.ts";
import { thinCopies, unfitCluster } from "./cassandra.ts";

const roles = {};
const copy = (dataCenter: string, nodes: number, copies: number): CopyFacts => ({ dataCenter, nodes, copies });
const kept = (...copies: readonly CopyFacts[]): CassandraWorld => ({ roles, posture: { cassandra: { copies } } });

describe("AVL-05", () => {
  it("finds what a new cluster has: one copy on several nodes", () => {
    const world = kept(copy("dc1", 5, 1));
    expect(told(thinCopies, world)).toEqual([
      "critical data center `dc1` keeps one copy of roles and grants on its 5 nodes: with one node down some logins fail, and nothing can be changed",
    ]);
    expect(runOn(thinCopies, world).findings[0]?.mend.text).toContain("`dc1` keep 3 copies of");
    expect(runOn(thinCopies, world).findings[0]?.mend.sql).toEqual([
      "alter keyspace system_auth with replication = {'class': 'NetworkTopologyStrategy', 'dc1': 3};",
    ]);
  });

  it("finds a data center that keeps none, and leaves the others as they are", () => {
    const world = kept(copy("dc1", 3, 5), copy("o'dc", 1, 0));
    expect(told(thinCopies, world)).toEqual([
      "critical data center `o'dc` keeps no copy of roles and grants on its one node: with one node down some logins fail, and nothing can be changed",
    ]);
    expect(runOn(thinCopies, world).findings[0]?.mend.text).toContain("keep one copy of");
    expect(runOn(thinCopies, world).findings[0]?.mend.sql?.[0]).toContain("'dc1': 5, 'o''dc': 1}");
  });

  it("finds two copies on three nodes, and is silent at three, or at one on each of two", () => {
    expect(told(thinCopies, kept(copy("dc1", 3, 2)))).toHaveLength(1);
    expect(runOn(thinCopies, kept(copy("dc1", 5, 3))).passed).toEqual(["AVL-05"]);
    expect(told(thinCopies, kept(copy("dc1", 2, 2)))).toEqual([]);
    expect(told(thinCopies, kept(copy("dc1", 1, 1), copy("dc2", 1, 1)))).toEqual([]);
  });

  it("says that one node is one node, without alarm", () => {
    expect(told(thinCopies, kept(copy("dc1", 1, 1)))).toEqual([
      "low there is one node, so that there is one copy of roles and grants: while it is down nobody logs in",
    ]);
    expect(untold(thinCopies, { roles })).toHaveLength(1);
  });
});

describe("AVL-14", () => {
  const away = (name: string): NodeFacts => node(name, null, { reached: false });
  const ring = (copies: number, ...nodes: readonly NodeFacts[]): CassandraWorld => ({
    roles,
    posture: { cassandra: { nodes, copies: [copy("dc1", nodes.length, copies)] } },
  });

  it("finds a node that cannot be reached, and says where that is too many", () => {
    const one = ring(3, node("a"), node("b"), away("c"));
    expect(told(unfitCluster, one)).toEqual(["high node `c` cannot be reached"]);
    expect(runOn(unfitCluster, one).findings[0]?.mend.text).toContain("or make it reachable");
    const two = runOn(unfitCluster, ring(3, node("a"), away("b"), away("c"))).findings[0];
    expect(two?.mend.text).toContain("or make them reachable");
    expect(told(unfitCluster, ring(3, node("a"), away("b"), away("c")))).toEqual([
      "critical nodes `b` and `c` cannot be reached; in `dc1` some roles have no quorum left",
    ]);
    expect(told(unfitCluster, ring(2, node("a"), node("b"), away("c")))).toHaveLength(1);
    expect(told(unfitCluster, ring(2, node("a"), node("b"), away("c")))[0]).toMatch(/^critical/u);
  });

  it("does not blame a data center for nodes of another", () => {
    const other = node("c", null, { reached: false, dataCenter: "dc2" });
    const world = ring(1, node("a"), node("b"), other);
    expect(told(unfitCluster, world)).toEqual(["high node `c` cannot be reached"]);
    const nodes = [node("a", {}, { dataCenter: "dc2" }), node("b"), node("c"), away("d")];
    const none = { roles, posture: { cassandra: { nodes, copies: [copy("dc1", 3, 3), copy("dc2", 1, 0)] } } };
    expect(told(unfitCluster, none)).toEqual(["high node `d` cannot be reached"]);
  });

  it("finds nodes that do not agree on the schema: the fewer are the others", () => {
    const nodes = [node("a", {}, { schema: "s2" }), node("b"), node("c")];
    expect(told(unfitCluster, { roles, ...withNodes(...nodes) })).toEqual([
      "high node `a` has another schema than the others",
    ]);
    const more = [...nodes, node("d"), node("e", {}, { schema: "s2" })];
    expect(told(unfitCluster, { roles, ...withNodes(...more) })).toEqual([
      "high nodes `a` and `e` have another schema than the others",
    ]);
    const even = [node("b", {}, { schema: "s2" }), node("a")];
    expect(told(unfitCluster, { roles, ...withNodes(...even) })[0]).toContain("node `b`");
  });

  it("passes where all are there and agree, what is not known of one left out", () => {
    const nodes = [node("a"), node("b"), node("c", null, { schema: "" })];
    expect(runOn(unfitCluster, { roles, ...withNodes(...nodes) }).passed).toEqual(["AVL-14"]);
    expect(untold(unfitCluster, { roles })).toHaveLength(1);
  });
});
