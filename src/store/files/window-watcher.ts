import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Digest } from "../../base/digest.ts";
import { type Claim, mayLive, ownClaim } from "./lock-file.ts";
import { hexadecimal } from "./window-store.ts";
import { writeFileDurably } from "./write-durably.ts";

/** The process that takes a change back when nobody confirms it. */
export interface Watcher {
  readonly pid: number;
  readonly machine: string;
  /** False only where it is certain that the process is gone. */
  readonly lives: boolean;
}

/** Says that this process watches over a window; the one that said so last is the one that others see. */
export async function claimWatch(folder: string, plan: Digest, holder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFileDurably(watcherFile(folder, plan), JSON.stringify(ownClaim(holder)), { mode: 0o600 });
}

/** Who watches over a window; null where nobody ever did, or where that cannot be read. */
export async function watcherOf(folder: string, plan: Digest): Promise<Watcher | null> {
  try {
    const claim = JSON.parse(await readFile(watcherFile(folder, plan), "utf8")) as Claim;
    return { pid: claim.pid, machine: claim.machine.split(" ")[0] ?? "", lives: mayLive(claim) };
  } catch {
    return null; // Another one is started then; two do not disturb each other.
  }
}

/** Where the watcher of a window says what it does. */
export function watcherLog(folder: string, plan: Digest): string {
  return join(folder, `${hexadecimal(plan)}.log`);
}

function watcherFile(folder: string, plan: Digest): string {
  return join(folder, `${hexadecimal(plan)}.watcher.json`);
}
