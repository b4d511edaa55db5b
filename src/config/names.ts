/**
 * Names and patterns as they are written in a manifest: parts joined by dots, `*` and `?` match within one part, a part that holds anything special stands in double quotes.
 * Nothing is ever folded.
 */

/** One part of a name; `wild` when it was written with `*` or `?`. */
export interface NamePart {
  readonly text: string;
  readonly wild: boolean;
}

/** A written name. `args` are a routine's input types in normal form, `*` for any, or null when they were not written. */
export interface NamePattern {
  readonly parts: readonly NamePart[];
  readonly args: string | null;
}

/** Where in the text something is wrong, and what. */
export class NameError extends Error {
  readonly offset: number;
  readonly length: number;
  constructor(message: string, offset: number, length: number) {
    super(message);
    this.offset = offset;
    this.length = length;
  }
}

const BARE = /[^\s."(),]/u;

/** Reads a dotted name at `offset`; gives it and where it ends. Throws NameError. */
export function readName(text: string, offset: number): { readonly name: NamePattern; readonly end: number } {
  const parts: NamePart[] = [];
  let at = offset;
  for (;;) {
    const part = readPart(text, at);
    parts.push(part.part);
    at = part.end;
    if (text[at] !== ".") break;
    at++;
  }
  if (text[at] !== "(") return { name: { parts, args: null }, end: at };
  const close = closingParen(text, at);
  return { name: { parts, args: normalArgs(text.slice(at + 1, close)) }, end: close + 1 };
}

/** Reads text that holds one name and nothing else. Throws NameError. */
export function parseName(text: string): NamePattern {
  const { name, end } = readName(text, 0);
  if (end !== text.length) throw new NameError(unexpected(text, end), end, text.length - end);
  return name;
}

/** Reads one part: quoted, or bare. Throws NameError. */
export function readPart(text: string, offset: number): { readonly part: NamePart; readonly end: number } {
  if (text[offset] === '"') return readQuoted(text, offset);
  let end = offset;
  while (end < text.length && BARE.test(text[end] ?? "")) end++;
  if (end === offset) {
    const message = offset >= text.length ? "expected a name, found the end of the text" : unexpected(text, offset);
    throw new NameError(message, offset, 1);
  }
  const bare = text.slice(offset, end);
  return { part: { text: bare, wild: /[*?]/u.test(bare) }, end };
}

function readQuoted(text: string, offset: number): { readonly part: NamePart; readonly end: number } {
  let value = "";
  for (let at = offset + 1; at < text.length; at++) {
    if (text[at] !== '"') {
      value += text[at];
    } else if (text[at + 1] === '"') {
      value += '"';
      at++;
    } else {
      if (value === "") throw new NameError("a name cannot be empty", offset, at + 1 - offset);
      return { part: { text: value, wild: false }, end: at + 1 };
    }
  }
  throw new NameError("a quoted name does not end: its closing quote is missing", offset, text.length - offset);
}

function closingParen(text: string, open: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = open; at < text.length; at++) {
    const char = text[at];
    if (char === '"') quoted = !quoted;
    if (quoted) continue;
    if (char === "(") depth++;
    if (char === ")" && --depth === 0) return at;
  }
  throw new NameError("a parenthesis is not closed", open, text.length - open);
}

/** Input types as the catalog prints them: one comma and one space between, no other white space added or lost inside quotes. */
function normalArgs(text: string): string {
  return splitTop(text)
    .map((arg) => arg.trim())
    .filter((arg) => arg !== "")
    .join(", ");
}

function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') quoted = !quoted;
    if (quoted) continue;
    if (char === "(") depth++;
    if (char === ")") depth--;
    if (char === "," && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

function unexpected(text: string, offset: number): string {
  return `unexpected \`${text.slice(offset, offset + 12)}\``;
}

/** A name as it has to be written in a manifest: bare where nothing in it is special, in double quotes elsewhere. */
export function printPart(name: string): string {
  return /^[^\s."(),*?]+$/u.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** The inverse of `parseName`. */
export function printName(name: NamePattern): string {
  const dotted = name.parts.map((part) => (part.wild ? part.text : printPart(part.text))).join(".");
  return name.args === null ? dotted : `${dotted}(${name.args})`;
}

/** Whether any part was written with a wildcard. */
export function isWild(name: NamePattern): boolean {
  return name.args === "*" || name.parts.some((part) => part.wild);
}

/** A pattern over single names (roles, schemas): the whole text is one part, dots and spaces included; in double quotes it is literal. Throws NameError. */
export function parseSinglePattern(text: string): NamePart {
  if (!text.startsWith('"')) return { text, wild: /[*?]/u.test(text) };
  const { part, end } = readQuoted(text, 0);
  if (end !== text.length) throw new NameError(unexpected(text, end), end, text.length - end);
  return part;
}

/** A test for one part: exact, or by wildcards over code points. */
export function partMatcher(part: NamePart): (name: string) => boolean {
  if (!part.wild) return (name) => name === part.text;
  if (part.text === "*") return () => true;
  const pattern = Array.from(part.text).map((char) => {
    if (char === "*") return "[^]*";
    if (char === "?") return "[^]";
    return char.replace(/[\\^$.*+?()[\]{}|/-]/u, String.raw`\$&`);
  });
  const expression = new RegExp(`^${pattern.join("")}$`, "u");
  return (name) => expression.test(name);
}

/** A test for a single name against any of several patterns. */
export function anyMatcher(patterns: readonly string[]): (name: string) => boolean {
  const tests = patterns.map((pattern) => partMatcher(parseSinglePattern(pattern)));
  return (name) => tests.some((test) => test(name));
}
