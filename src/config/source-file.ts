import type { Finding, SourceLocation } from "../model/finding.ts";

/** A path into a manifest: keys and list indexes. */
export type ManifestPath = readonly (string | number)[];

/** A piece of a text value, in UTF-16 units from its start. */
export interface TextRange {
  readonly offset: number;
  readonly length: number;
}

/** One manifest file as it was read. */
export interface SourceFile {
  /** Relative to the folder of the first file, with forward slashes. */
  readonly file: string;
  readonly text: string;
  /** Plain data; undefined when it could not be read at all. */
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** Where the value at `path` stands: a map or list by its key, anything else by itself. With a range, that piece of a one-line text. The nearest place around when there is none. */
  locate(path: ManifestPath, range?: TextRange): SourceLocation;
  /** Where the key that `path` ends with stands. */
  locateKey(path: ManifestPath): SourceLocation;
}

/** A file whose positions are not known: a manifest in TypeScript. */
export function unpositioned(file: string, text: string, value: unknown, findings: readonly Finding[]): SourceFile {
  const location: SourceLocation = { file, line: 1, column: 1 };
  return { file, text, value, findings, locate: () => location, locateKey: () => location };
}
