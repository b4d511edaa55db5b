import { randomBytes } from "node:crypto";
import { chmod, stat } from "node:fs/promises";
import { join } from "node:path";
import { decodeUtf8 } from "../../../audit/note/base64.ts";
import { newSigningKey, openSigningKey, type Signer } from "../../../audit/note/signer.ts";
import { keysJson, readKeys, trustAlways, type TrustedKey } from "../../../audit/verify/trust.ts";
import { RolewrightError } from "../../../base/error.ts";
import { Secret } from "../../../base/secret.ts";
import { makeFolderDurably, realDisk, temporaryName } from "./disk.ts";
import { foldersOf } from "./folders.ts";

/** The keys of a log: those that sign now, and all that ever did. */
export interface LogKeys {
  readonly signers: readonly [Signer, ...Signer[]];
  readonly all: readonly TrustedKey[];
}

const MODE = 0o600;

/** The public keys that lie beside a log; null where there are none. They say who signs, and not whom to believe. */
export async function readPublicKeys(folder: string): Promise<readonly TrustedKey[] | null> {
  const file = listFile(folder);
  const bytes = await realDisk.read(file);
  if (bytes === null) return null;
  const keys = readKeys(parse(decodeUtf8(bytes) ?? ""));
  if (keys === null || keys.length === 0) throw unusable(`\`${file}\` is no list of keys`);
  return keys;
}

/** Opens the keys of a log, and makes the first one where there is none yet. Throws RW603 where one cannot be used: another user could read it, or it is another log's. */
export async function openLogKeys(folder: string): Promise<LogKeys> {
  const all = (await readPublicKeys(folder)) ?? (await makeFirstKey(folder));
  const signers: Signer[] = [];
  for (const { key, lastSize } of all) {
    if (lastSize !== null) continue;
    signers.push(await readSigner(folder, key.id));
  }
  const [first, ...others] = signers;
  if (first === undefined) throw unusable("every key of the log was retired");
  return { signers: [first, ...others], all };
}

/** Makes another key of the same name; it signs beside the old one from the next opening on. */
export async function addKey(folder: string, name: string, firstSize: number): Promise<TrustedKey> {
  const all = (await readPublicKeys(folder)) ?? [];
  const { key } = await writeSigner(folder, name);
  const added: TrustedKey = { key, firstSize, lastSize: null };
  await writeList(folder, [...all, added]);
  return added;
}

/** Ends a key at a size and destroys it. */
export async function retireKey(folder: string, id: string, lastSize: number): Promise<void> {
  const all = (await readPublicKeys(folder)) ?? [];
  await writeList(
    folder,
    all.map((each) => (each.key.id === id ? { ...each, lastSize } : each)),
  );
  await realDisk.remove(keyFile(folder, id));
}

/** Of several who begin at once, the list of one stands, and the others take that. */
async function makeFirstKey(folder: string): Promise<readonly TrustedKey[]> {
  const { keys } = foldersOf(folder);
  const { key } = await writeSigner(folder, `rolewright.local/${randomBytes(8).toString("hex")}`);
  const all = trustAlways([key]);
  const temporary = join(keys, temporaryName());
  await realDisk.write(temporary, listBytes(all));
  await realDisk.sync(temporary);
  const isFirst = await realDisk.link(temporary, listFile(folder));
  await realDisk.remove(temporary);
  await realDisk.sync(keys);
  if (isFirst) return all;
  await realDisk.remove(keyFile(folder, key.id));
  return (await readPublicKeys(folder)) ?? all;
}

async function writeSigner(folder: string, name: string): Promise<Signer> {
  const { keys } = foldersOf(folder);
  await makeFolderDurably(realDisk, keys);
  const secret = newSigningKey(name);
  const signer = openSigningKey(secret);
  if (signer === null) throw unusable(`\`${name}\` cannot be the name of a key`);
  const file = keyFile(folder, signer.key.id);
  await realDisk.write(file, Buffer.from(`${secret.reveal()}\n`, "utf8"));
  await chmod(file, MODE);
  await realDisk.sync(file);
  await realDisk.sync(keys);
  return signer;
}

async function readSigner(folder: string, id: string): Promise<Signer> {
  const file = keyFile(folder, id);
  const bytes = await realDisk.read(file);
  if (bytes === null) throw unusable(`the key file \`${file}\` is missing`);
  const { mode } = await stat(file);
  if (process.platform !== "win32" && mode % 0o100 !== 0)
    throw unusable(`the key file \`${file}\` can be read by other users`);
  const signer = openSigningKey(new Secret(decodeUtf8(bytes) ?? ""));
  if (signer === null || signer.key.id !== id) throw unusable(`the key file \`${file}\` does not hold the key ${id}`);
  return signer;
}

async function writeList(folder: string, all: readonly TrustedKey[]): Promise<void> {
  const { keys } = foldersOf(folder);
  const temporary = join(keys, temporaryName());
  await realDisk.write(temporary, listBytes(all));
  await realDisk.sync(temporary);
  await realDisk.rename(temporary, listFile(folder));
  await realDisk.sync(keys);
}

function listBytes(all: readonly TrustedKey[]): Uint8Array {
  return Buffer.from(`${JSON.stringify(keysJson(all), null, 1)}\n`, "utf8");
}

function listFile(folder: string): string {
  return join(foldersOf(folder).keys, "keys.json");
}

function keyFile(folder: string, id: string): string {
  return join(foldersOf(folder).keys, `${id}.key`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function unusable(why: string): RolewrightError {
  return new RolewrightError("RW603", `the signing key of the audit log cannot be used: ${why}`, {
    help: "nothing was written, and nothing that would have been announced was done",
  });
}
