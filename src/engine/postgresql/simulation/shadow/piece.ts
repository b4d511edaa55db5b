import type { RoleName } from "../../../../model/role.ts";

/** One object to make in a database. */
export interface Piece {
  /** Catalog and oid on the target: `pg_class 16400`. */
  readonly id: string;
  /** What people call it, for a gap: `table public.map`. */
  readonly name: string;
  /** The role that it is made as; null: the administrator. */
  readonly owner: RoleName | null;
  readonly statements: readonly string[];
  /** For circles: what makes enough of it for the others, and what completes it once they are there. */
  readonly sketch?: { readonly statements: readonly string[]; readonly completing: readonly string[] };
  /** The ids of what must be there before. Ids that are no piece are ignored. */
  readonly needs: ReadonlySet<string>;
}

/** Pieces that need nothing of each other, only of the levels before: by themselves, or in circles of pieces that need each other. */
export interface Level {
  readonly alone: readonly Piece[];
  readonly circles: readonly (readonly Piece[])[];
}

/** The order in which pieces can be made. */
export function inLevels(pieces: readonly Piece[]): readonly Level[] {
  const levels: { alone: Piece[]; circles: (readonly Piece[])[] }[] = [];
  const levelOf = new Map<string, number>();
  for (const circle of inOrder(pieces)) {
    let level = 0;
    for (const piece of circle) for (const id of piece.needs) level = Math.max(level, (levelOf.get(id) ?? -1) + 1);
    for (const piece of circle) levelOf.set(piece.id, level);
    levels[level] ??= { alone: [], circles: [] };
    const [only] = circle;
    if (circle.length === 1 && only !== undefined && !only.needs.has(only.id)) levels[level]?.alone.push(only);
    else levels[level]?.circles.push(circle);
  }
  return levels;
}

/** What is needed first. Pieces of one circle stand together. */
function inOrder(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  const byId = new Map(pieces.map((piece) => [piece.id, piece]));
  const circles: Piece[][] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: Piece[] = [];
  const isOpen = new Set<string>();
  // Tarjan's algorithm, with a stack of its own: chains of views are longer than the call stack is deep.
  for (const root of pieces) {
    if (index.has(root.id)) continue;
    const work: { readonly piece: Piece; readonly needs: Iterator<string> }[] = [];
    const enter = (piece: Piece): void => {
      index.set(piece.id, index.size);
      low.set(piece.id, index.get(piece.id) ?? 0);
      open.push(piece);
      isOpen.add(piece.id);
      work.push({ piece, needs: piece.needs.values() });
    };
    enter(root);
    for (let top = work.at(-1); top !== undefined; top = work.at(-1)) {
      const { piece, needs } = top;
      const next = needs.next();
      if (next.done !== true) {
        const needed = byId.get(next.value);
        if (needed === undefined || needed === piece) continue;
        if (!index.has(needed.id)) enter(needed);
        else if (isOpen.has(needed.id)) low.set(piece.id, Math.min(at(low, piece), at(index, needed)));
        continue;
      }
      work.pop();
      const above = work.at(-1);
      if (above !== undefined) low.set(above.piece.id, Math.min(at(low, above.piece), at(low, piece)));
      if (at(low, piece) === at(index, piece)) circles.push(closeCircle(piece, open, isOpen));
    }
  }
  return circles;
}

function closeCircle(root: Piece, open: Piece[], isOpen: Set<string>): Piece[] {
  const circle: Piece[] = [];
  for (;;) {
    const piece = open.pop();
    if (piece === undefined) return circle;
    isOpen.delete(piece.id);
    circle.push(piece);
    if (piece === root) return circle;
  }
}

function at(numbers: ReadonlyMap<string, number>, piece: Piece): number {
  return numbers.get(piece.id) ?? 0;
}
