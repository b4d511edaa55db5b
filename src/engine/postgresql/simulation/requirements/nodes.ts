import { type Field, type Shape, shapeOf } from "./node-fields.ts";

/** One node of PostgreSQL's node format: the scalar fields that somebody reads, and everything that may hold further nodes. It is not kept: the text may be part of what the server sent. */
export interface TreeNode extends Structure {
  readonly name: string;
  /** The fields of `WANTED` for this node. */
  readonly wanted: readonly string[];
  /** Where the value of each of them begins and ends in the text; -1: it is not there, or is `<>`. */
  readonly ranges: readonly number[];
  /** The first of what stands beneath, also in fields that nobody knows, because functions and tables may stand there. */
  readonly first: TreeNode | TreeList | null;
}

/** A list of nodes, or of words, which are not read: a set of numbers is `(b 8 9)`. */
export interface TreeList extends Structure {
  readonly name: null;
  /** Behind the opening parenthesis, and at the closing one. */
  readonly from: number;
  readonly to: number;
  /** How many words stand in it. */
  readonly words: number;
  readonly first: TreeNode | TreeList | null;
}

interface Structure {
  readonly source: Uint8Array;
  /** The field that it is the value of; empty: it stands in a list, or behind the value of another field. */
  readonly field: string;
  /** What stands behind it in the same node or list. */
  readonly next: TreeNode | TreeList | null;
}

/** The text is not what a server of a known major prints. */
export class FormatError extends Error {}

/** Of this many followers a field remembers which they are. */
const FOLLOWERS = 4;

const OPEN = 40;
const CLOSE = 41;
const BEGIN = 123;
const END = 125;
const COLON = 58;
const BACKSLASH = 92;
const BRACKET = 91;
const BRACKET_END = 93;

/** By byte: 1 is white space, 2 begins or ends something, 3 takes the next byte with it. */
const KINDS = new Uint8Array(256);
for (const space of [32, 10, 9, 13]) KINDS[space] = 1;
for (const edge of [OPEN, CLOSE, BEGIN, END]) KINDS[edge] = 2;
KINDS[BACKSLASH] = 3;

/** Reads one tree, or a list of them, in UTF-8. Throws FormatError where the text is cut, damaged or holds a function or a permission in a place that nobody knows. */
export function readNodes(bytes: Uint8Array): TreeNode | TreeList {
  const reader = new NodeReader(bytes);
  return reader.whole();
}

type Open<T> = { -readonly [Key in keyof T]: T[Key] };

const NONE: readonly number[] = [];

class NodeReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  whole(): TreeNode | TreeList {
    const value = this.#structure(this.#next(), "");
    if (this.#next() !== -1) throw new FormatError("there is something behind the tree");
    return value;
  }

  /** Skips white space; the byte there, -1 at the end. */
  #next(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    while (at < bytes.length && KINDS[bytes[at] as number] === 1) at++;
    this.#at = at;
    return at < bytes.length ? (bytes[at] as number) : -1;
  }

  #structure(code: number, field: string): Open<TreeNode> | Open<TreeList> {
    if (code === BEGIN) return this.#node(field);
    if (code === OPEN) return this.#list(field);
    throw new FormatError(`a node or a list was expected at ${this.#at}`);
  }

  #node(of: string): Open<TreeNode> {
    const source = this.#bytes;
    const begin = ++this.#at;
    const shape = shapeOf(source, begin, this.#name());
    const { name, wanted } = shape;
    const ranges = wanted.length === 0 ? NONE : shape.absent.slice();
    const node: Open<TreeNode> = { name, source, wanted, ranges, field: of, first: null, next: null };
    let last: Open<TreeNode> | Open<TreeList> | null = null;
    let before = shape.start;
    for (;;) {
      const code = this.#next();
      if (code === END) {
        this.#at++;
        return node;
      }
      let field: Field | null = null;
      if (code === COLON) {
        this.#at++;
        field = this.#field(shape, before);
        before = field;
      } else if (code === -1) throw new FormatError(`the text ends inside of ${name}`);
      else if (code === CLOSE) throw new FormatError(`a list ends inside of ${name}`);
      const begins = field === null ? code : this.#next();
      if (begins === BEGIN || begins === OPEN) {
        if (field !== null && childIn(node, field.name) !== null) twice(name, field);
        const value = this.#structure(begins, field === null ? "" : field.name);
        if (last === null) node.first = value;
        else last.next = value;
        last = value;
      } else if (field === null) {
        // The rest of a value of several words; a datum in brackets has been read already.
        this.#word();
      } else if (begins === -1 || begins === END || begins === CLOSE) {
        throw new FormatError(`${name}.${field.name} has no value`);
      } else this.#scalar(name, field, ranges as number[]);
    }
  }

  /** Reads the name of a field: most often the one that was seen behind the last. */
  #field(shape: Shape, before: Field): Field {
    const source = this.#bytes;
    const from = this.#at;
    for (const follower of before.followers) {
      const { bytes } = follower;
      let same = 0;
      while (same < bytes.length && bytes[same] === source[from + same]) same++;
      if (same < bytes.length || KINDS[source[from + same] as number] !== 1) continue;
      this.#at = from + same;
      return follower;
    }
    const field = shape.fields(source, from, this.#name());
    if (before.followers.length < FOLLOWERS && !before.followers.includes(field)) before.followers.push(field);
    return field;
  }

  #scalar(name: string, field: Field, ranges: number[]): void {
    const source = this.#bytes;
    const from = this.#at;
    let to = this.#word();
    if (field.keep === "skip") return;
    if (field.keep === "refuse") {
      if (!["0", "<>", "false"].includes(textOf(source, from, to))) {
        throw new FormatError(`nobody knows what ${name}.${field.name} asks for`);
      }
      return;
    }
    if (this.#next() === BRACKET) to = this.#bracket();
    if (to - from === 2 && source[from] === 60 && source[from + 1] === 62) return;
    const place = field.slot * 2;
    if (ranges[place] !== -1) twice(name, field);
    ranges[place] = from;
    ranges[place + 1] = to;
  }

  #list(field: string): Open<TreeList> {
    const source = this.#bytes;
    const from = ++this.#at;
    const list: Open<TreeList> = { name: null, source, from, to: 0, words: 0, field, first: null, next: null };
    let last: Open<TreeNode> | Open<TreeList> | null = null;
    for (;;) {
      const code = this.#next();
      if (code === CLOSE) {
        list.to = this.#at++;
        return list;
      }
      if (code === -1) throw new FormatError("the text ends inside of a list");
      if (code === END) throw new FormatError("a node ends inside of a list");
      if (code === BEGIN || code === OPEN) {
        const item = this.#structure(code, "");
        if (last === null) list.first = item;
        else last.next = item;
        last = item;
      } else {
        this.#word();
        list.words++;
      }
    }
  }

  /** Behind `[ 1 64 0 0 ]`. */
  #bracket(): number {
    const end = this.#bytes.indexOf(BRACKET_END, this.#at);
    if (end < 0) throw new FormatError("a value does not end");
    this.#at = end + 1;
    return this.#at;
  }

  /** Skips a word; behind it. */
  #word(): number {
    const bytes = this.#bytes;
    const from = this.#at;
    let at = from;
    for (; at < bytes.length; at++) {
      const kind = KINDS[bytes[at] as number] as number;
      if (kind === 0) continue;
      if (kind !== 3) break;
      at++;
    }
    if (at === from || at > bytes.length) throw new FormatError(`a word was expected at ${from}`);
    this.#at = at;
    return at;
  }

  /** Skips the name of a node or a field, in which nothing is escaped; behind it. */
  #name(): number {
    const bytes = this.#bytes;
    const from = this.#at;
    let at = from;
    while (at < bytes.length && KINDS[bytes[at] as number] === 0) at++;
    if (at === from || bytes[at] === BACKSLASH) throw new FormatError(`a name was expected at ${from}`);
    this.#at = at;
    return at;
  }
}

function twice(name: string, field: Field): never {
  throw new FormatError(`${name}.${field.name} stands there twice`);
}

/** A word without its escapes. */
function textOf(bytes: Uint8Array, from: number, to: number): string {
  const word = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("utf8");
  return word.includes("\\") ? word.replace(/\\([\s\S])/gu, "$1") : word;
}

/** The number that all of a word is; NaN: it is none. */
function integerOf(bytes: Uint8Array, from: number, to: number): number {
  const negative = bytes[from] === 45;
  let at = negative ? from + 1 : from;
  if (at === to || to - at > 15) return Number.NaN;
  let value = 0;
  for (; at < to; at++) {
    const digit = (bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

/** The oid or number in a datum of four bytes: `4 [ 1 64 0 0 0 0 0 0 ]`, low byte first. Null: it is none. */
export function datumOid(value: string | undefined): number | null {
  const match = /^4 \[ (-?\d+) (-?\d+) (-?\d+) (-?\d+)(?: 0)* \]$/u.exec(value?.replace(/\s+/gu, " ") ?? "");
  if (match === null) return null;
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(1).map((byte) => Number(byte) & 255);
  return ((d << 24) | (c << 16) | (b << 8) | a) >>> 0;
}

export function isNode(value: TreeNode | TreeList | null): value is TreeNode {
  return value !== null && value.name !== null;
}

/** What a field holds besides scalars; null: nothing. */
export function childIn(node: TreeNode, field: string): TreeNode | TreeList | null {
  let child = node.first;
  while (child !== null && child.field !== field) child = child.next;
  return child;
}

/** The nodes of a field, whether it holds one or a list. */
export function nodesIn(node: TreeNode, field: string): readonly TreeNode[] {
  const value = childIn(node, field);
  if (value === null) return [];
  if (isNode(value)) return [value];
  const nodes: TreeNode[] = [];
  for (let item = value.first; item !== null; item = item.next) if (isNode(item)) nodes.push(item);
  return nodes;
}

export function nodeIn(node: TreeNode, field: string): TreeNode | null {
  const value = childIn(node, field);
  return isNode(value) ? value : null;
}

/** Where the value of a scalar field begins among the ranges; -1: it is not there, or is `<>`. */
function placeIn(node: TreeNode, field: string): number {
  const slot = node.wanted.indexOf(field);
  return slot < 0 || node.ranges[slot * 2] === -1 ? -1 : slot * 2;
}

export function hasScalar(node: TreeNode, field: string): boolean {
  return placeIn(node, field) >= 0;
}

/** The value of a scalar field; undefined: it is not there, or is `<>`. */
export function textIn(node: TreeNode, field: string): string | undefined {
  const place = placeIn(node, field);
  if (place < 0) return undefined;
  return textOf(node.source, node.ranges[place] as number, node.ranges[place + 1] as number);
}

/** Whether the value of a scalar field is this word, in ASCII. */
export function isWord(node: TreeNode, field: string, word: string): boolean {
  const place = placeIn(node, field);
  if (place < 0) return false;
  const { source, ranges } = node;
  const from = ranges[place] as number;
  if ((ranges[place + 1] as number) - from !== word.length) return false;
  for (let at = 0; at < word.length; at++) if (source[from + at] !== word.charCodeAt(at)) return false;
  return true;
}

/** A number that may be left out; undefined: it is not there. */
export function optionalNumberIn(node: TreeNode, field: string): number | undefined {
  const place = placeIn(node, field);
  if (place < 0) return undefined;
  const value = integerOf(node.source, node.ranges[place] as number, node.ranges[place + 1] as number);
  if (Number.isNaN(value)) throw new FormatError(`${node.name}.${field} is no number`);
  return value;
}

/** A number that must be there. */
export function numberIn(node: TreeNode, field: string): number {
  const value = optionalNumberIn(node, field);
  if (value === undefined) throw missing(node, field);
  return value;
}

/** A set of attribute numbers, `(b 8 9)`, as the server numbers columns. It must be there. */
export function columnsIn(node: TreeNode, field: string): readonly number[] {
  const value = childIn(node, field);
  if (value === null || value.name !== null || value.first !== null) throw missing(node, field);
  const { source, from, to } = value;
  let sign = 0;
  const columns: number[] = [];
  for (let at = from; at < to; ) {
    if (KINDS[source[at] as number] === 1) {
      at++;
      continue;
    }
    const begins = at;
    while (at < to && KINDS[source[at] as number] !== 1) at++;
    if (sign === 0) {
      sign = at - begins === 1 ? (source[begins] as number) : -1;
      continue;
    }
    const member = integerOf(source, begins, at);
    if (!(member >= 0)) throw new FormatError(`${node.name}.${field} holds no numbers`);
    columns.push(member - FIRST_LOW_ATTRIBUTE);
  }
  if (sign !== SET) throw missing(node, field);
  return columns;
}

function missing(node: TreeNode, field: string): FormatError {
  return new FormatError(`${node.name}.${field} is missing`);
}

/** Sets begin with a `b`. */
const SET = 98;

/** Members of column sets are attribute numbers from the lowest system column on. */
const FIRST_LOW_ATTRIBUTE = 7;
