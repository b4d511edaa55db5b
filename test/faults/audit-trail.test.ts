import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Entry } from "../../src/audit/entry/read.ts";
import { digestText } from "../../src/base/digest.ts";
import { fileRunStore } from "../../src/store/files/run-store.ts";
import { connectTo, temporaryFolder, temporaryRuns } from "../support/applying.ts";
import { auditFolder } from "../support/auditing.ts";
import { openTestLog, sampleEvent, testKey } from "../support/audit-samples.ts";
import { at, type CrashSite, crashSite, wanted } from "../support/crash-site.ts";
import { runStoreConformance } from "../support/run-store-conformance.ts";
import { readLog, trailed } from "../support/trailing.ts";
import { fileAuditStore } from "../../src/store/files/audit/audit-store.ts";

/* Intent before action, outcome after, and after a crash the database's own truth. */

const { signer, secret } = testKey();
const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
let site: CrashSite;

beforeAll(async () => {
  site = await crashSite();
});

afterAll(async () => {
  await site?.[Symbol.asyncDispose]();
});

runStoreConformance("files with a trail", async () => {
  const folder = temporaryFolder();
  const log = auditFolder();
  const open = () => trailed(fileRunStore({ folder }), { folder: log, signer, server: "1", stepwise: true });
  return { store: open(), reopen: open };
});

/** Every boundary in the long run; here some of them, and always the last two, before and after the commit. */
function sampled(stride: number): readonly (readonly [index: number, boundary: string])[] {
  const last = site.boundaries.length - 2;
  return [...site.boundaries.entries()].filter(([index]) => LONG || index % stride === 0 || index >= last);
}

/** The intents with how each ended, in their order; one that ended twice, or never, is a failure of its own. */
function endings(entries: readonly Entry[]): readonly string[] {
  const outcomes = entries.filter(({ type }) => type === "change.outcome");
  return entries.flatMap((entry, index) => {
    if (entry.type !== "change.intent") return [];
    const own = outcomes.filter(({ fields }) => fields["intent"] === index);
    return [
      own
        .map(({ fields }) =>
          `${JSON.stringify(fields["outcome"])}${fields["reconciled"] === true ? " reconciled" : ""}`.replaceAll(
            '"',
            "",
          ),
        )
        .join(" and "),
    ];
  });
}

test("an apply that succeeds is announced before and closed after, and its record is the same", async () => {
  const folder = auditFolder();
  const { runs: records } = temporaryRuns();
  await using runs = trailed(records, { folder, signer, server: site.plan.target.identity.server, stepwise: false });
  await using connection = await connectTo(site.server, ["shop"]);
  const seen: (readonly string[])[] = [];
  const outcome = await site.attempt(connection, {
    runs,
    onProgress: async ({ kind }) => {
      if (kind === "statement") seen.push((await readLog(folder, signer)).entries.map(({ type }) => type));
    },
  });
  expect(outcome).toMatchObject({ kind: "applied" });
  // Whatever ran, its announcement was durable and signed before.
  for (const types of seen) expect(types).toContain("change.intent");
  const { report, entries } = await readLog(folder, signer);
  expect([report.level, report.openIntents, endings(entries)]).toEqual(["V1", [], ["success"]]);
  expect((await site.settle(runs)).said).toBe("applied");
});

test("nothing runs when the announcement cannot be written", async () => {
  const folder = auditFolder();
  await using full = trailed(temporaryRuns().runs, {
    folder: join(folder, "no", "\0", "folder"),
    signer,
    server: site.plan.target.identity.server,
    stepwise: false,
  });
  await using connection = await connectTo(site.server, ["shop"]);
  const before = (await connection.introspect()).fingerprint;
  expect(await site.attempt(connection, { runs: full })).toMatchObject({ code: "RW601" });
  expect((await connection.introspect()).fingerprint).toBe(before);
});

test("a client that is killed at any boundary leaves an intent, and the next run closes it by the database's own truth", async () => {
  const folder = temporaryFolder();
  const [planFile, keyFile] = [join(folder, "plan.json"), join(folder, "key")];
  writeFileSync(planFile, JSON.stringify(site.plan));
  writeFileSync(keyFile, secret.reveal(), { mode: 0o600 });
  const { server } = site.plan.target.identity;
  const child = fileURLToPath(new URL("audit-trail-child.ts", import.meta.url));
  const log = auditFolder();
  const all: string[] = [];
  for (const [index, boundary] of sampled(3)) {
    const { runs: records, folder: runsFolder } = temporaryRuns();
    const ran = spawnSync(
      process.execPath,
      [child, planFile, runsFolder, log, keyFile, site.server.url({ database: "shop" }), server, String(index)],
      { encoding: "utf8" },
    );
    expect([boundary, ran.signal, ran.stderr]).toEqual([boundary, "SIGKILL", ""]);
    const killed = await readLog(log, signer);
    // The last boundary is after the commit: then the outcome is there already.
    expect([boundary, killed.report.openIntents.length]).toEqual([boundary, boundary === "committed" ? 0 : 1]);
    await using runs = trailed(records, { folder: log, signer, server, stepwise: false });
    const settled = await site.settle(runs);
    expect({ boundary, ...settled }).toEqual({ boundary, ...wanted(boundary) });
    all.push(settled.truth === "after" ? "success" : "failure");
    const { report, entries } = await readLog(log, signer);
    expect([boundary, report.faults, report.openIntents]).toEqual([boundary, [], []]);
    expect([boundary, endings(entries).map((each) => each.split(" ")[0])]).toEqual([boundary, all]);
  }
});

test("a server that is killed at any boundary leaves intents that all end, each once", async () => {
  const log = auditFolder();
  for (const [index, boundary] of sampled(4)) {
    const { runs: records } = temporaryRuns();
    await using runs = trailed(records, {
      folder: log,
      signer,
      server: site.plan.target.identity.server,
      stepwise: false,
    });
    await using connection = await connectTo(site.server, ["shop"]);
    await site.attempt(connection, { runs, reconnectMs: 50, onProgress: at(index, () => site.server.kill()) });
    await site.server.restart();
    const { truth } = await site.settle(runs);
    const { report, entries } = await readLog(log, signer);
    expect([boundary, report.faults, report.openIntents]).toEqual([boundary, [], []]);
    expect([boundary, endings(entries).at(-1)?.split(" ")[0]]).toEqual([
      boundary,
      truth === "after" ? "success" : "failure",
    ]);
  }
});

test("what another process announced and never recorded is closed before the next change", async () => {
  const folder = auditFolder();
  const { server } = site.plan.target.identity;
  {
    await using log = await openTestLog(fileAuditStore({ folder }), signer);
    const { actor } = sampleEvent(0);
    const stage = { index: 0, of: 1, name: "all" };
    const target = { engine: "some", name: "shop-test", server };
    await log.append({
      type: "change.intent",
      actor,
      target,
      plan: { digest: digestText("lost") },
      part: "apply",
      stage,
      statements: 1,
      changes: [],
    });
  }
  await using runs = trailed(temporaryRuns().runs, { folder, signer, server, stepwise: false });
  await using connection = await connectTo(site.server, ["shop"]);
  expect(await site.attempt(connection, { runs })).toMatchObject({ kind: "applied" });
  await site.settle(runs);
  const { report, entries } = await readLog(folder, signer);
  expect([report.openIntents, endings(entries)]).toEqual([[], ["failure reconciled", "success"]]);
});
