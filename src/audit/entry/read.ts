import { canonicalJson, type Json } from "../../base/digest.ts";
import { decodeUtf8 } from "../note/base64.ts";

/** An entry as it is read: what every version of it has, and the rest as it stands. */
export interface Entry {
  readonly v: number;
  readonly id: string;
  /** RFC 3339 in UTC with milliseconds. */
  readonly time: string;
  /** One of the events, or one that only a later version knows. */
  readonly type: string;
  readonly fields: Readonly<Record<string, Json>>;
}

/** The entry of its bytes, or in words why they are none. Fields that are not known are kept. */
export function readEntry(bytes: Uint8Array): Entry | string {
  const text = decodeUtf8(bytes);
  if (text === null) return "it is not UTF-8";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "it is not JSON";
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "it is not a JSON object";
  const fields = value as Readonly<Record<string, Json>>;
  const { v, id, time, type } = fields;
  if (typeof v !== "number" || typeof id !== "string" || typeof time !== "string" || typeof type !== "string") {
    return "`v`, `id`, `time` or `type` is missing";
  }
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time)) return "its time is not UTC with milliseconds";
  // What is written twice, or in another way, could be read as something else by somebody else.
  if (v === 1 && !isCanonical(fields, text)) return "it is not written in the one canonical way";
  return { v, id, time, type, fields };
}

function isCanonical(value: Json, text: string): boolean {
  try {
    return canonicalJson(value) === text;
  } catch {
    return false;
  }
}
