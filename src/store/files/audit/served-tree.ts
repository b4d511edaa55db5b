import { dirname, join, relative, sep } from "node:path";
import type { FrameFile } from "../../../audit/log/frame.ts";
import { decodeUtf8 } from "../../../audit/note/base64.ts";
import { equalBytes } from "../../../audit/tree/hashing.ts";
import { parseTilePath, TILE_WIDTH } from "../../../audit/tree/tiles.ts";
import { damaged } from "./commits.ts";
import { type Disk, temporaryName } from "./disk.ts";
import type { Folders } from "./folders.ts";

/** Puts the files of a frame into the served tree. They are synced later, since the frame has them until then. A file that is there already must be the same, unless a crash may have torn it. */
export async function putFiles(
  disk: Disk,
  folders: Folders,
  { files, mayBeTorn }: { readonly files: readonly FrameFile[]; readonly mayBeTorn: boolean },
): Promise<void> {
  for (const { path, bytes } of files) {
    const file = join(folders.tree, path);
    const there = await disk.read(file);
    if (there !== null && equalBytes(there, bytes)) continue;
    if (there !== null && !(mayBeTorn && isTorn(there, bytes)))
      throw damaged(`\`${path}\` is there already, and is another one`);
    await replaceFile(disk, folders, file, bytes);
  }
}

/** What a crash makes of a file: it is cut short, or parts of it are zeroes. Anything else was done to it. */
function isTorn(there: Uint8Array, wanted: Uint8Array): boolean {
  return there.length <= wanted.length && there.every((byte, at) => byte === 0 || byte === wanted[at]);
}

/** Puts the checkpoint in its place, unless one of more entries is there. */
export async function putCheckpoint(disk: Disk, folders: Folders, note: Uint8Array): Promise<void> {
  const file = join(folders.tree, "checkpoint");
  const there = await disk.read(file);
  if (there !== null && sizeIn(there) > sizeIn(note)) return;
  await replaceFile(disk, folders, file, note);
}

/** The size as it stands in a note, believed only to compare two of our own. */
function sizeIn(note: Uint8Array): number {
  const size = Number((decodeUtf8(note) ?? "").split("\n")[1] ?? "");
  return Number.isSafeInteger(size) ? size : 0;
}

async function replaceFile(disk: Disk, folders: Folders, file: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(folders.temporary, temporaryName());
  await disk.write(temporary, bytes);
  try {
    await disk.rename(temporary, file);
  } catch {
    // The folder may be a new one: making it before each file would cost a call for each.
    await disk.makeFolder(dirname(file));
    await disk.rename(temporary, file);
  }
}

/** Waits until these files and all folders above them are on the medium. */
export async function syncFiles(disk: Disk, folders: Folders, paths: Iterable<string>): Promise<void> {
  const above = new Set<string>([folders.tree]);
  for (const path of paths) {
    const file = join(folders.tree, path);
    await disk.sync(file);
    for (let folder = dirname(file); folder.startsWith(folders.tree); folder = dirname(folder)) above.add(folder);
  }
  for (const folder of [...above].sort((a, b) => b.length - a.length)) await disk.sync(folder);
}

/** Removes the partial tiles of those that are whole among these paths. */
export async function removePartials(disk: Disk, folders: Folders, paths: Iterable<string>): Promise<void> {
  for (const path of paths) {
    if (parseTilePath(path)?.width !== TILE_WIDTH) continue;
    const folder = join(folders.tree, `${path}.p`);
    for (const name of await disk.names(folder)) await disk.remove(join(folder, name));
    await disk.remove(folder);
  }
}

/** Every path in the served tree. */
export async function* listTree(disk: Disk, folders: Folders, folder: string = folders.tree): AsyncIterable<string> {
  for (const name of await disk.names(folder)) {
    const path = join(folder, name);
    const inside = await disk.names(path);
    if (inside.length > 0) yield* listTree(disk, folders, path);
    else if ((await disk.read(path).catch(() => null)) !== null)
      yield relative(folders.tree, path).split(sep).join("/");
  }
}
