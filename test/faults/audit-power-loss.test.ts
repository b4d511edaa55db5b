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
/** On an empty disk, and on one with 254 entries, where they cross the end of a tile. */
const BATCHES = [2, 3, 1];

/** Writes batches one after the other, and gives what was acknowledged until it stopped. */
async function write(
  disk: SimulatedDisk,
  batches: readonly number[] = BATCHES,
): Promise<{ readonly receipts: readonly Receipt[]; readonly errors: readonly unknown[] }> {
  const receipts: Receipt[] = [];
  const errors: unknown[] = [];
  for (const size of batches) {
    try {
      const log = await openTestLog(fileAuditStore({ folder, disk }), signer);
      const events = Array.from({ length: size }, (_, at) => sampleEvent(at));
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

/** A disk to begin with, what was acknowledged on it, and how many operations writing the batches takes from there. */
interface Start {
  readonly disk: SimulatedDisk;
  readonly receipts: readonly Receipt[];
  readonly operations: number;
}

async function startWith(entries: number): Promise<Start> {
  const disk = simulatedDisk();
  const { receipts } = entries === 0 ? { receipts: [] } : await write(disk, [entries]);
  const rehearsal = disk.copy(() => null);
  const { errors } = await write(rehearsal);
  if (errors.length > 0) throw new Error("the batches cannot be written at all", { cause: errors[0] });
  return { disk, receipts, operations: rehearsal.operations };
}

const starts = [await startWith(0), await startWith(253)];

/** Every operation of every start in the long run; here some of them. */
function* moments(stride: number): Generator<Start & { readonly at: number }> {
  for (const start of starts) {
    for (let at = 0; at < start.operations; at += LONG ? 1 : stride) yield { ...start, at };
  }
}

test("nothing goes wrong on a disk that nothing happens to", async () => {
  for (const { disk, receipts } of starts) {
    const copy = disk.copy(() => null);
    const more = await write(copy);
    expect([more.errors, more.receipts.length]).toEqual([[], 6]);
    await requireSound(copy, [...receipts, ...more.receipts]);
  }
});

test("a power loss at any operation loses nothing that was acknowledged, whatever it makes of the rest", async () => {
  let acknowledged = 0;
  for (const { disk: from, receipts, at } of moments(3)) {
    let isOut = false;
    const disk = from.copy((operation) => {
      isOut ||= operation >= at;
      return isOut ? new RolewrightError("RW601", "the power is out") : null;
    });
    const more = await write(disk);
    acknowledged += more.receipts.length;
    for (let round = 0; round < (LONG ? 8 : 1); round++) {
      await requireSound(disk.afterPowerLoss(Math.random), [...receipts, ...more.receipts]);
    }
  }
  expect(acknowledged).toBeGreaterThan(50);
}, 600_000);

test("an operation that fails once is survived, and who was refused was told so", async () => {
  for (const code of ["EIO", "ENOSPC"]) {
    for (const { disk: from, receipts, at } of moments(9)) {
      let isOver = false;
      const disk = from.copy((operation) => (operation === at && !isOver ? systemError(code) : null));
      const more = await write(disk);
      isOver = true;
      for (const error of more.errors) expect(error).toMatchObject({ code: expect.stringMatching(/^RW60[14]$/) });
      await requireSound(disk, [...receipts, ...more.receipts]);
    }
  }
}, 600_000);

test("a disk that is full refuses everything cleanly, and the log goes on when there is room", async () => {
  for (const { disk: from, receipts, at, operations } of moments(9)) {
    let isFull = true;
    const disk = from.copy((operation) => (isFull && operation >= at ? systemError("ENOSPC") : null));
    const more = await write(disk);
    // How many operations there are depends a little on what comes together in a batch.
    expect([at, more.errors.length > 0 || at > operations - 20]).toEqual([at, true]);
    for (const error of more.errors) {
      expect(error).toMatchObject({ code: "RW601", message: expect.stringContaining("full") });
    }
    isFull = false;
    await requireSound(disk, [...receipts, ...more.receipts]);
  }
}, 600_000);
