/** Whether the bytes at a place are these ASCII characters. */
export function startsWithAt(bytes: Uint8Array, at: number, ascii: string): boolean {
  for (let i = 0; i < ascii.length; i++) if (bytes[at + i] !== ascii.charCodeAt(i)) return false;
  return true;
}

/** Whether a time like `2026-11-20 10:00:00.123 ` stands there. */
export function timeAt(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < PATTERN.length; i++) {
    const expected = PATTERN.charCodeAt(i);
    const found = bytes[at + i] ?? 0;
    if (expected === 48 ? found < 48 || found > 57 : found !== expected) return false;
  }
  return true;
}

const PATTERN = "0000-00-00 00:00:00";
