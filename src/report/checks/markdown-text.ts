import { visible } from "./text.ts";

/** Text of ours or of others for a Markdown comment: what stands in backticks becomes code, and nothing in it is markup, a mention, a link or HTML. */
export function inline(text: string): string {
  const parts = visible(text).split("`");
  // An odd backtick belongs to a name; then nothing is code, and everything is text.
  if (parts.length % 2 === 0) return plain(parts.join("'"));
  return parts.map((part, index) => (index % 2 === 0 ? plain(part) : codeSpan(part))).join("");
}

/** A name or a piece of code in a line: entities in a code element, where nobody is mentioned and nothing is markup. */
export function codeSpan(text: string): string {
  return text === "" ? "" : `<code>${entities(visible(text).replaceAll("\n", " "))}</code>`;
}

/** Lines of code as a block whose fence is longer than any in it. */
export function codeBlock(lines: readonly string[], language: string): string {
  const body = lines.map(visible).join("\n");
  const longest = Math.max(2, ...[...body.matchAll(/`+/gu)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${body}\n${fence}`;
}

function plain(text: string): string {
  return entities(text.replaceAll("\n", " "))
    .replace(/&#(64|35);/gu, (entity) => `${entity}<!-- -->`)
    .replace(/(https?|ftp)&#58;/giu, "$1<!-- -->&#58;")
    .replace(/www\./giu, (match) => `${match.slice(0, 3)}<!-- -->.`);
}

/** Everything that Markdown or HTML could take for markup, as numbers. */
function entities(text: string): string {
  return text.replace(/[&<>"'`*_{}[\]()#+!|~\\@$:^=]/gu, (c) => (READABLE.has(c) ? c : `&#${c.charCodeAt(0)};`));
}

/** These mean nothing inside of a line. */
const READABLE: ReadonlySet<string> = new Set(["(", ")", "+", "=", "'", '"', "{", "}"]);
