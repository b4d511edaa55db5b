// oxlint-disable-next-line no-control-regex -- colour codes take no room on the screen
const COLOUR_CODES = /\u001b\[[0-9;]*m/g;
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const MARK = /\p{Mark}/u;

/** How many columns of a terminal some text takes: wide characters take two, combining marks and colour codes none. */
export function textWidth(text: string): number {
  const bare = text.replace(COLOUR_CODES, "");
  let width = 0;
  for (const character of bare) width += MARK.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** The text filled up with spaces to a width; longer text stays as it is. */
export function padTo(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - textWidth(text)));
}

/** Breaks text at spaces into lines of at most `width` columns. A single word that is longer keeps a line of its own, since names are never cut. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && textWidth(line) + 1 + textWidth(word) > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** The widest word: below this width a column cannot be wrapped without cutting a name. */
export function widestWord(text: string): number {
  return Math.max(0, ...text.split(" ").map(textWidth));
}
