/** The longest entry: its length is written in two bytes. */
export const MAX_ENTRY_BYTES = 65_535;

/** The bytes of a bundle: each entry behind its length, in two bytes, high one first. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(entries.flatMap((entry) => [lengthOf(entry), entry]));
}

function lengthOf(entry: Uint8Array): Uint8Array {
  if (entry.length > MAX_ENTRY_BYTES) throw new RangeError(`an entry of ${entry.length} bytes fits no bundle`);
  return Uint8Array.of((entry.length - (entry.length % 256)) / 256, entry.length % 256);
}

/** The first `count` entries of a bundle and how many bytes follow them; null where it holds fewer. */
export function decodeBundle(
  bytes: Uint8Array,
  count: number,
): { readonly entries: readonly Uint8Array[]; readonly left: number } | null {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (entries.length < count) {
    const [high, low] = [bytes[at], bytes[at + 1]];
    if (high === undefined || low === undefined) return null;
    const end = at + 2 + high * 256 + low;
    if (end > bytes.length) return null;
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return { entries, left: bytes.length - at };
}
