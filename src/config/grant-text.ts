import type { Privilege } from "../model/access-list.ts";
import { isUnnamed, type ResourceKind } from "../model/resource.ts";
import { isDotted, kindHelp, kindOf, kindWord, type KindWord, nameParts } from "./kind-words.ts";
import { isWild, NameError, type NamePattern, printName, printPart, readName, readPart } from "./names.ts";

/** What a grant or revoke line says, before anything is looked up. */
export interface GrantText {
  /** Upper case; `ALL` stands for every privilege that the kind has on the server. */
  readonly privileges: readonly Privilege[];
  /** Exact names; null for the whole thing. */
  readonly columns: readonly string[] | null;
  readonly on: OnText;
  readonly grantable: boolean;
  /** Revokes only: `grant option for select on ...` leaves the privilege itself. */
  readonly grantOptionOnly: boolean;
}

/** The things that a line is about, by names of one kind. */
export interface OnText {
  readonly kind: ResourceKind;
  /** Plural kinds take patterns; singular ones name one thing that must exist. */
  readonly plural: boolean;
  /** Empty exactly where there is only one thing of the kind. */
  readonly names: readonly NamePattern[];
}

/** What is wrong with a line: where in the text, in characters from its start. */
export interface GrantTextError {
  readonly message: string;
  readonly help?: string;
  readonly offset: number;
  readonly length: number;
}

export type GrantTextResult =
  | { readonly ok: true; readonly value: GrantText }
  | { readonly ok: false; readonly error: GrantTextError };

/** Reads `PRIVILEGES [(COLUMNS)] on KIND [NAME[, NAME]] [with grant option]`. Keywords in any case; names exact. */
export function parseGrantText(text: string): GrantTextResult {
  return guarded(() => readGrant(text));
}

export type OnTextResult =
  | { readonly ok: true; readonly value: OnText }
  | { readonly ok: false; readonly error: GrantTextError };

/** Reads `KIND NAME[, NAME]`, as in `of: tables sales.*`. */
export function parseOnText(text: string): OnTextResult {
  return guarded(() => {
    const reader = new Reader(text);
    const on = readOn(reader);
    reader.end();
    return on;
  });
}

/** Reads the names of one kind, as in the map form `on: { tables: [sales.*, billing.*] }`. One piece of text may hold several, joined by commas. */
export function parseNames(word: KindWord, text: string): OnTextResult {
  return guarded(() => {
    const reader = new Reader(text);
    const { kind, plural } = kindOf(word) ?? unknownKind(word, 0);
    const names = readNames(reader, kind, plural);
    reader.end();
    return { kind, plural, names };
  });
}

/** The line that `parseGrantText` reads back to the same value. */
export function printGrantText(grant: GrantText): string {
  const columns = grant.columns === null ? "" : ` (${grant.columns.map(printPart).join(", ")})`;
  const privileges = grant.privileges.map((privilege) => privilege.toLowerCase() + columns).join(", ");
  const option = grant.grantOptionOnly ? "grant option for " : "";
  return `${option}${privileges} on ${printOnText(grant.on)}${grant.grantable ? " with grant option" : ""}`;
}

/** `tables sales.*, billing.*`; `all-schemas` where there is only one thing of the kind. */
export function printOnText(on: OnText): string {
  return [kindWord(on.kind, on.plural), on.names.map(printName).join(", ")].filter((text) => text !== "").join(" ");
}

class TextError extends NameError {
  readonly help: string | undefined;
  constructor(message: string, offset: number, length: number, help?: string) {
    super(message, offset, length);
    this.help = help;
  }
}

function guarded<T>(
  read: () => T,
): { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: GrantTextError } {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (!(error instanceof NameError)) throw error;
    const help = error instanceof TextError ? error.help : undefined;
    const { message, offset, length } = error;
    return { ok: false, error: { message, offset, length, ...(help === undefined ? {} : { help }) } };
  }
}

const SHAPE = "a grant is `PRIVILEGES [(COLUMNS)] on KIND NAME`, as in `select on table sales.orders`";

function readGrant(text: string): GrantText {
  const reader = new Reader(text);
  const grantOptionOnly = reader.words("grant", "option", "for");
  const privileges: Privilege[] = [];
  const columnLists: (readonly string[] | null)[] = [];
  do {
    privileges.push(readPrivilege(reader));
    columnLists.push(reader.sign("(") ? readColumns(reader) : null);
  } while (reader.sign(","));
  if (!reader.words("on")) reader.fail("expected `on` after the privileges", SHAPE);
  const on = readOn(reader);
  const grantable = reader.words("with", "grant", "option");
  reader.end();
  const columns = columnLists[0] ?? null;
  if (columnLists.some((list) => JSON.stringify(list) !== JSON.stringify(columns))) {
    const help =
      "give each privilege the same columns, as in `select (id), update (id) on table sales.orders`, or write two grants";
    throw new TextError("the privileges of one grant are for different columns", 0, text.length, help);
  }
  if (columns !== null && on.kind !== "table") {
    throw new TextError("only tables have columns", 0, text.length, SHAPE);
  }
  return { privileges, columns, on, grantable, grantOptionOnly };
}

function readPrivilege(reader: Reader): Privilege {
  const words: string[] = [];
  while (!reader.atWord("on") && (words.length === 0 || !reader.atKind())) {
    const word = reader.word();
    if (word === null) break;
    words.push(word);
  }
  if (words.length === 0) reader.fail("expected a privilege", SHAPE);
  const name = words.join(" ").toUpperCase();
  return name === "ALL PRIVILEGES" ? "ALL" : name;
}

function readColumns(reader: Reader): readonly string[] {
  const columns: string[] = [];
  do {
    const part = reader.part();
    if (part.wild)
      reader.fail("columns are named one by one: a pattern would grant columns that are added later", SHAPE);
    columns.push(part.text);
  } while (reader.sign(","));
  if (!reader.sign(")")) reader.fail("expected `)` after the columns", SHAPE);
  return columns;
}

function readOn(reader: Reader): OnText {
  const start = reader.start();
  const word = reader.word()?.toLowerCase() ?? "";
  const { kind, plural } = kindOf(word) ?? unknownKind(word, start);
  return { kind, plural, names: isUnnamed(kind) ? [] : readNames(reader, kind, plural) };
}

function unknownKind(word: string, start: number): never {
  const found = word === "" ? "nothing" : `\`${word}\``;
  const message = `expected a kind of thing after \`on\`, found ${found}`;
  throw new TextError(message, start, Math.max(1, word.length), kindHelp(word));
}

function readNames(reader: Reader, kind: ResourceKind, plural: boolean): readonly NamePattern[] {
  const names: NamePattern[] = [];
  do {
    names.push(readOneName(reader, kind, plural));
  } while (reader.sign(","));
  return names;
}

function readOneName(reader: Reader, kind: ResourceKind, plural: boolean): NamePattern {
  const start = reader.start();
  const name = reader.name();
  const length = reader.at - start;
  const expected = nameParts(kind);
  const shown = printName(name);
  if (!plural && isWild(name)) {
    const help = `say \`${kindWord(kind, true)} ${shown}\`, or put the name in double quotes if it really holds that sign`;
    throw new TextError(
      `\`${shown}\` is a pattern, but \`${kindWord(kind, false)}\` names one thing`,
      start,
      length,
      help,
    );
  }
  // `plpgsql.extra_warnings`, `app@10.0.0.%`
  if (isDotted(kind) && name.args === null) {
    return { parts: [{ text: name.parts.map((p) => p.text).join("."), wild: isWild(name) }], args: null };
  }
  if (name.parts.length !== expected) {
    const shape = expected === 2 ? `schema.name` : "one name without a schema";
    const help =
      name.parts.length > expected
        ? "a name that holds a dot stands in double quotes; a database is said by `database:` in the map form"
        : undefined;
    throw new TextError(`a ${kindWord(kind, false)} is written as ${shape}, found \`${shown}\``, start, length, help);
  }
  if (name.args !== null && kind !== "routine") {
    throw new TextError(`only routines have input types, found \`${shown}\``, start, length);
  }
  return name;
}

/** Walks over the text; white space between tokens is skipped. */
class Reader {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  start(): number {
    while (/\s/u.test(this.text[this.at] ?? "")) this.at++;
    return this.at;
  }

  sign(sign: string): boolean {
    if (this.text[this.start()] !== sign) return false;
    this.at++;
    return true;
  }

  #peekWord(): string | null {
    this.start();
    return /^[\p{L}][\p{L}_-]*/u.exec(this.text.slice(this.at))?.[0] ?? null;
  }

  atWord(...words: readonly string[]): boolean {
    return words.includes(this.#peekWord()?.toLowerCase() ?? "");
  }

  /**
   * Whether a kind stands where a further word of a privilege could: the `on` before it is missing. Some privileges hold such a word themselves (`create routine`, `show databases`); behind those
   * the list or the line goes on.
   */
  atKind(): boolean {
    const word = this.#peekWord();
    if (word === null || kindOf(word.toLowerCase()) === undefined) return false;
    return !/^\s*(?:[,(]|on\s)/iu.test(this.text.slice(this.at + word.length));
  }

  word(): string | null {
    const word = this.#peekWord();
    if (word !== null) this.at += word.length;
    return word;
  }

  /** Reads these words, or nothing at all. */
  words(...expected: readonly string[]): boolean {
    const from = this.at;
    for (const word of expected) {
      if (this.word()?.toLowerCase() === word) continue;
      this.at = from;
      return false;
    }
    return true;
  }

  part(): { readonly text: string; readonly wild: boolean } {
    const { part, end } = readPart(this.text, this.start());
    this.at = end;
    return part;
  }

  name(): NamePattern {
    const { name, end } = readName(this.text, this.start());
    this.at = end;
    return name;
  }

  end(): void {
    if (this.start() < this.text.length) this.fail(`unexpected \`${this.text.slice(this.at, this.at + 24)}\``, SHAPE);
  }

  fail(message: string, help: string): never {
    const offset = this.start();
    const found =
      offset >= this.text.length && !message.includes("found") ? `${message}, found the end of the text` : message;
    throw new TextError(found, Math.min(offset, Math.max(0, this.text.length - 1)), 1, help);
  }
}
