import { randomBytes } from "node:crypto";
import { encodeBase64, decodeBase64 } from "../note/base64.ts";
import { equalBytes, sha256 } from "../tree/hashing.ts";

/** A value that tells about a person: the log holds only a salted commitment to it, and what opens that can be erased. */
export interface Personal {
  readonly personal: string;
  /** Whom it is about, so that it can be erased with the rest about them; null where it is about nobody by name. */
  readonly subject: string | null;
}

/** Marks a value as telling about a person. */
export function personal(value: string, subject: string | null = null): Personal {
  return { personal: value, subject };
}

/** What opens one commitment. Kept beside the log, never in it. */
export interface Opening {
  /** The id of the entry. */
  readonly entry: string;
  /** Where in the entry the commitment stands: `change.statement`, `approvals.0.ref`. */
  readonly path: string;
  /** 32 random bytes in base64: without them the value could be guessed. */
  readonly salt: string;
  readonly value: string;
  /** The reference of whom it is about; null where it is about nobody by name. */
  readonly subject: string | null;
}

/** How a commitment stands in an entry. */
export interface Commitment {
  readonly c: string;
}

/** Our own first byte: 0 and 1 are the leaf's and the node's. */
const DOMAIN = Uint8Array.of(2);

/** A commitment to a value with a salt of its own, and what opens it. */
export function commit(
  given: Omit<Opening, "salt">,
  salt: Uint8Array = randomBytes(32),
): { readonly commitment: Commitment; readonly opening: Opening } {
  const opening = { ...given, salt: encodeBase64(salt) };
  return { commitment: { c: encodeBase64(digestOf(opening, salt)) }, opening };
}

/** True when the opening is the one of this commitment: what is in it must be believed then, and not before. */
export function opens(opening: Pick<Opening, "path" | "salt" | "value">, commitment: Commitment): boolean {
  const salt = decodeBase64(opening.salt);
  const digest = decodeBase64(commitment.c);
  if (salt === null || salt.length !== 32 || digest === null) return false;
  return equalBytes(digestOf(opening, salt), digest);
}

/** Where a text of a statement or a record stands: it names people in the middle of others. */
const TEXTS = /^(?:statement|approved|because)$/;
/** Where the roles of a change or of a removal stand, separated by commas, and the login of a trial. */
const ROLES = /^(?:(?:changes|items)\.\d+\.subject|subject\.name)$/;

/** Whether an opening is about somebody: as the one whom it is about, as a role of a change, or named as a word of its own in a statement. */
export function isAbout(opening: Opening, who: { readonly reference: string | null; readonly name: string }): boolean {
  const { subject, path, value } = opening;
  if (subject !== null && subject === who.reference) return true;
  if (ROLES.test(path)) return value === who.name || value.split(", ").includes(who.name);
  return TEXTS.test(path) && names(value, who.name);
}

/** Whether a text has a name as a word of its own. */
export function names(text: string, name: string): boolean {
  if (name === "") return false;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const [before, after] = [text.slice(0, at), text.slice(at + name.length)];
    if (!/[\p{L}\p{N}_]$/u.test(before.slice(-2)) && !/^[\p{L}\p{N}_]/u.test(after.slice(0, 2))) return true;
  }
  return false;
}

function digestOf({ path, value }: Pick<Opening, "path" | "value">, salt: Uint8Array): Uint8Array {
  return sha256(Buffer.concat([DOMAIN, salt, Buffer.from(`${path}\0${value}`, "utf8")]));
}

/** True for a commitment as it stands in an entry. */
export function isCommitment(value: unknown): value is Commitment {
  if (typeof value !== "object" || value === null || Object.keys(value).length !== 1) return false;
  return "c" in value && typeof value.c === "string";
}
