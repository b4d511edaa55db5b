/** A seeded source of choices: the same seed gives the same choices on every machine. */
export interface Random {
  /** A whole number from 0 up to, not including, `below`. */
  int(below: number): number;
  chance(probability: number): boolean;
  /** Throws on an empty list: a generator that silently picks nothing tests nothing. */
  pick<T>(items: readonly T[]): T;
  /** Distinct items, at least `least` where there are as many, at most `most`, in the order of `items`. */
  some<T>(items: readonly T[], least: number, most: number): T[];
}

/** Mulberry32: 32 bits of state, good enough to wander through a space of states. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const int = (below: number): number => Math.floor(next() * below);
  const pick = <T>(items: readonly T[]): T => {
    const item = items[int(items.length)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  };
  return {
    int,
    chance: (probability) => next() < probability,
    pick,
    some: (items, least, most) => {
      const count = Math.min(items.length, least + int(most - least + 1));
      const left = items.map((_, index) => index);
      const taken = new Set<number>();
      while (taken.size < count) taken.add(left.splice(int(left.length), 1)[0] ?? 0);
      return items.filter((_, index) => taken.has(index));
    },
  };
}
