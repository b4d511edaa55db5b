import {
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from "yaml";
import type { Finding, SourceLocation } from "../model/finding.ts";
import type { ManifestPath, SourceFile, TextRange } from "./source-file.ts";
import { unpositioned } from "./source-file.ts";

/** How many nodes aliases may stand for in one file, all in all. A manifest says things once with profiles; a file beyond this is an attack or an accident. */
const MAX_ALIASED_NODES = 10_000;

/** Reads one YAML file into plain data, keeping the position of everything. Pure; never throws for what stands in the text. */
export function parseYamlFile(file: string, text: string): SourceFile {
  const lines = new LineCounter();
  let document: ReturnType<typeof parseDocument>;
  try {
    // Duplicate keys are found below, in linear time and with both positions.
    document = parseDocument(text, {
      lineCounter: lines,
      uniqueKeys: false,
      prettyErrors: false,
      keepSourceTokens: false,
    });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const location = { file, line: 1, column: 1 };
    const message = "the file is nested too deeply to be read";
    return unpositioned(file, text, undefined, [{ code: "RW114", severity: "error", message, location }]);
  }
  const place = (from: number, to: number): SourceLocation => position(file, text, lines, from, to);
  const findings: Finding[] = [...document.errors, ...document.warnings].map((error) => ({
    code: "RW102",
    severity: "error",
    message: `this is not valid YAML: ${lowerFirst(error.message)}`,
    location: place(error.pos[0], Math.max(error.pos[1], error.pos[0] + 1)),
    ...(error.code === "TAB_AS_INDENT" ? { help: "indent with spaces" } : {}),
  }));
  const reader = new NodeReader(place, findings);
  const root = document.contents;
  const value = document.errors.length > 0 ? undefined : reader.read(root);
  return {
    file,
    text,
    value,
    findings,
    locate: (path, range) => reader.locate(root, path, range, text),
    locateKey: (path) => reader.locateKey(root, path),
  };
}

class NodeReader {
  readonly #place: (from: number, to: number) => SourceLocation;
  readonly #findings: Finding[];
  readonly #anchors = new Map<string, Node>();
  readonly #targets = new WeakMap<Node, Node>();
  readonly #open = new Set<Node>();
  readonly #indexes = new WeakMap<YAMLMap, Map<string, Pair>>();
  #aliasDepth = 0;
  #aliasedNodes = 0;

  constructor(place: (from: number, to: number) => SourceLocation, findings: Finding[]) {
    this.#place = place;
    this.#findings = findings;
  }

  read(node: Node | null): unknown {
    if (node === null) return null;
    if (isAlias(node)) return this.#readAlias(node);
    if (this.#aliasDepth > 0 && ++this.#aliasedNodes > MAX_ALIASED_NODES) {
      if (this.#aliasedNodes === MAX_ALIASED_NODES + 1) this.#report("RW114", node, "aliases stand for too much text");
      return null;
    }
    if ("anchor" in node && typeof node.anchor === "string") this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return this.#readScalar(node);
    this.#open.add(node);
    const value = isMap(node)
      ? this.#readMap(node)
      : isSeq(node)
        ? node.items.map((item) => this.read(item as Node))
        : null;
    this.#open.delete(node);
    return value;
  }

  #readAlias(node: Node & { readonly source: string }): unknown {
    const target = this.#anchors.get(node.source);
    if (target === undefined) {
      this.#report("RW102", node, `the alias \`*${node.source}\` has no anchor above it`);
      return null;
    }
    if (this.#open.has(target)) {
      this.#report("RW114", node, `the alias \`*${node.source}\` stands inside its own anchor`);
      return null;
    }
    this.#targets.set(node, target);
    this.#aliasDepth++;
    const value = this.read(target);
    this.#aliasDepth--;
    return value;
  }

  #readScalar(node: Scalar): unknown {
    const { value } = node;
    if (typeof value === "string" && (value.includes("\0") || !value.isWellFormed())) {
      this.#report(
        "RW119",
        node,
        "text holds a character that no database can store (NUL or half of a surrogate pair)",
      );
    }
    return value;
  }

  #readMap(node: YAMLMap): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    const index = new Map<string, Pair>();
    for (const pair of node.items) {
      if (!isPair(pair)) continue;
      const key = this.#readKey(pair.key as Node | null, node);
      if (key === null) continue;
      const first = index.get(key);
      if (first !== undefined) {
        const related = [{ message: "it is said here first", location: this.#placeOf(first.key as Node) }];
        this.#report("RW103", pair.key as Node, `the key \`${key}\` is said twice`, { related });
        continue;
      }
      index.set(key, pair);
      value[key] = this.read(pair.value as Node | null);
    }
    this.#indexes.set(node, index);
    return value;
  }

  #readKey(key: Node | null, map: YAMLMap): string | null {
    if (isScalar(key) && typeof key.value === "string" && key.value !== "__proto__") {
      this.#readScalar(key);
      return key.value;
    }
    const shown = isScalar(key) && key.source !== undefined ? `\`${key.source}\`` : "this key";
    const help = isScalar(key) && typeof key.value !== "string" ? "put it in quotes" : undefined;
    this.#report("RW105", key ?? map, `a key must be text, and ${shown} is not`, help === undefined ? {} : { help });
    return null;
  }

  #report(code: string, node: Node, message: string, more: Pick<Finding, "help" | "related"> = {}): void {
    this.#findings.push({ code, severity: "error", message, location: this.#placeOf(node), ...more });
  }

  #placeOf(node: Node): SourceLocation {
    const [from, to] = node.range ?? [0, 0];
    return this.#place(from, to);
  }

  locate(root: Node | null, path: ManifestPath, range: TextRange | undefined, text: string): SourceLocation {
    const { node, pair, whole } = this.#walk(root, path);
    if (node === null || (whole && pair !== null && isCollection(node))) {
      return pair === null ? this.#place(0, 0) : this.#placeOf(pair.key as Node);
    }
    const [from, to] = node.range ?? [0, 0];
    if (whole && range !== undefined && isScalar(node) && typeof node.value === "string") {
      const start = from + (node.type === "PLAIN" ? 0 : 1);
      // Only where the text in the file is the value itself: no escapes, no folding.
      if (text.slice(start, start + node.value.length) === node.value) {
        return this.#place(start + range.offset, start + range.offset + Math.max(1, range.length));
      }
    }
    return this.#place(from, isCollection(node) ? from + 1 : to);
  }

  locateKey(root: Node | null, path: ManifestPath): SourceLocation {
    const { pair, whole } = this.#walk(root, path);
    return whole && pair !== null ? this.#placeOf(pair.key as Node) : this.locate(root, path, undefined, "");
  }

  /** The node at `path`, or the deepest one on the way there; `pair` is the map entry that it is the value of. */
  #walk(root: Node | null, path: ManifestPath): { node: Node | null; pair: Pair | null; whole: boolean } {
    let node = root;
    let pair: Pair | null = null;
    for (const step of path) {
      if (node !== null && isAlias(node)) node = this.#targets.get(node) ?? null;
      const found = isMap(node) ? this.#indexes.get(node)?.get(String(step)) : undefined;
      const item = isSeq(node) && typeof step === "number" ? (node.items[step] as Node | undefined) : undefined;
      if (found === undefined && item === undefined) return { node, pair, whole: false };
      pair = found ?? null;
      node = found === undefined ? (item ?? null) : (found.value as Node | null);
    }
    return { node, pair, whole: true };
  }
}

/** Lines and columns from 1; columns count characters (code points), as editors do. */
function position(file: string, text: string, lines: LineCounter, from: number, to: number): SourceLocation {
  const start = lines.linePos(from);
  const end = lines.linePos(Math.max(from, to));
  return {
    file,
    line: Math.max(1, start.line),
    column: column(text, from, start.col),
    endLine: Math.max(1, end.line),
    endColumn: column(text, Math.max(from, to), end.col),
  };
}

function column(text: string, offset: number, unitColumn: number): number {
  if (unitColumn <= 1) return 1;
  let count = 0;
  for (const _ of text.slice(offset - unitColumn + 1, offset)) count++;
  return count + 1;
}

function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1).replace(/\.$/u, "");
}
