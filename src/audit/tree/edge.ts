import { EMPTY_ROOT, leafHash, nodeHash } from "./hashing.ts";
import { rootOf } from "./merkle.ts";
import { TILE_WIDTH } from "./tiles.ts";

/**
 * The right edge of a tree: the hashes of the partial tile of each level, lowest first. It alone determines the root, and it is all that is needed to go on.
 * A level that ends with a whole tile has none.
 */
export interface Edge {
  readonly size: number;
  readonly levels: readonly (readonly Uint8Array[])[];
}

/** The edge of an empty tree. */
export const EMPTY_EDGE: Edge = { size: 0, levels: [] };

/** A tile that became whole while the tree grew. */
export interface WholeTile {
  readonly level: number;
  readonly index: number;
  readonly hashes: readonly Uint8Array[];
}

/** The edge after more entries, with every tile that became whole on the way, in the order in which they did. */
export function growEdge(
  edge: Edge,
  entries: readonly Uint8Array[],
): { readonly edge: Edge; readonly whole: readonly WholeTile[] } {
  const levels = edge.levels.map((hashes) => [...hashes]);
  const whole: WholeTile[] = [];
  let size = edge.size;
  for (const entry of entries) {
    size += 1;
    let hash = leafHash(entry);
    for (let level = 0; ; level++) {
      const hashes = (levels[level] ??= []);
      hashes.push(hash);
      if (hashes.length < TILE_WIDTH) break;
      whole.push({ level, index: size / TILE_WIDTH ** (level + 1) - 1, hashes });
      levels[level] = [];
      hash = rootOf(hashes);
    }
  }
  return { edge: { size, levels }, whole };
}

/** The root that an edge determines: its subtrees folded from the right, smallest first. */
export function edgeRoot({ levels }: Pick<Edge, "levels">): Uint8Array {
  let root: Uint8Array | null = null;
  for (const hashes of levels) {
    for (const subtree of wholeSubtrees(hashes)) root = root === null ? subtree : nodeHash(subtree, root);
  }
  return root ?? EMPTY_ROOT;
}

/** The roots of the largest whole subtrees that a row of hashes falls into, smallest (rightmost) first. */
function wholeSubtrees(hashes: readonly Uint8Array[]): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  let end = hashes.length;
  for (let width = 1; end > 0; width *= 2) {
    if (end % (width * 2) === 0) continue;
    found.push(rootOf(hashes.slice(end - width, end)));
    end -= width;
  }
  return found;
}
