import { hash } from "node:crypto";
import type { ObservedStatement } from "../../../../model/workload.ts";
import type { Grammar } from "../../../simulation.ts";
import { lex, type Skeleton } from "./lexer.ts";
import { normalize, type Parse } from "./normalize.ts";
import type { Tree } from "./tree.ts";
import { Remembered } from "../../../remembered.ts";

/** Longer texts are not looked into: their hash stands for them. */
export const MOST_TEXT: number = 4 * 1024 * 1024;
/** Statements that are longer without their literals are not parsed: the parser's memory follows them. */
const MOST_PARSED = 256 * 1024;
/** Distinct statements that are remembered. */
const REMEMBERED_SHAPES = 20_000;
/** Distinct texts that are remembered, where they are short. */
const REMEMBERED_TEXTS = 20_000;
const MOST_REMEMBERED_TEXT = 2048;

type LibPgQuery = typeof import("libpg-query");

/** The grammar, and what only readers of PostgreSQL's own logs ask. */
export interface PostgresqlGrammar extends Grammar {
  /** The trees of a text's statements, with their constants; null where it cannot be parsed. Never for long texts. */
  trees(text: string): readonly Tree[] | null;
}

/** PostgreSQL's own parser decides what is one statement and which are alike. Literals are taken out before it sees the text, so each distinct shape is parsed once. */
export function postgresqlGrammar(): PostgresqlGrammar {
  let parser: LibPgQuery | null = null;
  const loaded = (): LibPgQuery => {
    if (parser === null) throw new Error("the grammar was asked before it was loaded");
    return parser;
  };
  const shapes = new Remembered<ObservedStatement>(REMEMBERED_SHAPES);
  const texts = new Remembered<readonly ObservedStatement[]>(REMEMBERED_TEXTS);
  return {
    async load() {
      const library = await import("libpg-query");
      await library.loadModule();
      parser = library;
    },
    read(text) {
      const known = text.length <= MOST_REMEMBERED_TEXT ? texts.get(text) : undefined;
      if (known !== undefined) return known;
      const parse = parseWith(loaded());
      const read = readText(text, (skeleton) => statementOf(skeleton, { shapes, parse }));
      if (text.length <= MOST_REMEMBERED_TEXT) texts.set(text, read);
      return read;
    },
    trees(text) {
      if (text.length > MOST_PARSED) return null;
      try {
        return (loaded().parseSync(text).stmts ?? []).map((each) => (each as unknown as { readonly stmt: Tree }).stmt);
      } catch {
        return null; // Text that is no SQL, or of another version.
      }
    },
  };
}

function readText(text: string, statement: (skeleton: Skeleton) => ObservedStatement): readonly ObservedStatement[] {
  if (text.length > MOST_TEXT) return [unreadable(text)];
  const { statements, torn, doubtful } = lex(text);
  if (torn || doubtful) return [unreadable(text)];
  const read = statements.map(statement);
  // The server takes a text as a whole or not at all: what looks like a statement in one that it did not take may be part of a literal.
  return read.length > 1 && read.some((each) => each.text === "") ? [unreadable(text)] : read;
}

interface Reading {
  readonly shapes: Remembered<ObservedStatement>;
  readonly parse: Parse;
}

function statementOf(skeleton: Skeleton, { shapes, parse }: Reading): ObservedStatement {
  const shape = shapeOf(skeleton);
  const known = shapes.get(shape);
  if (known !== undefined) return known;
  const normalized = shape.length > MOST_PARSED ? null : normalize(skeleton, parse);
  const statement =
    normalized === null
      ? { fingerprint: `unparsed-${digest(shape)}`, text: "", command: firstWord(shape) }
      : {
          fingerprint: normalized.fingerprint,
          text: normalized.text,
          command: normalized.command ?? firstWord(shape),
        };
  shapes.set(shape, statement);
  return statement;
}

/** The text with a sign for each literal that tells what kind it was. */
function shapeOf({ pieces, literals }: Skeleton): string {
  let shape = pieces[0] ?? "";
  for (const [index, literal] of literals.entries()) {
    shape += literal.kind === "string" ? "'" : literal.kind === "number" ? "#" : `$${literal.number}`;
    shape += pieces[index + 1] ?? "";
  }
  return shape;
}

function unreadable(text: string): ObservedStatement {
  return { fingerprint: `unread-${digest(text)}`, text: "", command: firstWord(text.slice(0, 200)) };
}

const COMMAND =
  /^[\s(]*(select|insert|update|delete|merge|with|values|table|call|do|copy|begin|start|commit|end|rollback|abort|savepoint|release|set|reset|show|discard|explain|prepare|execute|deallocate|declare|fetch|move|close|listen|notify|unlisten|lock|truncate|create|alter|drop|grant|revoke|comment|vacuum|analyze|analyse|cluster|reindex|refresh|checkpoint|load|reassign|security|import)\b/iu;

/** The first word where it is one that begins a statement: anything else could be part of a literal. */
function firstWord(text: string): string {
  return COMMAND.exec(text)?.[1]?.toUpperCase() ?? "UNKNOWN";
}

function digest(text: string): string {
  return hash("sha256", text, "hex").slice(0, 16);
}

function parseWith(parser: LibPgQuery): Parse {
  return (text) => {
    try {
      const [statement, ...others] = (parser.parseSync(text).stmts ?? []) as unknown as { readonly stmt?: Tree }[];
      if (statement?.stmt === undefined || others.length > 0) return { stoppedAt: null };
      return { tree: statement.stmt };
    } catch (error) {
      const place = (error as { sqlDetails?: { cursorPosition?: number } }).sqlDetails?.cursorPosition;
      return { stoppedAt: place === undefined ? null : indexOfCharacter(text, place) };
    }
  };
}

/** The parser counts characters, a string here code units. */
function indexOfCharacter(text: string, characters: number): number {
  let index = 0;
  for (let i = 0; i < characters && index < text.length; i++) index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
  return index;
}
