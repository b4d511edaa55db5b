import type { CheckFinding } from "../../model/check-finding.ts";
import type { Finding, SourceLocation } from "../../model/finding.ts";

/** How a file of the manifest is called where a report is read: relative to the root of its repository, with slashes. */
export type PathOf = (file: string) => string;

// oxlint-disable-next-line no-control-regex -- control and bidirectional characters are what must not reach a reader
const HOSTILE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]/gu;

/** Text in which everything can be seen: control, zero-width and bidirectional characters become `\u{...}`, halves of surrogate pairs too. Line feeds stay. */
export function visible(text: string): string {
  return text
    .replace(HOSTILE, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`)
    .replace(/\p{Surrogate}/gu, (c) => `\\u{${c.charCodeAt(0).toString(16)}}`);
}

/** Where a finding stands, as `file:line:column`; empty where it has no place. */
export function placeText(location: SourceLocation | undefined, pathOf: PathOf): string {
  return location === undefined ? "" : `${visible(pathOf(location.file))}:${location.line}:${location.column}`;
}

/** The finding as one of a check of the catalogue; null for every other. */
export function asCheckFinding(finding: Finding): CheckFinding | null {
  return "danger" in finding && "mend" in finding ? (finding as CheckFinding) : null;
}

/** The text, or its beginning where it is longer than this many characters. */
export function atMost(text: string, characters: number): string {
  const all = Array.from(text);
  return all.length <= characters ? text : `${all.slice(0, characters - 1).join("")}…`;
}
