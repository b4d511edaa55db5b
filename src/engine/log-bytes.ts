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
