import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyPlan, exitCodeOf } from "../../src/apply/apply.ts";
import type { Progress } from "../../src/apply/apply-options.ts";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { reconcile } from "../../src/apply/reconcile.ts";
import { revertRun } from "../../src/apply/revert.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { Connection } from "../../src/engine/engine.ts";
import type { Plan } from "../../src/plan/plan.ts";
import {
  applyOptions,
  connectTo,
  makeShop,
  planFor,
  SHOP_WISH,
  temporaryFolder,
  temporaryRuns,
} from "../support/applying.ts";
import { at } from "../support/crash-site.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";

/* Databases of one cluster cannot commit together: what was committed is taken back when a later stage fails, or it is said what stands. */

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";

describe.for([2, 5])("a plan over %i databases", (count) => {
  const databases = Array.from({ length: count }, (_, i) => `shop_${i}`);
  const last = databases.at(-1) ?? "";
  let server: PostgresServer;
  let connection: Connection;
  let plan: Plan;

  beforeAll(async () => {
    server = await startPostgres();
    await makeShop(server, databases);
    connection = await connectTo(server, databases);
    // The cluster's own changes stand in the first one; the others have theirs.
    const [shared, ...objects] = [SHOP_WISH, ...databases.slice(1).map(() => OBJECTS)];
    plan = await planFor(
      connection,
      Object.fromEntries(databases.map((name, i) => [name, i === 0 ? (shared ?? []) : (objects[i - 1] ?? [])])),
    );
  });

  afterAll(async () => {
    await connection?.[Symbol.asyncDispose]();
    await server?.stop();
  });

  async function expectState(which: "before" | "after"): Promise<void> {
    expect((await connection.introspect()).fingerprint).toBe(plan.fingerprint[which]);
  }

  test("has a stage for each database, additions everywhere before removals anywhere", () => {
    expect(plan.stages.length).toBeGreaterThan(count);
    const names = plan.stages.map((stage) => stage.name);
    expect(names.lastIndexOf("add")).toBeLessThan(names.indexOf("remove"));
  });

  test("is taken back everywhere when a statement fails in the last database", async () => {
    let dropped = false;
    const { runs } = temporaryRuns();
    const outcome = await applyPlan(
      plan,
      applyOptions(connection, {
        runs,
        lockTimeoutMs: 100,
        attempts: 2,
        onProgress: async (progress) => {
          if (dropped || !isStageIn(progress, last)) return;
          dropped = true;
          // Held by somebody else until the end of the test.
          await block(server, last);
        },
      }),
    );
    await unblock();
    expect(outcome).toMatchObject({ kind: "rolled-back", code: "RW410" });
    expect(outcome.run.undo?.map((stage) => stage.state)).toEqual(outcome.run.undo?.map(() => "committed"));
    await expectState("before");
  });

  /** The boundary of a run at which its second stage begins: after the first one's statements and its COMMIT. */
  const secondStage = (): number => (plan.stages[0]?.statements.length ?? 0) + 5;

  test.runIf(count === 2 || LONG)("is taken back everywhere by Ctrl-C between two stages", async () => {
    const controller = new AbortController();
    const onProgress = at(secondStage(), () => controller.abort());
    const outcome = await applyPlan(plan, applyOptions(connection, { signal: controller.signal, onProgress }));
    expect(outcome).toMatchObject({ kind: "rolled-back", code: "RW414" });
    expect(exitCodeOf(outcome)).toBe(6);
    await expectState("before");
  });

  test("whose client is killed between two stages is partial, as the next run says, and revert goes back", async () => {
    const { runs, folder } = temporaryRuns();
    const file = join(temporaryFolder(), "plan.json");
    writeFileSync(file, JSON.stringify(plan));
    const args = [
      CHILD,
      file,
      folder,
      server.url({ database: databases[0] ?? "" }),
      databases.join(","),
      String(secondStage()),
    ];
    expect(await signalOf(args)).toBe("SIGKILL");
    expect(await reconcile(runs, connection, { clock: systemClock })).toMatchObject([{ ending: "partial" }]);
    const states = (await runs.load(plan.digest))?.run.stages.map((stage) => stage.state);
    expect(new Set(states)).toEqual(new Set(["committed", "pending"]));
    const { outcome } = await revertRun(plan.digest, { ...applyOptions(connection, { runs }), tool: plan.tool });
    expect(outcome.kind).toBe("applied");
    expect((await runs.load(plan.digest))?.run.state).toBe("reverted");
    await expectState("before");
  });

  test.runIf(count === 2 || LONG)("is partial, and says what stands, when it cannot be taken back either", async () => {
    const { runs } = temporaryRuns();
    let blocked = false;
    const outcome = await applyPlan(
      plan,
      applyOptions(connection, {
        runs,
        lockTimeoutMs: 100,
        attempts: 1,
        onProgress: async (progress) => {
          if (blocked || !isStageIn(progress, last)) return;
          blocked = true;
          await block(server, last);
          await block(server, databases[0] ?? "");
        },
      }),
    );
    await unblock();
    expect(outcome).toMatchObject({
      kind: "partial",
      code: "RW410",
      because: expect.stringContaining("rolewright revert"),
    });
    expect(exitCodeOf(outcome)).toBe(1);
    expect((await runs.load(plan.digest))?.run.state).toBe("partial");
    const states = (await runs.load(plan.digest))?.run.stages.map((stage) => stage.state);
    expect(states).toContain("committed");
    expect(states).toContain("pending");
  });
});

const OBJECTS: readonly string[] = [
  `revoke insert on sales.orders from writer`,
  `grant select on sales."odd ""t.able" to reader`,
];

const CHILD = fileURLToPath(new URL("./apply-child.ts", import.meta.url));

function signalOf(args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...args], (error) => resolve(error?.signal ?? undefined));
  });
}

const blockers: Client[] = [];

/** Somebody's ALTER TABLE that is not committed yet: every GRANT on the table waits behind it. */
async function block(server: PostgresServer, database: string): Promise<void> {
  const client = new Client({ connectionString: server.url({ database }) });
  await client.connect();
  blockers.push(client);
  await client.query("begin");
  await client.query("alter table sales.orders add column extra int");
}

async function unblock(): Promise<void> {
  for (const client of blockers.splice(0)) {
    await client.query("rollback");
    await client.end();
  }
}

function isStageIn(progress: Progress, database: string): boolean {
  return progress.kind === "stage" && progress.stage.database === database;
}
