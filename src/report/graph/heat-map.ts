import type { AccessIndex } from "../../analysis/access-index.ts";
import { compareText } from "../../base/order.ts";
import { describeName, type Resource, schemaOf } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import { xml } from "./svg.ts";

/** How far access to the data of a schema goes. Each step includes the ones before in danger, not always in right. `define`: change what is there; `own`: own it, or pass on what one holds there. */
export type Level = "none" | "read" | "write" | "define" | "own";

export interface HeatCell {
  readonly level: Level;
  /** How many relations of the schema can be read, their rows changed, themselves changed or code attached to them, or are owned (where nothing is: may be given to others). */
  readonly reads: number;
  readonly writes: number;
  readonly defines: number;
  readonly owns: number;
}

/** Roles by schemas: what each can do with the data in it, without SET ROLE. */
export interface HeatMap {
  readonly title: string;
  /** Things have owners here; otherwise `own` means that one may give others what one has. */
  readonly owners: boolean;
  readonly columns: readonly { readonly label: string; readonly relations: number }[];
  readonly rows: readonly { readonly role: RoleName; readonly cells: readonly HeatCell[] }[];
}

interface Counts {
  reads: number;
  writes: number;
  defines: number;
  owns: number;
}

const NOTHING: Counts = { reads: 0, writes: 0, defines: 0, owns: 0 };

/** Counts over classes of equal tables, so the cost follows distinct access lists. Roles without access anywhere are left out. */
export function heatMap(
  index: AccessIndex,
  options: {
    readonly title: string;
    readonly roles: readonly RoleName[];
    /** There is one database, which is not named. @default false */
    readonly oneDatabase?: boolean;
  },
): HeatMap {
  const tables = index.classes.all.filter((each) => each.kind === "table");
  const bySchema = new Map(tables.map((each) => [each.id, countBySchema(each.resources)]));
  const totals = new Map<string, number>();
  for (const counts of bySchema.values())
    for (const [key, count] of counts) totals.set(key, (totals.get(key) ?? 0) + count);
  const keys = [...totals.keys()].sort(compareText);

  const rows = options.roles.flatMap((role) => {
    const cells = new Map<string, Counts>();
    for (const access of index.accessOf(role) ?? []) {
      const counts = bySchema.get(access.class.id);
      if (counts === undefined) continue;
      const classes = new Set(access.privileges.map((each) => index.rules.privilegeClass("table", each)));
      const owner = access.class.owner !== null && index.hasRole(role, access.class.owner, "privileges") === true;
      for (const [key, count] of counts) {
        const cell = cells.get(key) ?? NOTHING;
        cells.set(key, {
          reads: cell.reads + (classes.has("read") ? count : 0),
          writes: cell.writes + (classes.has("write") ? count : 0),
          defines: cell.defines + (classes.has("define") ? count : 0),
          owns: cell.owns + (owner || classes.has("pass on") ? count : 0),
        });
      }
    }
    const row = keys.map((key): HeatCell => {
      const cell = cells.get(key) ?? NOTHING;
      return { ...cell, level: levelOf(cell) };
    });
    return row.some((cell) => cell.level !== "none") ? [{ role, cells: row }] : [];
  });
  const columns = keys.map((key) => ({
    label: key
      .split("\0")
      .slice(options.oneDatabase === true ? 1 : 0)
      .map(describeName)
      .join("."),
    relations: totals.get(key) ?? 0,
  }));
  return { title: options.title, owners: tables.some((each) => each.owner !== null), columns, rows };
}

function levelOf(cell: Counts): Level {
  if (cell.owns > 0) return "own";
  if (cell.defines > 0) return "define";
  if (cell.writes > 0) return "write";
  return cell.reads > 0 ? "read" : "none";
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
const MARK: Readonly<Record<Level, string>> = { none: "", read: "r", write: "w", define: "d", own: "o" };

/** The map as one SVG file: a letter and a number in every square, so that colour only repeats what is written. */
export function heatMapSvg(map: HeatMap): string {
  const left = 40 + Math.max(...map.rows.map((row) => describeName(row.role).length), 8) * 7.6;
  const top = 60 + Math.max(...map.columns.map((column) => column.label.length), 8) * 5.4;
  const width = Math.max(left + map.columns.length * CELL + 90, 640);
  const height = top + map.rows.length * ROW + 56;
  const squares = map.rows.flatMap((row, y) =>
    row.cells.map((cell, x) => {
      const at = `x="${left + x * CELL}" y="${top + y * ROW}"`;
      const count = { none: 0, read: cell.reads, write: cell.writes, define: cell.defines, own: cell.owns }[cell.level];
      const of = map.columns[x]?.relations ?? 0;
      const words = `${describeName(row.role)} in ${map.columns[x]?.label ?? ""}: reads ${cell.reads}, writes ${cell.writes}, defines ${cell.defines}, ${map.owners ? "owns" : "may give"} ${cell.owns} of ${of}`;
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
    `<text class="legend" x="24" y="${height - 18}">r: reads, w: changes rows, d: changes tables themselves or attaches code, o: ${map.owners ? "owns (may do everything, and give it away)" : "may give to others what it has"}; how many tables and views</text>`,
    "</svg>",
    "",
  ].join("\n");
}

const HEAT_STYLE = `
:root{--sheet:#fff;--ink:#1b1f24;--soft:#57606a;--none:#f6f8fa;--read:#b6e3ff;--write:#ffd8a8;--define:#ffc09f;--own:#ffb3b3}
@media (prefers-color-scheme:dark){:root{--sheet:#0d1117;--ink:#e6edf3;--soft:#9198a1;--none:#161b22;--read:#0c4a8a;--write:#7a4100;--define:#853010;--own:#8b1a1a}}
.sheet{fill:var(--sheet)}text{font:12px system-ui,sans-serif;fill:var(--ink)}.heading{font-size:17px;font-weight:600}.legend{font-size:11px;fill:var(--soft)}
.row{text-anchor:end}.cell text{text-anchor:middle}.none rect{fill:var(--none)}.read rect{fill:var(--read)}.write rect{fill:var(--write)}.define rect{fill:var(--define)}.own rect{fill:var(--own)}`.replaceAll(
  "\n",
  "",
);
