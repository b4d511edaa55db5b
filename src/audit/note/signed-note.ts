import { decodeBase64, decodeUtf8, encodeBase64 } from "./base64.ts";
import { isKeyName, KEY_TYPE, verifyEd25519, type VerifierKey } from "./verifier-key.ts";
import type { Signer } from "./signer.ts";

/** A text with signatures under it (C2SP signed-note). Parsed, not verified. */
export interface SignedNote {
  /** With its last line feed. */
  readonly body: string;
  readonly signatures: readonly NoteSignature[];
}

/** One line of signature: of whom, and what the key's kind makes of the bytes. */
export interface NoteSignature {
  readonly name: string;
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** More signatures than any log needs; a longer list is no note. */
const MAX_SIGNATURES = 64;
const MAX_NOTE_BYTES = 1_000_000;

/** The parts of a note, or in words why it is none. */
export function parseNote(bytes: Uint8Array): SignedNote | string {
  if (bytes.length > MAX_NOTE_BYTES) return "it is too long for a note";
  const text = decodeUtf8(bytes);
  if (text === null) return "it is not UTF-8";
  if (hasControls(text)) return "it has control characters";
  const split = text.lastIndexOf("\n\n");
  if (split < 0) return "no empty line parts the text from its signatures";
  if (!text.endsWith("\n")) return "its last line does not end";
  const lines = text.slice(split + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) return `it has ${lines.length} signatures`;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignature(line);
    if (signature === null) return `\`${line.slice(0, 80)}\` is no signature`;
    signatures.push(signature);
  }
  return { body: text.slice(0, split + 1), signatures };
}

function hasControls(text: string): boolean {
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20 && code !== 0x0a) return true;
  }
  return false;
}

function parseSignature(line: string): NoteSignature | null {
  const [dash, name = "", encoded = "", ...more] = line.split(" ");
  if (dash !== "—" || more.length > 0 || !isKeyName(name)) return null;
  const bytes = decodeBase64(encoded);
  if (bytes === null || bytes.length < 5) return null;
  return { name, id: Buffer.from(bytes.subarray(0, 4)).toString("hex"), bytes: bytes.subarray(4) };
}

/** What a note's signatures are worth: by whom it is signed, of the keys that are known. */
export interface VerifiedNote {
  readonly by: readonly VerifiedSignature[];
  /** Known keys whose signature fails. One is enough to reject the note. */
  readonly failed: readonly VerifierKey[];
}

/** A signature that holds. */
export interface VerifiedSignature {
  readonly key: VerifierKey;
  /** When a witness says that it saw the note; null for the log itself. */
  readonly seenAt: Date | null;
}

/** Tries the signatures of all known keys. Those of unknown ones mean nothing, and a known one that fails means that the note must not be believed. */
export function verifyNote(note: SignedNote, keys: readonly VerifierKey[]): VerifiedNote {
  const by: VerifiedSignature[] = [];
  const failed: VerifierKey[] = [];
  for (const signature of note.signatures) {
    const key = keys.find(({ name, id }) => name === signature.name && id === signature.id);
    if (key === undefined || key.type === KEY_TYPE.cosignatureMlDsa44) continue;
    const seenAt = check(key, note.body, signature.bytes);
    if (seenAt === false) failed.push(key);
    else by.push({ key, seenAt });
  }
  return { by, failed };
}

function check(key: VerifierKey, body: string, bytes: Uint8Array): Date | null | false {
  if (key.type === KEY_TYPE.ed25519)
    return verifyEd25519(key.publicKey, Buffer.from(body, "utf8"), bytes) ? null : false;
  if (key.type !== KEY_TYPE.cosignatureEd25519 || bytes.length !== 72) return false;
  const seconds = Buffer.from(bytes).readBigUInt64BE(0);
  const message = cosignedText(body, seconds);
  return verifyEd25519(key.publicKey, message, bytes.subarray(8)) ? new Date(Number(seconds) * 1000) : false;
}

/** What a witness signs: the time at which it saw the note, and the note. */
function cosignedText(body: string, seconds: bigint): Uint8Array {
  return Buffer.from(`cosignature/v1\ntime ${seconds}\n${body}`, "utf8");
}

/** A note signed by each of these signers, in their order. */
export async function signNote(body: string, signers: readonly Signer[]): Promise<Uint8Array> {
  const lines: string[] = [];
  for (const signer of signers) lines.push(signatureLine(signer.key, await signer.sign(Buffer.from(body, "utf8"))));
  return Buffer.from(`${body}\n${lines.join("")}`, "utf8");
}

/** The line of a witness under a note that it saw at this time. */
export async function cosign(body: string, signer: Signer, at: Date): Promise<string> {
  const seconds = BigInt(Math.floor(at.getTime() / 1000));
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(seconds);
  return signatureLine(signer.key, Buffer.concat([time, await signer.sign(cosignedText(body, seconds))]));
}

function signatureLine({ name, id }: VerifierKey, signature: Uint8Array): string {
  return `— ${name} ${encodeBase64(Buffer.concat([Buffer.from(id, "hex"), signature]))}\n`;
}
