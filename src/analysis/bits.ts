/** A set of small integers: bit `i` of word `i >>> 5`. Sets that are combined have the same length. */
export type Bits = Uint32Array;

/** The empty set over `size` integers. */
export function emptyBits(size: number): Bits {
  return new Uint32Array((size + 31) >>> 5);
}

export function hasBit(set: Bits, item: number): boolean {
  return (((set[item >>> 5] as number) >>> (item & 31)) & 1) === 1;
}

export function addBit(set: Bits, item: number): void {
  const word = item >>> 5;
  set[word] = (set[word] as number) | (1 << (item & 31));
}

export function removeBit(set: Bits, item: number): void {
  const word = item >>> 5;
  set[word] = (set[word] as number) & ~(1 << (item & 31));
}

/** Adds all of `other` to `set`. */
export function addBits(set: Bits, other: Bits): void {
  for (let i = 0; i < set.length; i++) set[i] = (set[i] as number) | (other[i] as number);
}

/** Takes all of `other` out of `set`. */
export function removeBits(set: Bits, other: Bits): void {
  for (let i = 0; i < set.length; i++) set[i] = (set[i] as number) & ~(other[i] as number);
}

/** Keeps only what is in `other` too. */
export function keepBits(set: Bits, other: Bits): void {
  for (let i = 0; i < set.length; i++) set[i] = (set[i] as number) & (other[i] as number);
}

export function isEmpty(set: Bits): boolean {
  for (let i = 0; i < set.length; i++) if (set[i] !== 0) return false;
  return true;
}

export function sameBits(a: Bits, b: Bits): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** What is in the set, ascending. */
export function listBits(set: Bits): number[] {
  const items: number[] = [];
  for (let i = 0; i < set.length; i++) {
    let word = set[i] as number;
    while (word !== 0) {
      items.push(i * 32 + 31 - Math.clz32(word & -word));
      word &= word - 1;
    }
  }
  return items;
}

/** A square table of sets, one row an integer, in one piece of memory: 10,000 rows take 12.5 MB. */
export interface BitTable {
  readonly words: number;
  readonly cells: Uint32Array;
}

export function bitTable(size: number): BitTable {
  const words = (size + 31) >>> 5;
  return { words, cells: new Uint32Array(size * words) };
}

/** The row itself, not a copy. */
export function bitRow(table: BitTable, row: number): Bits {
  return table.cells.subarray(row * table.words, (row + 1) * table.words);
}

export function hasCell(table: BitTable, row: number, item: number): boolean {
  return (((table.cells[row * table.words + (item >>> 5)] as number) >>> (item & 31)) & 1) === 1;
}

/** Adds a row of a table to a set, without making the row a set first. */
export function addTableRow(into: Bits, table: BitTable, row: number): void {
  const { words, cells } = table;
  for (let i = 0, a = row * words; i < words; i++, a++) into[i] = (into[i] as number) | (cells[a] as number);
}

/** Adds row `from` to row `into`; true when that added anything. */
export function addRow(table: BitTable, into: number, from: number): boolean {
  const { words, cells } = table;
  let added = 0;
  for (let i = 0, a = into * words, b = from * words; i < words; i++, a++, b++) {
    const before = cells[a] as number;
    const after = before | (cells[b] as number);
    added |= before ^ after;
    cells[a] = after;
  }
  return added !== 0;
}
