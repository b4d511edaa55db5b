/** What words stand for, found by their bytes: a tree has hundreds, and no string is made of those that were met before. `make` is asked once for each word. */
export function wordsOf<T>(make: (word: string) => T): (bytes: Uint8Array, from: number, to: number) => T {
  const buckets: Known<T>[][] = Array.from({ length: BUCKETS }, () => []);
  return (bytes, from, to) => {
    const key = ((to - from) * 37 + (bytes[from] as number) * 5 + (bytes[to - 1] as number) * 11) % BUCKETS;
    const bucket = buckets[key] as Known<T>[];
    for (const known of bucket) {
      if (isSame(known.word, bytes, from, to)) return known.means;
    }
    const word = Uint8Array.from(bytes.subarray(from, to));
    const means = make(Buffer.from(word).toString("utf8"));
    bucket.push({ word, means });
    return means;
  };
}

interface Known<T> {
  readonly word: Uint8Array;
  readonly means: T;
}

const BUCKETS = 128;

function isSame(word: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (word.length !== to - from) return false;
  for (let at = 0; at < word.length; at++) {
    if (word[at] !== bytes[from + at]) return false;
  }
  return true;
}
