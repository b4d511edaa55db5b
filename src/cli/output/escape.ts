// oxlint-disable-next-line no-control-regex -- control and bidirectional characters are what must not reach a terminal
const HOSTILE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/**
 * Text from a database or a file, safe to print: control, zero-width and bidirectional characters become `\u{...}`. Line feeds and tabs stay.
 * A role called `alice<ESC>[2K` must not be able to erase the line that says what it loses.
 */
export function escapeHostile(text: string): string {
  return text.replace(HOSTILE, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same for one line: line feeds and tabs are escaped too. */
export function escapeLine(text: string): string {
  return escapeHostile(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

/** JSON text with the same characters as `\uXXXX`, which every reader turns back into the exact value. */
export function escapeJson(text: string): string {
  return text.replace(HOSTILE, (c) => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`);
}

/** Text for a terminal whose locale is not UTF-8: everything outside ASCII becomes `\u{...}`. */
export function toAscii(text: string): string {
  // oxlint-disable-next-line no-control-regex -- ASCII is the range that is kept
  return text.replace(/[^\u0000-\u007f]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}
