import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { RolewrightError } from "../../base/error.ts";

/** A log on disk, opened: its beginning tells what form it has. */
export interface LogFile {
  readonly path: string;
  /** Its name without folders and `.gz`: the same log before and after it was compressed. */
  readonly name: string;
  /** On disk. */
  readonly size: number;
  /** The first bytes as text. */
  readonly beginning: string;
  /** All of it, decompressed. Once. `onRead` is told the bytes of the file that were read so far. */
  bytes(onRead: (bytes: number) => void): AsyncIterable<Uint8Array>;
  /** What was wrong with the file itself, known when it was read: sentences. */
  readonly losses: readonly string[];
}

const CHUNK = 1024 * 1024;
const BEGINNING = 64 * 1024;

/** Opens a log. Throws RW543 where it cannot be read. */
export async function openLog(path: string): Promise<LogFile> {
  const losses: string[] = [];
  try {
    const { size } = await stat(path);
    const head = await firstBytes(path, 4);
    const isGzip = head[0] === 0x1f && head[1] === 0x8b;
    const beginning = await firstBytes(path, BEGINNING, isGzip);
    if (isUtf16(beginning)) {
      throw new RolewrightError("RW543", `the log \`${path}\` is UTF-16`, {
        help: `make it UTF-8 first: \`iconv -f UTF-16 -t UTF-8 ${path}\``,
      });
    }
    return {
      path,
      name: basename(path).replace(/\.gz$/u, ""),
      size,
      beginning: beginning.toString("utf8").replace(/^\ufeff/u, ""),
      bytes: (onRead) => streamOf(path, { isGzip, losses, onRead }),
      losses,
    };
  } catch (error) {
    throw unreadable(path, error);
  }
}

function isUtf16(bytes: Uint8Array): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
}

async function firstBytes(path: string, count: number, isGzip = false): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of streamOf(path, {
    isGzip,
    losses: [],
    onRead: () => {},
    end: isGzip ? undefined : count - 1,
  })) {
    parts.push(chunk);
    length += chunk.length;
    if (length >= count) break;
  }
  return Buffer.concat(parts).subarray(0, count);
}

async function* streamOf(
  path: string,
  how: {
    readonly isGzip: boolean;
    readonly losses: string[];
    readonly onRead: (bytes: number) => void;
    readonly end?: number | undefined;
  },
): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: CHUNK, ...(how.end === undefined ? {} : { end: how.end }) });
  try {
    if (!how.isGzip) {
      yield* counted(file, how.onRead);
      return;
    }
    const unzip = createGunzip({ chunkSize: CHUNK });
    const compressed = Readable.from(counted(file, how.onRead));
    compressed.on("error", (error) => unzip.destroy(error));
    yield* compressed.pipe(unzip) as AsyncIterable<Uint8Array>;
  } catch (error) {
    // What was decompressed until then was handed over already.
    if (!String((error as { code?: unknown }).code).startsWith("Z_")) throw unreadable(path, error);
    how.losses.push("the compressed file was cut or is damaged: what comes behind is not known");
  } finally {
    file.destroy();
  }
}

async function* counted(file: AsyncIterable<unknown>, onRead: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let read = 0;
  for await (const chunk of file) {
    const bytes = chunk as Uint8Array;
    onRead((read += bytes.length));
    yield bytes;
  }
}

function unreadable(path: string, error: unknown): RolewrightError {
  if (error instanceof RolewrightError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  const why =
    code === "ENOENT"
      ? "there is no such file"
      : code === "EISDIR"
        ? "it is a folder"
        : code === "EACCES"
          ? "it may not be read"
          : (code ?? "it cannot be read");
  return new RolewrightError("RW543", `the log \`${path}\` cannot be read: ${why}`, {
    help: "name the files of the log; those of the server may need its account or a copy",
    cause: error,
  });
}
