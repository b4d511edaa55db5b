import { decodeBase64, decodeUtf8 } from "../../src/audit/note/base64.ts";
import { parseCheckpointBody } from "../../src/audit/note/checkpoint.ts";
import { cosign, parseNote, signNote, verifyNote } from "../../src/audit/note/signed-note.ts";
import { openSigningKey, type Signer } from "../../src/audit/note/signer.ts";
import { formatTlogProof, parseTlogProof } from "../../src/audit/note/tlog-proof.ts";
import {
  formatVerifierKey,
  KEY_TYPE,
  keyId,
  parseVerifierKey,
  verifyEd25519,
} from "../../src/audit/note/verifier-key.ts";
import { decodeBundle } from "../../src/audit/tree/bundle.ts";
import { EMPTY_ROOT, leafHash } from "../../src/audit/tree/hashing.ts";
import { rootOf } from "../../src/audit/tree/merkle.ts";
import { checkConsistency, checkInclusion } from "../../src/audit/tree/proof.ts";
import { decodeTile, parseTilePath } from "../../src/audit/tree/tiles.ts";
import type { VerifyReport } from "../../src/audit/verify/verify.ts";
import { Secret } from "../../src/base/secret.ts";
import { changed, type Files, filesAt, flipped, makeCorpus, sampleEntries, verifyFiles } from "./audit-corpus.ts";
import { logOf } from "./audit-rules-corpus.ts";

/** Everything that the verifier says about a fixed set of good and bad logs, notes and proofs, as text. A verifier that lacks a check says something else. */
export async function judge(keyText: string, otherText: string): Promise<string> {
  const [signer, other] = [openSigningKey(new Secret(keyText)), openSigningKey(new Secret(otherText))];
  if (signer === null || other === null) return "no keys";
  const said: unknown[] = [...judgeProofs(), ...(await judgeNotes(signer, keyText)), ...judgeShapes(signer)];
  const corpus = await makeCorpus(signer, [1, 3, 300, 700]);
  const forged = await makeCorpus(signer, [300, 700], 99);
  const files = filesAt(corpus, 700);
  const get = (from: Files, path: string): Uint8Array => from.get(path) ?? new Uint8Array(0);
  const tell = async (given: Files, over: Parameters<typeof verifyFiles>[2] = {}): Promise<void> => {
    said.push(told(await verifyFiles(given, signer, over).catch((error: unknown) => `threw ${String(error)}`)));
  };
  for (const size of corpus.at.keys()) await tell(filesAt(corpus, size));
  for (const [path, bytes] of files) {
    await tell(changed(files, path, flipped(bytes, 9 * 8)));
    await tell(changed(files, path, bytes.subarray(0, -1)));
    await tell(changed(files, path, Buffer.concat([bytes, Uint8Array.of(0)])));
    await tell(changed(files, path, null));
  }
  const kept = get(filesAt(corpus, 700), "checkpoint");
  const early = get(filesAt(corpus, 300), "checkpoint");
  const theirs = get(filesAt(await makeCorpus(other, [3]), 3), "checkpoint");
  await tell(changed(files, "checkpoint", early), { anchors: [{ name: "a", note: kept }] });
  await tell(filesAt(forged, 700), { anchors: [{ name: "a", note: early }] });
  for (const note of [theirs, Buffer.from("x"), early, flipped(early, 300)])
    await tell(files, { anchors: [{ name: "a", note }] });
  for (const [firstSize, lastSize] of [
    [0, 699],
    [701, null],
    [0, 700],
  ] as const) {
    await tell(files, { keys: [{ key: signer.key, firstSize, lastSize }] });
  }
  await tell(files, { keys: [{ key: other.key, firstSize: 0, lastSize: null }] });
  const both = [signer.key, other.key].map((key) => ({ key, firstSize: 0, lastSize: null }));
  await tell(files, { keys: both, anchors: [{ name: "a", note: theirs }] });
  await tell(changed(files, "checkpoint", await signNote("log.example/test\n700\n", [signer])));
  await tell(files, { keys: [signer.key, other.key].map((key) => ({ key, firstSize: 0, lastSize: null })) });
  for (const [path, bytes] of [
    ["notes", Buffer.from("x")],
    ["tile/0/003", Buffer.alloc(8192)],
    ["tile/0/000.p/7", Buffer.alloc(224)],
    ["tile/0/000.p/8", Buffer.alloc(1)],
    ["tile/entries/000.p/1", Buffer.alloc(2)],
  ] as const)
    await tell(changed(files, path, bytes));
  const entries = sampleEntries(signer, 6, 0);
  const edited = (at: number, change: (text: string) => string): readonly Uint8Array[] =>
    entries.map((bytes, index) => (index === at ? Buffer.from(change(Buffer.from(bytes).toString("utf8"))) : bytes));
  for (const given of [
    entries.slice(1),
    edited(0, (text) => text.replace('"log":"', '"log":"x')),
    edited(3, (text) => text.replace('"time":"2026', '"time":"2025')),
    edited(2, (text) => text.replace('"intent":1', '"intent":0')),
    edited(3, (text) => text.slice(1)),
    [...entries.slice(0, 3), ...entries.slice(2, 3)],
  ])
    await tell(await logOf(signer, given));
  await tell(await logOf(signer, entries, "log.example/other"));
  // Salts are random, and so are roots and signatures.
  return said.map((each) => JSON.stringify(each).replaceAll(/[A-Za-z0-9+/=]{30,}/g, "...")).join("\n");
}

function told(report: VerifyReport | string): unknown {
  if (typeof report === "string") return report;
  const { level, faults, compared, read, openIntents, ahead } = report;
  return {
    level,
    faults: faults.map(({ code, message }) => `${code} ${message}`),
    compared,
    read,
    open: openIntents.length,
    ahead,
  };
}

const PUBLISHED = "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77";
const LEAVES = Array.from({ length: 21 }, (_, at) => leafHash(Buffer.from(String(at))));

function judgeProofs(): unknown[] {
  const said: unknown[] = [];
  const pathOf = (index: number, size: number): Uint8Array[] => naivePath(LEAVES.slice(0, size), index);
  for (const size of [1, 2, 7, 21]) {
    const root = rootOf(LEAVES.slice(0, size));
    for (const index of [0, 1, size - 1, size, -1]) {
      const leaf = LEAVES[index] ?? EMPTY_ROOT;
      const proof = index >= 0 && index < size ? pathOf(index, size) : [];
      const good = { leaf, index, size, root, proof };
      said.push(
        checkInclusion(good),
        checkInclusion({ ...good, proof: [...proof, root] }),
        checkInclusion({ ...good, proof: proof.slice(1) }),
      );
      said.push(
        checkInclusion({ ...good, root: leaf }),
        checkInclusion({ ...good, leaf: root }),
        checkInclusion({ ...good, proof: proof.map((hash) => hash.subarray(1)) }),
      );
    }
  }
  // The first three leaves of the published test tree: what everybody else computes.
  const published = rootOf(["", "00", "10"].map((hex) => leafHash(Buffer.from(hex, "hex"))));
  said.push(Buffer.from(published).toString("hex") === PUBLISHED);
  said.push(checkInclusion({ leaf: EMPTY_ROOT, index: 5, size: 2 ** 33, root: EMPTY_ROOT, proof: [] }));
  const far = 2 ** 32 + 5;
  said.push(checkInclusion({ leaf: EMPTY_ROOT, index: far, size: far + 1, root: EMPTY_ROOT, proof: [] }));
  said.push(checkInclusion({ leaf: EMPTY_ROOT, index: 2 ** 53, size: 2 ** 53 + 2, root: EMPTY_ROOT, proof: [] }));
  for (const [first, second] of [
    [0, 5],
    [1, 5],
    [3, 8],
    [4, 8],
    [8, 8],
    [9, 8],
    [7, 21],
    [0, 0],
    [-1, 5],
  ] as const) {
    const roots = [first, second].map((size) => rootOf(LEAVES.slice(0, Math.max(0, size))));
    const [a = EMPTY_ROOT, b = EMPTY_ROOT] = roots;
    const proof = first > 0 && first < second ? naiveConsistency(first, LEAVES.slice(0, second), true) : [];
    const good = { first: { size: first, root: a }, second: { size: second, root: b }, proof };
    for (const wrong of [
      good,
      { ...good, proof: [...proof, a] },
      { ...good, proof: proof.slice(1) },
      { ...good, proof: proof.slice(0, -1) },
      { ...good, proof: [] },
      { ...good, proof: proof.map((hash) => hash.subarray(1)) },
      { ...good, first: { size: first, root: leafHash(a) } },
      { ...good, second: { size: second, root: leafHash(b) } },
    ])
      said.push(checkConsistency(wrong));
  }
  return said;
}

function naivePath(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (leaves.length <= 1) return [];
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...naivePath(left, index), rootOf(right)]
    : [...naivePath(right, index - split), rootOf(left)];
}

function naiveConsistency(first: number, leaves: readonly Uint8Array[], known: boolean): Uint8Array[] {
  if (first === leaves.length) return known ? [] : [rootOf(leaves)];
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return first <= split
    ? [...naiveConsistency(first, left, known), rootOf(right)]
    : [...naiveConsistency(first - split, right, false), rootOf(left)];
}

async function judgeNotes(signer: Signer, keyText: string): Promise<unknown[]> {
  const said: unknown[] = [];
  const files = await logOf(signer, sampleEntries(signer, 2, 0));
  const good = Buffer.from(files.get("checkpoint") ?? "").toString("utf8");
  const body = good.slice(0, good.indexOf("\n\n") + 1);
  const witness = openSigningKey(new Secret(keyText), KEY_TYPE.cosignatureEd25519);
  const line = witness === null ? "" : await cosign(body, witness, new Date(0));
  const signature = good.split("\n").at(-2) ?? "";
  for (const text of [
    good,
    good + line,
    good.slice(0, -1),
    good.replace("\n\n", "\n"),
    good.replace("— ", "- "),
    `${good}${signature} x\n`,
    `${good}\n`,
    good.replace("\n2\n", "\n02\n"),
    good.replace("\n2\n", "\n2\nmore\n"),
    good.replace("\n2\n", "\n\t2\n"),
    good.replace("— log", "— lo+g"),
    `${good}— log.example/test AAAA\n`,
    good + `${signature}\n`.repeat(70),
    "x".repeat(1_000_001),
  ]) {
    const note = parseNote(Buffer.from(text, "utf8"));
    if (typeof note === "string") {
      said.push(note);
      continue;
    }
    const keys = [signer.key, ...(witness === null ? [] : [witness.key])];
    const { by, failed } = verifyNote(note, keys);
    said.push(
      by.map(({ key, seenAt }) => [key.type, seenAt]),
      failed.length,
      typeof parseCheckpointBody(note.body),
    );
  }
  said.push(typeof parseNote(Uint8Array.of(0xff, 10, 10)));
  const bad = parseNote(Buffer.from(good.replace("\n2\n", "\n3\n") + line));
  if (typeof bad !== "string" && witness !== null) said.push(verifyNote(bad, [signer.key, witness.key]).failed.length);
  for (const text of [
    body,
    body.replace("\n2\n", "\n9007199254740993\n"),
    body.slice(0, -3),
    `${body}x\n`,
    body.replace("log", "l g"),
    body.replace("=\n", "\n"),
  ]) {
    said.push(parseCheckpointBody(text) instanceof Object ? "parsed" : parseCheckpointBody(text));
  }
  return said;
}

function judgeShapes(signer: Signer): unknown[] {
  const vkey = formatVerifierKey(signer.key);
  const cut = signer.key.publicKey.subarray(1);
  const short = { ...signer.key, publicKey: cut, id: keyId(signer.key.name, KEY_TYPE.ed25519, cut) };
  const proof = { extra: Buffer.from("e"), index: 1, hashes: [EMPTY_ROOT], checkpoint: Buffer.from("c\n") };
  const text = Buffer.from(formatTlogProof(proof)).toString("utf8");
  const hash = text.split("\n")[3] ?? "";
  return [
    ...["AA==", "AB==", "AA", "*"].map((each) => decodeBase64(each) !== null),
    ...[Uint8Array.of(0xc3), Uint8Array.of(0xef, 0xbb, 0xbf, 65)].map((bytes) => decodeUtf8(bytes)?.length ?? null),
    ...[
      vkey,
      vkey.replace("log.", "lag."),
      vkey.replace("+A", "+B"),
      "x",
      "a+b+c",
      vkey.replace("log", "l g"),
      "a+00000000+A===",
      formatVerifierKey(short),
    ].map((each) => parseVerifierKey(each) !== null),
    verifyEd25519(signer.key.publicKey, Buffer.from(""), Buffer.alloc(63)),
    verifyEd25519(signer.key.publicKey.subarray(1), Buffer.from(""), Buffer.alloc(64)),
    ...[
      "tile/0/000",
      "tile/64/000",
      "tile/0/000.p/256",
      "tile/0/000.p/0",
      "tile/0/0000",
      "tile/0/x000/000",
      "tile/x/000",
    ].map((path) => parseTilePath(path) !== null),
    decodeTile(new Uint8Array(33), 1) !== null,
    ...[[0], [0, 1], [0, 1, 2], [0, 1, 2, 3]].map((bytes) => decodeBundle(Uint8Array.from(bytes), 1) === null),
    ...[
      text,
      text.replace("@v1", "@v2"),
      text.replace("extra ", "extra *"),
      text.replace("index 1", "index 01"),
      text.replace(hash, "AAAA"),
      text.replace("\n\n", "\n"),
      text.replace(hash, `${hash}\n`.repeat(64).trimEnd()),
    ].map((each) =>
      typeof parseTlogProof(Buffer.from(each)) === "string" ? parseTlogProof(Buffer.from(each)) : "parsed",
    ),
    typeof parseTlogProof(Uint8Array.of(0xff)),
  ];
}
