import { createHash, randomInt } from "node:crypto";
import { Secret } from "../../base/secret.ts";
import type { ProductName } from "./product.ts";

/** What a server stores for a password, computed here: with it a login can be checked. */
export const VERIFIERS: Readonly<Record<ProductName, (password: Secret) => Secret>> = {
  mariadb: nativeVerifier,
  mysql: (password) => cachingSha2Verifier(password),
};

/** `mysql_native_password`: the hash of the hash. It has no salt, so equal passwords are seen to be equal. */
export function nativeVerifier(password: Secret): Secret {
  const once = createHash("sha1").update(password.reveal(), "utf8").digest();
  return new Secret(`*${createHash("sha1").update(once).digest("hex").toUpperCase()}`);
}

/** Thousands of rounds; the server writes and reads three hexadecimal digits. */
const THOUSANDS = 5;
const SALT_LENGTH = 20;
const DIGITS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** `caching_sha2_password`: `$A$005$`, 20 bytes of salt, and SHA-crypt with 5000 rounds over all of that salt. */
export function cachingSha2Verifier(password: Secret, salt: Buffer = randomSalt()): Secret {
  const digest = sha256Crypt(Buffer.from(password.reveal(), "utf8"), salt, THOUSANDS * 1000);
  return new Secret(`$A$${THOUSANDS.toString(16).padStart(3, "0")}$${salt.toString("latin1")}${digest}`);
}

function randomSalt(): Buffer {
  return Buffer.from(Array.from({ length: SALT_LENGTH }, () => DIGITS.charCodeAt(randomInt(DIGITS.length))));
}

/** The digest of SHA-crypt as in `$5$`, which takes the whole salt here. https://www.akkadia.org/drepper/SHA-crypt.txt (the numbers below are its steps) */
export function sha256Crypt(password: Buffer, salt: Buffer, rounds: number): string {
  const sha = (...parts: readonly Buffer[]): Buffer => createHash("sha256").update(Buffer.concat(parts)).digest();
  const b = sha(password, salt, password); // 4 to 8
  const mixed: Buffer[] = [];
  for (let bits = password.length; bits > 0; bits = Math.floor(bits / 2)) mixed.push(bits % 2 === 1 ? b : password); // 11
  const a = sha(password, salt, filled(b, password.length), ...mixed); // 1 to 12
  const dp = sha(...Array.from({ length: password.length }, () => password)); // 13 to 15
  const ds = sha(...Array.from({ length: 16 + (a[0] ?? 0) }, () => salt)); // 17 to 19
  const [p, s] = [filled(dp, password.length), filled(ds, salt.length)]; // 16, 20
  let digest = a;
  for (let round = 0; round < rounds; round++) {
    const isOdd = round % 2 === 1;
    const middle = [...(round % 3 === 0 ? [] : [s]), ...(round % 7 === 0 ? [] : [p])];
    digest = sha(isOdd ? p : digest, ...middle, isOdd ? digest : p); // 21
  }
  return encoded(digest);
}

/** So many bytes of a digest that is repeated. */
function filled(digest: Buffer, length: number): Buffer {
  return Buffer.alloc(length, digest);
}

/** Three bytes become four digits, the lowest bits first; the bytes are taken in an order of its own. */
function encoded(digest: Buffer): string {
  const at = (index: number): number => digest[index] ?? 0;
  let text = "";
  let order = [0, 10, 20];
  for (let group = 0; group < 10; group++) {
    const [x = 0, y = 0, z = 0] = order;
    text += digits(at(x) * 65_536 + at(y) * 256 + at(z), 4);
    order = [z + 1, x + 1, y + 1];
  }
  return text + digits(at(31) * 256 + at(30), 3);
}

function digits(number: number, count: number): string {
  return Array.from({ length: count }, (_, index) => DIGITS[Math.floor(number / 64 ** index) % 64]).join("");
}
