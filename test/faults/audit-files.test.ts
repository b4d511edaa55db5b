import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Receipt } from "../../src/audit/log/audit-log.ts";
import { fileAuditStore } from "../../src/store/files/audit/audit-store.ts";
import { type Disk, realDisk } from "../../src/store/files/audit/disk.ts";
import { auditStoreConformance, countReceipts } from "../support/audit-store-conformance.ts";
import { openTestLog, sampleEvent, testKey } from "../support/audit-samples.ts";
import { auditFolder } from "../support/auditing.ts";
import { readLog } from "../support/trailing.ts";

auditStoreConformance("files", async () => {
  const folder = auditFolder();
  return { store: fileAuditStore({ folder }), reopen: () => fileAuditStore({ folder }) };
});

test("nobody else can read the files, and nothing unfinished is left", async () => {
  const folder = auditFolder();
  const at = join(folder, "log");
  await using log = await openTestLog(fileAuditStore({ folder: at }), testKey().signer);
  await log.append(sampleEvent(1));
  await log.close();
  const names = readdirSync(at, { recursive: true, encoding: "utf8" });
  expect(names.length).toBeGreaterThan(8);
  for (const name of ["", ...names]) expect([name, statSync(join(at, name)).mode & 0o077]).toEqual([name, 0]);
  expect(names.filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

/** A disk on which something happens right after a commit got its name, once it is armed: before the writer looks whether it follows. */
function delayed(meanwhile: () => Promise<void>): Disk & { arm(): void } {
  let armed = false;
  return {
    ...realDisk,
    arm: () => void (armed = true),
    async link(from, to) {
      const linked = await realDisk.link(from, to);
      if (!linked || !armed || !/commit.\d{12}$/.test(to)) return linked;
      armed = false;
      await meanwhile();
      return linked;
    },
  };
}

const LATE: readonly (readonly [string, number, number, boolean])[] = [
  ["one more commit after the first one", 0, 1, false],
  ["one more commit", 3, 1, false],
  ["so many that the one it was built on is collected", 3, 7, true],
  ["so many that it is collected itself", 3, 40, true],
];

test.each(LATE)(
  "a writer that finds %s before it looks whether it won has its entries once",
  async (_what, before, others, collects) => {
    const folder = auditFolder();
    const { signer } = testKey();
    const receipts: Receipt[] = [];
    const disk = delayed(async () => {
      const store = fileAuditStore({ folder });
      await using other = await openTestLog(store, signer);
      for (let number = 0; number < others; number++) receipts.push(await other.append(sampleEvent(100 + number)));
      if (collects) await store.collect({ frames: 8, ageMs: 0 });
    });
    await using log = await openTestLog(fileAuditStore({ folder, disk }), signer);
    for (let number = 0; number < before; number++) receipts.push(await log.append(sampleEvent(number)));
    disk.arm();
    receipts.push(...(await log.appendAll([sampleEvent(50), sampleEvent(51)])));
    receipts.push(await log.append(sampleEvent(52)));
    await log.close();
    expect(await countReceipts(fileAuditStore({ folder }), receipts)).toBe(receipts.length);
    const { report, entries } = await readLog(folder, signer);
    expect([report.faults, entries.length]).toEqual([[], receipts.length + 1]);
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
    expect(readdirSync(join(folder, "state", "quarantine"))).toEqual([]);
  },
);

test("a clock that goes back makes no entry older than the one before, and more than a second of it is written down", async () => {
  const folder = auditFolder();
  const { signer } = testKey();
  let now = Date.parse("2026-11-22T10:00:00.000Z");
  const clock = { now: () => new Date(now) };
  const append = async (): Promise<void> => {
    await using log = await openTestLog(fileAuditStore({ folder }), signer, { clock });
    await log.append(sampleEvent(1));
  };
  for (const step of [0, 5000, -900, -10_000, 20_000]) {
    now += step;
    await append();
  }
  const { report, entries } = await readLog(folder, signer);
  expect(report.faults).toEqual([]);
  const late = "2026-11-22T10:00:05.000Z";
  expect(entries.map(({ type, time, fields }) => [type, time, fields["behind_ms"] ?? null])).toEqual([
    ["log.opened", "2026-11-22T10:00:00.000Z", null],
    ["snapshot.taken", "2026-11-22T10:00:00.000Z", null],
    ["snapshot.taken", late, null],
    ["snapshot.taken", late, null],
    ["clock.skew", late, 10_900],
    ["snapshot.taken", late, null],
    ["snapshot.taken", "2026-11-22T10:00:14.100Z", null],
  ]);
});

test("a log that was changed on the disk is not written to, and it is said where", async () => {
  const { signer } = testKey();
  for (const [path, tamper, where] of [
    ["tree/tile/entries/000.p/3", flipped, /entries.000\.p.3/],
    ["tree/tile/0/000.p/3", flipped, /tile.0.000\.p.3/],
    ["tree/checkpoint", flippedRoot, /checkpoint/],
    ["state/commit/000000000002", flipped, /commit 2/],
    ["state/commit/000000000001", flipped, /commit 1|000\.p/],
  ] as const) {
    const folder = auditFolder();
    {
      await using log = await openTestLog(fileAuditStore({ folder }), signer);
      await log.append(sampleEvent(1));
      await log.append(sampleEvent(2));
    }
    const file = join(folder, path);
    writeFileSync(file, tamper(readFileSync(file)));
    const refused = await openTestLog(fileAuditStore({ folder }), signer).catch((error: unknown) => error);
    expect([path, refused]).toMatchObject([path, { code: "RW604", message: expect.stringMatching(where) }]);
  }
});

/** One bit of the root. A bit of the key's id makes it somebody else's signature, which is as good as none: then the checkpoint is made anew from what is committed. */
function flippedRoot(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = copy.indexOf(10, copy.indexOf(10) + 1) + 3;
  copy[at] = copy[at] === 65 ? 66 : 65;
  return copy;
}

/** The same with one bit in the middle turned. */
function flipped(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = Math.floor(copy.length / 2);
  copy[at] = (copy[at] ?? 0) ^ 4;
  return copy;
}
