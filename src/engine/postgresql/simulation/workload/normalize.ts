import type { Literal, Skeleton } from "./lexer.ts";
import { commandOf, fingerprintOf, type Tree, walk } from "./tree.ts";

/** The parser: a tree of one statement, or where it stopped, as an index into the text (null where it does not tell). */
export type Parse = (text: string) => { readonly tree: Tree } | { readonly stoppedAt: number | null };

export interface Normalized {
  readonly text: string;
  readonly fingerprint: string;
  readonly command: string | null;
}

/** What stands for a literal: a placeholder; where none may stand a constant of ours, `''`, `'0'` or `1`; or a placeholder that is cast to the type that stood before it. */
type Stand =
  | { readonly kind: "placeholder" | "text" | "zero" | "number" }
  | { readonly kind: "cast"; readonly type: string };

const PLACEHOLDER: Stand = { kind: "placeholder" };
const TEXT: Stand = { kind: "text" };
const ZERO: Stand = { kind: "zero" };
const NUMBER: Stand = { kind: "number" };

/** Placeholders may stand in what is planned; elsewhere PostgreSQL wants constants (libpg-query takes placeholders there too). */
const PLANNED =
  /^\(*\s*(?:select|insert|update|delete|merge|with|values|table|call|explain|declare|copy|prepare|execute|refresh|create (?:or replace )?(?:(?:global |local )?(?:temp|temporary) |unlogged )?(?:table|view|recursive view|materialized view))\b/iu;

const TYPE_BEFORE =
  /(?:^|[\s(,[])((?:[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*\.)*(?:[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|double precision|character varying))(?:\(\))? ?$/u;

const MOST_TRIALS = 60;

/** A statement whose literals are placeholders, as PostgreSQL takes it. Null: it cannot be parsed. */
export function normalize(skeleton: Skeleton, parse: Parse): Normalized | null {
  const isPlanned = PLANNED.test(skeleton.pieces[0] ?? "");
  const stands = skeleton.literals.map((literal) => (isPlanned ? PLACEHOLDER : constantFor(literal)));
  let written = write(skeleton, stands);
  let parsed = parse(written.text);
  for (let trial = 0; "stoppedAt" in parsed; trial++) {
    const { stoppedAt } = parsed;
    const index = written.places.findIndex(([from, to]) => stoppedAt !== null && from <= stoppedAt && stoppedAt < to);
    if (index === -1 || trial > MOST_TRIALS) return null;
    const next = otherStand(skeleton, stands, index);
    if (next === null) return null;
    stands[index] = next;
    written = write(skeleton, stands);
    parsed = parse(written.text);
  }
  if (adjust(parsed.tree, { skeleton, stands, written })) {
    written = write(skeleton, stands);
    parsed = parse(written.text);
    if ("stoppedAt" in parsed) return null;
  }
  return { text: written.text, fingerprint: fingerprintOf(parsed.tree), command: commandOf(parsed.tree) };
}

function constantFor(literal: Literal): Stand {
  return literal.kind === "number" ? NUMBER : TEXT;
}

/** What is tried next where the parser stopped at this literal. */
function otherStand(skeleton: Skeleton, stands: readonly Stand[], index: number): Stand | null {
  const literal = skeleton.literals[index] as Literal;
  const [first, second] = literal.kind === "number" ? [NUMBER, TEXT] : [TEXT, NUMBER];
  const stand = stands[index]?.kind;
  if (stand === "placeholder" || stand === "cast" || stand === "zero") return first;
  return stand === first.kind ? (stand === (literal.kind === "number" ? "number" : "text") ? second : null) : null;
}

interface Written {
  readonly text: string;
  /** Where each literal's stand is in the text. */
  readonly places: readonly (readonly [number, number])[];
  /** The literals of each placeholder number. */
  readonly numbers: ReadonlyMap<number, readonly number[]>;
}

/** Placeholders are numbered in the order in which they appear; one that the client used twice keeps one number. */
function write({ pieces, literals }: Skeleton, stands: readonly Stand[]): Written {
  const places: (readonly [number, number])[] = [];
  const numbers = new Map<number, number[]>();
  const ofClient = new Map<number, number>();
  let text = pieces[0] ?? "";
  let count = 0;
  for (let i = 0; i < literals.length; i++) {
    const literal = literals[i] as Literal;
    const stand = stands[i] as Stand;
    let written = "''";
    if (stand.kind === "number") written = "1";
    else if (stand.kind === "zero") written = "'0'";
    else if (stand.kind !== "text") {
      const known = literal.kind === "parameter" ? ofClient.get(literal.number) : undefined;
      const number = known ?? ++count;
      if (literal.kind === "parameter") ofClient.set(literal.number, number);
      numbers.set(number, [...(numbers.get(number) ?? []), i]);
      written = `$${number}`;
    }
    if (stand.kind === "cast") {
      const cut = text.slice(0, text.length - stand.type.length).replace(/ $/u, (blank) => blank);
      const before = text.endsWith(stand.type) ? cut : text.slice(0, text.trimEnd().length - stand.type.length);
      text = `${before}CAST(`;
      written = `${written} AS ${stand.type})`;
    }
    places.push([text.length, text.length + written.length]);
    text += written + (pieces[i + 1] ?? "");
  }
  return { text: text.trimEnd(), places, numbers };
}

interface Draft {
  readonly skeleton: Skeleton;
  readonly stands: Stand[];
  readonly written: Written;
}

/** Places where libpg-query takes a placeholder and PostgreSQL does not: `interval $1`, `extract($1 from x)`, the modifiers of types. True: something was changed. */
function adjust(tree: Tree, draft: Draft): boolean {
  let changed = false;
  const put = (number: number, stand: (index: number) => Stand): void => {
    for (const index of draft.written.numbers.get(number) ?? []) {
      draft.stands[index] = stand(index);
      changed = true;
    }
  };
  walk(tree, (node) => {
    const cast = node["TypeCast"] as { readonly arg?: Tree; readonly typeName?: TypeName } | undefined;
    if (cast !== undefined) {
      const parameter = parameterOf(cast.arg);
      const isBefore = parameter !== null && (cast.typeName?.location ?? 0) < parameter.location;
      if (isBefore) put(parameter.number, (index) => typedStand(draft, index, cast.typeName?.typmods !== undefined));
    }
    for (const modifier of typmodsOf(node)) {
      const parameter = parameterOf(modifier);
      if (parameter !== null) put(parameter.number, () => NUMBER);
    }
    const call = node["FuncCall"] as { readonly funcformat?: Tree; readonly args?: readonly Tree[] } | undefined;
    if (call?.funcformat === "COERCE_SQL_SYNTAX" && JSON.stringify(call).includes('"extract"')) {
      const parameter = parameterOf(call.args?.[0]);
      if (parameter !== null) put(parameter.number, () => TEXT);
    }
  });
  return changed;
}

interface TypeName {
  readonly location?: number;
  readonly typmods?: readonly Tree[];
}

function typmodsOf(node: { readonly [key: string]: Tree }): readonly Tree[] {
  const typmods = node["typmods"];
  return Array.isArray(typmods) ? typmods : [];
}

/** `interval $1` becomes `CAST($1 AS interval)`; with fields behind it (`interval '1' hour`) a constant must stay. */
function typedStand({ skeleton }: Draft, index: number, hasFields: boolean): Stand {
  const type = TYPE_BEFORE.exec(skeleton.pieces[index] ?? "")?.[1];
  return type === undefined || hasFields ? ZERO : { kind: "cast", type };
}

function parameterOf(tree: Tree | undefined): { readonly number: number; readonly location: number } | null {
  const found = (tree as { ParamRef?: { number?: number; location?: number } } | null | undefined)?.ParamRef;
  return found === undefined ? null : { number: found.number ?? 0, location: found.location ?? 0 };
}
