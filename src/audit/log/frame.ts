import { decodeUtf8, encodeBase64, decodeBase64 } from "../note/base64.ts";
import { HASH_BYTES, equalBytes, sha256 } from "../tree/hashing.ts";
import { isSize } from "../tree/numbers.ts";
import { parseTilePath } from "../tree/tiles.ts";

/** One batch of entries as it is committed: the record of the commit, and every file that it brings, in one piece. It is written before anything is signed, so it holds no signature. */
export interface Frame {
  /** Counts the commits of a log from 1. */
  readonly generation: number;
  /** The digest of the frame before; null for the first. */
  readonly previous: Uint8Array | null;
  readonly sizeBefore: number;
  readonly size: number;
  readonly root: Uint8Array;
  readonly files: readonly FrameFile[];
}

/** A tile or bundle by its path in the tree. */
export interface FrameFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** A frame with its bytes: the SHA-256 of the rest, a line of JSON, then the files one after the other. */
export interface SealedFrame extends Frame {
  readonly digest: Uint8Array;
  readonly bytes: Uint8Array;
}

interface Header {
  readonly v: number;
  readonly generation: number;
  readonly previous: string | null;
  readonly size_before: number;
  readonly size: number;
  readonly root: string;
  readonly files: readonly { readonly path: string; readonly length: number }[];
}

/** The bytes of a frame. */
export function sealFrame(frame: Frame): SealedFrame {
  const header: Header = {
    v: 1,
    generation: frame.generation,
    previous: frame.previous === null ? null : encodeBase64(frame.previous),
    size_before: frame.sizeBefore,
    size: frame.size,
    root: encodeBase64(frame.root),
    files: frame.files.map(({ path, bytes }) => ({ path, length: bytes.length })),
  };
  const rest = Buffer.concat([
    Buffer.from(`${JSON.stringify(header)}\n`, "utf8"),
    ...frame.files.map((file) => file.bytes),
  ]);
  const digest = sha256(rest);
  return { ...frame, digest, bytes: Buffer.concat([digest, rest]) };
}

/** The frame of its bytes, or in words why they are none: cut short, changed, or of a later version. */
export function openFrame(bytes: Uint8Array): SealedFrame | string {
  const digest = bytes.subarray(0, HASH_BYTES);
  const rest = bytes.subarray(HASH_BYTES);
  if (digest.length !== HASH_BYTES || !equalBytes(sha256(rest), digest)) return "it was cut short or changed";
  const end = rest.indexOf(0x0a);
  const header = end < 0 ? null : readHeader(rest.subarray(0, end));
  if (header === null) return "its first line is not understood";
  const root = decodeBase64(header.root);
  const previous = header.previous === null ? null : decodeBase64(header.previous);
  if (root === null || root.length !== HASH_BYTES) return "its root is no hash";
  const files: FrameFile[] = [];
  let at = end + 1;
  for (const { path, length } of header.files) {
    if (parseTilePath(path) === null) return `\`${path}\` is no file of a tree`;
    files.push({ path, bytes: rest.subarray(at, at + length) });
    at += length;
  }
  if (at !== rest.length) return "its files are longer or shorter than it says";
  const { generation, size, size_before: sizeBefore } = header;
  return { generation, previous, sizeBefore, size, root, files, digest, bytes };
}

function readHeader(line: Uint8Array): Header | null {
  try {
    const header = JSON.parse(decodeUtf8(line) ?? "") as Header;
    const sizes = [header.generation, header.size, header.size_before, ...header.files.map(({ length }) => length)];
    return header.v === 1 && sizes.every(isSize) ? header : null;
  } catch {
    return null;
  }
}
