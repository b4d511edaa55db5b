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

/** The order in which pieces can be made: what is needed first. Pieces of one circle stand together. */
export function inOrder(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
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
