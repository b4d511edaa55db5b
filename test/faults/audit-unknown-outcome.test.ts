import { expect, test } from "vitest";
import type { AuditStore } from "../../src/audit/log/audit-store.ts";
import { RolewrightError } from "../../src/base/error.ts";
import { fileAuditStore } from "../../src/store/files/audit/audit-store.ts";
import { openTestLog, sampleEvent, testKey } from "../support/audit-samples.ts";
import { countReceipts } from "../support/audit-store-conformance.ts";
import { auditFolder } from "../support/auditing.ts";

test("who appends at once after an entry whose commit was in doubt does not wait for ever", async () => {
  const folder = auditFolder();
  const store = fileAuditStore({ folder });
  let isInDoubt = false;
  const doubtful: AuditStore = {
    ...store,
    async commit(before, frame) {
      const result = await store.commit(before, frame);
      if (isInDoubt) throw new RolewrightError("RW601", "the answer was lost");
      return result;
    },
  };
  const log = await openTestLog(doubtful, testKey().signer);
  const receipts = [await log.append(sampleEvent(0))];
  for (let round = 1; round <= 6; round++) {
    isInDoubt = round % 2 === 1;
    receipts.push(await log.append(sampleEvent(round)));
  }
  await log.close();
  expect(receipts.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(await countReceipts(fileAuditStore({ folder }), receipts)).toBe(7);
}, 10_000);
