import { join } from "node:path";
import type { AuditStore, Head } from "../../../audit/log/audit-store.ts";
import { openFrame, type SealedFrame } from "../../../audit/log/frame.ts";
import { RolewrightError } from "../../../base/error.ts";
import { reasonOf } from "../write-durably.ts";
import { blobFiles } from "./blob-files.ts";
import {
  commitFile,
  commitFrame,
  damaged,
  generations,
  NOTHING_SETTLED,
  readChain,
  readSettled,
  type Settled,
  writeSettled,
} from "./commits.ts";
import { type Disk, makeFolderDurably, realDisk, temporaryName } from "./disk.ts";
import { type Folders, foldersOf } from "./folders.ts";
import { isFull, reserveFile } from "./reserve-file.ts";
import { openingFiles } from "./opening-files.ts";
import { listTree, putCheckpoint, putFiles, removePartials, syncFiles } from "./served-tree.ts";

export interface AuditFilesOptions {
  /** The folder; made when missing. By convention `.rolewright/audit`. */
  readonly folder: string;
  /** @default the real file system */
  readonly disk?: Disk;
  /** How much room is kept for what must be written on a full disk. More: more can be taken away and closed on one; less: the log takes less room at once. @default 0: none */
  readonly reserveBytes?: number;
  /** The time, for what is old enough to be removed. @default Date.now */
  readonly now?: () => number;
}

/** Frames are applied again after a crash until they are settled; so many may wait for that. */
const MAX_UNSETTLED = 256;
/** A writer looks for the frame that it built on right after its commit. */
const FEWEST_FRAMES = 8;
const TEMPORARY_MS = 3600 * 1000;

/**
 * Keeps a log as files on a local file system with hard links. A commit is a file under the name of its generation, which can be made once: that is the compare-and-swap. `tree` is the only part that may be served; what is in it can
 * be made again from `state`.
 */
export function fileAuditStore(options: AuditFilesOptions): AuditStore {
  const folders = foldersOf(options.folder);
  const disk = options.disk ?? realDisk;
  const reserve = reserveFile(folders.reserve, options.reserveBytes ?? 0);
  const [openings, blobs] = [openingFiles(disk, folders), blobFiles(disk, folders)];
  const now = options.now ?? (() => Date.now());
  /** Frames up to this one were applied by us, and no crash came in between. */
  let seen: Settled = NOTHING_SETTLED;
  let head: Head | null = null;
  /** What the frames since the last settling brought. */
  let unsettled: { readonly generation: number; readonly digest: string; readonly paths: readonly string[] }[] = [];

  const remember = (frame: SealedFrame): void => {
    const digest = Buffer.from(frame.digest).toString("hex");
    seen = { generation: frame.generation, digest };
    head = { generation: frame.generation, size: frame.size, root: frame.root, digest: frame.digest };
    unsettled.push({ generation: frame.generation, digest, paths: frame.files.map(({ path }) => path) });
  };
  const settle = async (): Promise<void> => {
    const last = unsettled.at(-1);
    if (last === undefined) return;
    const done = unsettled.length;
    await syncFiles(disk, folders, new Set(unsettled.flatMap(({ paths }) => paths)));
    await writeSettled(disk, folders, last);
    unsettled = unsettled.slice(done);
  };
  const recover = async (): Promise<Head | null> => {
    await makeFolders(disk, folders);
    if (seen.generation === 0) await removeOldTemporaries(disk, folders, now());
    const settled = await readSettled(disk, folders);
    if (settled.generation > seen.generation) {
      // Others may have gone on while we slept, and removed what lies between.
      head = await headOf(disk, folders, settled);
      seen = settled;
      unsettled = [];
    }
    const chain = await readChain(disk, folders, seen);
    const newest = chain.at(-1);
    if (newest !== undefined) await rewrite(disk, folders, newest);
    for (const frame of chain) {
      await putFiles(disk, folders, { files: frame.files, mayBeTorn: true });
      remember(frame);
    }
    if (unsettled.length > MAX_UNSETTLED) await settle();
    return head;
  };
  return {
    open: () => explained(recover),
    commit: (before, frame) => explained(() => commitFrame(disk, folders, { before, frame })),
    apply: (frame) =>
      explained(async () => {
        await putFiles(disk, folders, { files: frame.files, mayBeTorn: false });
        if (frame.generation === seen.generation + 1) remember(frame);
      }),
    newest: () => explained(async () => (await generations(disk, folders)).at(-1) ?? 0),
    publish: (note) => explained(() => putCheckpoint(disk, folders, note)),
    get: (path) => disk.read(join(folders.tree, path)),
    list: () => listTree(disk, folders),
    collect: ({ frames, ageMs }) =>
      explained(async () => {
        await settle();
        const settled = await readSettled(disk, folders);
        const known = await generations(disk, folders);
        for (const generation of known.slice(0, Math.max(0, known.length - Math.max(FEWEST_FRAMES, frames)))) {
          const file = commitFile(folders, generation);
          const writtenAt = await disk.writtenAt(file);
          if (generation >= settled.generation || writtenAt === null || now() - writtenAt < ageMs) break;
          const frame = openFrame((await disk.read(file)) ?? new Uint8Array(0));
          if (typeof frame === "string") throw damaged(`commit ${generation}: ${frame}`);
          await removePartials(
            disk,
            folders,
            frame.files.map(({ path }) => path),
          );
          await disk.remove(file);
        }
        await disk.sync(folders.commits);
      }),
    reserve: { ensure: () => explained(() => reserve.ensure()), release: () => reserve.release() },
    openings: {
      refer: (name) => explained(() => openings.refer(name)),
      keep: (kept) => explained(() => openings.keep(kept)),
      find: (entries) => openings.find(entries),
      erase: (name) => explained(() => openings.erase(name)),
    },
    blobs: {
      put: (content) => explained(() => blobs.put(content)),
      get: (address) => blobs.get(address),
      remove: (address) => explained(() => blobs.remove(address)),
    },
  };
}

async function makeFolders(disk: Disk, folders: Folders): Promise<void> {
  const { tree, commits, temporary, quarantine, people, blobs } = folders;
  for (const folder of [tree, commits, temporary, quarantine, people, blobs]) await makeFolderDurably(disk, folder);
}

/** The head that was settled: its frame is never collected, being the newest of what is settled. */
async function headOf(disk: Disk, folders: Folders, settled: Settled): Promise<Head | null> {
  if (settled.generation === 0) return null;
  const bytes = await disk.read(commitFile(folders, settled.generation));
  const frame = openFrame(bytes ?? new Uint8Array(0));
  if (typeof frame === "string")
    throw damaged(`commit ${settled.generation}: ${bytes === null ? "it is missing" : frame}`);
  return { generation: frame.generation, size: frame.size, root: frame.root, digest: frame.digest };
}

/** An error of an earlier sync may have left it on the medium in part while it reads whole: it is written once more. */
async function rewrite(disk: Disk, folders: Folders, frame: SealedFrame): Promise<void> {
  const temporary = join(folders.temporary, temporaryName());
  await disk.write(temporary, frame.bytes);
  await disk.sync(temporary);
  await disk.rename(temporary, commitFile(folders, frame.generation));
  await disk.sync(folders.commits);
}

async function removeOldTemporaries(disk: Disk, folders: Folders, now: number): Promise<void> {
  for (const name of await disk.names(folders.temporary)) {
    const file = join(folders.temporary, name);
    const writtenAt = await disk.writtenAt(file);
    if (writtenAt !== null && now - writtenAt > TEMPORARY_MS) await disk.remove(file);
  }
}

/** What the system refused, in our words. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RolewrightError || !(error instanceof Error) || !("code" in error)) throw error;
    throw new RolewrightError("RW601", `the audit log could not be written: ${reasonOf(error)}`, {
      cause: error,
      help: "what it was to announce was not done; make room or correct the path, and run it again",
      details: { full: isFull(error) },
    });
  }
}
