import { expect, test } from "vitest";
import { decodeBundle, encodeBundle } from "../../src/audit/tree/bundle.ts";
import type { VerifyReport } from "../../src/audit/verify/verify.ts";
import { testKey } from "../support/audit-samples.ts";
import { changed, filesAt, flipped, makeCorpus, sampleEntries, verifyFiles } from "../support/audit-corpus.ts";
import { logOf } from "../support/audit-rules-corpus.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const { signer } = testKey();
/** Every partial tile that was ever published is still there. */
const corpus = await makeCorpus(signer, [1, 3, 5, 256, 300, 700]);

const codes = ({ faults }: VerifyReport): readonly string[] => faults.map(({ code }) => code);

test("the corpus verifies at every size, and shows no more than that", async () => {
  for (const size of corpus.at.keys()) {
    const report = await verifyFiles(filesAt(corpus, size), signer);
    expect([size, codes(report), report.level, report.read]).toEqual([size, [], "V1", { from: 0, to: size }]);
  }
});

test("every single bit of a small log counts", async () => {
  const files = filesAt(corpus, 5);
  const missed: string[] = [];
  let tried = 0;
  for (const [path, bytes] of files) {
    for (let bit = 0; bit < bytes.length * 8; bit += LONG ? 1 : 3) {
      tried += 1;
      const report = await verifyFiles(changed(files, path, flipped(bytes, bit)), signer);
      if (report.faults.length === 0 || report.level !== null || report.trust !== null)
        missed.push(`${path} bit ${bit}`);
    }
  }
  expect(missed).toEqual([]);
  expect(tried).toBeGreaterThan(5000);
}, 600_000);

test("bits all over a larger log count, in every tile and bundle", async () => {
  const files = filesAt(corpus, 700);
  for (const [path, bytes] of files) {
    const bits = bytes.length * 8;
    for (let round = 0; round < (LONG ? 40 : 3); round++) {
      const bit = round === 0 ? 0 : round === 1 ? bits - 1 : Math.floor(Math.random() * bits);
      const report = await verifyFiles(changed(files, path, flipped(bytes, bit)), signer);
      expect([path, bit, report.faults.length > 0, report.level]).toEqual([path, bit, true, null]);
    }
  }
}, 600_000);

test("a file that is gone, cut short or longer is named", async () => {
  const files = filesAt(corpus, 700);
  const needed = new Set(["checkpoint", "tile/0/000", "tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2"]);
  for (const name of ["000", "001", "002.p/188"]) needed.add(`tile/entries/${name}`);
  for (const [path, bytes] of files) {
    const wrongs: (Uint8Array | null)[] = [
      bytes.subarray(0, -1),
      bytes.subarray(0, bytes.length / 2),
      new Uint8Array(0),
      Buffer.concat([bytes, Uint8Array.of(0)]),
      // What is left over of an earlier size is not needed, and may be gone.
      ...(needed.has(path) ? [null] : []),
    ];
    for (const wrong of wrongs) {
      const report = await verifyFiles(changed(files, path, wrong), signer);
      expect([path, wrong?.length, report.level]).toEqual([path, wrong?.length, null]);
      const said = report.faults.map(({ message, details }) => `${message} ${JSON.stringify(details)}`).join("\n");
      expect(said).toContain(path);
    }
  }
});

test("files and entries in each other's places are found", async () => {
  const files = filesAt(corpus, 700);
  const paths = [...files.keys()];
  for (const [at, path] of paths.entries()) {
    const other = paths[(at + 1) % paths.length] ?? "";
    const [mine, theirs] = [files.get(path) ?? null, files.get(other) ?? null];
    const report = await verifyFiles(changed(changed(files, path, theirs), other, mine), signer);
    expect([path, other, report.level]).toEqual([path, other, null]);
  }
  for (const path of ["tile/entries/000", "tile/entries/002.p/188"]) {
    const entries = [
      ...(decodeBundle(files.get(path) ?? new Uint8Array(0), path.endsWith("188") ? 188 : 256)?.entries ?? []),
    ];
    [entries[4], entries[5]] = [entries[5] ?? Buffer.alloc(0), entries[4] ?? Buffer.alloc(0)];
    const report = await verifyFiles(changed(files, path, encodeBundle(entries)), signer);
    expect(codes(report)).toContain("RW617");
    expect(report.faults[0]?.details["index"]).toBe(path.endsWith("188") ? 516 : 4);
  }
});

test("a file that belongs to no tree is named", async () => {
  const files = changed(filesAt(corpus, 5), "tile/0/000.p/notes", Buffer.from("x"));
  expect(codes(await verifyFiles(files, signer))).toEqual(["RW618"]);
  // A writer is ahead of what it has signed: that is no damage.
  const ahead = changed(filesAt(corpus, 5), "tile/0/001.p/3", Buffer.alloc(96));
  expect(await verifyFiles(ahead, signer)).toMatchObject({ faults: [], ahead: 1 });
});

test("an old checkpoint of the same log is a rollback only to who remembers a later one", async () => {
  const replayed = changed(filesAt(corpus, 700), "checkpoint", filesAt(corpus, 300).get("checkpoint") ?? null);
  const anchor = { name: "kept", note: filesAt(corpus, 700).get("checkpoint") ?? new Uint8Array(0) };
  expect((await verifyFiles(replayed, signer)).level).toBe("V1");
  expect(codes(await verifyFiles(replayed, signer, { anchors: [anchor] }))).toEqual(["RW620"]);
  const trust = (await verifyFiles(filesAt(corpus, 700), signer)).trust;
  expect(codes(await verifyFiles(replayed, signer, { trust }))).toEqual(["RW620"]);
});

test("another history under the same key verifies until one checkpoint is kept elsewhere", async () => {
  const forged = await makeCorpus(signer, [300, 700], 99);
  const anchor = { name: "kept", note: filesAt(corpus, 300).get("checkpoint") ?? new Uint8Array(0) };
  for (const size of [300, 700]) {
    expect((await verifyFiles(filesAt(forged, size), signer)).level).toBe("V1");
    expect(codes(await verifyFiles(filesAt(forged, size), signer, { anchors: [anchor] }))).toEqual(["RW621"]);
    expect((await verifyFiles(filesAt(corpus, size), signer, { anchors: [anchor] })).level).toBe("V2");
    const { trust } = await verifyFiles(filesAt(corpus, 300), signer);
    expect(codes(await verifyFiles(filesAt(forged, size), signer, { trust }))).toEqual(["RW621"]);
  }
});

test("an anchor of another log, or of nobody's, is refused and not passed over", async () => {
  const files = filesAt(corpus, 5);
  const other = testKey("log.example/other").signer;
  const theirs = filesAt(await makeCorpus(other, [3]), 3).get("checkpoint") ?? new Uint8Array(0);
  for (const note of [theirs, Buffer.from("nonsense"), flipped(files.get("checkpoint") ?? theirs, 400)]) {
    expect(codes(await verifyFiles(files, signer, { anchors: [{ name: "a", note }] }))).toEqual(["RW622"]);
  }
});

test("a checkpoint by another key, or by one that was retired, is not believed", async () => {
  const files = filesAt(corpus, 300);
  const other = testKey().signer;
  expect(codes(await verifyFiles(files, other))).toEqual(["RW611"]);
  const named = { ...signer.key, name: "log.example/other" };
  expect(codes(await verifyFiles(files, { ...signer, key: named }))).toEqual(["RW611"]);
  const retired = [{ key: signer.key, firstSize: 0, lastSize: 299 }];
  expect(codes(await verifyFiles(files, signer, { keys: retired }))).toEqual(["RW624"]);
  const later = [{ key: signer.key, firstSize: 301, lastSize: null }];
  expect(codes(await verifyFiles(files, signer, { keys: later }))).toEqual(["RW624"]);
  expect((await verifyFiles(files, signer, { keys: [{ key: signer.key, firstSize: 0, lastSize: 300 }] })).level).toBe(
    "V1",
  );
});

test("what was remembered is where the next verification goes on, and what came before is the same tree", async () => {
  const { trust } = await verifyFiles(filesAt(corpus, 300), signer);
  const report = await verifyFiles(filesAt(corpus, 700), signer, { trust });
  expect([report.level, report.read, codes(report)]).toEqual(["V2", { from: 300, to: 700 }, []]);
  const full = await verifyFiles(filesAt(corpus, 700), signer, { trust, full: true });
  expect([full.level, full.read]).toEqual(["V2", { from: 0, to: 700 }]);
  expect(report.openIntents).toEqual(full.openIntents);
  // An intent that was open when it was remembered gets its outcome later.
  const early = await verifyFiles(filesAt(await makeCorpus(signer, [2, 3]), 2), signer);
  expect(early.openIntents).toEqual([1]);
});

test("entries that were signed and contradict each other are named", async () => {
  const entries = sampleEntries(signer, 6, 0);
  const text = (at: number, change: (text: string) => string): readonly Uint8Array[] =>
    entries.map((bytes, index) => (index === at ? Buffer.from(change(Buffer.from(bytes).toString("utf8"))) : bytes));
  const wrong: Readonly<Record<string, readonly Uint8Array[]>> = {
    "no opening": entries.slice(1),
    "another log's opening": text(0, (each) => each.replace('"log":"log.example/test"', '"log":"log.example/xxxx"')),
    "a time that goes back": text(3, (each) => each.replace(/"time":"2026/, '"time":"2025')),
    "an outcome of what was not announced": text(2, (each) => each.replace('"intent":1', '"intent":0')),
    "two outcomes of one intent": [...entries.slice(0, 3), ...entries.slice(2, 3)],
    "two fields of one name": text(3, (each) => each.replace("{", '{"v":1,')),
    "no JSON": text(3, (each) => each.slice(1)),
  };
  expect(codes(await verifyFiles(await logOf(signer, entries), signer))).toEqual([]);
  for (const [what, given] of Object.entries(wrong)) {
    expect([what, codes(await verifyFiles(await logOf(signer, given), signer))[0]]).toEqual([what, "RW619"]);
  }
  expect(codes(await verifyFiles(await logOf(signer, entries, "log.example/other"), signer))).toEqual(["RW612"]);
});
