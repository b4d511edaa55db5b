import type { Look } from "./look.ts";
import type { Block, FactsBlock, Item, LineBlock, Page, SectionBlock } from "./page.ts";
import { layoutTable } from "./table.ts";
import { padTo, textWidth, wrapText } from "./width.ts";

/** Labels of sections and closing lines stand in a column of this width. */
export const LABEL_WIDTH = 13;
const GAP = 3;

/** A Page as lines of text that fit the Look. */
export function layoutPage(page: Page, look: Look): string[] {
  const lines: string[] = [];
  let previous: Block | null = null;
  for (const block of page) {
    if (previous !== null && !(previous.kind === "line" && block.kind === "line")) lines.push("");
    lines.push(...layoutBlock(block, look));
    previous = block;
  }
  return lines;
}

function layoutBlock(block: Block, look: Look): string[] {
  switch (block.kind) {
    case "facts":
      return layoutFacts(block, look);
    case "section":
      return layoutSection(block, look);
    case "table":
      return layoutTable(block, look);
    case "line":
      return layoutLine(block, look);
  }
}

function layoutFacts(block: FactsBlock, look: Look): string[] {
  if (look.accessible) return block.facts.map((fact) => `${fact.label}: ${fact.value}`);
  const words = block.facts.map((fact) => (fact.bare === true ? fact.value : `${fact.label} ${fact.value}`));
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line !== "" && textWidth(line) + GAP + textWidth(word) > look.width) {
      lines.push(line);
      line = `  ${word}`;
    } else {
      line = line === "" ? word : `${line}${" ".repeat(GAP)}${word}`;
    }
  }
  return [...lines, line].map((text, index) => (index === 0 ? look.paint("title", text) : text));
}

function layoutSection(block: SectionBlock, look: Look): string[] {
  const title = look.paint("title", block.title);
  const head = block.note === undefined ? title : `${padTo(`${title}  `, LABEL_WIDTH)}${block.note}`;
  return [head, ...block.items.flatMap((item) => layoutItem(item, 2, look))];
}

function layoutItem(item: Item, indent: number, look: Look): string[] {
  const sign = item.sign === undefined ? "" : `${item.sign} `;
  const lead = " ".repeat(indent);
  const because = item.because === undefined ? "" : `because: ${item.because}`;
  const under = " ".repeat(indent + 4);
  const lines: string[] = [];
  if (look.accessible) {
    lines.push(`${lead}${sign}${item.text}`);
    if (because !== "") lines.push(`${under}${because}`);
    if (item.place !== undefined) lines.push(`${under}at: ${item.place}`);
  } else {
    const text = because === "" ? item.text : `${item.text}   ${because}`;
    lines.push(...withPlace(`${lead}${sign}`, text, item, look));
  }
  for (const line of item.lines ?? []) lines.push(line === "" ? "" : `${under}${line}`);
  if (item.help !== undefined) lines.push(...hanging(`${under}help: `, item.help, look));
  for (const child of item.items ?? []) lines.push(...layoutItem(child, indent + 4, look));
  return lines;
}

/** The text with its place at the right edge where both fit on one line, else two spaces behind. */
function withPlace(lead: string, text: string, item: Item, look: Look): string[] {
  const tone = item.tone ?? "plain";
  const place = item.place === undefined ? "" : look.paint("dim", item.place);
  const full = textWidth(lead) + textWidth(text);
  const room = look.width - full - textWidth(place);
  if (place === "" || room < 2) {
    const lines = hanging(lead, text, look, tone);
    if (place === "") return lines;
    const last = lines.pop() ?? "";
    return [...lines, `${last}  ${place}`];
  }
  return [`${paintLead(lead, tone, look)}${text}${" ".repeat(room)}${place}`];
}

function hanging(lead: string, text: string, look: Look, tone: NonNullable<Item["tone"]> = "plain"): string[] {
  const width = textWidth(lead);
  const lines = look.terminal ? wrapText(text, Math.max(20, look.width - width)) : [text];
  return lines.map((line, index) => (index === 0 ? paintLead(lead, tone, look) : " ".repeat(width)) + line);
}

function paintLead(lead: string, tone: NonNullable<Item["tone"]>, look: Look): string {
  const blank = lead.length - lead.trimStart().length;
  return lead.slice(0, blank) + look.paint(tone, lead.slice(blank));
}

function layoutLine(block: LineBlock, look: Look): string[] {
  const label = look.paint(block.tone ?? "title", block.label);
  if (look.accessible) return [`${block.label}: ${block.text}`];
  const lines = look.terminal ? wrapText(block.text, Math.max(20, look.width - LABEL_WIDTH)) : [block.text];
  return lines.map(
    (line, index) => `${index === 0 ? padTo(`${label} `, LABEL_WIDTH) : " ".repeat(LABEL_WIDTH)}${line}`,
  );
}
