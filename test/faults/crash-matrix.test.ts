import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApplyOptions } from "../../src/apply/apply-options.ts";
import type { Outcome } from "../../src/apply/outcome.ts";
import type { RolewrightError } from "../../src/base/error.ts";
import type { Connection } from "../../src/engine/engine.ts";
import { connectTo, temporaryRuns } from "../support/applying.ts";
import { at, type CrashSite, crashSite, wanted } from "../support/crash-site.ts";
import { type CuttingProxy, cuttingProxy } from "../support/cutting-proxy.ts";

/*
 * A plan of several statements is stopped at every boundary by every means. Afterwards the database is in the state before or in the state after, and never between, and the next run says in which.
 * Processes are killed in crash-processes.test.ts.
 */

let site: CrashSite;

beforeAll(async () => {
  site = await crashSite();
});

afterAll(async () => {
  await site?.[Symbol.asyncDispose]();
});

test("the plan has a boundary before each of its statements, after the last one, and around its COMMIT", () => {
  const statements = site.plan.stages.flatMap((stage) => stage.statements).length;
  expect(statements).toBeGreaterThan(4);
  const between = Array.from({ length: statements + 1 }, (_, index) => `statement ${index}`);
  expect(site.boundaries).toEqual(["announced", "stage", ...between, "committing", "committed"]);
});

describe("at every boundary of an apply", () => {
  test("Ctrl-C leaves all or nothing", async () => {
    await using connection = await connectTo(site.server, ["shop"]);
    for (const [index, boundary] of site.boundaries.entries()) {
      const { runs } = temporaryRuns();
      const controller = new AbortController();
      const outcome = await site.attempt(connection, {
        runs,
        signal: controller.signal,
        onProgress: at(index, () => controller.abort()),
      });
      expect([boundary, told(outcome)]).toEqual([boundary, boundary === "committed" ? "applied" : "RW414"]);
      expect({ boundary, ...(await site.settle(runs)) }).toEqual({ boundary, ...wanted(boundary) });
    }
  });

  test("a backend that the server ends leaves all or nothing", async () => {
    for (const [index, boundary] of site.boundaries.entries()) {
      const { runs } = temporaryRuns();
      await using connection = await connectTo(site.server, ["shop"]);
      const outcome = await site.attempt(connection, { runs, onProgress: at(index, endBackends) });
      expect([boundary, toldAfterLoss(boundary)]).toEqual([boundary, expect.arrayContaining([told(outcome)])]);
      expect({ boundary, ...(await site.settle(runs)) }).toEqual({ boundary, ...wanted(boundary) });
    }
  });

  test("a cable that is cut leaves all or nothing", async () => {
    await using proxy = await cuttingProxy(site.server.port);
    for (const [index, boundary] of site.boundaries.entries()) {
      const { runs } = temporaryRuns();
      await using connection = await connectThrough(proxy);
      const outcome = await site.attempt(connection, { runs, onProgress: at(index, () => proxy.cut()) });
      expect([boundary, toldAfterLoss(boundary)]).toEqual([boundary, expect.arrayContaining([told(outcome)])]);
      expect({ boundary, ...(await site.settle(runs)) }).toEqual({ boundary, ...wanted(boundary) });
    }
  });
});

describe("around the COMMIT itself", () => {
  const nothing = { truth: "before", said: "rolled-back" };
  const everything = { truth: "after", said: "applied" };

  test("a COMMIT that never reached the server happened not", async () => {
    await using proxy = await cuttingProxy(site.server.port);
    await using connection = await connectThrough(proxy);
    const { runs } = temporaryRuns();
    const outcome = await site.attempt(connection, {
      runs,
      onProgress: onCommitting(() => proxy.cutOnCommit("before")),
    });
    expect(outcome).toMatchObject({ kind: "rolled-back", code: "RW413" });
    expect(await site.settle(runs)).toEqual(nothing);
  });

  test("a COMMIT whose answer was lost is known to have happened, because the server is asked", async () => {
    await using proxy = await cuttingProxy(site.server.port);
    await using connection = await connectThrough(proxy);
    const { runs } = temporaryRuns();
    const outcome = await site.attempt(connection, {
      runs,
      onProgress: onCommitting(() => proxy.cutOnCommit("after")),
    });
    expect(outcome).toMatchObject({ kind: "applied" });
    expect(await site.settle(runs)).toEqual(everything);
  });

  test("a COMMIT whose answer was lost, on a server that cannot be asked, is said to be unknown, and the next run knows", async () => {
    await using proxy = await cuttingProxy(site.server.port);
    await using connection = await connectThrough(proxy);
    const { runs } = temporaryRuns();
    const onProgress = onCommitting(() => proxy.cutOnCommit("after", 60_000));
    expect(await site.attempt(connection, { runs, reconnectMs: 100, onProgress })).toMatchObject({
      code: "RW423",
      exitCode: 1,
    });
    expect((await runs.load(site.plan.digest))?.run.state).toBe("started");
    expect(await site.settle(runs)).toEqual(everything);
  });

  test("Ctrl-C while the COMMIT is on its way waits for its answer", async () => {
    await using connection = await connectTo(site.server, ["shop"]);
    const { runs } = temporaryRuns();
    const controller = new AbortController();
    const onProgress = onCommitting(() => void setTimeout(() => controller.abort(), 0));
    const outcome = await site.attempt(connection, { runs, signal: controller.signal, onProgress });
    const { truth, said } = await site.settle(runs);
    expect([truth, said, "kind" in outcome && outcome.kind]).toEqual(
      truth === "after" ? ["after", "applied", "applied"] : ["before", "rolled-back", "rolled-back"],
    );
  });
});

test("after a crash that left nothing, the next apply settles it by itself, and the same plan can be applied", async () => {
  const { runs } = temporaryRuns();
  const controller = new AbortController();
  await using connection = await connectTo(site.server, ["shop"]);
  await site.attempt(connection, { runs, signal: controller.signal, onProgress: at(4, () => controller.abort()) });
  const stored = await runs.load(site.plan.digest);
  if (stored === null) throw new Error("there is no record");
  const [stage] = stored.run.stages;
  if (stage === undefined) throw new Error("the record has no stage");
  await runs.save(
    { ...stored.run, state: "started", finished_at: null, stages: [{ ...stage, state: "running" }] },
    stored.plan,
  );
  expect(await site.attempt(connection, { runs })).toMatchObject({ kind: "applied" });
  expect(await site.settle(runs)).toEqual({ truth: "after", said: "applied" });
});

test("a transaction id that a crash wiped out and the server gave to somebody else is not taken for ours", async () => {
  const { runs } = temporaryRuns();
  const controller = new AbortController();
  await using connection = await connectTo(site.server, ["shop"]);
  await site.attempt(connection, { runs, signal: controller.signal, onProgress: at(4, () => controller.abort()) });
  const stored = await runs.load(site.plan.digest);
  const [stage] = stored?.run.stages ?? [];
  if (stored === null || stage === undefined) throw new Error("there is no record");
  const [row] = await site.server.query<{ id: string }>("select pg_current_xact_id()::text as id");
  const stages = [{ ...stage, transaction: row?.id ?? "", state: "running" as const }];
  await runs.save({ ...stored.run, state: "started", finished_at: null, stages }, stored.plan);
  expect(await connection.transactionStatus(row?.id ?? "")).toBe("committed");
  expect(await site.settle(runs)).toEqual({ truth: "before", said: "rolled-back" });
});

/** Before the transaction was open only the session with the lock could be lost; right before the COMMIT either loss may be noticed first. */
function toldAfterLoss(boundary: string): readonly string[] {
  if (boundary === "committed") return ["applied"];
  if (boundary === "committing") return ["RW413", "RW428"];
  return [boundary === "announced" || boundary === "stage" ? "RW428" : "RW413"];
}

/** How an apply ended, in a word: `applied`, or the code of what stopped it. */
function told(outcome: Outcome | RolewrightError): string {
  return "kind" in outcome && outcome.kind === "applied" ? "applied" : (outcome as { readonly code: string }).code;
}

function onCommitting(action: () => void): NonNullable<ApplyOptions["onProgress"]> {
  return (progress) => {
    if (progress.kind === "committing") action();
  };
}

function connectThrough(proxy: CuttingProxy): Promise<Connection> {
  return connectTo({ url: `postgresql://postgres@127.0.0.1:${proxy.port}/shop` }, ["shop"]);
}

/** Ends every backend of ours and waits until they are gone. */
async function endBackends(): Promise<void> {
  const ours = "from pg_stat_activity where application_name like 'rolewright%'";
  await site.server.query(`select pg_terminate_backend(pid) ${ours}`);
  for (let round = 0; round < 200; round++) {
    if ((await site.server.query(`select 1 ${ours}`)).length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
