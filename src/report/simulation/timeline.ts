import type { Effect } from "../../simulation/simulation.ts";
import { text } from "./escape.ts";

/** Days that a row shows; a longer window is drawn by weeks, then by months. */
const MOST_CELLS = 100;
/** Rows that are drawn. */
const MOST_ROWS = 12;
const CELL = 9;
const ROW = 20;
const LEFT = 190;

/** When the statements that break were used: a row for each role, a cell for each day, week or month, as a picture with words for those who do not see it. */
export function timeline(
  effects: readonly Effect[],
  { from, to }: { readonly from: string; readonly to: string },
): string {
  const roles = new Map<string, Set<string>>();
  for (const { role, days } of effects) {
    const seen = roles.get(role) ?? new Set<string>();
    for (const day of days) seen.add(day);
    roles.set(role, seen);
  }
  if (roles.size === 0) return "";
  const first = startOf(from);
  const days = Math.floor((startOf(to) - first) / DAY) + 1;
  const step = days <= MOST_CELLS ? 1 : days <= 7 * MOST_CELLS ? 7 : 30;
  const cells = Math.min(Math.ceil(days / step), 400);
  const rows = [...roles].slice(0, MOST_ROWS);
  const width = LEFT + cells * CELL + 10;
  const height = (rows.length + 1) * ROW + 8;
  const drawn = rows.map(([role, seen], row) => drawRow({ role, seen, row, first, cells, step })).join("");
  const unit = step === 1 ? "day" : step === 7 ? "week" : "30 days";
  const label = rows.map(([role, seen]) => `${role} on ${seen.size} days`).join(", ");
  const more = roles.size > rows.length ? `<p>and ${roles.size - rows.length} more roles</p>` : "";
  return `<figure><figcaption>When what breaks was used; a square is a ${unit}</figcaption><div class="wide"><svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${text(label)}">${drawn}<text x="${LEFT}" y="${height - 6}">${from.slice(0, 10)}</text><text x="${width - 10}" y="${height - 6}" text-anchor="end">${to.slice(0, 10)}</text></svg></div>${more}</figure>`;
}

const DAY = 86_400_000;

function startOf(instant: string): number {
  return Math.floor(Date.parse(instant) / DAY) * DAY;
}

interface DrawnRow {
  readonly role: string;
  readonly seen: ReadonlySet<string>;
  readonly row: number;
  readonly first: number;
  readonly cells: number;
  readonly step: number;
}

function drawRow({ role, seen, row, first, cells, step }: DrawnRow): string {
  const y = row * ROW + 4;
  const used = new Set([...seen].map((day) => Math.floor((Date.parse(`${day}T00:00:00Z`) - first) / DAY / step)));
  const squares = Array.from({ length: cells }, (_, at) => {
    const fill = used.has(at) ? "var(--bad)" : "#8c959f33";
    return `<rect x="${LEFT + at * CELL}" y="${y}" width="${CELL - 2}" height="12" rx="2" fill="${fill}"/>`;
  });
  const name = role.length > 26 ? `${role.slice(0, 25)}…` : role;
  return `<text x="0" y="${y + 11}">${text(name)}</text>${squares.join("")}`;
}
