import { createPrivateKey, createPublicKey, randomBytes, sign } from "node:crypto";
import { Secret } from "../../base/secret.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { KEY_TYPE, keyId, type VerifierKey } from "./verifier-key.ts";

/** Signs notes in a name. The key itself stays with whoever holds it: a file, a command, a key service. */
export interface Signer {
  readonly key: VerifierKey;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const PREFIX = "PRIVATE+KEY+";

/** A new key as text, `PRIVATE+KEY+<name>+<id>+<base64>`: the form that Go's note package writes and reads. */
export function newSigningKey(name: string): Secret {
  const seed = randomBytes(32);
  const id = keyId(name, KEY_TYPE.ed25519, publicKeyOf(seed));
  return new Secret(`${PREFIX}${name}+${id}+${encodeBase64(Buffer.concat([Uint8Array.of(KEY_TYPE.ed25519), seed]))}`);
}

/** The signer of a key's text; null where it is none. `type` is the kind of signature it is to make: the same key makes others as a witness. */
export function openSigningKey(text: Secret, type: number = KEY_TYPE.ed25519): Signer | null {
  const found = /^PRIVATE\+KEY\+([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/u.exec(text.reveal().trim());
  if (found === null) return null;
  const [, name = "", id = "", encoded = ""] = found;
  const bytes = decodeBase64(encoded);
  if (bytes === null || bytes.length !== 33 || bytes[0] !== KEY_TYPE.ed25519) return null;
  const seed = bytes.subarray(1);
  const publicKey = publicKeyOf(seed);
  if (keyId(name, KEY_TYPE.ed25519, publicKey) !== id) return null;
  const key = privateKeyOf(seed);
  return {
    key: { name, id: keyId(name, type, publicKey), type, publicKey },
    sign: (message) => Promise.resolve(sign(null, message, key)),
  };
}

function privateKeyOf(seed: Uint8Array): ReturnType<typeof createPrivateKey> {
  return createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" });
}

function publicKeyOf(seed: Uint8Array): Uint8Array {
  const der = createPublicKey(privateKeyOf(seed)).export({ format: "der", type: "spki" });
  return der.subarray(der.length - 32);
}
