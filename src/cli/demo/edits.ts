import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Document, isMap, isNode, isSeq, type Node, parseDocument, type YAMLSeq } from "yaml";
import { RolewrightError } from "../../base/error.ts";
import { changedLines } from "./changed-lines.ts";
import { PEOPLE } from "./database/people.ts";

/**
 * What somebody does to the imported files with an editor: places are found by what the file says, and only the text at that place is touched. Each gives the changed lines, with `-` and `+`.
 */

/** Adds the file that says who the people behind the logins are. */
export async function addPeople(folder: string): Promise<string> {
  await writeFile(join(folder, "people.yaml"), PEOPLE);
  return edit(folder, "rolewright.yaml", (text, file) => {
    const end = rangeOf(sequenceAt(file, ["include"])).end - 1; // Before the closing bracket.
    return `${text.slice(0, end)}, people.yaml${text.slice(end)}`;
  });
}

const SCOPE = `
scope:
  authoritative:
    - facets: [grants]
      roles: [sales_*]
      schemas: [sales]
`;

/** 2:14 a.m.: whatever is not declared in `sales` is to go, and the line that lets `sales_ro` read was cut to be written anew, which never happened. */
export async function scopePoorly(folder: string): Promise<string> {
  const scope = await edit(folder, "rolewright.yaml", (text, file) => {
    const targets = file.get("targets", true);
    if (!isNode(targets)) throw notAsImported("targets");
    const end = lineAfter(text, rangeOf(targets).end);
    return text.slice(0, end) + SCOPE + text.slice(end);
  });
  const roles = await edit(folder, "roles.yaml", (text, file) => {
    const { start, end } = rangeOf(readingGrant(sequenceAt(file, READER_GRANTS)));
    return text.slice(0, lineOf(text, start)) + text.slice(lineAfter(text, end));
  });
  return scope + roles;
}

const READS_WITHOUT_CARDS = [
  "privileges: [select]",
  "on: { tables: sales.*, except: [sales.payment_cards], partitions: true }",
  "future: { creators: [sales_owner] }",
  "because: card numbers are for billing and the shop alone",
];

/** The same intention done right: reads everything in `sales` but the cards; who has to use cards says so itself. */
export async function scopeWell(folder: string): Promise<string> {
  const reading = await edit(folder, "roles.yaml", appendItem(READER_GRANTS, READS_WITHOUT_CARDS));
  const cards = ["select on table sales.payment_cards"];
  return reading + (await edit(folder, "roles.yaml", appendItem(["roles", "sales_rw", "grants"], cards)));
}

const READER_GRANTS = ["roles", "sales_ro", "grants"];

function readingGrant(grants: YAMLSeq): Node {
  const found = grants.items.find((item) => isMap(item) && JSON.stringify(item.toJSON()).includes("sales.*"));
  if (!isNode(found)) throw notAsImported("the grant on sales.* of sales_ro");
  return found;
}

/** Adds an item to a list that is written in lines, as its last. */
function appendItem(path: readonly string[], lines: readonly string[]) {
  return (text: string, file: Document): string => {
    const last = sequenceAt(file, path).items.at(-1);
    if (!isNode(last)) throw notAsImported(path.join("."));
    const { start, end } = rangeOf(last);
    const indent = " ".repeat(start - lineOf(text, start) - "- ".length);
    const item = lines.map((line, index) => `${indent}${index === 0 ? "- " : "  "}${line}\n`).join("");
    const at = lineAfter(text, end);
    return text.slice(0, at) + item + text.slice(at);
  };
}

function sequenceAt(document: Document, path: readonly string[]): YAMLSeq {
  const node = document.getIn(path);
  if (!isSeq(node)) throw notAsImported(path.join("."));
  return node;
}

function rangeOf(node: Node): { readonly start: number; readonly end: number } {
  if (!node.range) throw notAsImported("a place");
  return { start: node.range[0], end: node.range[1] };
}

/** Where the line of a place begins. */
function lineOf(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

/** Where the line after the last character before `end` begins. */
function lineAfter(text: string, end: number): number {
  const lineBreak = text.indexOf("\n", end - 1);
  return lineBreak === -1 ? text.length : lineBreak + 1;
}

function notAsImported(what: string): RolewrightError {
  return new RolewrightError("RW020", `the imported files do not have ${what}`, {
    help: "this is a defect of rolewright: please report it",
  });
}

async function edit(
  folder: string,
  file: string,
  change: (text: string, document: Document) => string,
): Promise<string> {
  const path = join(folder, file);
  const before = await readFile(path, "utf8");
  const after = change(before, parseDocument(before));
  await writeFile(path, after);
  return `  ${file}\n${changedLines(before, after)}`;
}
