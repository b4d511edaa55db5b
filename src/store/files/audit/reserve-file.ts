import { randomBytes } from "node:crypto";
import { open, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { SpaceReserve } from "../../../audit/log/audit-store.ts";
import { makeFolderDurably, realDisk } from "./disk.ts";

const BLOCK_BYTES = 1024 * 1024;

/** Space that is kept free by a file of that size: random bytes, since a file system may keep zeroes for nothing. */
export function reserveFile(path: string, bytes: number): SpaceReserve {
  return {
    async ensure() {
      if (bytes === 0 || (await sizeOf(path)) === bytes) return true;
      const temporary = `${path}.tmp`;
      try {
        await makeFolderDurably(realDisk, dirname(path));
        await write(temporary, bytes);
        await rename(temporary, path);
        return true;
      } catch (error) {
        await unlink(temporary).catch(() => undefined);
        if (isFull(error)) return false;
        throw error;
      }
    },
    async release() {
      for (const file of [path, `${path}.tmp`]) await unlink(file).catch(() => undefined);
    },
  };
}

/** Whether the system says that there is no room. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

async function write(path: string, bytes: number): Promise<void> {
  const block = randomBytes(Math.min(BLOCK_BYTES, bytes));
  await using file = await open(path, "w", 0o600);
  for (let written = 0; written < bytes; written += block.length) {
    await file.writeFile(block.subarray(0, Math.min(block.length, bytes - written)));
  }
  await file.sync();
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => -1,
  );
}
