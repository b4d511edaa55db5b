import { randomBytes } from "node:crypto";
import { open, realpath, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { RolewrightError } from "../../base/error.ts";

export interface WriteOptions {
  /** Who may read it; a file that exists keeps its own. @default 0o644 */
  readonly mode?: number;
}

/**
 * Writes a whole file so that it is on disk when this returns, and so that at every moment either the old content or the new one stands under its name.
 * What is no ordinary file (a pipe, a device) is written as it is. Throws RW420, and leaves what was there, when it cannot be done.
 */
export async function writeFileDurably(path: string, text: string, options: WriteOptions = {}): Promise<void> {
  try {
    const target = await resolve(path);
    if (target.kind === "stream") await writeThrough(target.path, text);
    else await replace(target.path, text, target.mode ?? options.mode ?? 0o644);
  } catch (cause) {
    throw new RolewrightError("RW420", `\`${path}\` could not be written: ${reasonOf(cause)}`, {
      cause,
      help: "nothing was changed; make room or correct the path, and run it again",
      details: { path },
    });
  }
}

type Destination =
  | { readonly kind: "file"; readonly path: string; readonly mode: number | undefined }
  | { readonly kind: "stream"; readonly path: string };

/** Follows links, so that the file is replaced and not the link to it. */
async function resolve(path: string): Promise<Destination> {
  const real = await realpath(path).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  });
  if (real === null) return { kind: "file", path, mode: undefined };
  const found = await stat(real);
  if (found.isFile()) return { kind: "file", path: real, mode: found.mode & 0o777 };
  if (found.isDirectory()) throw new Error("it is a folder");
  return { kind: "stream", path: real };
}

async function writeThrough(path: string, text: string): Promise<void> {
  await using file = await open(path, "w");
  await file.writeFile(text, "utf8");
}

async function replace(path: string, text: string, mode: number): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path).slice(0, 100)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    {
      await using file = await open(temporary, "wx", mode);
      await file.writeFile(text, "utf8");
      await file.sync();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  // The new name is durable only when the folder is.
  await using handle = await open(folder, "r");
  await handle.sync();
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOENT: "the folder does not exist",
  ENOTDIR: "a part of the path is no folder",
};

/** Why a file could not be written, in words where we know them. */
export function reasonOf(error: unknown): string {
  return REASONS[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
