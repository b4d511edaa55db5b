import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { openAuditLog } from "../../src/audit/log/audit-log.ts";
import type { Trust } from "../../src/audit/verify/trust.ts";
import type { VerifyOptions, VerifyReport } from "../../src/audit/verify/verify.ts";
import { systemClock } from "../../src/base/clock.ts";
import { fileAuditStore } from "../../src/store/files/audit/audit-store.ts";
import { openLogKeys } from "../../src/store/files/audit/key-files.ts";
import { workspace } from "../e2e/cli.ts";
import { changed, type Files, filesAt, flipped, makeCorpus, verifyFiles } from "../support/audit-corpus.ts";
import { sampleEvent, TESTER, testKey } from "../support/audit-samples.ts";

/* A verification of a large log that is interrupted goes on where it was, and shows no more and no less than one that was not. */

const SIZE = 34_000;
const { signer } = testKey();
const corpus = await makeCorpus(signer, [20_000, SIZE]);
const files = filesAt(corpus, SIZE);

/** What was reached when it stopped, having read so many entries. */
async function interrupted(given: Files, at: number, over: Partial<VerifyOptions> = {}): Promise<Trust> {
  let reached: Trust | null = null;
  const onReached = (trust: Trust): Promise<void> => {
    reached = trust;
    return Promise.resolve();
  };
  const onProgress = (done: number): void => {
    if (done >= at) throw new Error("interrupted");
  };
  await expect(verifyFiles(given, signer, { onReached, onProgress, ...over })).rejects.toThrow("interrupted");
  if (reached === null) throw new Error("nothing was reached");
  return reached;
}

const codes = ({ faults }: VerifyReport): readonly string[] => faults.map(({ code }) => code);

test("it goes on, reads what is left alone, and ends like one that was not interrupted", async () => {
  const whole = await verifyFiles(files, signer);
  const resume = await interrupted(files, 33_000);
  expect(resume.checkpoint.size).toBe(32_768);
  const read: string[] = [];
  const get = (path: string): Promise<Uint8Array | null> => {
    read.push(path);
    return Promise.resolve(files.get(path) ?? null);
  };
  const report = await verifyFiles(files, signer, { resume, get, list: async function* () {} });
  expect(report).toMatchObject({ level: "V1", faults: [], resumed: { at: 32_768, since: resume.at } });
  expect(read.filter((path) => path.startsWith("tile/entries/")).sort()).toEqual(
    ["tile/entries/128", "tile/entries/129", "tile/entries/130", "tile/entries/131", "tile/entries/132.p/208"].sort(),
  );
  expect([report.openIntents, report.trust]).toEqual([whole.openIntents, whole.trust]);
  // What an entry has to do with those before the interruption is known: nothing of it may be taken twice or forgotten.
  const again = await interrupted(files, 33_000, { resume: await interrupted(files, 17_000) });
  expect(again).toEqual(resume);
});

test("what comes after is judged as ever, and an interruption long ago is no excuse", async () => {
  const resume = await interrupted(files, 33_000);
  const bundle = files.get("tile/entries/130") ?? new Uint8Array(0);
  const tampered = changed(files, "tile/entries/130", flipped(bundle, 4000));
  expect(codes(await verifyFiles(tampered, signer, { resume }))).toContain("RW617");
});

test("another beginning, and a log that is shorter by now, are found and not read over", async () => {
  const resume = await interrupted(files, 33_000);
  const forged = filesAt(await makeCorpus(signer, [SIZE], 7), SIZE);
  const other = await verifyFiles(forged, signer, { resume });
  expect([codes(other), other.level, other.resumed]).toEqual([["RW621"], null, null]);
  expect(codes(await verifyFiles(filesAt(corpus, 20_000), signer, { resume }))).toEqual(["RW620"]);
  const early = await interrupted(files, 17_000);
  expect(codes(await verifyFiles(filesAt(corpus, 20_000), signer, { resume: early }))).toEqual([]);
});

test("what was remembered reaches further: then there is nothing to go on with", async () => {
  const resume = await interrupted(files, 17_000);
  const { trust } = await verifyFiles(filesAt(corpus, 20_000), signer);
  expect(await verifyFiles(files, signer, { trust, resume })).toMatchObject({
    level: "V2",
    read: { from: 20_000 },
    resumed: null,
  });
});

test("`audit verify --full` that is killed goes on with the next, and not when it is told to begin anew", async () => {
  await using at = await workspace();
  const log = at.path(".rolewright/audit");
  {
    const { signers } = await openLogKeys(log);
    await using opened = await openAuditLog({
      store: fileAuditStore({ folder: log }),
      signers,
      clock: systemClock,
      actor: TESTER,
    });
    await opened.appendAll(Array.from({ length: SIZE }, (_, number) => sampleEvent(number)));
  }
  const state = `${at.folder}-state`;
  const memory = join(state, "rolewright", "logs");
  const reached = (): boolean =>
    existsSync(memory) && readdirSync(memory).some((name) => name.endsWith(".verifying.json"));
  const main = new URL("../../src/cli/main.ts", import.meta.url).pathname;
  const kill = async (): Promise<void> => {
    const child = spawn(process.execPath, [main, "audit", "verify", "--full"], {
      cwd: at.folder,
      env: { ...process.env, XDG_STATE_HOME: state },
      stdio: "ignore",
    });
    const ended = once(child, "exit");
    while (!reached() && child.exitCode === null) await wait(2);
    child.kill("SIGKILL");
    expect((await ended)[1]).toBe("SIGKILL");
  };
  await kill();
  const next = await at.run(["audit", "verify", "--full", "--json"]);
  expect(next.json()).toMatchObject({ verified: true, size: SIZE + 1, resumed: { at: expect.any(Number) } });
  expect(reached()).toBe(false);
  await kill();
  const anew = await at.run(["audit", "verify", "--full", "--restart", "--json"]);
  expect(anew.json()).toMatchObject({ verified: true, resumed: null });
  expect(reached()).toBe(false);
}, 300_000);
