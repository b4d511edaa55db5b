import type { Json } from "../../base/digest.ts";
import { isCommitment, type Opening, opens } from "../entry/commitment.ts";
import { type Entry, readEntry } from "../entry/read.ts";
import { fault } from "../fault.ts";

/** An entry as it is shown and exported: with its place, and with what opens it where that was not erased. */
export interface LogRow {
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly entry: Entry;
  /** Every personal field by its path; null where it was erased. */
  readonly opened: ReadonlyMap<string, string | null>;
}

/** Puts an entry together with what opens it. Throws RW619 for what is no entry, RW632 where an opening is not the one that the entry is committed to. */
export function openRow(index: number, bytes: Uint8Array, openings: readonly Opening[]): LogRow {
  const entry = readEntry(bytes);
  if (typeof entry === "string") throw fault("RW619", `entry ${index} is no entry: ${entry}`, { index });
  const opened = new Map<string, string | null>();
  const walk = (value: Json | undefined, path: string): void => {
    if (typeof value !== "object" || value === null) return;
    if (!isCommitment(value)) {
      for (const [key, each] of Object.entries(value)) walk(each, path === "" ? key : `${path}.${key}`);
      return;
    }
    const opening = openings.find((each) => each.path === path && each.entry === entry.id);
    if (opening !== undefined && !opens(opening, value)) {
      throw fault("RW632", `what is kept for \`${path}\` of entry ${index} is not what the entry is committed to`, {
        index,
        path,
      });
    }
    opened.set(path, opening?.value ?? null);
  };
  walk(entry.fields, "");
  return { index, bytes, entry, opened };
}

/** A field in clear by its path: as it stands, or opened; null where there is none or it was erased. */
export function textAt({ entry, opened }: LogRow, path: string): string | null {
  if (opened.has(path)) return opened.get(path) ?? null;
  let value: Json | undefined = entry.fields;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null) return null;
    value = (value as Readonly<Record<string, Json | undefined>>)[key];
  }
  return typeof value === "string"
    ? value
    : typeof value === "number" || typeof value === "boolean"
      ? String(value)
      : null;
}

/** The entry with its personal fields in clear, `null` for those that were erased. */
export function clearFields({ entry, opened }: LogRow): Json {
  const walk = (value: Json, path: string): Json => {
    if (typeof value !== "object" || value === null) return value;
    if (opened.has(path)) return opened.get(path) ?? null;
    if (Array.isArray(value)) return value.map((each: Json, at) => walk(each, `${path}.${at}`));
    const fields = Object.entries(value as Readonly<Record<string, Json>>);
    return Object.fromEntries(fields.map(([key, each]) => [key, walk(each, path === "" ? key : `${path}.${key}`)]));
  };
  return walk(entry.fields, "");
}
