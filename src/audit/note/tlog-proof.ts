import { HASH_BYTES } from "../tree/hashing.ts";
import { parseSize } from "../tree/numbers.ts";
import { decodeBase64, decodeUtf8, encodeBase64 } from "./base64.ts";

/** A proof that an entry is in a log, in one file that needs no other (C2SP tlog-proof). */
export interface TlogProof {
  /** What goes with it and is proven by nothing in this file; null where there is none. */
  readonly extra: Uint8Array | null;
  readonly index: number;
  readonly hashes: readonly Uint8Array[];
  /** The signed checkpoint, byte for byte. */
  readonly checkpoint: Uint8Array;
}

const FIRST_LINE = "c2sp.org/tlog-proof@v1";
const MAX_HASHES = 63;

/** The file of a proof. */
export function formatTlogProof({ extra, index, hashes, checkpoint }: TlogProof): Uint8Array {
  const lines = [
    FIRST_LINE,
    ...(extra === null ? [] : [`extra ${encodeBase64(extra)}`]),
    `index ${index}`,
    ...hashes.map(encodeBase64),
    "",
    "",
  ];
  return Buffer.concat([Buffer.from(lines.join("\n"), "utf8"), checkpoint]);
}

/** The proof of a file, or in words why it is none. */
export function parseTlogProof(bytes: Uint8Array): TlogProof | string {
  const text = decodeUtf8(bytes);
  if (text === null) return "it is not UTF-8";
  const split = text.indexOf("\n\n");
  if (split < 0) return "no empty line parts the proof from its checkpoint";
  const lines = text.slice(0, split).split("\n");
  if (lines.shift() !== FIRST_LINE) return `its first line is not \`${FIRST_LINE}\``;
  let extra: Uint8Array | null = null;
  if (lines[0]?.startsWith("extra ") === true) {
    extra = decodeBase64((lines.shift() ?? "").slice("extra ".length));
    if (extra === null) return "what goes with it is not base64";
  }
  const indexLine = lines.shift() ?? "";
  const index = indexLine.startsWith("index ") ? parseSize(indexLine.slice("index ".length)) : null;
  if (index === null) return `\`${indexLine.slice(0, 80)}\` is no index`;
  if (lines.length > MAX_HASHES) return `it has ${lines.length} hashes`;
  const hashes: Uint8Array[] = [];
  for (const line of lines) {
    const hash = decodeBase64(line);
    if (hash === null || hash.length !== HASH_BYTES) return `\`${line.slice(0, 80)}\` is no hash`;
    hashes.push(hash);
  }
  return { extra, index, hashes, checkpoint: Buffer.from(text.slice(split + 2), "utf8") };
}
