import { basename, dirname } from "node:path";
import type { Disk } from "../../src/store/files/audit/disk.ts";

interface FileNode {
  readonly kind: "file";
  now: Uint8Array;
  /** What is on the medium. */
  synced: Uint8Array;
}

interface FolderNode {
  readonly kind: "folder";
  now: Map<string, Node>;
  synced: Map<string, Node>;
}

type Node = FileNode | FolderNode;

/** A disk in memory that knows what is on the medium and what is only in its cache. */
export interface SimulatedDisk extends Disk {
  /** How many operations were done. */
  readonly operations: number;
  /** A new disk with what a power loss may leave: of everything that was not synced any part, as the random numbers say. */
  afterPowerLoss(random: () => number): SimulatedDisk;
  /** The same disk once more, to be interrupted in another way. */
  copy(interrupt: Interrupt): SimulatedDisk;
}

/** What happens at an operation, by its number: an error is thrown instead of doing it. */
export type Interrupt = (operation: number) => Error | null;

/** An empty disk. `interrupt` is asked before each operation. */
export function simulatedDisk(interrupt: Interrupt = () => null, root: FolderNode = newFolder()): SimulatedDisk {
  let operations = 0;
  const step = (): void => {
    const error = interrupt(operations++);
    if (error !== null) throw error;
  };
  const find = (path: string): Node | undefined => {
    let node: Node | undefined = root;
    for (const name of path.split("/").filter((part) => part !== "")) {
      node = node?.kind === "folder" ? node.now.get(name) : undefined;
    }
    return node;
  };
  const folderOf = (path: string): FolderNode => {
    const folder = find(dirname(path));
    if (folder?.kind !== "folder") throw systemError("ENOENT", path);
    return folder;
  };
  return {
    get operations() {
      return operations;
    },
    copy: (interrupt) =>
      simulatedDisk(
        interrupt,
        surviving(root, () => 0),
      ),
    afterPowerLoss: (random) => simulatedDisk(() => null, surviving(root, random)),
    async read(path) {
      const node = find(path);
      return node?.kind === "file" ? node.now : null;
    },
    async names(path) {
      const node = find(path);
      return node?.kind === "folder" ? [...node.now.keys()] : [];
    },
    async write(path, bytes) {
      step();
      const folder = folderOf(path);
      if (folder.now.has(basename(path))) throw systemError("EEXIST", path);
      folder.now.set(basename(path), { kind: "file", now: Uint8Array.from(bytes), synced: new Uint8Array(0) });
    },
    async sync(path) {
      step();
      const node = find(path);
      if (node === undefined) throw systemError("ENOENT", path);
      if (node.kind === "file") node.synced = node.now;
      else node.synced = new Map(node.now);
    },
    async link(from, to) {
      step();
      const node = find(from);
      if (node === undefined) throw systemError("ENOENT", from);
      const folder = folderOf(to);
      if (folder.now.has(basename(to))) return false;
      folder.now.set(basename(to), node);
      return true;
    },
    async rename(from, to) {
      step();
      const node = find(from);
      if (node === undefined) throw systemError("ENOENT", from);
      folderOf(to).now.set(basename(to), node);
      folderOf(from).now.delete(basename(from));
    },
    async remove(path) {
      step();
      const folder = find(dirname(path));
      if (folder?.kind === "folder") folder.now.delete(basename(path));
    },
    async makeFolder(path) {
      step();
      let first: string | null = null;
      let [node, at] = [root, ""];
      for (const name of path.split("/").filter((part) => part !== "")) {
        at = `${at}/${name}`;
        const next = node.now.get(name) ?? newFolder();
        if (next.kind === "file") throw systemError("ENOTDIR", path);
        if (!node.now.has(name)) first ??= at;
        node.now.set(name, next);
        node = next;
      }
      return first;
    },
    async writtenAt(path) {
      return find(path)?.kind === "file" ? 0 : null;
    },
  };
}

/** What a system call fails with. */
export function systemError(code: string, path = ""): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

function newFolder(): FolderNode {
  return { kind: "folder", now: new Map(), synced: new Map() };
}

function surviving(folder: FolderNode, random: () => number): FolderNode {
  const copies = new Map<Node, Node>();
  const copy = (node: Node): Node => {
    const known = copies.get(node);
    if (known !== undefined) return known;
    const made: Node = node.kind === "file" ? tornFile(node, random) : newFolder();
    copies.set(node, made);
    if (node.kind === "file" || made.kind === "file") return made;
    for (const name of new Set([...node.now.keys(), ...node.synced.keys()])) {
      const kept = random() < 0.5 ? node.now.get(name) : node.synced.get(name);
      if (kept !== undefined) made.now.set(name, copy(kept));
    }
    made.synced = new Map(made.now);
    return made;
  };
  const made = copy(folder);
  return made.kind === "folder" ? made : newFolder();
}

/** Bytes that were not synced are there, or not, or cut short, or zeroes. */
function tornFile({ now, synced }: FileNode, random: () => number): FileNode {
  const ways = [now, synced, now.subarray(0, Math.floor(now.length * random())), new Uint8Array(now.length)];
  const bytes = Buffer.compare(now, synced) === 0 ? now : (ways[Math.floor(random() * ways.length)] ?? synced);
  return { kind: "file", now: bytes, synced: bytes };
}
