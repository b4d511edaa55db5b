import {
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  stringify,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { SourceLocation } from "../../model/finding.ts";
import type { Yaml } from "../import/yaml.ts";

/** What is changed in a file, everything else stays as it is, comments and order included. */
export type YamlEdit = ItemEdit | EntryEdit;

/** An item of a list becomes these; none: it goes, and the list may become `[]`. */
export interface ItemEdit {
  readonly kind: "item";
  /** Where the item begins. */
  readonly at: SourceLocation;
  readonly items: readonly Yaml[];
}

/** These are added to the list `key` of the map whose own key stands here. */
export interface EntryEdit {
  readonly kind: "entry";
  readonly at: SourceLocation;
  readonly key: string;
  readonly items: readonly Yaml[];
}

/** The text after the edits. Throws where there is nothing at a place: the places come from reading the same text. */
export function editYaml(text: string, edits: readonly YamlEdit[]): string {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false });
  const found = new Finder(text, lines, document.contents);
  const splices: Splice[] = [];
  const lists = new Map<List, { readonly node: Node; readonly items: readonly Yaml[] }[]>();
  for (const edit of edits) {
    if (edit.kind === "entry") splices.push(addEntry(text, found.pairAt(edit.at), edit));
    else {
      const { list, node } = found.itemAt(edit.at);
      lists.set(list, [...(lists.get(list) ?? []), { node, items: edit.items }]);
    }
  }
  for (const [list, changed] of lists) splices.push(...editList(text, list, changed));
  // From the end, so that places before stay where they are; at one place what was asked for first stands first.
  const ordered = splices
    .map((splice, index) => ({ ...splice, index }))
    .sort((a, b) => b.from - a.from || b.index - a.index);
  return ordered.reduce((result, { from, to, insert }) => result.slice(0, from) + insert + result.slice(to), text);
}

/** A list, and the key that it stands behind. */
interface List {
  readonly seq: YAMLSeq;
  readonly key: Node | null;
}

interface Splice {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

class Finder {
  readonly #text: string;
  readonly #lines: LineCounter;
  readonly #items = new Map<number, { readonly list: List; readonly node: Node }>();
  readonly #pairs = new Map<number, Pair>();

  constructor(text: string, lines: LineCounter, root: Node | null) {
    this.#text = text;
    this.#lines = lines;
    visit(root, {
      Seq: (_, seq, path) => {
        const parent = path.at(-1);
        const list: List = { seq, key: isPair(parent) ? (parent.key as Node) : null };
        for (const node of seq.items as Node[]) this.#items.set(node.range?.[0] ?? -1, { list, node });
      },
      Pair: (_, pair) => {
        this.#pairs.set((pair.key as Node).range?.[0] ?? -1, pair);
      },
    });
  }

  itemAt(at: SourceLocation): { readonly list: List; readonly node: Node } {
    return this.#or(this.#items.get(this.#offset(at)), at);
  }

  pairAt(at: SourceLocation): Pair {
    return this.#or(this.#pairs.get(this.#offset(at)), at);
  }

  #or<T>(found: T | undefined, { file, line, column }: SourceLocation): T {
    if (found === undefined) throw new RangeError(`there is nothing to edit at ${file}:${line}:${column}`);
    return found;
  }

  /** Columns of places count characters, offsets count UTF-16 units. */
  #offset({ line, column }: SourceLocation): number {
    const start = this.#lines.lineStarts[line - 1] ?? 0;
    const characters = Array.from(this.#text.slice(start, start + 4 * column)).slice(0, column - 1);
    return start + characters.join("").length;
  }
}

function editList(
  text: string,
  { seq, key }: List,
  changed: readonly { readonly node: Node; readonly items: readonly Yaml[] }[],
): readonly Splice[] {
  const left = seq.items.length - changed.filter(({ items }) => items.length === 0).length;
  if (seq.flow === true) return [rewriteFlow(text, seq, changed)];
  const splices = changed.map(({ node, items }) => editItem(text, node, items));
  const colon = key?.range == null ? -1 : text.indexOf(":", key.range[1]);
  if (left > 0 || colon < 0) return splices;
  // `key:` alone would be null, which says nothing; the empty list says that there is nothing.
  const head = colon + 1;
  return [...splices, { from: head, to: head, insert: " []" }];
}

function editItem(text: string, node: Node, items: readonly Yaml[]): Splice {
  const [from, to] = spanOf(node);
  const start = lineStart(text, from);
  const [first, ...others] = items.map(inBlock);
  if (first === undefined) return { from: start, to: lineEnd(text, to) + 1, insert: "" };
  const dash = text.slice(start, from);
  // What is said beside the line stays beside the first one.
  const beside = text.slice(to, lineEnd(text, to));
  return {
    from,
    to: lineEnd(text, to),
    insert: [first + beside, ...others.map((each) => `${dash}${each}`)].join("\n"),
  };
}

function rewriteFlow(
  text: string,
  seq: YAMLSeq,
  changed: readonly { readonly node: Node; readonly items: readonly Yaml[] }[],
): Splice {
  const by = new Map(changed.map(({ node, items }) => [node, items]));
  const parts = (seq.items as Node[]).flatMap((node) => by.get(node)?.map(flow) ?? text.slice(...spanOf(node)));
  const [from, to] = seq.range ?? [0, 0, 0];
  return { from, to, insert: `[${parts.join(", ")}]` };
}

function addEntry(text: string, pair: Pair, { key, items }: EntryEdit): Splice {
  const keyStart = (pair.key as Node).range?.[0] ?? 0;
  const keyIndent = keyStart - lineStart(text, keyStart);
  const value = pair.value as Node | null;
  if (isMap(value) && value.flow !== true && value.items.length > 0) return intoBlock(text, value, { key, items });
  const flowItems = `${key}: [${items.map(flow).join(", ")}]`;
  if (isMap(value) && value.range) {
    const existing = listIn(value, key);
    if (existing?.range) {
      const at = existing.range[1] - 1;
      return { from: at, to: at, insert: `${existing.items.length > 0 ? ", " : ""}${items.map(flow).join(", ")}` };
    }
    const at = text.slice(0, value.range[1] - 1).trimEnd().length;
    return { from: at, to: at, insert: value.items.length === 0 ? ` ${flowItems} ` : `, ${flowItems}` };
  }
  // `role:` with nothing behind it.
  const at = lineEnd(text, keyStart);
  const pad = " ".repeat(keyIndent + 2);
  return { from: at, to: at, insert: `\n${pad}${key}:${items.map((item) => `\n${pad}  - ${inBlock(item)}`).join("")}` };
}

function intoBlock(text: string, map: YAMLMap, { key, items }: Pick<EntryEdit, "key" | "items">): Splice {
  const first = (map.items[0] as Pair).key as Node;
  const indent = " ".repeat((first.range?.[0] ?? 0) - lineStart(text, first.range?.[0] ?? 0));
  const existing = listIn(map, key);
  if (existing?.flow === true && existing.range) {
    const at = existing.range[1] - 1;
    return { from: at, to: at, insert: `${existing.items.length > 0 ? ", " : ""}${items.map(flow).join(", ")}` };
  }
  const last =
    existing === undefined
      ? ((map.items.at(-1) as Pair).value ?? (map.items.at(-1) as Pair).key)
      : existing.items.at(-1);
  const [, end] = spanOf(last as Node);
  const at = lineEnd(text, end);
  const dash =
    existing === undefined
      ? `${indent}  - `
      : text.slice(lineStart(text, (last as Node).range?.[0] ?? 0), (last as Node).range?.[0] ?? 0);
  const head = existing === undefined ? `\n${indent}${key}:` : "";
  return { from: at, to: at, insert: head + items.map((item) => `\n${dash}${inBlock(item)}`).join("") };
}

function listIn(map: YAMLMap, key: string): YAMLSeq | undefined {
  const pair = map.items.find((each) => isPair(each) && isScalar(each.key) && each.key.value === key);
  return isSeq(pair?.value) ? pair.value : undefined;
}

/** A value on one line, behind a dash of its own. */
function inBlock(item: Yaml): string {
  return typeof item === "string" ? stringify(item, { lineWidth: 0 }).trimEnd() : flow(item);
}

/** A value on one line, between others. */
function flow(item: Yaml): string {
  return stringify(item, { collectionStyle: "flow", lineWidth: 0, flowCollectionPadding: true }).trimEnd();
}

/** Where a node begins and ends, without the white space and the comments behind it. */
function spanOf(node: Node): [number, number] {
  const [from, to] = node.range ?? [0, 0, 0];
  let last = to;
  visit(node, {
    Scalar: (_, scalar) => {
      last = scalar.range?.[1] ?? last;
    },
    Alias: (_, alias) => {
      last = alias.range?.[1] ?? last;
    },
  });
  // Flow collections end with their bracket.
  const end = (isMap(node) || isSeq(node)) && node.flow !== true ? Math.max(last, flowEnd(node)) : to;
  return [from, end];
}

/** The end of the last flow collection in a block one. */
function flowEnd(node: Node): number {
  let end = 0;
  visit(node, {
    Collection: (_, each) => {
      if (each.flow === true) end = Math.max(end, each.range?.[1] ?? 0);
    },
  });
  return end;
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}
