import { join } from "node:path";

/** Where the parts of a log lie in its folder. */
export interface Folders {
  readonly root: string;
  /** The only part that may be served or mounted elsewhere. */
  readonly tree: string;
  readonly state: string;
  readonly commits: string;
  readonly temporary: string;
  readonly quarantine: string;
  /** A file. */
  readonly settled: string;
  /** A file. */
  readonly reserve: string;
  readonly openings: string;
  readonly people: string;
  readonly blobs: string;
  readonly keys: string;
}

export function foldersOf(root: string): Folders {
  const state = join(root, "state");
  const openings = join(root, "openings");
  return {
    root,
    tree: join(root, "tree"),
    state,
    commits: join(state, "commit"),
    temporary: join(state, "tmp"),
    quarantine: join(state, "quarantine"),
    settled: join(state, "settled"),
    reserve: join(state, "reserve"),
    openings,
    people: join(openings, "people"),
    blobs: join(root, "blobs"),
    keys: join(root, "keys"),
  };
}
