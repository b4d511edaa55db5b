import type { SourceLocation } from "../../model/finding.ts";
import { escapeLine } from "./escape.ts";
import { textWidth } from "./width.ts";

/** The text of a file by the name that locations use; null when it cannot be read any more. */
export type Sources = (file: string) => string | null;

const WIDEST_LINE = 160;

/** The marked line with its number, one line of context above (more with `context`), and a caret under the value. Empty when the file or the line is gone. */
export function codeFrame(location: SourceLocation, sources: Sources, context: number = 1): string[] {
  const text = sources(location.file);
  if (text === null) return [];
  const lines = text.split(/\r?\n/);
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
export function describePlace(location: SourceLocation): string {
  return `${escapeLine(location.file)}:${location.line}:${location.column}`;
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
