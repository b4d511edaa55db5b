import { hash, verify } from "node:crypto";
import { RolewrightError } from "../../base/error.ts";
import { curveBytes, type PublicKey, readPublicKey } from "./public-key.ts";
import { WireError, wireReader, wireString } from "./wire.ts";

/** A signature as `ssh-keygen -Y sign` writes it, read but not verified. */
export interface SshSignature {
  readonly key: PublicKey;
  /** What the signature is for, so that one made elsewhere counts for nothing here. */
  readonly namespace: string;
  readonly hashAlgorithm: string;
  /** The algorithm's name and what it needs. */
  readonly signature: Buffer;
}

/** What a verified signature says besides that it fits. */
export interface Verified {
  readonly key: PublicKey;
  /** Keys on a security token: whether somebody touched it, whether they were identified to it, and how often it has signed. Null for other keys. */
  readonly token: { readonly touched: boolean; readonly identified: boolean; readonly counter: number } | null;
}

const BEGIN = "-----BEGIN SSH SIGNATURE-----";
const END = "\n-----END SSH SIGNATURE-----";
const MAGIC = Buffer.from("SSHSIG");
const VERSION = 1;
/** The largest key that is taken makes a signature of some three kilobytes. */
const MOST_CHARACTERS = 64 * 1024;

/** Reads an armored signature (OpenSSH's PROTOCOL.sshsig). Throws RW652 for what is none, RW655 for a key, hash or version that we do not take. */
export function readSignature(armored: string): SshSignature {
  const blob = dearmor(armored);
  try {
    if (!blob.subarray(0, MAGIC.length).equals(MAGIC)) throw new WireError("it does not begin as one");
    const reader = wireReader(blob.subarray(MAGIC.length));
    const version = reader.uint32();
    const key = reader.string();
    const namespace = reader.text();
    reader.string(); // Reserved: ignored here, and signed as empty.
    const hashAlgorithm = reader.text();
    const signature = reader.string();
    reader.end();
    if (version > VERSION) throw unsupported(`version ${version} of the format`);
    if (hashAlgorithm !== "sha256" && hashAlgorithm !== "sha512") throw unsupported(`hash \`${hashAlgorithm}\``);
    return { key: readPublicKey(key), namespace, hashAlgorithm, signature: Buffer.from(signature) };
  } catch (cause) {
    if (cause instanceof RolewrightError) throw cause;
    throw unreadable(cause instanceof Error ? cause.message : "unknown reason", cause);
  }
}

/** Verifies that a signature is over this message and for this namespace. Throws RW654 for another namespace, RW655 for an algorithm that we do not take, RW653 where it does not fit. */
export function verifySignature(signature: SshSignature, message: Uint8Array, namespace: string): Verified {
  if (signature.namespace !== namespace) {
    throw new RolewrightError(
      "RW654",
      `the signature was made for \`${signature.namespace}\`, and \`${namespace}\` is needed`,
      { help: `sign again with \`ssh-keygen -Y sign -n ${namespace}\`` },
    );
  }
  const signed = Buffer.concat([
    MAGIC,
    wireString(namespace),
    wireString(""),
    wireString(signature.hashAlgorithm),
    wireString(hash(signature.hashAlgorithm, message, "buffer")),
  ]);
  try {
    return verifyRaw(signature.key, signature.signature, signed);
  } catch (cause) {
    if (cause instanceof RolewrightError) throw cause;
    throw mismatch(cause);
  }
}

function verifyRaw(key: PublicKey, raw: Buffer, signed: Buffer): Verified {
  const reader = wireReader(raw);
  const algorithm = reader.text();
  const value = reader.string();
  const check = (ok: boolean, token: Verified["token"] = null): Verified => {
    if (!ok) throw mismatch();
    return { key, token };
  };
  switch (key.type) {
    case "ssh-ed25519":
      reader.end();
      return check(algorithm === key.type && verify(null, signed, key.key, value));
    case "ssh-rsa": {
      reader.end();
      const digest = RSA_HASHES[algorithm];
      if (digest === undefined) throw unsupported(`algorithm \`${algorithm}\` for an RSA key`);
      return check(verify(digest, signed, key.key, padded(value, modulusBytes(key))));
    }
    case "ecdsa-sha2-nistp256":
    case "ecdsa-sha2-nistp384":
    case "ecdsa-sha2-nistp521":
      reader.end();
      return check(algorithm === key.type && verifyEcdsa(key, value, signed));
    case "sk-ssh-ed25519@openssh.com":
    case "sk-ecdsa-sha2-nistp256@openssh.com": {
      const [flags, counter] = [reader.byte(), reader.uint32()];
      reader.end();
      const message = tokenMessage(key, signed, { flags, counter });
      const ok = key.type.startsWith("sk-ecdsa")
        ? verifyEcdsa(key, value, message)
        : verify(null, message, key.key, value);
      const token = { touched: (flags & TOUCHED) !== 0, identified: (flags & IDENTIFIED) !== 0, counter };
      return check(algorithm === key.type && ok, token);
    }
  }
}

const RSA_HASHES: Readonly<Record<string, string>> = { "rsa-sha2-256": "sha256", "rsa-sha2-512": "sha512" };
const TOUCHED = 0x01;
const IDENTIFIED = 0x04;

/** What a security token signs (PROTOCOL.u2f): digests of the application and of the message, around what it says itself. */
function tokenMessage(
  key: PublicKey,
  signed: Buffer,
  { flags, counter }: { readonly flags: number; readonly counter: number },
): Buffer {
  const said = Buffer.alloc(5);
  said.writeUInt8(flags, 0);
  said.writeUInt32BE(counter, 1);
  const application = hash("sha256", key.application ?? "", "buffer");
  return Buffer.concat([application, said, hash("sha256", signed, "buffer")]);
}

function verifyEcdsa(key: PublicKey, value: Buffer, signed: Buffer): boolean {
  const reader = wireReader(value);
  const [r, s] = [reader.integer(), reader.integer()];
  reader.end();
  const bytes = curveBytes(key.type);
  const digest = `sha${bytes === 66 ? 512 : bytes * 8}`;
  const both = Buffer.concat([padded(r, bytes), padded(s, bytes)]);
  return verify(digest, signed, { key: key.key, dsaEncoding: "ieee-p1363" }, both);
}

function modulusBytes(key: PublicKey): number {
  return Math.ceil((key.key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
}

/** Leading zeros may have been left out. */
function padded(value: Buffer, length: number): Buffer {
  if (value.length > length) throw new WireError("a number in it is too long");
  return Buffer.concat([Buffer.alloc(length - value.length), value]);
}

function dearmor(armored: string): Buffer {
  if (armored.length > MOST_CHARACTERS) throw unreadable("it is too long");
  if (!armored.startsWith(BEGIN)) throw unreadable(`it does not begin with \`${BEGIN}\``);
  const end = armored.indexOf(END, BEGIN.length);
  if (end < 0) throw unreadable("its end is missing");
  const text = armored.slice(BEGIN.length, end).replace(/[\t-\r ]/g, "");
  const bytes = Buffer.from(text, "base64");
  // Node's decoder takes much that is not base64; what does not come back as it was is none.
  if (bytes.toString("base64") !== text) throw unreadable("it is not base64");
  return bytes;
}

function unreadable(why: string, cause?: unknown): RolewrightError {
  return new RolewrightError("RW652", `this is no SSH signature: ${why}`, {
    help: "give the file that `ssh-keygen -Y sign` has written",
    ...(cause === undefined ? {} : { cause }),
  });
}

function unsupported(what: string): RolewrightError {
  return new RolewrightError("RW655", `the signature uses ${what}, which is not taken`, {
    help: "sign with `ssh-keygen -Y sign` of a current OpenSSH, and sha256 or sha512",
  });
}

function mismatch(cause?: unknown): RolewrightError {
  return new RolewrightError("RW653", "the signature does not fit: it is over something else, or was changed", {
    help: "sign again exactly what is to be approved",
    ...(cause === undefined ? {} : { cause }),
  });
}
