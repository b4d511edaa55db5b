import { statSync, readdirSync } from "node:fs";
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
