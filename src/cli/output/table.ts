import type { Look } from "./look.ts";
import type { Row, TableBlock } from "./page.ts";
import { padTo, textWidth, widestWord, wrapText } from "./width.ts";

const GAP = 3;
const INDENT = 4;

/**
 * A table that fits the width: wide columns are wrapped at spaces, never cut; where a single name is wider than its column could be, the table becomes a list.
 * The title is the heading of the first column.
 */
export function layoutTable(block: TableBlock, look: Look): string[] {
  const title = look.paint("title", block.title);
  if (block.rows.length === 0) return [title, `${" ".repeat(INDENT)}${block.empty}`];
  if (look.accessible) return [title, ...block.rows.flatMap((row) => asList(row, block))];
  const widths = fitColumns(block, look.width - INDENT);
  if (widths === null) return [title, ...block.rows.flatMap((row) => asList(row, block))];
  const heads = block.columns.slice(1).map((head, index) => padTo(head, widths[index + 1] ?? 0));
  const first = padTo(title, INDENT + (widths[0] ?? 0));
  return [
    [first, ...heads.map((head) => look.paint("dim", head))].join(" ".repeat(GAP)).trimEnd(),
    ...block.rows.flatMap((row) => layoutRow(row, widths, look)),
  ];
}

function layoutRow(row: Row, widths: readonly number[], look: Look): string[] {
  const cells = row.cells.map((cell, index) => wrapText(cell, widths[index] ?? 0));
  const height = Math.max(1, ...cells.map((cell) => cell.length));
  return Array.from({ length: height }, (_, line) => {
    const sign = line === 0 && row.sign !== undefined ? look.paint(row.tone ?? "plain", row.sign) : " ";
    const texts = cells.map((cell, index) => padTo(cell[line] ?? "", widths[index] ?? 0));
    return `  ${padTo(sign, INDENT - 2)}${texts.join(" ".repeat(GAP))}`.trimEnd();
  });
}

/** Widths that fit, taking from the widest columns first; null when a column would be narrower than its widest word. */
function fitColumns(block: TableBlock, available: number): number[] | null {
  const count = block.columns.length;
  const column = (index: number): string[] => block.rows.map((row) => row.cells[index] ?? "");
  const heads = block.columns.map((head, index) => (index === 0 ? textWidth(block.title) - INDENT : textWidth(head)));
  const widths = heads.map((head, index) => Math.max(head, ...column(index).map(textWidth)));
  const narrowest = heads.map((head, index) => Math.max(head, ...column(index).map(widestWord)));
  let excess = widths.reduce((sum, width) => sum + width, 0) + GAP * (count - 1) - available;
  while (excess > 0) {
    const shrinkable = widths
      .map((width, index) => ({ width, index }))
      .filter((c) => c.width > (narrowest[c.index] ?? 0));
    const widest = shrinkable.sort((a, b) => b.width - a.width)[0];
    if (widest === undefined) return null;
    widths[widest.index] = widest.width - 1;
    excess -= 1;
  }
  return widths;
}

function asList(row: Row, block: TableBlock): string[] {
  const sign = row.sign === undefined ? "" : `${row.sign} `;
  const [first, ...others] = row.cells;
  const facts = others.flatMap((cell, index) => {
    const label = block.columns[index + 1] ?? "";
    return cell === "" ? [] : [`${" ".repeat(INDENT + 2)}${label === "" ? "" : `${label}: `}${cell}`];
  });
  return [`  ${sign}${first ?? ""}`, ...facts];
}
