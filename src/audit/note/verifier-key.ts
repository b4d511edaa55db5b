import { createPublicKey, verify as verifySignature, type KeyObject } from "node:crypto";
import { sha256 } from "../tree/hashing.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";

/** The kinds of key that a note can be signed with: the log's own, and those of witnesses. */
export const KEY_TYPE = { ed25519: 1, cosignatureEd25519: 4, cosignatureMlDsa44: 6 } as const;

/** A public key with its name, as `<name>+<8 hexadecimal digits>+<base64>` (C2SP signed-note). */
export interface VerifierKey {
  readonly name: string;
  /** Eight hexadecimal digits, derived from name, type and key. */
  readonly id: string;
  readonly type: number;
  readonly publicKey: Uint8Array;
}

/** The id of a key: the first four bytes of a hash over its name, type and bytes. */
export function keyId(name: string, type: number, publicKey: Uint8Array): string {
  const bytes = Buffer.concat([Buffer.from(`${name}\n`, "utf8"), Uint8Array.of(type), publicKey]);
  return Buffer.from(sha256(bytes).subarray(0, 4)).toString("hex");
}

/** True for what may stand before the id of a key: no white space and no `+`. */
export function isKeyName(name: string): boolean {
  return name.length > 0 && !/[\s+\p{Cc}]/u.test(name);
}

/** A key as text. */
export function formatVerifierKey({ name, id, type, publicKey }: VerifierKey): string {
  return `${name}+${id}+${encodeBase64(Buffer.concat([Uint8Array.of(type), publicKey]))}`;
}

/** The key of a text; null where it is none, or where its id is not its own. */
export function parseVerifierKey(text: string): VerifierKey | null {
  const found = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/u.exec(text);
  if (found === null) return null;
  const [, name = "", id = "", encoded = ""] = found;
  const bytes = decodeBase64(encoded);
  const type = bytes?.[0];
  if (bytes === null || type === undefined || !isKeyName(name)) return null;
  const publicKey = bytes.subarray(1);
  if (type !== KEY_TYPE.cosignatureMlDsa44 && publicKey.length !== 32) return null;
  return keyId(name, type, publicKey) === id ? { name, id, type, publicKey } : null;
}

const SPKI = Buffer.from("302a300506032b6570032100", "hex");

/** True when the 64 bytes are the Ed25519 signature of the message by the key. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64 || publicKey.length !== 32) return false;
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: "der", type: "spki" });
  } catch {
    return false;
  }
  return verifySignature(null, message, key, signature);
}
