import type { SourceLocation } from "../../model/finding.ts";
import { escapeLine } from "./escape.ts";
import { textWidth } from "./width.ts";

/** The files that locations speak of. */
export interface Sources {
  /** The text of a file by the name that locations use; null when it cannot be read any more. */
  text(file: string): string | null;
  /** What a person at this place would open: the name relative to the working directory. */
  name(file: string): string;
}

/** No file can be read: places are printed as they are, without frames. */
export const NO_SOURCES: Sources = { text: () => null, name: (file) => file };

const WIDEST_LINE = 160;

/** The marked line with its number, one line of context above (more with `context`), and a caret under the value. Empty when the file or the line is gone. */
export function codeFrame(location: SourceLocation, sources: Sources, context: number = 1): string[] {
  const text = sources.text(location.file);
  if (text === null) return [];
  const lines = text.split(/\r?\n/).map(maskSecrets);
  const marked = lines[location.line - 1];
  if (marked === undefined || marked.length > WIDEST_LINE) return [];
  const from = Math.max(1, location.line - context);
  const gutter = String(location.line).length;
  const shown = lines
    .slice(from - 1, location.line)
    .map((line, index) => `${String(from + index).padStart(gutter)} | ${show(line)}`.trimEnd());
  return [...shown, `${" ".repeat(gutter)} | ${caret(location, marked)}`];
}

/** `file:line:column`, as editors understand it. */
export function describePlace(location: SourceLocation, sources: Sources): string {
  return `${escapeLine(sources.name(location.file))}:${location.line}:${location.column}`;
}

function caret(location: SourceLocation, line: string): string {
  const characters = Array.from(line);
  const start = Math.min(location.column - 1, characters.length);
  const sameLine = location.endLine === undefined || location.endLine === location.line;
  const marked = sameLine ? (location.endColumn ?? location.column + 1) - 1 : line.trimEnd().length;
  const value = characters.slice(start, Math.max(start + 1, marked)).join("");
  const before = show(characters.slice(0, start).join(""));
  return `${" ".repeat(textWidth(before))}${"^".repeat(Math.max(1, textWidth(show(value))))}`;
}

function show(line: string): string {
  return escapeLine(line.replaceAll("\t", "  "));
}

/** The value of a key that sounds like a secret, unless it only says where the secret is. */
const SECRET_VALUE = /(["']?\b\w*(?:pass(?:wor[dt])?|pwd|secret|token)\b["']?\s*[:=]\s*)(\S.*)$/i;
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)([^\s@]+)(?=@)/gi;

/** A line with every secret in it replaced by stars, as long as it was, so that carets stand where they should: frames end up in logs that others read. */
function maskSecrets(line: string): string {
  const stars = (_match: string, before: string, secret: string): string =>
    /^["']?\$?\{/.test(secret) ? before + secret : before + "*".repeat(secret.length);
  return line.replace(SECRET_VALUE, stars).replace(URL_PASSWORD, stars);
}
