import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allows, parseAllowedSigners } from "../../src/approval/ssh/allowed-signers.ts";
import { readSignature, verifySignature } from "../../src/approval/ssh/signature.ts";
import { wireReader, wireString } from "../../src/approval/ssh/wire.ts";
import { RolewrightError } from "../../src/base/error.ts";
import {
  armor,
  armorBlob,
  keyFolder,
  opensshAccepts,
  signedBytes,
  tokenKey,
  unarmor,
  type KeyFolder,
  type Question,
  type SigningKey,
} from "../support/ssh-keys.ts";

const RUNS = process.env["ROLEWRIGHT_TEST_LONG"] === "1" ? 5000 : 250;
const MESSAGE = Buffer.from('{"decision":"approve"}\n');
const AT = new Date("2026-11-22T12:00:00Z");
const NAMESPACE = "rolewright-plan";

let folder: KeyFolder;
let keys: readonly SigningKey[];

beforeAll(async () => {
  folder = await keyFolder();
  keys = [
    await folder.make("ed25519", "ed25519"),
    await folder.make("p256", "ecdsa", 256),
    await folder.make("p384", "ecdsa", 384),
    await folder.make("p521", "ecdsa", 521),
    await folder.make("rsa2048", "rsa", 2048),
    await folder.make("rsa3072", "rsa", 3072),
    tokenKey("token", { flags: 0x01, counter: 7 }),
    tokenKey("untouched token", { flags: 0x00, counter: 0xffffffff }),
  ];
});
afterAll(() => folder[Symbol.asyncDispose]());

function weAccept({ signature, message, allowed, principal, namespace, at }: Question): boolean {
  try {
    const read = readSignature(signature);
    const { signers } = parseAllowedSigners(allowed, "allowed");
    const known = signers.some(
      (each) => each.key.blob.equals(read.key.blob) && allows(each, { principal, namespace, at }),
    );
    return known && verifySignature(read, message, namespace).key.blob.equals(read.key.blob);
  } catch (error) {
    if (error instanceof RolewrightError) return false;
    throw error;
  }
}

async function bothSay(question: Question): Promise<boolean> {
  const [ours, theirs] = [weAccept(question), await opensshAccepts(folder.folder, question)];
  if (ours !== theirs) {
    throw new Error(
      `we say ${ours}, ssh-keygen says ${theirs}: ${JSON.stringify({ ...question, message: Buffer.from(question.message).toString("base64") }, null, 1)}`,
    );
  }
  return ours;
}

function question(signature: string, key: SigningKey, more: Partial<Question> = {}): Question {
  const allowed = `alice@example.com ${key.publicKey}\n`;
  return {
    signature,
    message: MESSAGE,
    allowed,
    principal: "alice@example.com",
    namespace: NAMESPACE,
    at: AT,
    ...more,
  };
}

describe("a signature of every kind of key", () => {
  test("is accepted by us and by ssh-keygen, with both hashes", async () => {
    for (const key of keys) {
      for (const hash of ["sha256", "sha512"] as const) {
        const signature = await key.sign(MESSAGE, { namespace: NAMESPACE, hash });
        expect(await bothSay(question(signature, key)), `${key.name} ${hash}`).toBe(true);
      }
    }
  });

  test("is refused by both for another message, namespace, principal or key", async () => {
    for (const [index, key] of keys.entries()) {
      const signature = await key.sign(MESSAGE, { namespace: NAMESPACE });
      const other = keys[(index + 1) % keys.length] ?? key;
      const wrong: readonly Partial<Question>[] = [
        { message: Buffer.from('{"decision":"refuse"}\n') },
        { namespace: "file" },
        { principal: "bob@example.com" },
        { allowed: `alice@example.com ${other.publicKey}\n` },
      ];
      for (const more of wrong) expect(await bothSay(question(signature, key, more))).toBe(false);
    }
  });

  test("made for a namespace of another program is refused by both", async () => {
    for (const key of keys) {
      const signature = await key.sign(MESSAGE, { namespace: "git" });
      expect(await bothSay(question(signature, key))).toBe(false);
    }
  });
});

test("on the touch of a token both verify, and we tell whether there was one", async () => {
  const [touched, untouched] = keys.slice(-2);
  const tokens = await Promise.all(
    [touched, untouched].map(async (key) => {
      const signature = (await key?.sign(MESSAGE, { namespace: NAMESPACE })) ?? "";
      return verifySignature(readSignature(signature), MESSAGE, NAMESPACE).token;
    }),
  );
  expect(tokens).toEqual([
    { touched: true, identified: false, counter: 7 },
    { touched: false, identified: false, counter: 0xffffffff },
  ]);
});

test("the second form of an Ed25519 signature, which the ssh-keygen of OpenSSH 9.2 takes, is refused", async () => {
  const [key] = keys;
  if (key === undefined) throw new Error("there is no key");
  const blob = unarmor(await key.sign(MESSAGE, { namespace: NAMESPACE }));
  const raw = blob.subarray(-64);
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(raw.subarray(32)).reverse().toString("hex")}`) + order;
  const second = Buffer.from(s.toString(16).padStart(64, "0"), "hex").reverse();
  const changed = Buffer.concat([blob.subarray(0, -32), second]);
  expect(weAccept(question(armorBlob(changed), key))).toBe(false);
});

test("a weak RSA key is refused, though ssh-keygen takes it", async () => {
  const weak = await folder.make("rsa1024", "rsa", 1024);
  const asked = question(await weak.sign(MESSAGE, { namespace: NAMESPACE }), weak);
  expect(await opensshAccepts(folder.folder, asked)).toBe(true);
  expect(weAccept(asked)).toBe(false);
});

/** The parts of a signature, and how it becomes another one. */
type Edit = (parts: {
  readonly key: Buffer;
  readonly algorithm: string;
  readonly value: Buffer;
  readonly rest: Buffer;
}) => string;
const EDITS: Readonly<Record<string, Edit>> = {
  "version 0": (p) => build(p, { version: 0 }),
  "version 2": (p) => build(p, { version: 2 }),
  "something reserved": (p) => build(p, { reserved: "x" }),
  "hash sha1": (p) => build(p, { hash: "sha1" }),
  "the other hash": (p) => build(p, { hash: "sha256" }),
  "no hash": (p) => build(p, { hash: "" }),
  "algorithm ssh-rsa": (p) => build({ ...p, algorithm: "ssh-rsa" }, {}),
  "algorithm rsa-sha2-256": (p) => build({ ...p, algorithm: "rsa-sha2-256" }, {}),
  "algorithm ssh-ed25519": (p) => build({ ...p, algorithm: "ssh-ed25519" }, {}),
  "an empty value": (p) => build({ ...p, value: Buffer.alloc(0) }, {}),
  "a zero in front": (p) => build({ ...p, value: Buffer.concat([Buffer.alloc(1), p.value]) }, {}),
  "a zero behind": (p) => build({ ...p, value: Buffer.concat([p.value, Buffer.alloc(1)]) }, {}),
  "a shorter value": (p) => build({ ...p, value: p.value.subarray(1) }, {}),
  "more behind": (p) => build({ ...p, rest: Buffer.concat([p.rest, Buffer.alloc(1)]) }, {}),
  "less behind": (p) => build({ ...p, rest: p.rest.subarray(1) }, {}),
  "a touch that was none": (p) =>
    build({ ...p, rest: Buffer.from(p.rest.map((byte, i) => (i === 0 ? byte ^ 1 : byte))) }, {}),
};

function build(
  { key, algorithm, value, rest }: Parameters<Edit>[0],
  said: { readonly version?: number; readonly reserved?: string; readonly hash?: string },
): string {
  return armor(key, Buffer.concat([wireString(algorithm), wireString(value), rest]), {
    namespace: NAMESPACE,
    hash: "sha512",
    ...said,
  });
}

function partsOf(armored: string): Parameters<Edit>[0] {
  const reader = wireReader(unarmor(armored).subarray(10));
  const key = reader.string();
  for (let i = 0; i < 3; i++) reader.string();
  const raw = reader.string();
  const inner = wireReader(raw);
  const algorithm = inner.text();
  const value = inner.string();
  return { key, algorithm, value, rest: raw.subarray(8 + algorithm.length + value.length) };
}

describe("whatever is done to a signature", () => {
  test("every edit of its structure gets the same answer from both", async () => {
    const accepted: string[] = [];
    for (const key of keys) {
      const signature = await key.sign(MESSAGE, { namespace: NAMESPACE });
      const parts = partsOf(signature);
      for (const [name, edit] of Object.entries(EDITS)) {
        const edited = edit(parts);
        if (unarmor(edited).equals(unarmor(signature))) continue;
        if (await bothSay(question(edited, key))) accepted.push(`${key.name}: ${name}`);
      }
    }
    // What is not signed may be anything; nothing else may.
    expect(accepted.filter((each) => !/: (version 0|something reserved)$/.test(each))).toEqual([]);
  });

  test(`${RUNS} random edits of signature, message and allowed signers get the same answer from both`, {
    timeout: 600_000,
  }, async () => {
    const signatures = await Promise.all(keys.map((key) => key.sign(MESSAGE, { namespace: NAMESPACE })));
    const text = fc.constantFrom(
      "alice@example.com",
      "bob@example.com",
      "*@example.com",
      "!bob@example.com,*",
      "a?ice@*",
      "*",
      "ali*,bob",
    );
    const namespaces = fc.constantFrom(
      "",
      'namespaces="rolewright-plan"',
      'NameSpaces="git,rolewright-*"',
      'namespaces="git"',
      'namespaces="!rolewright-plan,*"',
    );
    const times = fc.constantFrom(
      "",
      'valid-after="20261122Z"',
      'valid-after="202611221200Z"',
      'valid-after="20261122120001Z"',
      'valid-before="20261122120000Z"',
      'valid-before="20261122115959Z"',
      'valid-after="20261301Z"',
      "cert-authority",
      "no-touch",
      'valid-after=""',
    );
    const line = fc.record({ who: text, namespaces, times, key: fc.nat(), tabs: fc.boolean(), quoted: fc.boolean() });
    const edit = fc.oneof(
      { weight: 3, arbitrary: fc.constant({ kind: "none" as const }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("bit" as const), at: fc.nat(), bit: fc.nat(7) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut" as const), at: fc.nat() }) },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant("armor" as const),
          at: fc.nat(),
          text: fc.constantFrom("\n", "\r", " ", "\t", "\v", "=", "-", "A", "!", "\0", "_", "é"),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("message" as const), at: fc.nat(), bit: fc.nat(7) }) },
    );
    let accepted = 0;
    const property = fc.asyncProperty(
      fc.nat(),
      fc.array(line, { minLength: 1, maxLength: 3 }),
      edit,
      text,
      async (choice, lines, change, who) => {
        const index = choice % keys.length;
        let [signature, message]: [string, Uint8Array] = [signatures[index] ?? "", MESSAGE];
        const flip = (bytes: Uint8Array, at: number, bit: number): Buffer =>
          Buffer.from(bytes.map((byte, i) => (i === at % bytes.length ? byte ^ (1 << bit) : byte)));
        if (change.kind === "bit") signature = armorBlob(flip(unarmor(signature), change.at, change.bit));
        else if (change.kind === "cut")
          signature = armorBlob(unarmor(signature).subarray(0, change.at % unarmor(signature).length));
        else if (change.kind === "message") message = flip(MESSAGE, change.at, change.bit);
        else if (change.kind === "armor") {
          const at = change.at % signature.length;
          signature = signature.slice(0, at) + change.text + signature.slice(at);
        }
        const allowed = lines
          .map((each) => {
            // Mostly the key that signed, so that the options are what decides.
            const key = keys[each.key % 3 === 0 ? each.key % keys.length : index]?.publicKey ?? "";
            const options = [each.namespaces, each.times].filter((option) => option !== "").join(",");
            const words = [each.quoted ? `"${each.who}"` : each.who, options, key].filter((word) => word !== "");
            return words.join(each.tabs ? "\t" : " ");
          })
          .join("\n");
        const principal = /[*!?,]/.test(who) ? "alice@example.com" : who;
        if (await bothSay({ signature, message, allowed, principal, namespace: NAMESPACE, at: AT })) accepted += 1;
      },
    );
    await fc.assert(property, { numRuns: RUNS });
    expect(accepted).toBeGreaterThan(RUNS / 40);
  });
});

test("what is signed is what the protocol says", () => {
  expect(signedBytes(Buffer.from(""), "n", "sha256").subarray(0, 25).toString("hex")).toBe(
    "535348534947000000016e0000000000000006736861323536",
  );
});
