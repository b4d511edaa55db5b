import { join } from "node:path";
import { sha256, equalBytes } from "../../../audit/tree/hashing.ts";
import { hexOf, type WitnessStore, type Witnessed } from "../../../audit/witness/witness.ts";
import { RolewrightError } from "../../../base/error.ts";
import { type Disk, makeFolderDurably, realDisk, temporaryName } from "../audit/disk.ts";

export interface WitnessFilesOptions {
  /** Made when missing. */
  readonly folder: string;
  /** @default the real file system */
  readonly disk?: Disk;
}

const NAME = /^\d{12}$/;
/** So many are kept. A process that slept may take a number that was removed; it sees then that there are newer ones by at least so many. */
const KEPT = 8;
const MAX_EVIDENCE = 100;
const DIGEST_BYTES = 32;

/**
 * Keeps what a witness saw as files, one for each checkpoint that it let pass, named by a number that can be taken once: that is the compare-and-swap, also between processes. Each begins with the SHA-256 of the rest.
 */
export function witnessFiles({ folder, disk = realDisk }: WitnessFilesOptions): WitnessStore {
  /** The generation of each log whose name is known to be durable. */
  const synced = new Map<string, number>();
  const folderOf = (origin: string): string => join(folder, "seen", hexOf(origin));
  const fileOf = (origin: string, generation: number): string =>
    join(folderOf(origin), String(generation).padStart(12, "0"));
  const generations = async (origin: string): Promise<readonly number[]> =>
    (await disk.names(folderOf(origin)))
      .filter((name) => NAME.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  const read = async (origin: string, generation: number): Promise<Witnessed | null> => {
    const bytes = await disk.read(fileOf(origin, generation));
    if (bytes === null) return null;
    const note = bytes.subarray(DIGEST_BYTES);
    if (!equalBytes(bytes.subarray(0, DIGEST_BYTES), sha256(note))) throw damaged(fileOf(origin, generation));
    return { generation, note };
  };
  const newest = async (origin: string): Promise<Witnessed | null> => {
    for (;;) {
      const last = (await generations(origin)).at(-1);
      if (last === undefined) return null;
      const found = await read(origin, last);
      if (found === null) continue; // It was removed meanwhile, and newer ones are there.
      // Whoever wrote it may have died before its name was durable, and what is signed must be.
      if (synced.get(origin) !== last) await disk.sync(folderOf(origin));
      synced.set(origin, last);
      return found;
    }
  };
  return {
    newest: (origin) => explained(() => newest(origin)),
    replace: (origin, before, note) =>
      explained(async () => {
        const own = folderOf(origin);
        await makeFolderDurably(disk, own);
        const generation = (before?.generation ?? 0) + 1;
        const temporary = join(own, temporaryName());
        try {
          await disk.write(temporary, Buffer.concat([sha256(note), note]));
          await disk.sync(temporary);
          if (!(await disk.link(temporary, fileOf(origin, generation)))) return false;
          await disk.sync(own);
        } finally {
          await disk.remove(temporary).catch(() => undefined);
        }
        const known = await generations(origin);
        if ((known.at(-1) ?? 0) - generation >= KEPT) {
          // We slept while others went on and cleaned up: the number was free again, and means nothing.
          await disk.remove(fileOf(origin, generation));
          return false;
        }
        for (const old of known.slice(0, -KEPT)) await disk.remove(fileOf(origin, old));
        return true;
      }),
    keepEvidence: (origin, note) =>
      explained(async () => {
        const evidence = join(folder, "evidence", hexOf(origin));
        await makeFolderDurably(disk, evidence);
        const name = Buffer.from(sha256(Buffer.from(bodyOf(note), "utf8"))).toString("hex");
        const there = await disk.names(evidence);
        if (there.includes(name) || there.length >= MAX_EVIDENCE) return;
        const temporary = join(folder, "evidence", temporaryName());
        await disk.write(temporary, note);
        await disk.sync(temporary);
        await disk.rename(temporary, join(evidence, name));
        await disk.sync(evidence);
      }),
  };
}

function bodyOf(note: Uint8Array): string {
  const text = Buffer.from(note).toString("utf8");
  return text.slice(0, text.lastIndexOf("\n\n") + 1);
}

function damaged(path: string): RolewrightError {
  return new RolewrightError("RW641", `what the witness saw cannot be read: \`${path}\``, {
    help: "nothing is signed for this log until it is restored; without it, a second history could not be told",
  });
}

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RolewrightError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new RolewrightError("RW641", `what the witness saw cannot be kept: ${why}`, { cause: error });
  }
}
