import { randomBytes } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rename, rmdir, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";

/** The few things that the audit log does to a file system, one by one: tests put another one in its place, which loses what was not synced, or stops anywhere. */
export interface Disk {
  /** Null where there is no such file. */
  read(path: string): Promise<Uint8Array | null>;
  /** What is in a folder; nothing where there is none. */
  names(folder: string): Promise<readonly string[]>;
  /** Writes a new file. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Waits until the bytes of a file, or the names in a folder, are on the medium. */
  sync(path: string): Promise<void>;
  /** A second name for a file; false where the name is taken. */
  link(from: string, to: string): Promise<boolean>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder that is empty; nothing happens where there is none. */
  remove(path: string): Promise<void>;
  /** Makes a folder, and those above it; gives the topmost that was made, null for none. */
  makeFolder(path: string): Promise<string | null>;
  /** When a file was written last, in milliseconds; null where there is none. */
  writtenAt(path: string): Promise<number | null>;
}

/** Nobody but us reads the log from the disk; what is served is served on purpose. */
const [FILE_MODE, FOLDER_MODE] = [0o600, 0o700];

/** The real file system. */
export const realDisk: Disk = {
  read: (path) => unlessMissing(() => readFile(path), null),
  names: (folder) => unlessMissing(() => readdir(folder), []),
  async write(path, bytes) {
    await using file = await open(path, "wx", FILE_MODE);
    await file.writeFile(bytes);
  },
  async sync(path) {
    await using file = await open(path, "r");
    await file.sync();
  },
  async link(from, to) {
    try {
      await link(from, to);
      return true;
    } catch (error) {
      if (codeOf(error) === "EEXIST") return false;
      throw error;
    }
  },
  rename,
  async remove(path) {
    await unlessMissing(async () => {
      try {
        await unlink(path);
      } catch (error) {
        if (codeOf(error) !== "EISDIR" && codeOf(error) !== "EPERM") throw error;
        await rmdir(path);
      }
    }, undefined);
  },
  makeFolder: async (path) => (await mkdir(path, { recursive: true, mode: FOLDER_MODE })) ?? null,
  writtenAt: (path) => unlessMissing(async () => (await stat(path)).mtimeMs, null),
};

/** A name for a file that is not finished: nobody else has it. */
export function temporaryName(): string {
  return `${randomBytes(9).toString("hex")}.tmp`;
}

/** Makes a folder so that it is there after a power loss: every folder above a new one is synced too. */
export async function makeFolderDurably(disk: Disk, path: string): Promise<void> {
  const first = await disk.makeFolder(path);
  if (first === null) return;
  for (let folder = path; ; folder = dirname(folder)) {
    await disk.sync(folder);
    if (folder === dirname(first)) return;
  }
}

async function unlessMissing<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return otherwise;
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
