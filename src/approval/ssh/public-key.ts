import { createPublicKey, hash, type KeyObject } from "node:crypto";
import { RolewrightError } from "../../base/error.ts";
import { WireError, wireReader, type WireReader } from "./wire.ts";

/** The kinds of keys that people sign with. Certificates are not among them: who is trusted is said key by key. */
export const KEY_TYPES = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-rsa",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
] as const;
export type KeyType = (typeof KEY_TYPES)[number];

/** A public key in SSH's form. */
export interface PublicKey {
  readonly type: KeyType;
  /** As SSH writes it: what two equal keys have in common. */
  readonly blob: Buffer;
  readonly key: KeyObject;
  /** Keys on a security token: what the token was told that it signs for; `ssh:` by default. */
  readonly application: string | null;
}

/** RSA below this is refused: NIST SP 800-131A disallows it. */
const LEAST_RSA_BITS = 2048;

const CURVES = {
  nistp256: { name: "P-256", bytes: 32 },
  nistp384: { name: "P-384", bytes: 48 },
  nistp521: { name: "P-521", bytes: 66 },
} as const;

/** The length of a coordinate, and so of each half of a signature. */
export function curveBytes(type: KeyType): number {
  return CURVES[curveOf(type)].bytes;
}

/** Reads a public key from its bytes. Throws RW655 for a kind that we do not take, RW652 for what is no key. */
export function readPublicKey(blob: Uint8Array): PublicKey {
  try {
    const reader = wireReader(blob);
    const named = reader.text();
    const type = KEY_TYPES.find((each) => each === named);
    if (type === undefined) throw unsupported(named);
    const { key, application } = readKey(type, reader);
    reader.end();
    return { type, blob: Buffer.from(blob), key, application };
  } catch (cause) {
    if (cause instanceof RolewrightError) throw cause;
    const why = cause instanceof WireError ? cause.message : "it is not on its curve, or no key of its kind";
    throw new RolewrightError("RW652", `the public key cannot be read: ${why}`, { cause });
  }
}

/** `SHA256:...`, as `ssh-keygen -l` prints it. */
export function fingerprintOf({ blob }: Pick<PublicKey, "blob">): string {
  return `SHA256:${hash("sha256", blob, "base64").replace(/=+$/, "")}`;
}

function readKey(type: KeyType, reader: WireReader): Pick<PublicKey, "key" | "application"> {
  switch (type) {
    case "ssh-ed25519":
      return { key: ed25519(reader.string()), application: null };
    case "sk-ssh-ed25519@openssh.com":
      return { key: ed25519(reader.string()), application: reader.text() };
    case "ssh-rsa": {
      const [e, n] = [reader.integer(), reader.integer()];
      return { key: rsa(e, n), application: null };
    }
    case "ecdsa-sha2-nistp256":
    case "ecdsa-sha2-nistp384":
    case "ecdsa-sha2-nistp521":
      return { key: ecdsa(type, reader), application: null };
    case "sk-ecdsa-sha2-nistp256@openssh.com":
      return { key: ecdsa(type, reader), application: reader.text() };
  }
}

function ed25519(point: Buffer): KeyObject {
  if (point.length !== 32) throw new WireError("an Ed25519 key has 32 bytes");
  return jwk({ kty: "OKP", crv: "Ed25519", x: point.toString("base64url") });
}

function ecdsa(type: KeyType, reader: WireReader): KeyObject {
  const curve = curveOf(type);
  const { name, bytes } = CURVES[curve];
  if (reader.text() !== curve) throw new WireError("it names another curve than its kind");
  const point = reader.string();
  if (point[0] !== 4 || point.length !== 1 + 2 * bytes) throw new WireError("it is no uncompressed point of its curve");
  const [x, y] = [point.subarray(1, 1 + bytes), point.subarray(1 + bytes)];
  return jwk({ kty: "EC", crv: name, x: x.toString("base64url"), y: y.toString("base64url") });
}

function rsa(e: Buffer, n: Buffer): KeyObject {
  const key = jwk({ kty: "RSA", e: e.toString("base64url"), n: n.toString("base64url") });
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < LEAST_RSA_BITS) {
    throw new RolewrightError("RW655", `an RSA key of ${bits} bits is too weak, ${LEAST_RSA_BITS} are the least`, {
      help: "make another key: `ssh-keygen -t ed25519`",
    });
  }
  return key;
}

function jwk(key: Readonly<Record<string, string>>): KeyObject {
  return createPublicKey({ key, format: "jwk" });
}

function curveOf(type: KeyType): keyof typeof CURVES {
  if (type.includes("nistp384")) return "nistp384";
  return type.includes("nistp521") ? "nistp521" : "nistp256";
}

function unsupported(type: string): RolewrightError {
  const what = type.includes("-cert-") ? "is a certificate" : "is of a kind that is not taken";
  return new RolewrightError("RW655", `the key ${what}: \`${type}\``, {
    help: `sign with one of ${KEY_TYPES.join(", ")}`,
    details: { type },
  });
}
