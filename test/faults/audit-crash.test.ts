import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Receipt } from "../../src/audit/log/audit-log.ts";
import { fileAuditStore } from "../../src/store/files/audit/audit-store.ts";
import { auditFolder } from "../support/auditing.ts";
import { testKey } from "../support/audit-samples.ts";
import { countReceipts } from "../support/audit-store-conformance.ts";
import { readLog } from "../support/trailing.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const CHILD = fileURLToPath(new URL("audit-append-child.ts", import.meta.url));
const { signer, secret } = testKey();
const keyFile = join(auditFolder(), "key");
writeFileSync(keyFile, secret.reveal(), { mode: 0o600 });

interface Ended {
  readonly receipts: readonly Receipt[];
  readonly operations: number | null;
  readonly signal: string | null;
}

async function append(folder: string, batches: string, operation: number): Promise<Ended> {
  const child = spawn(process.execPath, [CHILD, folder, keyFile, batches, String(operation)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  // The last line may have been cut short.
  const lines = text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "");
  const said = lines.map(
    (line) => JSON.parse(line) as { index: number; leaf: string; size: number; root: string; operations?: number },
  );
  const receipts = said.flatMap(({ index, leaf, size, root, operations }): Receipt[] => {
    if (operations !== undefined) return [];
    const checkpoint = { origin: signer.key.name, size, root: Buffer.from(root, "base64") };
    return [{ id: "", index, leaf: Buffer.from(leaf, "base64"), checkpoint, note: new Uint8Array(0) }];
  });
  return { receipts, operations: said.at(-1)?.operations ?? null, signal };
}

test("a writer that is killed at any operation loses nothing that it acknowledged, and the log verifies", async () => {
  const batches = "2,255,3";
  const rehearsal = await append(auditFolder(), batches, -1);
  const operations = rehearsal.operations ?? 0;
  expect([rehearsal.receipts.length, operations > 40]).toEqual([260, true]);
  const folder = auditFolder();
  const receipts: Receipt[] = [];
  const kills = LONG ? 500 : 6;
  for (let round = 0; round < kills; round++) {
    // Later rounds begin with what the earlier ones left, so fewer folders are made. Every place in turn, or any.
    const ended = await append(folder, batches, LONG ? round % operations : Math.floor(Math.random() * operations));
    expect(ended.signal).toBe("SIGKILL");
    receipts.push(...ended.receipts);
    if (receipts.length === 0) continue;
    const store = fileAuditStore({ folder });
    expect(await countReceipts(store, receipts)).toBe(receipts.length);
  }
  receipts.push(...(await append(folder, "1", -1)).receipts);
  expect(await countReceipts(fileAuditStore({ folder }), receipts)).toBe(receipts.length);
  const { report, entries } = await readLog(folder, signer);
  expect(report.faults).toEqual([]);
  expect(entries.length).toBeGreaterThanOrEqual(receipts.length);
}, 3_600_000);

test("two processes that write at once both get all that they were told", async () => {
  const folder = auditFolder();
  const sizes = LONG ? "1,30,1,1,100,1,1,1,300,1" : "1,10,1,1,40,1,1";
  const ended = await Promise.all([append(folder, sizes, -1), append(folder, sizes, -1)]);
  const receipts = ended.flatMap((each) => each.receipts);
  expect(new Set(receipts.map(({ index }) => index)).size).toBe(receipts.length);
  expect(await countReceipts(fileAuditStore({ folder }), receipts)).toBe(receipts.length);
  expect((await readLog(folder, signer)).report.faults).toEqual([]);
});
