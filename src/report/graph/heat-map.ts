import type { AccessIndex } from "../../analysis/access-index.ts";
import { compareText } from "../../base/order.ts";
import type { Privilege } from "../../model/access-list.ts";
import { describeName, type Resource, schemaOf } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import { xml } from "./svg.ts";

/** How far access to the data of a schema goes. Each step includes the ones before in danger, not always in right. */
export type Level = "none" | "read" | "write" | "own";

export interface HeatCell {
  readonly level: Level;
  /** How many relations of the schema can be read, changed, or are owned. */
  readonly reads: number;
  readonly writes: number;
  readonly owns: number;
}

/** Roles by schemas: what each can do with the data in it, without SET ROLE. */
export interface HeatMap {
  readonly title: string;
  readonly columns: readonly { readonly label: string; readonly relations: number }[];
  readonly rows: readonly { readonly role: RoleName; readonly cells: readonly HeatCell[] }[];
}

const WRITES: ReadonlySet<Privilege> = new Set(["INSERT", "UPDATE", "DELETE", "TRUNCATE", "MODIFY"]);
const READS: ReadonlySet<Privilege> = new Set(["SELECT"]);

/** Counts over classes of equal tables, so the cost follows distinct access lists. Roles without access anywhere are left out. */
export function heatMap(
  index: AccessIndex,
  options: { readonly title: string; readonly roles: readonly RoleName[] },
): HeatMap {
  const tables = index.classes.all.filter((each) => each.kind === "table");
  const bySchema = new Map(tables.map((each) => [each.id, countBySchema(each.resources)]));
  const totals = new Map<string, number>();
  for (const counts of bySchema.values())
    for (const [key, count] of counts) totals.set(key, (totals.get(key) ?? 0) + count);
  const keys = [...totals.keys()].sort(compareText);

  const rows = options.roles.flatMap((role) => {
    const cells = new Map<string, { reads: number; writes: number; owns: number }>();
    for (const access of index.accessOf(role) ?? []) {
      const counts = bySchema.get(access.class.id);
      if (counts === undefined) continue;
      const reads = access.privileges.some((privilege) => READS.has(privilege));
      const writes = access.privileges.some((privilege) => WRITES.has(privilege));
      const owns = access.class.owner !== null && index.hasRole(role, access.class.owner, "privileges") === true;
      for (const [key, count] of counts) {
        const cell = cells.get(key) ?? { reads: 0, writes: 0, owns: 0 };
        cells.set(key, {
          reads: cell.reads + (reads ? count : 0),
          writes: cell.writes + (writes ? count : 0),
          owns: cell.owns + (owns ? count : 0),
        });
      }
    }
    const row = keys.map((key): HeatCell => {
      const cell = cells.get(key) ?? { reads: 0, writes: 0, owns: 0 };
      return { ...cell, level: cell.owns > 0 ? "own" : cell.writes > 0 ? "write" : cell.reads > 0 ? "read" : "none" };
    });
    return row.some((cell) => cell.level !== "none") ? [{ role, cells: row }] : [];
  });
  const columns = keys.map((key) => ({
    label: key.split("\0").map(describeName).join("."),
    relations: totals.get(key) ?? 0,
  }));
  return { title: options.title, columns, rows };
}

function countBySchema(resources: readonly Resource[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const resource of resources) {
    const key = `${resource.path[0] ?? ""}\0${schemaOf(resource) ?? ""}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

const CELL = 64;
const ROW = 24;
const MARK: Readonly<Record<Level, string>> = { none: "", read: "r", write: "w", own: "o" };

/** The map as one SVG file: a letter and a number in every square, so that colour only repeats what is written. */
export function heatMapSvg(map: HeatMap): string {
  const left = 40 + Math.max(...map.rows.map((row) => describeName(row.role).length), 8) * 7.6;
  const top = 60 + Math.max(...map.columns.map((column) => column.label.length), 8) * 5.4;
  const width = Math.max(left + map.columns.length * CELL + 90, 640);
  const height = top + map.rows.length * ROW + 56;
  const squares = map.rows.flatMap((row, y) =>
    row.cells.map((cell, x) => {
      const at = `x="${left + x * CELL}" y="${top + y * ROW}"`;
      const count = cell.level === "own" ? cell.owns : cell.level === "write" ? cell.writes : cell.reads;
      const of = map.columns[x]?.relations ?? 0;
      const words = `${describeName(row.role)} in ${map.columns[x]?.label ?? ""}: reads ${cell.reads}, writes ${cell.writes}, owns ${cell.owns} of ${of}`;
      const text =
        cell.level === "none"
          ? ""
          : `<text x="${left + x * CELL + CELL / 2}" y="${top + y * ROW + 16}">${MARK[cell.level]} ${count}</text>`;
      return `<g class="cell ${cell.level}"><title>${xml(words)}</title><rect ${at} width="${CELL - 2}" height="${ROW - 2}"/>${text}</g>`;
    }),
  );
  const rowNames = map.rows.map(
    (row, y) => `<text class="row" x="${left - 8}" y="${top + y * ROW + 16}">${xml(describeName(row.role))}</text>`,
  );
  const columnNames = map.columns.map(
    (column, x) =>
      `<text class="column" transform="translate(${left + x * CELL + CELL / 2} ${top - 8}) rotate(-38)">${xml(column.label)} (${column.relations})</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${xml(map.title)}</title><style>${HEAT_STYLE}</style><rect class="sheet" width="100%" height="100%"/>`,
    `<text class="heading" x="24" y="30">${xml(map.title)}</text>`,
    ...columnNames,
    ...rowNames,
    ...squares,
    `<text class="legend" x="24" y="${height - 18}">r: reads, w: changes, o: owns (may do everything, and give it away); how many tables and views</text>`,
    "</svg>",
    "",
  ].join("\n");
}

const HEAT_STYLE = `
:root{--sheet:#fff;--ink:#1b1f24;--soft:#57606a;--none:#f6f8fa;--read:#b6e3ff;--write:#ffd8a8;--own:#ffb3b3}
@media (prefers-color-scheme:dark){:root{--sheet:#0d1117;--ink:#e6edf3;--soft:#9198a1;--none:#161b22;--read:#0c4a8a;--write:#7a4100;--own:#8b1a1a}}
.sheet{fill:var(--sheet)}text{font:12px system-ui,sans-serif;fill:var(--ink)}.heading{font-size:17px;font-weight:600}.legend{font-size:11px;fill:var(--soft)}
.row{text-anchor:end}.cell text{text-anchor:middle}.none rect{fill:var(--none)}.read rect{fill:var(--read)}.write rect{fill:var(--write)}.own rect{fill:var(--own)}`.replaceAll(
  "\n",
  "",
);
