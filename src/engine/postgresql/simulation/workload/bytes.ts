/** Longer records are cut: their statement is not looked into. */
export const MOST_RECORD: number = 8 * 1024 * 1024;

/** Text of a log's bytes: UTF-8 where it is that, else one character a byte, so that no byte can end a quote that another encoding would not. */
export function textOf(bytes: Buffer, from: number, to: number): string {
  for (let at = from; at < to; at++) {
    if ((bytes[at] as number) > 127) {
      const text = bytes.toString("utf8", from, to);
      return text.includes("\ufffd") ? bytes.toString("latin1", from, to) : text;
    }
  }
  return bytes.toString("latin1", from, to);
}

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
