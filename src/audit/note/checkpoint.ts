import { HASH_BYTES } from "../tree/hashing.ts";
import { parseSize } from "../tree/numbers.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { isKeyName } from "./verifier-key.ts";

/** What a log says about itself at one moment (C2SP tlog-checkpoint): so many entries, under this root. */
export interface Checkpoint {
  /** The name of the log, which is the name of its keys too; fixed for its life. */
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** The text that is signed: three lines, no more. */
export function checkpointBody({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${encodeBase64(root)}\n`;
}

/** The checkpoint of a note's text, or in words why it is none. */
export function parseCheckpointBody(body: string): Checkpoint | string {
  const lines = body.split("\n");
  if (lines.length !== 4 || lines[3] !== "") return `it has ${lines.length - 1} lines instead of 3`;
  const [origin = "", sizeText = "", rootText = ""] = lines;
  if (!isKeyName(origin)) return "its origin is no name of a log";
  const size = parseSize(sizeText);
  if (size === null) return `its size is not a whole number: \`${sizeText.slice(0, 40)}\``;
  const root = decodeBase64(rootText);
  if (root === null || root.length !== HASH_BYTES) return "its root is not 32 bytes in base64";
  return { origin, size, root };
}
