/** Total orders. Everything that reaches a plan, a digest, a file or a screen is sorted by one of these. */

export type Comparator<T> = (a: T, b: T) => number;

/** Order by UTF-16 code units: the same on every machine and in every locale, unlike `localeCompare`. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Order arrays of text element by element; a prefix comes first. */
export function compareParts(a: readonly string[], b: readonly string[]): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const order = compareText(a[i] ?? "", b[i] ?? "");
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Order by several keys, the first one that differs decides. Booleans sort false first, `null` before everything. */
export function compareBy<T>(...keys: readonly ((value: T) => string | number | boolean | null)[]): Comparator<T> {
  return (a, b) => {
    for (const key of keys) {
      const order = compareKey(key(a), key(b));
      if (order !== 0) return order;
    }
    return 0;
  };
}

function compareKey(x: string | number | boolean | null, y: string | number | boolean | null): number {
  if (x === y) return 0;
  if (x === null) return -1;
  if (y === null) return 1;
  if (typeof x === "string" && typeof y === "string") return compareText(x, y);
  return Number(x) - Number(y);
}

/** A sorted copy. */
export function sorted<T>(items: Iterable<T>, compare: Comparator<T>): T[] {
  return [...items].sort(compare);
}

/** Sorted distinct text: the form in which every set of names is kept. */
export function sortedText(items: Iterable<string>): string[] {
  return [...new Set(items)].sort(compareText);
}
