import { open, readdir, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { RememberedSpool, SpoolStore, SpoolWriter, StoredSpool } from "../../../audit/spool/spool-store.ts";
import type { SpoolLine } from "../../../audit/spool/record.ts";
import { digestText } from "../../../base/digest.ts";
import { RolewrightError } from "../../../base/error.ts";
import { sortedText } from "../../../base/order.ts";
import { lockFolder } from "../lock-file.ts";
import { reasonOf, writeFileDurably } from "../write-durably.ts";
import { makeFolderDurably, realDisk, temporaryName } from "./disk.ts";

export interface SpoolFilesOptions {
  /** The folder; made when missing. By convention `.rolewright/runs/spool`. */
  readonly folder: string;
  /** Where it is remembered what every spool held: away from the folder. */
  readonly memory: string;
  readonly holder: string;
  readonly now: () => Date;
}

const NAME = /^[0-9T]{15}-[0-9a-f]{18}\.jsonl$/;
const WAIT_MS = 100;
const ATTEMPTS = 20;

/** Keeps spools as files that are only added to, one a process. What each holds is remembered in another folder, so that one that is cut or removed is missed. */
export function fileSpoolStore(options: SpoolFilesOptions): SpoolStore {
  const { folder, holder } = options;
  const memory = memoryOf(options);
  const fileOf = (name: string): string => {
    if (!NAME.test(name)) throw new RolewrightError("RW608", `\`${name}\` is no name of a spool`);
    return join(folder, name);
  };
  return {
    begin: (first) =>
      explained(async () => {
        const time = options
          .now()
          .toISOString()
          .replaceAll(/[-:Z]|\.\d+/g, "");
        const name = `${time}-${temporaryName().slice(0, 18)}.jsonl`;
        await makeFolderDurably(realDisk, folder);
        const lock = await lockFolder(folder, { server: name, holder });
        try {
          const file = await open(fileOf(name), "ax", 0o600);
          const writer = writerOf(file, { lock, remember: (held) => memory.remember(name, held) });
          try {
            await writer.append([first]);
            await realDisk.sync(folder);
            return writer;
          } catch (error) {
            // Nothing was announced in it, so it is no spool.
            await file.close();
            await unlink(fileOf(name)).catch(() => undefined);
            await memory.forget(name);
            throw error;
          }
        } catch (error) {
          await lock[Symbol.asyncDispose]();
          throw error;
        }
      }),
    async list() {
      const there = (await namesIn(folder)).filter((name) => NAME.test(name));
      const known = await memory.all();
      const found: StoredSpool[] = [];
      for (const name of sortedText(new Set([...there, ...known.keys()]))) {
        const bytes = await readOrNull(join(folder, name));
        found.push({ name, bytes, remembered: known.get(name) ?? null });
      }
      return found;
    },
    async claim(name) {
      await makeFolderDurably(realDisk, folder);
      // Whoever absorbs it is done soon; a writer is not.
      for (let attempt = 1; ; attempt++) {
        try {
          return await lockFolder(folder, { server: name, holder });
        } catch (error) {
          if (!(error instanceof RolewrightError) || error.code !== "RW405") throw error;
          if (attempt >= ATTEMPTS) return null;
          await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
        }
      }
    },
    async remove(name) {
      // Forgotten first: a crash in between leaves a spool that stands in the log already, and is removed by the next.
      await memory.forget(name);
      await unlink(fileOf(name)).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
      await realDisk.sync(folder);
    },
    async setAside(name) {
      const aside = join(folder, `${name}.damaged`);
      await rename(fileOf(name), aside);
      await realDisk.sync(folder);
      return aside;
    },
  };
}

function writerOf(
  file: Awaited<ReturnType<typeof open>>,
  { lock, remember }: { readonly lock: AsyncDisposable; readonly remember: (held: RememberedSpool) => Promise<void> },
): SpoolWriter {
  let count = 0;
  let poisoned = false;
  return {
    append: (lines: readonly SpoolLine[]) =>
      explained(async () => {
        if (poisoned) throw new Error("an earlier write to it failed");
        poisoned = true;
        await file.appendFile(Buffer.concat(lines.map(({ bytes }) => bytes)));
        await file.sync();
        poisoned = false;
        count += lines.length;
        const last = lines.at(-1);
        if (last !== undefined) await remember({ count, digest: last.digest });
      }),
    async [Symbol.asyncDispose]() {
      await file.close();
      await lock[Symbol.asyncDispose]();
    },
  };
}

interface Memory {
  remember(name: string, held: RememberedSpool): Promise<void>;
  forget(name: string): Promise<void>;
  all(): Promise<ReadonlyMap<string, RememberedSpool>>;
}

/** One file a spool, under a name that goes through the folder's path: an account may have many. */
function memoryOf({ folder, memory }: SpoolFilesOptions): Memory {
  const prefix = `${digestText(folder).slice("sha256:".length, "sha256:".length + 32)}.`;
  const fileOf = (name: string): string => join(memory, `${prefix}${name}.spool`);
  return {
    async remember(name, held) {
      // That it cannot be remembered is no reason to keep somebody's access: what is remembered only shows more.
      await makeFolderDurably(realDisk, memory).catch(() => undefined);
      await writeFileDurably(fileOf(name), `${JSON.stringify(held)}\n`, { mode: 0o600 }).catch(() => undefined);
    },
    async forget(name) {
      await unlink(fileOf(name)).catch(() => undefined);
    },
    async all() {
      const found = new Map<string, RememberedSpool>();
      for (const file of sortedText(await namesIn(memory))) {
        if (!file.startsWith(prefix) || !file.endsWith(".spool")) continue;
        const text = (await readOrNull(join(memory, file)))?.toString("utf8") ?? "";
        const name = file.slice(prefix.length, -".spool".length);
        if (NAME.test(name)) found.set(name, JSON.parse(text) as RememberedSpool);
      }
      return found;
    },
  };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function readOrNull(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof RolewrightError && cause.code === "RW607") throw cause;
    const why = cause instanceof RolewrightError ? cause.message : reasonOf(cause);
    throw new RolewrightError("RW607", `the audit log is down, and the spool cannot be written either: ${why}`, {
      cause,
      help: "what it was to announce was not done; make room or correct the path, and run it again",
    });
  }
}
