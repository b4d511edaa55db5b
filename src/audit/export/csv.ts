import { type LogRow, textAt } from "./row.ts";

const COLUMNS = [
  "type",
  "actor.name",
  "actor.kind",
  "target.name",
  "target.engine",
  "target.database",
  "plan.digest",
  "outcome",
  "error",
  "subject.name",
  "request.id",
  "request.reason",
] as const;

/** The first line. */
export const CSV_HEADER: string = ["index", "time", "id", ...COLUMNS].map(cell).join(",");

/** One entry as a line of CSV (RFC 4180), its index first. */
export function csvRow(row: LogRow): string {
  const { entry, index } = row;
  return [String(index), entry.time, entry.id, ...COLUMNS.map((path) => textAt(row, path) ?? "")].map(cell).join(",");
}

/** What a spreadsheet would take for a formula is made text by an apostrophe. */
function cell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
