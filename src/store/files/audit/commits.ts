import { join } from "node:path";
import { openFrame, type SealedFrame } from "../../../audit/log/frame.ts";
import type { Head } from "../../../audit/log/audit-store.ts";
import { decodeUtf8 } from "../../../audit/note/base64.ts";
import { equalBytes } from "../../../audit/tree/hashing.ts";
import { RolewrightError } from "../../../base/error.ts";
import type { Folders } from "./folders.ts";
import { type Disk, temporaryName } from "./disk.ts";

/** Up to where everything is applied and synced: earlier frames need not be looked at again. */
export interface Settled {
  readonly generation: number;
  /** The digest of that frame, in hexadecimal. */
  readonly digest: string;
}

export const NOTHING_SETTLED: Settled = { generation: 0, digest: "" };

const NAME = /^\d{12}$/;

/** The file of a commit. */
export function commitFile(folders: Folders, generation: number): string {
  return join(folders.commits, String(generation).padStart(12, "0"));
}

/** The generations that are committed, oldest first. */
export async function generations(disk: Disk, folders: Folders): Promise<readonly number[]> {
  const names = await disk.names(folders.commits);
  return names
    .filter((name) => NAME.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** Commits a frame: its bytes first, then its name, then the folder of names. A name that is taken is a race that was lost. */
export async function commitFrame(
  disk: Disk,
  folders: Folders,
  { before, frame }: { readonly before: Head | null; readonly frame: SealedFrame },
): Promise<"won" | "lost"> {
  const temporary = join(folders.temporary, temporaryName());
  const file = commitFile(folders, frame.generation);
  try {
    await disk.write(temporary, frame.bytes);
    await disk.sync(temporary);
    if (!(await disk.link(temporary, file))) return "lost";
    await disk.sync(folders.commits);
  } finally {
    await disk.remove(temporary).catch(() => undefined);
  }
  switch (await standing(disk, folders, { before, frame })) {
    case "follows":
      return "won";
    case "stale":
      await quarantine(disk, folders, frame.generation);
      return "lost";
    case "unknown":
      throw new RolewrightError(
        "RW601",
        `commit ${frame.generation} of the audit log was gone before it was looked at`,
        {
          help: "the log is read anew, and what stands in it is acknowledged",
        },
      );
  }
}

/**
 * Whether a commit that got its name stands in the chain. `follows`: the frame that it was built on is still there, or others have built on it already. `stale`: we slept while others went on and cleaned up: the name was free again, and
 * means nothing. `unknown`: it is gone itself, collected with the frames around it or put aside by somebody.
 */
async function standing(
  disk: Disk,
  folders: Folders,
  { before, frame }: { readonly before: Head | null; readonly frame: SealedFrame },
): Promise<"follows" | "stale" | "unknown"> {
  if (await follows(disk, folders, before)) return "follows";
  const next = await disk.read(commitFile(folders, frame.generation + 1));
  const after = next === null ? null : openFrame(next);
  if (after !== null && typeof after !== "string" && linked(frame, after)) return "follows";
  return (await disk.read(commitFile(folders, frame.generation))) === null ? "unknown" : "stale";
}

/** Whether the frame that a commit was built on is still there; nothing, for the first one. */
async function follows(disk: Disk, folders: Folders, before: Head | null): Promise<boolean> {
  if (before === null) return ((await generations(disk, folders)).at(-1) ?? 0) === 1;
  const bytes = await disk.read(commitFile(folders, before.generation));
  return bytes !== null && equalBytes(bytes.subarray(0, before.digest.length), before.digest);
}

/** Puts a commit aside that no chain leads to. */
export async function quarantine(disk: Disk, folders: Folders, generation: number): Promise<void> {
  const file = commitFile(folders, generation);
  await disk.rename(file, join(folders.quarantine, `${generation}.${temporaryName()}`));
  await disk.sync(folders.commits);
}

/** The frames after what is settled, oldest first, each following the one before. Throws RW604 where one is damaged or the chain is broken. */
export async function readChain(disk: Disk, folders: Folders, settled: Settled): Promise<readonly SealedFrame[]> {
  const known = await generations(disk, folders);
  const present = new Set(known);
  const newest = known.at(-1) ?? 0;
  if (newest < settled.generation) throw damaged(`commit ${settled.generation} is missing`);
  const chain: SealedFrame[] = [];
  let oldest = newest;
  for (; oldest > settled.generation && present.has(oldest); oldest--) {
    const bytes = await disk.read(commitFile(folders, oldest));
    if (bytes === null) break; // Collected meanwhile.
    const frame = openFrame(bytes);
    if (typeof frame === "string") throw damaged(`commit ${oldest}: ${frame}`);
    const after = chain.at(-1);
    if (frame.generation !== oldest) throw damaged(`commit ${oldest} says that it is ${frame.generation}`);
    if (after !== undefined && !linked(frame, after))
      throw damaged(`commit ${after.generation} does not follow ${oldest}`);
    chain.push(frame);
  }
  const first = chain.at(-1);
  const previous = first?.previous ?? null;
  if (settled.generation > 0 && oldest === settled.generation && first !== undefined) {
    if (previous === null || Buffer.from(previous).toString("hex") !== settled.digest)
      throw damaged(`commit ${first.generation} does not follow ${oldest}`);
  } else if (first !== undefined && oldest !== settled.generation && settled.generation > 0) {
    throw damaged(`commit ${oldest} is missing`);
  }
  let start = newest;
  while (present.has(start - 1)) start -= 1;
  for (const stale of known.filter((generation) => generation < start)) await quarantine(disk, folders, stale);
  return chain.reverse();
}

function linked(frame: SealedFrame, after: SealedFrame): boolean {
  return after.previous !== null && equalBytes(after.previous, frame.digest) && after.sizeBefore === frame.size;
}

/** What was settled last; nothing where that cannot be read, since it only saves work. */
export async function readSettled(disk: Disk, folders: Folders): Promise<Settled> {
  const text = decodeUtf8((await disk.read(folders.settled)) ?? new Uint8Array(0)) ?? "";
  const [, generation, digest] = /^(\d{1,12}) ([0-9a-f]{64})\n$/.exec(text) ?? [];
  return generation === undefined || digest === undefined
    ? NOTHING_SETTLED
    : { generation: Number(generation), digest };
}

/** Writes down what is settled, durably. */
export async function writeSettled(disk: Disk, folders: Folders, { generation, digest }: Settled): Promise<void> {
  const temporary = join(folders.temporary, temporaryName());
  await disk.write(temporary, Buffer.from(`${generation} ${digest}\n`, "utf8"));
  await disk.sync(temporary);
  await disk.rename(temporary, folders.settled);
  await disk.sync(folders.state);
}

export function damaged(why: string): RolewrightError {
  return new RolewrightError("RW604", `the audit log is damaged: ${why}`, {
    help: "nothing was written; restore the folder from a copy",
  });
}
