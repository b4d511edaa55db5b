import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { encodeBase64 } from "../../src/audit/note/base64.ts";
import { checkpointBody } from "../../src/audit/note/checkpoint.ts";
import { cosign, parseNote, signNote, verifyNote } from "../../src/audit/note/signed-note.ts";
import { formatVerifierKey } from "../../src/audit/note/verifier-key.ts";
import { EMPTY_ROOT, equalBytes } from "../../src/audit/tree/hashing.ts";
import { consistencyProof } from "../../src/audit/tree/merkle.ts";
import { collectCosignatures } from "../../src/audit/witness/client.ts";
import { formatWitnessRequest } from "../../src/audit/witness/request.ts";
import { createWitness, hexOf } from "../../src/audit/witness/witness.ts";
import { systemClock } from "../../src/base/clock.ts";
import { askOver } from "../../src/cli/witness/ask.ts";
import { serveWitness, type ServedWitness } from "../../src/cli/witness/serve.ts";
import { openWitnessKey } from "../../src/store/files/witness/key-file.ts";
import { witnessFiles } from "../../src/store/files/witness/witness-files.ts";
import { auditFolder } from "../support/auditing.ts";
import { testKey } from "../support/audit-samples.ts";
import { type HashedLog, hashedLog } from "../support/witness-log.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const CHILD = fileURLToPath(new URL("audit-witness-child.ts", import.meta.url));
const NAME = "witness.example/wïtness";
const { signer } = testKey("log.example/ünï");
const log = hashedLog(signer, "honest");
const utf8 = (text: string): Uint8Array => Buffer.from(text, "utf8");
const forever = new AbortController().signal;

interface Told {
  readonly status: number;
  readonly type: string | null;
  readonly body: string;
}

async function post(served: Pick<ServedWitness, "url">, body: Uint8Array): Promise<Told> {
  const response = await fetch(`${served.url}/add-checkpoint`, { method: "POST", body: Buffer.from(body) });
  return { status: response.status, type: response.headers.get("content-type"), body: await response.text() };
}

interface Running extends ServedWitness {
  readonly folder: string;
  readonly forks: readonly number[];
  readonly errors: readonly unknown[];
}

async function startWitness(folder = auditFolder()): Promise<Running> {
  const key = await openWitnessKey(folder, NAME);
  const [forks, errors]: [number[], unknown[]] = [[], []];
  const witness = createWitness({
    signer: key,
    logs: [signer.key],
    store: witnessFiles({ folder }),
    clock: systemClock,
    onFork: (_, size) => forks.push(size),
  });
  const served = await serveWitness(witness, { host: "127.0.0.1", port: 0, onError: (error) => errors.push(error) });
  return { ...served, folder, forks, errors, [Symbol.asyncDispose]: () => served[Symbol.asyncDispose]() };
}

/** Where the state of this log lies. */
function seenFiles(folder: string): string[] {
  const seen = join(folder, "seen", hexOf(signer.key.name));
  return readdirSync(seen)
    .sort()
    .map((name) => join(seen, name));
}

test("a checkpoint is signed, then the next with a proof, and another program verifies the signature", async () => {
  await using witness = await startWitness();
  for (const [old, size] of [
    [0, 0],
    [0, 1],
    [1, 2],
    [2, 7],
    [7, 256],
    [256, 300],
    [300, 300],
  ] as const) {
    const before = Math.floor(Date.now() / 1000);
    const told = await post(witness, await log.request(old, size));
    expect([told.status, told.type]).toEqual([200, "text/plain; charset=utf-8"]);
    const [, encoded = ""] = new RegExp(`^— ${NAME} (\\S+)\n$`, "u").exec(told.body) ?? [];
    const bytes = Buffer.from(encoded, "base64");
    const publicKey = (await openWitnessKey(witness.folder, null)).key.publicKey;
    const id = createHash("sha256").update(`${NAME}\n\u0004`).update(publicKey).digest().subarray(0, 4);
    expect([bytes.length, bytes.subarray(0, 4).equals(id)]).toEqual([76, true]);
    const time = Number(bytes.readBigUInt64BE(4));
    expect([time >= before, time <= Date.now() / 1000 + 1]).toEqual([true, true]);
    const text = `cosignature/v1\ntime ${time}\n${checkpointBody(await log.checkpoint(size))}`;
    expect(opensslVerifies(publicKey, utf8(text), bytes.subarray(12))).toBe(true);
    expect(opensslVerifies(publicKey, utf8(text.replace("v1", "v2")), bytes.subarray(12))).toBe(false);
  }
});

function opensslVerifies(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const folder = auditFolder();
  const file = (name: string, bytes: Uint8Array): string => (
    writeFileSync(join(folder, name), bytes), join(folder, name)
  );
  const key = file("key", Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), publicKey]));
  const args = ["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", key, "-rawin"];
  const ran = spawnSync("openssl", [...args, "-in", file("message", message), "-sigfile", file("sig", signature)]);
  if (ran.error !== undefined) throw ran.error;
  return ran.status === 0;
}

describe("what a witness refuses", () => {
  test("requests that are none, logs that it does not know, and notes that the log did not sign", async () => {
    await using witness = await startWitness();
    const good = Buffer.from(await log.request(0, 5)).toString("utf8");
    const stranger = hashedLog(testKey("other.example").signer, "honest");
    const impostor = hashedLog(testKey(signer.key.name).signer, "honest");
    const both = await signNote(checkpointBody(await log.checkpoint(5)), [signer]);
    const line = Buffer.from(await signNote(checkpointBody(await log.checkpoint(6)), [signer]))
      .toString("utf8")
      .split("\n")
      .at(-2);
    const cases: readonly (readonly [string, Uint8Array, number])[] = [
      ["nothing", utf8(""), 400],
      ["a leading zero", utf8(good.replace("old 0", "old 00")), 400],
      ["no size", utf8(good.replace("old 0", "old ")), 400],
      ["another word", utf8(good.replace("old", "new")), 400],
      ["a hash that is short", utf8(good.replace("old 0\n", "old 0\nAAAA\n")), 400],
      ["64 hashes", utf8(good.replace("old 0\n", `old 0\n${`${encodeBase64(EMPTY_ROOT)}\n`.repeat(64)}`)), 400],
      ["no signature", utf8(good.slice(0, good.indexOf("—"))), 400],
      ["no UTF-8", Buffer.concat([utf8(good), Uint8Array.of(0xff)]), 400],
      ["no checkpoint", formatWitnessRequest({ old: 0, proof: [], note: await signNote("hello\n", [signer]) }), 400],
      [
        "an old size above the new one",
        await log.request(0, 5).then((body) => utf8(Buffer.from(body).toString("utf8").replace("old 0", "old 6"))),
        400,
      ],
      ["another log", await stranger.request(0, 5), 404],
      ["another key in the log's name", await impostor.request(0, 5), 403],
      [
        "a changed root",
        utf8(good.replace(encodeBase64((await log.checkpoint(5)).root), encodeBase64((await log.checkpoint(6)).root))),
        403,
      ],
      [
        "a good signature and a failing one",
        formatWitnessRequest({ old: 0, proof: [], note: Buffer.concat([both, utf8(`${line}\n`)]) }),
        403,
      ],
      ["a proof from nothing", utf8(good.replace("old 0\n", `old 0\n${encodeBase64(EMPTY_ROOT)}\n`)), 422],
      ["a wrong root of nothing", await wrongEmpty(), 422],
    ];
    for (const [name, body, status] of cases)
      expect([name, (await post(witness, body)).status]).toEqual([name, status]);
    const get = async (path: string, init: RequestInit = {}): Promise<number> =>
      (await fetch(`${witness.url}${path}`, init)).status;
    expect(await get("/add-checkpoint")).toBe(405);
    expect(await get("/")).toBe(404);
    expect(await get(`/${hexOf(signer.key.name)}/checkpoint`)).toBe(404);
    expect(await get("/add-checkpoint", { method: "POST", body: "x".repeat(200_000) })).toBe(413);
    expect((await post(witness, utf8(good))).status).toBe(200); // Nothing of all that left a trace.
    expect(witness.errors).toEqual([]);
  });

  test("rollbacks, replays and second histories, also after it was started again", async () => {
    const folder = auditFolder();
    const fork = hashedLog(signer, "forked", 5);
    const late = hashedLog(signer, "forked", 9);
    {
      await using witness = await startWitness(folder);
      expect((await post(witness, await log.request(0, 8))).status).toBe(200);
    }
    await using witness = await startWitness(folder);
    const size = { status: 409, type: "text/x.tlog.size", body: "8\n" };
    expect(await post(witness, await log.request(0, 8))).toEqual(size);
    expect(await post(witness, await log.request(0, 7))).toEqual(size);
    expect(await post(witness, await log.request(7, 7))).toEqual(size);
    expect(await post(witness, await log.request(9, 10))).toEqual(size);
    expect((await post(witness, await fork.request(8, 20))).status).toBe(422);
    expect((await post(witness, await fork.request(8, 8))).status).toBe(422);
    expect(witness.forks).toEqual([8]);
    const evidence = join(folder, "evidence", hexOf(signer.key.name));
    expect(readdirSync(evidence).map((name) => readFileSync(join(evidence, name), "utf8"))).toEqual([
      Buffer.from(await fork.note(8)).toString("utf8"),
    ]);
    const hashes = await consistencyProof(8, 20, log.subtree);
    for (const wrong of [[], hashes.slice(1), [...hashes, EMPTY_ROOT], [...hashes].reverse()]) {
      const body = formatWitnessRequest({ old: 8, proof: wrong, note: await log.note(20) });
      expect((await post(witness, body)).status).toBe(422);
    }
    expect((await post(witness, await late.request(8, 20))).status).toBe(200); // It goes on from the 8, as any log may.
    expect((await post(witness, await log.request(8, 20))).body).toBe("20\n");
    const shown = await (await fetch(`${witness.url}/${hexOf(signer.key.name)}/checkpoint`)).text();
    const note = parseNote(utf8(shown));
    const { key } = await openWitnessKey(folder, null);
    const keys = [signer.key, key];
    expect(typeof note === "string" ? note : verifyNote(note, keys).by.map(({ key: by }) => by)).toEqual(keys);
    expect(shown.startsWith(Buffer.from(await late.note(20)).toString("utf8"))).toBe(true);
  });

  test("everything about a log whose state was cut short or changed", async () => {
    const folder = auditFolder();
    {
      await using witness = await startWitness(folder);
      for (const [old, size] of [
        [0, 3],
        [3, 8],
      ] as const)
        await post(witness, await log.request(old, size));
    }
    const file = seenFiles(folder).at(-1) ?? "";
    const whole = readFileSync(file);
    const flip = (at: number): Buffer => Buffer.from(whole.map((byte, index) => (index === at ? byte ^ 1 : byte)));
    const broken = [
      Buffer.alloc(0),
      whole.subarray(0, 20),
      whole.subarray(0, -1),
      flip(0),
      flip(40),
      flip(whole.length - 9),
      Buffer.alloc(whole.length),
    ];
    for (const bytes of broken) {
      writeFileSync(file, bytes);
      await using witness = await startWitness(folder);
      for (const [old, size] of [
        [8, 9],
        [0, 9],
        [3, 9],
        [8, 8],
      ] as const) {
        expect((await post(witness, await log.request(old, size))).status).toBe(500);
      }
      expect((await fetch(`${witness.url}/${hexOf(signer.key.name)}/checkpoint`)).status).toBe(500);
      expect(witness.errors.map((error) => (error as { code?: string }).code)).toEqual(Array(5).fill("RW641"));
    }
    writeFileSync(file, whole);
    await using witness = await startWitness(folder);
    expect((await post(witness, await log.request(8, 9))).status).toBe(200);
  });
});

async function wrongEmpty(): Promise<Uint8Array> {
  const body = checkpointBody({ origin: signer.key.name, size: 0, root: (await log.checkpoint(1)).root });
  return formatWitnessRequest({ old: 0, proof: [], note: await signNote(body, [signer]) });
}

test("of two histories that come at once to two processes of one witness, one is signed", async () => {
  const folder = auditFolder();
  const witnesses = [await startWitness(folder), await startWitness(folder)];
  const forks = [log, hashedLog(signer, "forked")];
  const signed = new Map<number, HashedLog>();
  let size = 0;
  let chosen: HashedLog | null = null;
  for (let round = 0; round < 12; round++) {
    const next: number = size + 1 + (round % 5);
    const both: readonly HashedLog[] = chosen === null ? forks : [chosen, hashedLog(signer, `fork ${round}`, 0)];
    const asked = both.flatMap((each) =>
      witnesses.map(async (at) => ({ each, told: await post(at, await each.request(size, next)) })),
    );
    const good = (await Promise.all(asked)).filter(({ told }) => told.status === 200);
    for (const { each } of good) {
      expect(signed.get(next) ?? each).toBe(each);
      signed.set(next, each);
    }
    chosen = signed.get(next) ?? chosen;
    expect(chosen).not.toBeNull();
    size = signed.has(next) ? next : size;
  }
  expect(new Set(signed.values()).size).toBe(1);
  expect(size).toBeGreaterThan(12);
  for (const each of witnesses) await each[Symbol.asyncDispose]();
});

test("a process that slept while others went on does not bring back what it was about to keep", async () => {
  const folder = auditFolder();
  const origin = signer.key.name;
  const [awake, asleep] = [witnessFiles({ folder }), witnessFiles({ folder })];
  const seen = [await awake.newest(origin)];
  for (let size = 1; size <= 30; size++) {
    expect(await awake.replace(origin, seen.at(-1) ?? null, await log.note(size))).toBe(true);
    seen.push(await awake.newest(origin));
  }
  expect(seenFiles(folder).length).toBeLessThan(12);
  for (const before of seen.slice(0, -1)) expect(await asleep.replace(origin, before, await log.note(40))).toBe(false);
  expect((await awake.newest(origin))?.generation).toBe(30);
  expect(seenFiles(folder).length).toBeLessThan(12);
});

test("a witness that is killed at any operation has not forgotten what it signed", async () => {
  const keyFile = join(auditFolder(), "key");
  writeFileSync(keyFile, formatVerifierKey(signer.key));
  const operations = LONG ? 60 : 14;
  let kills = 0;
  for (let operation = 0; operation < operations; operation += LONG ? 1 : 2) {
    const folder = auditFolder();
    const signed = await askUntilKilled(folder, keyFile, operation);
    kills += signed.killed ? 1 : 0;
    await using again = await startWitnessNamed(folder, "witness.example/child");
    // Whoever would sign a second history of what was signed is told how much was seen instead.
    const fork = hashedLog(signer, "forked");
    for (let old = 0; old <= signed.size; old++) {
      const told = await post(again, await fork.request(old, Math.max(old, signed.size + 1)));
      expect([signed.size === 0 || told.status === 409 || told.status === 422, operation]).toEqual([true, operation]);
    }
    if (signed.size === 0) continue;
    const seen = Number((await post(again, await log.request(signed.size + 20, signed.size + 20))).body);
    expect(seen).toBeGreaterThanOrEqual(signed.size);
    expect((await post(again, await log.request(seen, seen + 1))).status).toBe(200);
  }
  expect(kills).toBeGreaterThan(operations / (LONG ? 2 : 4));
});

async function startWitnessNamed(folder: string, name: string): Promise<ServedWitness> {
  const key = await openWitnessKey(folder, name);
  const witness = createWitness({
    signer: key,
    logs: [signer.key],
    store: witnessFiles({ folder }),
    clock: systemClock,
  });
  return await serveWitness(witness, { host: "127.0.0.1", port: 0, onError: () => undefined });
}

/** Has the child sign growing checkpoints until it dies, or a dozen are signed; gives the largest that was. */
async function askUntilKilled(
  folder: string,
  keyFile: string,
  operation: number,
): Promise<{ readonly size: number; readonly killed: boolean }> {
  const child = spawn(process.execPath, [CHILD, folder, keyFile, String(operation)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const url = line.toString("utf8").trim();
  let size = 0;
  try {
    while (size < 12) {
      const told = await post({ url }, await log.request(size, size + 1));
      expect(told.status).toBe(200);
      size += 1;
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // What fetch throws when the connection breaks.
  }
  child.kill("SIGKILL");
  await ended;
  return { size, killed: size < 12 };
}

describe("the key of a witness", () => {
  test("is a file that nobody else reads, and another name or a key that others can read is refused", async () => {
    const folder = join(auditFolder(), "new", "folder");
    await expect(openWitnessKey(folder, null)).rejects.toThrow("no key yet");
    await expect(openWitnessKey(folder, "two words")).rejects.toThrow("cannot be the name");
    const several = await Promise.all(Array.from({ length: 4 }, () => openWitnessKey(folder, NAME)));
    expect(new Set(several.map(({ key }) => key.id)).size).toBe(1);
    const file = join(folder, "witness.key");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["witness.key"]);
    await expect(openWitnessKey(folder, "another")).rejects.toMatchObject({ code: "RW640" });
    chmodSync(file, 0o640);
    await expect(openWitnessKey(folder, NAME)).rejects.toThrow("can be read by other users");
    chmodSync(file, 0o600);
    writeFileSync(file, readFileSync(file, "utf8").replace("PRIVATE", "PUBLIC"));
    await expect(openWitnessKey(folder, NAME)).rejects.toThrow("holds no key");
  });
});

describe("whoever asks a witness", () => {
  const what = async (of: HashedLog, size: number, folder: string) => ({
    checkpoint: await of.checkpoint(size),
    note: await of.note(size),
    subtree: of.subtree,
    witnesses: [(await openWitnessKey(folder, null)).key],
  });

  test("gets its signature whatever it saw before, and is told of a rollback and of another history", async () => {
    await using witness = await startWitness();
    const ask = askOver(`${witness.url}/`, forever);
    for (const size of [5, 5, 6, 200]) {
      const [line = ""] = await collectCosignatures(ask, await what(log, size, witness.folder));
      expect(line).toContain(NAME);
    }
    await expect(collectCosignatures(ask, await what(log, 199, witness.folder))).rejects.toMatchObject({
      code: "RW642",
      details: { seen: 200, size: 199 },
    });
    for (const size of [200, 201]) {
      const forked = what(hashedLog(signer, "forked", 100), size, witness.folder);
      await expect(collectCosignatures(ask, await forked)).rejects.toMatchObject({ code: "RW642" });
    }
  });

  test("believes no signature that is not a trusted witness's over this very checkpoint", async () => {
    await using witness = await startWitness();
    const { key } = await openWitnessKey(witness.folder, null);
    const asked = await what(log, 5, witness.folder);
    const own = await openWitnessKey(witness.folder, null);
    const other = await openWitnessKey(auditFolder(), NAME);
    const body = checkpointBody(await log.checkpoint(5));
    const lineOf = (by: typeof own, text = body): Promise<string> => cosign(text, by, new Date());
    const answering = (status: number, text: string) => () => Promise.resolve({ status, body: utf8(text) });
    expect(await collectCosignatures(answering(200, (await lineOf(other)) + (await lineOf(own))), asked)).toHaveLength(
      1,
    );
    const wrong: readonly (readonly [number, string])[] = [
      [200, ""],
      [200, "\n"],
      [200, "hello\n"],
      [200, await lineOf(other)],
      [200, (await lineOf(own)).trimEnd()],
      [200, await lineOf(own, checkpointBody(await log.checkpoint(6)))],
      [200, (await lineOf(own)).repeat(20)],
      [200, Buffer.from(asked.note).toString("utf8").split("\n").at(-2) ?? ""],
      [409, "five\n"],
      [409, "05\n"],
      [403, ""],
      [404, ""],
      [500, ""],
    ];
    for (const [status, text] of wrong) {
      await expect(collectCosignatures(answering(status, text), asked)).rejects.toMatchObject({ code: "RW640" });
    }
    await expect(collectCosignatures(answering(409, "4\n"), asked)).rejects.toThrow("other sizes all the time");
    await witness[Symbol.asyncDispose]();
    await expect(collectCosignatures(askOver(witness.url, forever), asked)).rejects.toMatchObject({ code: "RW640" });
    expect(() => askOver("ftp://witness", forever)).toThrow("no address");
    expect(equalBytes(key.publicKey, own.key.publicKey)).toBe(true);
  });
});
