/** What a statement's text shows without a parser. Whoever needs more than this asks the server. */

const BLANK = /^(?:\s+|--[^\n]*(?:\n|$))/u;

/** The text from its first word on: white space, comments and opening parentheses before it are left out. */
export function fromFirstWord(text: string): string {
  let rest = text;
  for (;;) {
    const blank = BLANK.exec(rest);
    if (blank !== null) rest = rest.slice(blank[0].length);
    else if (rest.startsWith("/*")) rest = afterComment(rest);
    else if (rest.startsWith("(")) rest = rest.slice(1);
    else return rest;
  }
}

/** Comments nest in PostgreSQL. */
function afterComment(text: string): string {
  let depth = 0;
  for (const mark of text.matchAll(/\/\*|\*\//gu)) {
    depth += mark[0] === "/*" ? 1 : -1;
    if (depth === 0) return text.slice(mark.index + 2);
  }
  return "";
}

/** The first words in upper case, at most six. */
export function firstWords(text: string): readonly string[] {
  const words = fromFirstWord(text)
    .slice(0, 400)
    .replaceAll(/\/\*.*?\*\/|--[^\n]*/gsu, " ")
    .match(/[\p{L}_][\p{L}\d_]*|[^\s\p{L}_]/gu);
  return (words ?? []).slice(0, 6).map((word) => word.toUpperCase());
}

const QUOTED =
  /[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$([\p{L}_][\p{L}\d_]*)?\$.*?\$\1\$|--[^\n]*|\/\*.*?\*\//gsu;

/** The text with a blank for everything in quotes and comments. For looking only: nested comments leave a rest. */
export function bare(text: string): string {
  return text.replaceAll(QUOTED, " ");
}

/** The highest placeholder `$n`; 0: none. */
export function placeholders(text: string): number {
  if (!text.includes("$")) return 0;
  let most = 0;
  for (const [, digits] of bare(text).matchAll(/\$(\d{1,5})/gu)) most = Math.max(most, Number(digits));
  return most;
}

/** Without white space and semicolons at its end. */
export function trimmed(text: string): string {
  return text.replace(/[\s;]+$/u, "");
}

/** It may hold more than one statement, so it must go to the server in a way that takes one only. */
export function maybeSeveral(text: string): boolean {
  return text.includes(";");
}
