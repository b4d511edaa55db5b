import { expect, test } from "vitest";
import type { Receipt } from "../../src/audit/log/audit-log.ts";
import { trustAlways } from "../../src/audit/verify/trust.ts";
import { verifyLog } from "../../src/audit/verify/verify.ts";
import { RolewrightError } from "../../src/base/error.ts";
import { fileAuditStore } from "../../src/store/files/audit/audit-store.ts";
import { openTestLog, sampleEvent, testKey } from "../support/audit-samples.ts";
import { countReceipts } from "../support/audit-store-conformance.ts";
import { simulatedDisk, systemError, type SimulatedDisk } from "../support/simulated-disk.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const { signer } = testKey();
const folder = "/log";
/** They cross the end of a tile. */
const BATCHES = [253, 2, 3, 1];

/** Writes the batches one after the other, and gives what was acknowledged until it stopped. */
async function write(
  disk: SimulatedDisk,
): Promise<{ readonly receipts: readonly Receipt[]; readonly errors: readonly unknown[] }> {
  const receipts: Receipt[] = [];
  const errors: unknown[] = [];
  for (let number = 0; number < BATCHES.length; number++) {
    try {
      const log = await openTestLog(fileAuditStore({ folder, disk }), signer);
      const events = Array.from({ length: BATCHES[number] ?? 0 }, (_, at) => sampleEvent(at));
      for (const result of await Promise.allSettled(await splitAppends(log, events))) {
        if (result.status === "fulfilled") receipts.push(result.value);
        else errors.push(result.reason);
      }
      await log.close();
    } catch (error) {
      errors.push(error);
    }
  }
  return { receipts, errors };
}

async function splitAppends(
  log: Awaited<ReturnType<typeof openTestLog>>,
  events: readonly ReturnType<typeof sampleEvent>[],
): Promise<readonly Promise<Receipt>[]> {
  return events.map((event) => log.append(event));
}

/** What is there must verify, hold all that was acknowledged, and be written on. */
async function requireSound(disk: SimulatedDisk, receipts: readonly Receipt[]): Promise<void> {
  const store = fileAuditStore({ folder, disk });
  const log = await openTestLog(store, signer);
  const more = await log.append(sampleEvent(7));
  await log.close();
  expect(await countReceipts(fileAuditStore({ folder, disk }), [...receipts, more])).toBe(receipts.length + 1);
  const report = await verifyLog({
    get: (path) => store.get(path),
    list: () => store.list(),
    keys: trustAlways([signer.key]),
    now: new Date(),
    full: true,
  });
  expect([report.faults.map(({ message }) => message), report.level]).toEqual([[], "V1"]);
}

const whole = simulatedDisk();
const undisturbed = await write(whole);

test("nothing goes wrong on a disk that nothing happens to", async () => {
  expect([undisturbed.errors, undisturbed.receipts.length]).toEqual([[], 259]);
  await requireSound(whole, undisturbed.receipts);
});

test("a power loss at any operation loses nothing that was acknowledged, whatever it makes of the rest", async () => {
  let acknowledged = 0;
  for (let at = 0; at < whole.operations; at += LONG ? 1 : 7) {
    let isOut = false;
    const disk = simulatedDisk((operation) => {
      isOut ||= operation >= at;
      return isOut ? new RolewrightError("RW601", "the power is out") : null;
    });
    const { receipts } = await write(disk);
    acknowledged += receipts.length;
    for (let round = 0; round < (LONG ? 8 : 1); round++) await requireSound(disk.afterPowerLoss(Math.random), receipts);
  }
  expect(acknowledged).toBeGreaterThan(1000);
}, 600_000);

test("an operation that fails once is survived, and who was refused was told so", async () => {
  for (const code of ["EIO", "ENOSPC"]) {
    for (let at = 0; at < whole.operations; at += LONG ? 1 : 19) {
      let isOver = false;
      const disk = simulatedDisk((operation) => (operation === at && !isOver ? systemError(code) : null));
      const { receipts, errors } = await write(disk);
      isOver = true;
      for (const error of errors) expect(error).toMatchObject({ code: expect.stringMatching(/^RW60[14]$/) });
      await requireSound(disk, receipts);
    }
  }
}, 600_000);

test("a disk that is full refuses everything cleanly, and the log goes on when there is room", async () => {
  for (let at = 0; at < whole.operations; at += LONG ? 1 : 23) {
    let isFull = true;
    const disk = simulatedDisk((operation) => (isFull && operation >= at ? systemError("ENOSPC") : null));
    const { receipts, errors } = await write(disk);
    // How many operations there are depends a little on what comes together in a batch.
    expect([at, errors.length > 0 || disk.operations < whole.operations]).toEqual([at, true]);
    for (const error of errors)
      expect(error).toMatchObject({ code: "RW601", message: expect.stringContaining("full") });
    isFull = false;
    await requireSound(disk, receipts);
  }
}, 600_000);
