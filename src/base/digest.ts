import { hash } from "node:crypto";
import { compareText } from "./order.ts";

/** A SHA-256 digest as `sha256:` and 64 hexadecimal digits. */
export type Digest = `sha256:${string}`;

/** Plain data: what canonical JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * Canonical JSON after RFC 8785 for the values we use: keys sorted by UTF-16 code units, no white space, absent fields left out.
 * Numbers must be safe integers, so that every language prints them alike; anything else is a defect of ours and throws.
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new TypeError(`canonical JSON holds safe integers only, not ${value}`);
    return String(value);
  }
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonicalJson(item)).join(",")}]`;
  const fields = value as { readonly [key: string]: Json | undefined };
  const parts: string[] = [];
  for (const key of Object.keys(fields).sort(compareText)) {
    const field = fields[key];
    if (field !== undefined) parts.push(`${JSON.stringify(key)}:${canonicalJson(field)}`);
  }
  return `{${parts.join(",")}}`;
}

/** The digest of some text, as UTF-8. */
export function digestText(text: string): Digest {
  return `sha256:${hash("sha256", text, "hex")}`;
}

/** The digest of bytes. */
export function digestBytes(bytes: Uint8Array): Digest {
  return `sha256:${hash("sha256", bytes, "hex")}`;
}

/** The digest of plain data, by its canonical JSON. */
export function digestJson(value: Json): Digest {
  return digestText(canonicalJson(value));
}

/** The first eight digits of a digest: how people name plans and fingerprints. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, "").slice(0, 8);
}
