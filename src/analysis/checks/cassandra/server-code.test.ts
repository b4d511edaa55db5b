import { describe, expect, it } from "vitest";
import {
  type CassandraWorld,
  node,
  runOn,
  told,
  toldAfterFix,
  untold,
  withNodes,
} from "../../../../test/support/check-world-cassandra.ts";
import { makesFunctions, nodePower } from "./server-code.ts";

const roles = { app: { login: true }, boss: { superuser: true } };

describe("CSE-08", () => {
  const on = (...grants: string[]): CassandraWorld => ({
    roles,
    grants,
    ...withNodes(node("a"), node("b", { userFunctions: true })),
  });

  it("finds who may make functions where a node runs them", () => {
    const world = on("create on schema-routines shop to app");
    expect(told(makesFunctions, world)).toEqual([
      "high `app` may run code of its own on node `b`: it holds CREATE on `all routines in shop`",
    ]);
    expect(toldAfterFix(makesFunctions, world)).toEqual([]);
    expect(told(makesFunctions, on("create on all-routines to app"))).toHaveLength(1);
  });

  it("is critical where nothing holds the code", () => {
    const loose = withNodes(node("a", { userFunctions: true, looseFunctions: true }));
    const world = { ...on("create on all-routines to app"), ...loose };
    expect(told(makesFunctions, world)).toEqual([
      "critical `app` may run code of its own on node `a`: it holds CREATE on `all routines`, and functions run outside of the sandbox",
    ]);
    const some = withNodes(
      node("a", { userFunctions: true }),
      node("b", { userFunctions: true, looseFunctions: true }),
    );
    expect(runOn(makesFunctions, { ...world, ...some }).findings[0]?.danger).toBe("critical");
    const off = withNodes(node("a", { userFunctions: true }), node("b", { looseFunctions: true }));
    expect(runOn(makesFunctions, { ...world, ...off }).findings[0]?.danger).toBe("high");
  });

  it("is silent where no node runs functions, and about other rights, migrations and superusers", () => {
    const grants = ["create on all-routines to app"];
    expect(told(makesFunctions, { roles, grants, ...withNodes(node("a")) })).toEqual([]);
    expect(told(makesFunctions, on("execute, alter, drop on all-routines to app"))).toEqual([]);
    expect(told(makesFunctions, on("create on schema shop to app"))).toEqual([]);
    expect(told(makesFunctions, { ...on(...grants), purposes: { app: "migration" } })).toEqual([]);
    expect(told(makesFunctions, on("create on all-routines to boss"))).toEqual([]);
  });

  it("says where a node did not tell, and does not ask where nobody makes functions", () => {
    const hidden = withNodes(node("a", null));
    expect(untold(makesFunctions, { roles, grants: ["create on all-routines to app"], ...hidden })).toHaveLength(1);
    expect(untold(makesFunctions, { roles, ...hidden })).toEqual([]);
  });
});

describe("CSE-10", () => {
  const on = (...grants: string[]): CassandraWorld => ({ roles, grants });

  it("finds who may call or change all MBeans", () => {
    const world = on("execute, select on all-mbeans to app");
    expect(told(nodePower, world)).toEqual([
      "critical `app` may act on the nodes themselves: it holds execute on `all MBeans`",
    ]);
    expect(toldAfterFix(nodePower, world)).toEqual([]);
    expect(told(nodePower, on("modify on all-mbeans to app"))).toHaveLength(1);
  });

  it.each([
    "org.apache.cassandra.db:type=StorageService",
    "org.apache.cassandra.*:type=StorageService",
    "org.apache.cassandra.db:*",
    "org.apache.cassandra.db:type=*",
    "com.sun.management:type=Diagnostic?ommand",
    "com.sun.management:type=HotSpotDiagnostic,*",
    "*:*",
    "ch.qos.logback.classic:Name=default,*",
  ])("finds %s, which covers a powerful one", (name) => {
    expect(told(nodePower, on(`execute on mbean ${name} to app`))).toHaveLength(1);
  });

  it.each([
    "org.apache.cassandra.db:type=CompactionManager",
    "org.apache.cassandra.dbx:type=StorageService",
    "org.apache.cassandra.db:type=StorageServiceX",
    "org.apache.cassandra.db:type=StorageService,name=x",
    "org.apache.cassandra.metrics:*",
    "ch.qos.logback.classic:Name=default",
    "orgxapache.cassandra.db:type=StorageService",
  ])("is silent about %s", (name) => {
    expect(told(nodePower, on(`execute on mbean ${name} to app`))).toEqual([]);
  });

  it("is silent about looking, and about superusers", () => {
    expect(told(nodePower, on("select, describe on all-mbeans to app"))).toEqual([]);
    expect(told(nodePower, on("execute on all-mbeans to boss"))).toEqual([]);
  });
});
