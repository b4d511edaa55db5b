import type { Privilege } from "../model/access-list.ts";
import type { ResourceKind } from "../model/resource.ts";
import { didYouMean } from "./did-you-mean.ts";
import { KIND_WORDS, type KindWord, type KindWords } from "./manifest.ts";
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

/** Reads `PRIVILEGES [(COLUMNS)] on KIND NAME[, NAME] [with grant option]`. Keywords in any case; names exact. */
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
export function parseNames(word: KindWords, text: string): OnTextResult {
  return guarded(() => {
    const reader = new Reader(text);
    const { kind, plural } = kindOf(word);
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

/** `tables sales.*, billing.*`. */
export function printOnText(on: OnText): string {
  return `${kindWord(on.kind, on.plural)} ${on.names.map(printName).join(", ")}`;
}

/** The word of a kind in the manifest. Columns have none: they are written after the privilege. */
export function kindWord(kind: ResourceKind, plural: boolean): KindWords {
  if (!isKindWord(kind)) throw new TypeError(`a ${kind} is not said by its name`);
  return plural ? `${kind}s` : kind;
}

function isKindWord(kind: ResourceKind): kind is KindWord {
  return Object.hasOwn(KIND_WORDS, kind);
}

/** The kind that a word stands for. */
export function kindOf(word: KindWords): { readonly kind: ResourceKind; readonly plural: boolean } {
  if (word in KIND_WORDS) return { kind: KIND_WORDS[word as KindWord], plural: false };
  return { kind: KIND_WORDS[word.slice(0, -1) as KindWord], plural: true };
}

/** Every kind word, singular ones first. */
export const ALL_KIND_WORDS: readonly KindWords[] = [
  ...(Object.keys(KIND_WORDS) as KindWord[]),
  ...(Object.keys(KIND_WORDS) as KindWord[]).map((word): KindWords => `${word}s`),
];

/** How many dotted parts a name of this kind has. */
export function nameParts(kind: ResourceKind): number {
  return kind === "table" || kind === "sequence" || kind === "type" || kind === "routine" ? 2 : 1;
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
  // A kind where a further word of the privilege could stand: the `on` before it is missing.
  while (!reader.atWord("on") && (words.length === 0 || !reader.atWord(...ALL_KIND_WORDS))) {
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
  const word = reader.word()?.toLowerCase();
  const known = ALL_KIND_WORDS.find((candidate) => candidate === word);
  if (known === undefined) {
    const help =
      didYouMean(word ?? "", ALL_KIND_WORDS) ??
      `the kinds are ${Object.keys(KIND_WORDS).join(", ")}, and their plurals for patterns`;
    const found = word === undefined ? "nothing" : `\`${word}\``;
    throw new TextError(`expected a kind of thing after \`on\`, found ${found}`, start, word?.length ?? 1, help);
  }
  const { kind, plural } = kindOf(known);
  return { kind, plural, names: readNames(reader, kind, plural) };
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
    const help = `say \`${kind}s ${shown}\`, or put the name in double quotes if it really holds that sign`;
    throw new TextError(`\`${shown}\` is a pattern, but \`${kind}\` names one thing`, start, length, help);
  }
  // Parameters of extensions are dotted themselves (`plpgsql.extra_warnings`) and have no schema.
  if (kind === "parameter" && name.args === null) {
    return { parts: [{ text: name.parts.map((p) => p.text).join("."), wild: isWild(name) }], args: null };
  }
  if (name.parts.length !== expected) {
    const shape = expected === 2 ? `schema.name` : "one name without a schema";
    const help =
      name.parts.length > expected
        ? "a name that holds a dot stands in double quotes; a database is said by `database:` in the map form"
        : undefined;
    throw new TextError(`a ${kind} is written as ${shape}, found \`${shown}\``, start, length, help);
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
