import type { Json } from "../../base/digest.ts";
import { encodeBase64 } from "../note/base64.ts";
import { leafHash } from "../tree/hashing.ts";
import { clearFields, type LogRow } from "./row.ts";

/** One entry a line: its place, its hash, the bytes that were hashed, and what they say in clear. */
export function jsonlRow(row: LogRow): Json {
  return {
    index: row.index,
    leaf: encodeBase64(leafHash(row.bytes)),
    entry: Buffer.from(row.bytes).toString("utf8"),
    fields: clearFields(row),
  };
}
