import { describe, expect, it } from "vitest";
import {
  type CassandraWorld,
  node,
  runOn,
  told,
  untold as gaps,
  withNodes,
} from "../../../../test/support/check-world-cassandra.ts";
import type { NodeFacts } from "../../../model/posture/cassandra.ts";
import { DEFAULT_LIMITS } from "../../../model/declared.ts";
import { limitsNotEnforced, longCaches, notEnforced } from "./enforcement.ts";

const roles = { app: { login: true } };
const HIDDEN = "the configuration of node `b` may not be read";

describe("CSE-01", () => {
  it("finds a single node that asks for nothing, by each of the two settings", () => {
    const open = node("b", { authenticator: "AllowAllAuthenticator", authorizer: "AllowAllAuthorizer" });
    expect(told(notEnforced, { roles, ...withNodes(node("a"), open) })).toEqual([
      "critical on node `b` everybody may read and change all data: `authorizer` is AllowAllAuthorizer",
      "critical on node `b` nobody is asked for a password, and everybody is a superuser: `authenticator` is AllowAllAuthenticator",
    ]);
    const all = [node("a", { authorizer: "AllowAllAuthorizer" }), node("b", { authorizer: "AllowAllAuthorizer" })];
    expect(told(notEnforced, { roles, ...withNodes(...all) })).toEqual([
      "critical on every node everybody may read and change all data: `authorizer` is AllowAllAuthorizer",
    ]);
  });

  it("is about everybody", () => {
    const world = { roles, ...withNodes(node("a", { authorizer: "AllowAllAuthorizer" })) };
    expect(runOn(notEnforced, world).findings[0]?.principals).toEqual([""]);
  });

  it("passes where every node checks, and never where one did not say", () => {
    expect(runOn(notEnforced, { roles, ...withNodes(node("a"), node("b")) }).passed).toEqual(["CSE-01"]);
    expect(gaps(notEnforced, { roles, ...withNodes(node("a"), node("b", null)) })).toEqual([HIDDEN]);
    const away = node("b", null, { reached: false });
    expect(gaps(notEnforced, { roles, ...withNodes(node("a"), away) })).toEqual([
      "the configuration of node `b` could not be asked for",
    ]);
    expect(gaps(notEnforced, { roles })).toHaveLength(1);
  });

  it("says what to do about a node that did not say, and calls it unreached where one of several was", () => {
    const away = node("c", null, { reached: false });
    const said = (...nodes: readonly NodeFacts[]) =>
      runOn(notEnforced, { roles, ...withNodes(...nodes) }).notEvaluated.map(({ reason, help }) => [reason, help]);
    expect(said(node("b", null))).toEqual([
      [HIDDEN, "have a superuser run: grant select on keyspace system_views to us"],
    ]);
    expect(said(node("b", null), away)).toEqual([
      [
        "the configuration of nodes `b` and `c` could not be asked for",
        "make every node reachable from here, at the address that it tells the others",
      ],
    ]);
  });

  it("names up to four of the nodes, and all of them only where it is all", () => {
    const open = (...names: readonly string[]) => names.map((name) => node(name, { authorizer: "AllowAllAuthorizer" }));
    const said = (...nodes: readonly NodeFacts[]) => told(notEnforced, { roles, ...withNodes(...nodes) });
    const that = "everybody may read and change all data: `authorizer` is AllowAllAuthorizer";
    expect(said(...open("a", "b"), node("z"))).toEqual([`critical on nodes \`a\` and \`b\` ${that}`]);
    expect(said(...open("a", "b", "c", "d"), node("z"))).toEqual([
      `critical on nodes \`a\`, \`b\`, \`c\` and \`d\` ${that}`,
    ]);
    expect(said(...open("a", "b", "c", "d", "e"), node("z"))).toEqual([
      `critical on nodes \`a\`, \`b\`, \`c\` and 2 more ${that}`,
    ]);
  });
});

describe("CSE-15", () => {
  const limited = { app: { login: true, datacenters: '["dc1"]' }, far: { login: true, cidr_groups: '["office"]' } };

  it("finds limits that a node does not look at, each by its own authorizer", () => {
    const off = node("b", { networkAuthorizer: "AllowAllNetworkAuthorizer", cidrAuthorizer: "AllowAllCIDRAuthorizer" });
    expect(told(limitsNotEnforced, { roles: limited, ...withNodes(node("a"), off) })).toEqual([
      "medium `app` is limited by `datacenters`, which is not enforced on node `b`",
      "medium `far` is limited by `cidr_groups`, which is not enforced on node `b`",
    ]);
  });

  it("takes writing down for not enforcing, and no authorizer at all for none", () => {
    expect(told(limitsNotEnforced, { roles: limited, ...withNodes(node("a", { cidrMonitors: true })) })).toEqual([
      "medium `far` is limited by `cidr_groups`, which is not enforced on node `a`",
    ]);
    expect(told(limitsNotEnforced, { roles: limited, ...withNodes(node("a", { networkAuthorizer: "" })) })).toEqual([
      "medium `app` is limited by `datacenters`, which is not enforced on node `a`",
    ]);
  });

  it("is silent where nobody is limited or everything is enforced, and says where it cannot know", () => {
    const off = node("a", { networkAuthorizer: "AllowAllNetworkAuthorizer" });
    expect(told(limitsNotEnforced, { roles, ...withNodes(off) })).toEqual([]);
    expect(gaps(limitsNotEnforced, { roles, ...withNodes(node("b", null)) })).toEqual([]);
    expect(runOn(limitsNotEnforced, { roles: limited, ...withNodes(node("a")) }).passed).toEqual(["CSE-15"]);
    const one = { app: limited.app };
    expect(gaps(limitsNotEnforced, { roles: one, ...withNodes(node("b", null)) })).toEqual([HIDDEN]);
  });
});

describe("CSE-16", () => {
  const caches = (...times: readonly number[]): CassandraWorld => ({
    roles,
    ...withNodes(...times.map((cacheMs, at) => node(`n${at}`, { cacheMs }))),
  });

  it("finds what is believed for longer than the limit, and nodes that differ", () => {
    expect(told(longCaches, caches(11_000, 11_000))).toEqual([
      "medium on every node what was revoked works on for up to 11 seconds, more than 10",
    ]);
    expect(told(longCaches, caches(2000, 60_000))).toEqual([
      "medium on node `n1` what was revoked works on for up to 60 seconds, more than 10",
      "medium what was revoked works on for different times on different nodes: 2, 60 seconds",
    ]);
    expect(told(longCaches, caches(2000, 3000))).toEqual([
      "medium what was revoked works on for different times on different nodes: 2, 3 seconds",
    ]);
  });

  it("is silent at the limit, and goes by the manifest's", () => {
    expect(runOn(longCaches, caches(10_000, 10_000)).passed).toEqual(["CSE-16"]);
    const declared = { limits: { ...DEFAULT_LIMITS, cacheSeconds: 1 } };
    expect(told(longCaches, { ...caches(2000), declared })).toHaveLength(1);
    expect(gaps(longCaches, { roles, ...withNodes(node("b", null)) })).toEqual([HIDDEN]);
  });
});
