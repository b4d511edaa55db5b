import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { applyPlan, exitCodeOf } from "../../src/apply/apply.ts";
import { outcomePage } from "../../src/cli/render/outcome-page.ts";
import { diff } from "../../src/diff/diff.ts";
import type { Connection } from "../../src/engine/engine.ts";
import type { Change } from "../../src/model/change.ts";
import { temporaryRuns } from "../support/applying.ts";
import { type CassandraServer, PASSWORD, startCassandra } from "../support/cassandra.ts";
import { describeOn } from "../support/describe-on.ts";
import { connectStepwise } from "../support/stepwise-engines.ts";
import { planOf, revert, stepOptions } from "../support/stepwise-world.ts";
import { grantOf } from "../support/stepwise-worlds.ts";

/** Long enough that a node which was not told to forget would be noticed. What is remembered of addresses cannot be forgotten, so nothing looks at them here. */
const OPTIONS = {
  nodes: 3,
  cacheValidityMs: 300_000,
  settings: { cidr_authorizer: { class_name: "AllowAllCIDRAuthorizer" } },
} as const;

const SHOP: readonly string[] = [
  "create keyspace shop with replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 3}",
  "create table shop.orders (id int primary key)",
  "create table shop.items (id int primary key)",
  "create role reader",
  `create role ana with login = true and password = '${PASSWORD}'`,
  "grant select on shop.orders to ana",
];

describeOn("cassandra", "three nodes of Cassandra", () => {
  let server: CassandraServer;
  let connection: Connection;

  beforeAll(async () => {
    server = await startCassandra(OPTIONS);
    for (const cql of SHOP) await server.query(cql);
    connection = await connectStepwise("cassandra", server.url(), []);
  }, 180_000);

  afterAll(async () => {
    await connection?.[Symbol.asyncDispose]();
    await server?.stop();
  });

  const table = (name: string): readonly string[] => ["cluster", "shop", name];
  const nodeNames = (): readonly string[] => server.nodes.map(({ address, port }) => `${address}:${port}`);

  test("each confirm what was applied, and none believes any more what it remembers", async () => {
    const reads = (node: number): Promise<unknown> => server.query("select id from shop.orders", { user: "ana", node });
    for (const node of [0, 1, 2]) await expect(reads(node)).resolves.toEqual([]);
    const live = await connection.introspect();
    const taken: Change = { ...grantOf("ana", table("orders"), ""), kind: "remove-grant" };
    const { runs } = temporaryRuns();
    const plan = planOf(live, connection, [taken]);
    expect(plan.findings).toEqual([]);
    const outcome = await applyPlan(plan, stepOptions(connection, runs));
    for (const node of [0, 1, 2]) await expect(reads(node)).rejects.toThrow(/has no SELECT permission/);
    expect(outcome).toMatchObject({
      kind: "applied",
      nodes: nodeNames().map((node) => ({ node, result: "confirmed", reason: "" })),
    });
    expect(exitCodeOf(outcome)).toBe(0);
    expect(await revert(plan, connection, runs)).toBe("applied");
  }, 60_000);

  test("of which one stops in the middle of an apply: it goes on, is never called done, and names the node", async () => {
    const live = await connection.introspect();
    const [, , third] = server.nodes;
    const changes = ["orders", "items"].map((name) => grantOf("reader", table(name), "", ["MODIFY", "SELECT"]));
    const plan = planOf(live, connection, changes);
    const { runs } = temporaryRuns();
    let met = 0;
    const outcome = await applyPlan(plan, {
      ...stepOptions(connection, runs),
      onProgress: async (progress) => {
        if (progress.kind === "statement" && met++ === 1) await third?.stop();
      },
    });
    const [one = "", two = "", three = ""] = nodeNames();
    expect(outcome).toMatchObject({
      kind: "applied",
      nodes: [
        { node: one, result: "confirmed" },
        { node: two, result: "confirmed" },
        { node: three, result: "unknown", reason: expect.stringContaining("refused") },
      ],
    });
    expect(exitCodeOf(outcome)).toBe(1);
    const page = JSON.stringify(
      outcomePage(outcome, { milliseconds: 1, capabilities: connection.engine.capabilities }),
    );
    expect(page).toContain("1 of 3 nodes did not confirm it");
    expect(page).toContain(three);

    await third?.start();
    const wanted = (await connection.introspect()).access;
    await using there = await connectStepwise("cassandra", server.url().replace(/@[^/]*/, `@${three}`), []);
    const { rules } = connection.engine.dialect(live);
    expect(diff((await there.introspect()).access, wanted, { rules })).toEqual([]);
    const about = { roles: new Set(["reader"]), resources: changes.flatMap(({ resources }) => resources) };
    const readings = await connection.readEverywhere(about);
    expect(readings.map(({ node, reason, state }) => [node, reason, state?.holdings.size])).toEqual(
      nodeNames().map((node) => [node, "", 2]),
    );
  }, 120_000);

  test("of which one alone keeps the roles: a plan is refused, with the statement that helps", async () => {
    const replicate = (copies: number): string =>
      `alter keyspace system_auth with replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': ${copies}}`;
    const live = await connection.introspect();
    const change = grantOf("ana", table("items"), "");
    const { runs } = temporaryRuns();
    const early = planOf(live, connection, [change]);
    // A node that has just come back may not be in its normal state yet for the others.
    await vi.waitFor(() => server.query(replicate(1)), { timeout: 20_000, interval: 500 });
    try {
      const plan = planOf(await connection.introspect(), connection, [change]);
      expect(plan.findings).toMatchObject([
        { code: "RW317", severity: "error", help: expect.stringContaining(replicate(3)) },
      ]);
      // A plan that was made before is stopped before its first statement, and so is whoever would run some anyway.
      await expect(applyPlan(early, stepOptions(connection, runs))).rejects.toMatchObject({ code: "RW406" });
      const begun = connection.begin("cluster", { lockTimeoutMs: 1_000, statementTimeoutMs: 1_000 });
      await expect(begun).rejects.toMatchObject({ code: "RW317" });
    } finally {
      await server.query(replicate(3));
    }
    const left = (await connection.introspect()).access;
    expect(diff(left, live.access, { rules: connection.engine.dialect(live).rules })).toEqual([]);
  }, 60_000);
});
