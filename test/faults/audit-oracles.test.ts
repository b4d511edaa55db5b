import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fileAuditStore } from "../../src/store/files/audit/audit-store.ts";
import { openTestLog, sampleEvent, testKey } from "../support/audit-samples.ts";
import { auditFolder } from "../support/auditing.ts";
import { changed, type Files, filesAt, flipped, makeCorpus } from "../support/audit-corpus.ts";
import { goOracle, type Oracle, pythonMissing, pythonOracle, writeTree } from "../support/audit-oracles.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const { signer } = testKey();
const folder = auditFolder();
const corpus = await makeCorpus(signer, [1, 2, 255, 256, 257, 300, 700]);
const noPython = pythonMissing();
const go = goOracle(folder);

const oracles: readonly (readonly [name: string, oracle: Oracle | string])[] = [
  ["Python and openssl", noPython ?? pythonOracle()],
  ...(LONG ? [["Python that leaves its assertions out", noPython ?? pythonOracle(["-O"])] as const] : []),
  ["Go on golang.org/x/mod", go],
];

for (const [name, given] of oracles) {
  const missing = typeof given === "string" ? ` (${given})` : "";
  describe.skipIf(typeof given === "string")(`${name}${missing}`, () => {
    const oracle: Oracle = typeof given === "string" ? () => ({ verified: false, said: given }) : given;
    const judge = (files: Files, anchors: readonly string[] = []): boolean =>
      oracle(signer.key, writeTree(folder, files), anchors).verified;

    test("finds nothing wrong with a log of any size", () => {
      for (const [size, files] of corpus.at) expect([size, judge(files)]).toEqual([size, true]);
    });

    test("finds nothing wrong with a log that was really written, and goes on from every checkpoint of it", async () => {
      const at = auditFolder();
      await using log = await openTestLog(fileAuditStore({ folder: at }), signer);
      const anchors: string[] = [];
      for (const count of [1, 30, 300, 7]) {
        const [receipt] = await log.appendAll(Array.from({ length: count }, (_, number) => sampleEvent(number)));
        const file = join(at, `anchor-${count}`);
        writeFileSync(file, receipt?.note ?? "");
        anchors.push(file);
      }
      await log.close();
      expect(oracle(signer.key, join(at, "tree"), anchors)).toMatchObject({ verified: true });
    });

    test("finds a turned bit in every file that a log needs, and a file that is gone", () => {
      const files = filesAt(corpus, 700);
      for (const path of NEEDED) {
        const bytes = files.get(path) ?? new Uint8Array(0);
        for (let round = 0; round < (LONG ? 20 : 1); round++) {
          const bit = Math.floor(Math.random() * bytes.length * 8);
          expect([path, bit, judge(changed(files, path, flipped(bytes, bit)))]).toEqual([path, bit, false]);
        }
        expect([path, judge(changed(files, path, null))]).toEqual([path, false]);
        expect([path, judge(changed(files, path, bytes.subarray(0, -1)))]).toEqual([path, false]);
      }
    });

    test("finds a rollback and another history by a checkpoint that was kept", async () => {
      const anchor = join(folder, `kept-${name.length}`);
      writeFileSync(anchor, filesAt(corpus, 300).get("checkpoint") ?? "");
      const forged = await makeCorpus(signer, [257, 700], 99);
      for (const files of [filesAt(forged, 700), filesAt(corpus, 257)]) {
        expect(judge(files)).toBe(true);
        expect(judge(files, [anchor])).toBe(false);
      }
      expect(judge(filesAt(corpus, 700), [anchor])).toBe(true);
    });

    test("believes no other key", () => {
      expect(oracle(testKey().signer.key, writeTree(folder, filesAt(corpus, 2))).verified).toBe(false);
    });
  });
}

test.skipIf(noPython !== null)("Python that leaves its assertions out finds a turned bit all the same", () => {
  const files = filesAt(corpus, 257);
  const wrong = changed(files, "tile/entries/000", flipped(files.get("tile/entries/000") ?? new Uint8Array(0), 9000));
  const oracle = pythonOracle(["-O"]);
  expect(oracle(signer.key, writeTree(folder, wrong)).verified).toBe(false);
  expect(oracle(signer.key, writeTree(folder, files)).verified).toBe(true);
});

const NEEDED = [
  "checkpoint",
  "tile/0/000",
  "tile/0/001",
  "tile/0/002.p/188",
  "tile/1/000.p/2",
  "tile/entries/000",
  "tile/entries/001",
  "tile/entries/002.p/188",
];
