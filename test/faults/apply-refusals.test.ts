import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { applyPlan, exitCodeOf } from "../../src/apply/apply.ts";
import type { ApplyOptions, Progress } from "../../src/apply/apply-options.ts";
import type { Connection } from "../../src/engine/engine.ts";
import { digestOf } from "../../src/plan/digest.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { fileRunStore } from "../../src/store/files/run-store.ts";
import {
  applyOptions,
  connectTo,
  guards,
  makeShop,
  planFor,
  SHOP_WISH,
  temporaryFolder,
  temporaryRuns,
} from "../support/applying.ts";
import { canMount } from "../support/mount.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";

let server: PostgresServer;
let connection: Connection;
let plan: Plan;

beforeAll(async () => {
  server = await startPostgres();
  await makeShop(server);
  connection = await connectTo(server, ["shop"]);
  plan = await planFor(connection, { shop: SHOP_WISH });
});

afterAll(async () => {
  await connection?.[Symbol.asyncDispose]();
  await server?.stop();
});

/** Every test in here ends where it began. */
afterEach(async () => {
  const { fingerprint } = await connection.introspect();
  if (fingerprint !== plan.fingerprint.before) throw new Error("something was changed");
});

const refused = (given: Plan, over: Partial<ApplyOptions> = {}): Promise<unknown> =>
  applyPlan(given, applyOptions(connection, over)).then(
    (outcome) => outcome,
    (error: unknown) => error,
  );

describe("a plan that may not be applied is refused, and nothing is changed", () => {
  test("an edited plan, whatever was edited", async () => {
    const [stage] = plan.stages;
    if (stage === undefined) throw new Error("the plan has no stage");
    const edits: readonly Partial<Plan>[] = [
      { stages: [{ ...stage, statements: [...stage.statements, { text: "alter role svc superuser", changes: [] }] }] },
      { stages: [{ ...stage, statements: stage.statements.slice(1) }] },
      { changes: plan.changes.slice(1) },
      { inverse: [] },
      { findings: [], tool: "9.9.9" },
      { target: { ...plan.target, environment: "development" } },
    ];
    for (const edit of edits) expect(await refused({ ...plan, ...edit })).toMatchObject({ code: "RW402", exitCode: 1 });
  });

  test("an edited plan with a digest made to match is not what the live database calls for", async () => {
    const [stage] = plan.stages;
    if (stage === undefined) throw new Error("the plan has no stage");
    const statements = [...stage.statements, { text: "alter role svc superuser", changes: [] }];
    const forged: Plan = { ...plan, stages: [{ ...stage, statements }] };
    expect(await refused({ ...forged, digest: digestOf(forged) })).toMatchObject({
      code: "RW406",
      exitCode: 5,
    });
    expect(await server.query("select rolsuper from pg_roles where rolname = 'svc'")).toEqual([{ rolsuper: false }]);
  });

  test("a stale plan, naming what moved", async () => {
    await server.query("grant delete on sales.items to reader", { database: "shop" });
    try {
      expect(await refused(plan)).toMatchObject({
        code: "RW404",
        exitCode: 5,
        message: expect.stringContaining("sales.items"),
      });
    } finally {
      await server.query("revoke delete on sales.items from reader", { database: "shop" });
    }
  });

  test("a plan for another server, also when its databases and roles are the same", async () => {
    await using other = await startPostgres({ ownIdentity: true });
    await makeShop(other);
    await using there = await connectTo(other, ["shop"]);
    expect(await refused(plan, { connection: there })).toMatchObject({ code: "RW403", exitCode: 1 });
  });

  test("a plan made for another role of the connection", async () => {
    await server.query("create role dba superuser login");
    try {
      await using other = await connectTo({ url: server.url({ user: "dba" }) }, ["shop"]);
      // A new role makes the plan stale too; what matters most is said first.
      expect(await refused(plan, { connection: other })).toMatchObject({ code: "RW425" });
    } finally {
      await server.query("drop role dba");
    }
  });

  test("losses that were not accepted, or accepted by another number", async () => {
    const strict = guards({ judge: () => ({ refusedBy: [], acceptLoss: 3 }) });
    expect(await refused(plan, { guards: strict })).toMatchObject({
      code: "RW407",
      exitCode: 3,
      help: expect.stringContaining("--accept-access-loss=3"),
    });
    expect(await refused(plan, { guards: strict, acceptAccessLoss: 2 })).toMatchObject({ code: "RW407" });
    expect(await refused(plan, { guards: strict, acceptAccessLoss: 4 })).toMatchObject({ code: "RW407" });
  });

  test("a lock-out, also when its losses are accepted", async () => {
    const lockout = guards({ lockout: () => [{ code: "LCK-01", severity: "error", message: "nobody is left" }] });
    expect(await refused(plan, { guards: lockout, acceptAccessLoss: 1 })).toMatchObject({ code: "RW408", exitCode: 3 });
  });

  test("a lock-out that only what was read back shows", async () => {
    let asked = 0;
    const lockout = guards({
      lockout: () => (asked++ === 0 ? [] : [{ code: "LCK-01", severity: "error", message: "nobody is left" }]),
    });
    const outcome = await refused(plan, { guards: lockout });
    expect(outcome).toMatchObject({ kind: "rolled-back", code: "RW408" });
    expect(exitCodeOf(outcome as never)).toBe(3);
  });

  test("an access test that fails in the state that was read back, before the commit", async () => {
    const tested: number[] = [];
    const failing = guards({
      failingTests: (live, state) => {
        tested.push(state === live.access ? 0 : state.roles.size);
        return [{ code: "RW360", severity: "error", message: "the shop cannot read orders" }];
      },
    });
    const outcome = await refused(plan, { guards: failing });
    expect(outcome).toMatchObject({ kind: "rolled-back", code: "RW432" });
    expect(exitCodeOf(outcome as never)).toBe(3);
    expect(tested).toHaveLength(1);
    expect(tested[0]).toBeGreaterThan(0);
  });

  test("a plan that a check refuses", async () => {
    const strict = guards({ judge: () => ({ refusedBy: ["AVL-10"], acceptLoss: null }) });
    expect(await refused(plan, { guards: strict })).toMatchObject({
      code: "RW409",
      exitCode: 3,
      message: expect.stringContaining("AVL-10"),
    });
  });

  test("a second apply at the same time, naming the first", async () => {
    await using _held = await connection.lockApplier({ holder: "alice@laptop" });
    await using second = await connectTo(server, ["shop"]);
    expect(await refused(plan, { connection: second })).toMatchObject({
      code: "RW405",
      message: expect.stringContaining("alice@laptop"),
    });
  });
});

describe("what goes wrong before the first statement changes nothing", () => {
  test("a record that cannot be written", async () => {
    const folder = join(temporaryFolder(), "file");
    writeFileSync(folder, "");
    expect(await refused(plan, { runs: fileRunStore({ folder: join(folder, "runs") }) })).toMatchObject({
      code: "RW420",
      exitCode: 1,
    });
  });

  test.runIf(canMount())("a full disk under the records", async () => {
    const folder = join(temporaryFolder(), "disk");
    mkdirSync(folder);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", folder]);
    try {
      expect(() => writeFileSync(join(folder, "fill"), "x".repeat(100_000))).toThrow("ENOSPC");
      expect(await refused(plan, { runs: fileRunStore({ folder: join(folder, "runs") }) })).toMatchObject({
        code: "RW420",
      });
    } finally {
      execFileSync("umount", [folder]);
    }
  });

  test("a disk that is full when the transaction's id is to be recorded", async () => {
    const { runs } = temporaryRuns();
    let saves = 0;
    const full = {
      ...runs,
      // The first record announces the run, the second one carries the id.
      save: async (...args: Parameters<typeof runs.save>) =>
        saves++ === 1 ? await fileRunStore({ folder: "/dev/full/runs" }).save(...args) : await runs.save(...args),
    };
    expect(await refused(plan, { runs: full })).toMatchObject({ kind: "rolled-back", code: "RW420" });
  });

  test("a damaged record of the same plan: whether it was applied is unknown", async () => {
    const { runs, folder } = temporaryRuns();
    mkdirSync(folder);
    writeFileSync(join(folder, `${plan.digest.slice("sha256:".length)}.run.json`), "{");
    expect(await refused(plan, { runs })).toMatchObject({ code: "RW421" });
  });
});

describe("what goes wrong in the middle leaves nothing behind", () => {
  test("a lock that somebody holds, after as many attempts as allowed", async () => {
    await using blocker = await connection.begin("shop", { lockTimeoutMs: 1000, statementTimeoutMs: 60_000 });
    await blocker.execute({ text: "alter table sales.orders add column extra int" });
    const waits: string[] = [];
    const started = performance.now();
    const outcome = await refused(plan, {
      lockTimeoutMs: 50,
      attempts: 3,
      onProgress: (progress) => void (progress.kind === "waiting" && waits.push(progress.code)),
    });
    expect(outcome).toMatchObject({ kind: "rolled-back", code: "RW410" });
    expect(exitCodeOf(outcome as never)).toBe(5);
    expect(waits).toEqual(["RW410", "RW410"]);
    expect(performance.now() - started).toBeLessThan(20_000);
    await blocker.rollback();
  });

  test("somebody's change to a table of the plan while it runs", async () => {
    let done = false;
    const outcome = await refused(plan, {
      onProgress: async (progress) => {
        if (progress.kind !== "announced" || done) return;
        done = true;
        await server.query("grant delete on sales.items to reader", { database: "shop" });
      },
    });
    await server.query("revoke delete on sales.items from reader", { database: "shop" });
    expect(outcome).toMatchObject({ kind: "rolled-back", code: "RW404" });
    expect(exitCodeOf(outcome as never)).toBe(5);
  });

  test("a listener that throws", async () => {
    const outcome = await refused(plan, {
      onProgress: (progress) => {
        if (progress.kind === "verifying") throw new Error("the screen broke");
      },
    });
    expect(outcome).toMatchObject({ kind: "rolled-back", code: "RW414" });
  });

  test("a listener that throws while the database is read, before anything is announced", async () => {
    const onProgress = (progress: Progress): void => {
      if (progress.kind === "reading") throw new Error("the screen broke");
    };
    expect(await refused(plan, { onProgress })).toMatchObject({ code: "RW414" });
  });

  test("privilege functions that do not answer as predicted", async () => {
    const wrong = guards({
      expectedAnswers: (_live, _state, questions) => questions.map((_, index) => (index === 0 ? null : true)),
    });
    const outcome = await refused(plan, { guards: wrong });
    expect(outcome).toMatchObject({ kind: "rolled-back", code: "RW416" });
    expect(exitCodeOf(outcome as never)).toBe(6);
  });
});
