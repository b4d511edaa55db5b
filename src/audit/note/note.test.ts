import { expect, test } from "vitest";
import { Secret } from "../../base/secret.ts";
import { decodeBase64 } from "./base64.ts";
import { checkpointBody, parseCheckpointBody } from "./checkpoint.ts";
import { parsePolicy, quorumReached } from "./policy.ts";
import { cosign, parseNote, signNote, verifyNote, type SignedNote } from "./signed-note.ts";
import { newSigningKey, openSigningKey, type Signer } from "./signer.ts";
import { formatTlogProof, parseTlogProof } from "./tlog-proof.ts";
import { formatVerifierKey, KEY_TYPE, parseVerifierKey, verifyEd25519 } from "./verifier-key.ts";

/* The example of golang.org/x/mod/sumdb/note. */
const PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const SAID = `If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`;

const utf8 = (text: string): Uint8Array => Buffer.from(text, "utf8");

function parsed(text: string | Uint8Array): SignedNote {
  const note = parseNote(typeof text === "string" ? utf8(text) : text);
  if (typeof note === "string") throw new Error(note);
  return note;
}

function signer(name: string, type?: number): Signer {
  const found = openSigningKey(newSigningKey(name), type);
  if (found === null) throw new Error("no signer");
  return found;
}

test("the published example of a note holds, and no changed one does", () => {
  const key = parseVerifierKey(PETER);
  if (key === null) throw new Error("no key");
  expect(formatVerifierKey(key)).toBe(PETER);
  expect(verifyNote(parsed(SAID), [key])).toEqual({ by: [{ key, seenAt: null }], failed: [] });
  expect(verifyNote(parsed(SAID.replace("don't", "do")), [key])).toEqual({ by: [], failed: [key] });
  expect(verifyNote(parsed(SAID), [])).toEqual({ by: [], failed: [] });
});

test("the first vector of RFC 8032 holds", () => {
  const publicKey = Buffer.from("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "hex");
  const signature = Buffer.from(
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    "hex",
  );
  expect(verifyEd25519(publicKey, new Uint8Array(0), signature)).toBe(true);
  expect(verifyEd25519(publicKey, Uint8Array.of(0), signature)).toBe(false);
  expect(verifyEd25519(publicKey, new Uint8Array(0), signature.subarray(1))).toBe(false);
});

test("a key is read only with its own id, and prints as a secret", () => {
  const key = newSigningKey("log.example/one");
  expect(String(key)).toBe("[secret]");
  expect(openSigningKey(key)?.key.name).toBe("log.example/one");
  expect(openSigningKey(new Secret(key.reveal().replace("/one", "/two")))).toBeNull();
  expect(parseVerifierKey(PETER.replace("c74f", "c74e"))).toBeNull();
  expect(parseVerifierKey(PETER.replace("PeterNeumann", "Peter Neumann"))).toBeNull();
});

test("a note that is not exactly one is none", () => {
  const good = SAID;
  for (const bad of [
    good.replace("\n\n", "\n"),
    good.slice(0, -1),
    good.replace("— ", "- "),
    good.replace("AM=", "AN="),
    good.replace("AM=", "AM=="),
    good.replace("AM=", "A*M="),
    `${good}\n`,
    good.replace("Peter", "Pe+ter"),
    good.replace("is the", "is\tthe"),
    good.replace("PeterNeumann x", "PeterNeumann  x"),
  ])
    expect([bad, typeof parseNote(utf8(bad))]).toEqual([bad, "string"]);
  expect(typeof parseNote(Buffer.concat([utf8(good), Uint8Array.of(0xff)]))).toBe("string");
});

test("a witness says when it saw the note, and its key is not the log's", async () => {
  const log = signer("log.example/one");
  const witness = signer("witness.example", KEY_TYPE.cosignatureEd25519);
  const body = checkpointBody({ origin: "log.example/one", size: 5, root: new Uint8Array(32) });
  const note = Buffer.from(await signNote(body, [log])).toString("utf8");
  const at = new Date("2026-11-22T10:00:00Z");
  const both = parsed(note + (await cosign(body, witness, at)));
  expect(verifyNote(both, [log.key, witness.key]).by.map(({ seenAt }) => seenAt)).toEqual([null, at]);
  const later = { ...both, body: body.replace("\n5\n", "\n6\n") };
  expect(verifyNote(later, [log.key, witness.key]).failed).toHaveLength(2);
  const asLog = { ...witness.key, type: KEY_TYPE.ed25519 };
  expect(verifyNote(both, [asLog]).failed).toHaveLength(1);
});

test("a checkpoint has one way of being written", () => {
  const checkpoint = { origin: "log.example/one", size: 70_000, root: Buffer.alloc(32, 7) };
  const body = checkpointBody(checkpoint);
  expect(parseCheckpointBody(body)).toEqual(checkpoint);
  for (const bad of [
    body.replace("70000", "070000"),
    body.replace("70000", "+70000"),
    body.replace("70000", "7e4"),
    body.replace("70000", "9007199254740992"),
    body.replace("70000", "70000 "),
    `${body}extension\n`,
    body.slice(0, -1),
    body.replace("=\n", "\n"),
    body.replace("log.example", "log example"),
  ])
    expect([bad, typeof parseCheckpointBody(bad)]).toEqual([bad, "string"]);
});

test("base64 is read in its one canonical way only", () => {
  expect(decodeBase64("AA==")).toEqual(Buffer.from([0]));
  for (const bad of ["AA", "AB==", "AA==\n", "A A=", "AA__", "*"]) expect(decodeBase64(bad)).toBeNull();
});

test("a proof file reads back byte for byte, and a changed one is none", () => {
  const proof = {
    extra: utf8("more"),
    index: 7,
    hashes: [Buffer.alloc(32, 1), Buffer.alloc(32, 2)],
    checkpoint: utf8("log.example\n9\nroot\n\n— log.example AAAAAAAA\n"),
  };
  const text = Buffer.from(formatTlogProof(proof)).toString("utf8");
  expect(parseTlogProof(utf8(text))).toEqual(proof);
  expect(parseTlogProof(formatTlogProof({ ...proof, extra: null }))).toEqual({ ...proof, extra: null });
  for (const bad of [
    text.replace("@v1", "@v2"),
    text.replace("index 7", "index 07"),
    text.replace("index 7\n", ""),
    text.replace("extra ", "extra  "),
    text.replace("AQE=", ""),
    text.split("\n\n")[0] ?? "",
  ])
    expect([bad, typeof parseTlogProof(utf8(bad))]).toEqual([bad, "string"]);
});

test("a quorum counts each member once", () => {
  const keys = ["one", "two", "three"].map((name) => signer(`${name}.example`, KEY_TYPE.cosignatureEd25519).key);
  const text = [
    `log ${formatVerifierKey(signer("log.example").key)}  # the log`,
    ...keys.map((key, at) => `witness w${at} ${formatVerifierKey(key)}`),
    "group g 2 w0 w1 w2",
    "quorum g",
  ].join("\n");
  const policy = parsePolicy(text);
  if (typeof policy === "string") throw new Error(policy);
  const by = keys.map((key) => ({ key, seenAt: new Date(0) }));
  expect(quorumReached(policy, by.slice(0, 2))).toBe(true);
  expect(quorumReached(policy, by.slice(0, 1))).toBe(false);
  expect(quorumReached(policy, [...by.slice(0, 1), ...by.slice(0, 1)])).toBe(false);
  expect(quorumReached({ ...policy, groups: new Map([["g", { atLeast: 2, members: ["w0", "w0"] }]]) }, by)).toBe(false);
  for (const bad of [
    text.replace("quorum g", ""),
    text.replace("quorum g", "quorum h"),
    text.replace(" 2 ", " 4 "),
    `${text}\nquorum none`,
    text.replace("group g 2 w0", "group g 2 w9"),
    text.replace("log ", "lag "),
  ])
    expect(typeof parsePolicy(bad)).toBe("string");
});
