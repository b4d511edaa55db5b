import { isUnnamed, type ResourceKind } from "../model/resource.ts";
import { didYouMean } from "./did-you-mean.ts";

/** The words of a kind of thing in the manifest, and how many dotted parts its names have. */
interface KindWords {
  /** Names one thing that must exist. */
  readonly one: string;
  /** Takes patterns. */
  readonly many: string;
  readonly parts: 1 | 2;
  /** The dots of a bare name are part of it: names of this kind often hold some, and have no schema. */
  readonly dotted?: true;
}

/** The kinds that are said by name. Columns have no word: they stand after the privilege. */
const NAMED = {
  table: { one: "table", many: "tables", parts: 2 },
  sequence: { one: "sequence", many: "sequences", parts: 2 },
  routine: { one: "routine", many: "routines", parts: 2 },
  schema: { one: "schema", many: "schemas", parts: 1 },
  type: { one: "type", many: "types", parts: 2 },
  database: { one: "database", many: "databases", parts: 1 },
  language: { one: "language", many: "languages", parts: 1 },
  "foreign-data-wrapper": { one: "foreign-data-wrapper", many: "foreign-data-wrappers", parts: 1 },
  "foreign-server": { one: "foreign-server", many: "foreign-servers", parts: 1 },
  tablespace: { one: "tablespace", many: "tablespaces", parts: 1 },
  parameter: { one: "parameter", many: "parameters", parts: 1, dotted: true },
  "large-object": { one: "large-object", many: "large-objects", parts: 1 },
  role: { one: "role", many: "roles", parts: 1, dotted: true },
  mbean: { one: "mbean", many: "mbeans", parts: 1, dotted: true },
  "dynamic-privilege": { one: "dynamic-privilege", many: "dynamic-privileges", parts: 1 },
  "schema-pattern": { one: "schema-pattern", many: "schema-patterns", parts: 1 },
  "schema-tables": { one: "tables-of-schema", many: "tables-of-schemas", parts: 1 },
  "schema-routines": { one: "routines-of-schema", many: "routines-of-schemas", parts: 1 },
} as const;

/** The kinds of which there is one: their word stands alone. */
const UNNAMED = ["server", "all-schemas", "all-routines", "all-roles", "all-mbeans"] as const;

type NamedKind = keyof typeof NAMED;

/** A word that names follow. */
export type KindWord = (typeof NAMED)[NamedKind]["one" | "many"];
/** A word that stands alone. */
export type UnnamedWord = (typeof UNNAMED)[number];

/** What a word stands for. */
export interface WordedKind {
  readonly kind: ResourceKind;
  /** Whether it takes patterns. */
  readonly plural: boolean;
}

const BY_WORD: ReadonlyMap<string, WordedKind> = new Map([
  ...(Object.keys(NAMED) as NamedKind[]).map((kind): [string, WordedKind] => [
    NAMED[kind].one,
    { kind, plural: false },
  ]),
  ...(Object.keys(NAMED) as NamedKind[]).map((kind): [string, WordedKind] => [
    NAMED[kind].many,
    { kind, plural: true },
  ]),
  ...UNNAMED.map((kind): [string, WordedKind] => [kind, { kind, plural: false }]),
]);

/** The words that names follow, singular ones first. */
export const KIND_WORDS: readonly KindWord[] = [
  ...Object.values(NAMED).map((words) => words.one),
  ...Object.values(NAMED).map((words) => words.many),
];

/** The words that stand alone. */
export const UNNAMED_WORDS: readonly UnnamedWord[] = UNNAMED;

/** The kind that a word stands for; undefined when it is none. */
export function kindOf(word: string): WordedKind | undefined {
  return BY_WORD.get(word);
}

/** The word of a kind in the manifest. Throws for columns, which are written after the privilege. */
export function kindWord(kind: ResourceKind, plural: boolean): KindWord | UnnamedWord {
  if (isNamed(kind)) return plural ? NAMED[kind].many : NAMED[kind].one;
  const unnamed = UNNAMED.find((word) => word === kind);
  if (unnamed === undefined) throw new TypeError(`a ${kind} is not said by its name`);
  return unnamed;
}

/** How many dotted parts a name of this kind has; none where there is only one thing of the kind. Columns: one, behind the name of their table. */
export function nameParts(kind: ResourceKind): number {
  if (isUnnamed(kind)) return 0;
  return isNamed(kind) ? NAMED[kind].parts : 1;
}

/** Whether the dots of a bare name are part of it. */
export function isDotted(kind: ResourceKind): boolean {
  return isNamed(kind) && (NAMED[kind] as KindWords).dotted === true;
}

function isNamed(kind: ResourceKind): kind is NamedKind {
  return Object.hasOwn(NAMED, kind);
}

/** What servers call things that have another word here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  keyspace: "a keyspace is a schema here: `schema shop`",
  view: "a view is a table here: `table sales.active_customers`",
  "materialized-view": "a view is a table here: `table sales.active_customers`",
  function: "functions are routines here: `routine sales.total(integer)`",
  procedure: "procedures are routines here: `routine sales.close_day`",
  aggregate: "aggregates are routines here: `routine sales.median(int)`",
  package: "packages are routines here: `routine sales.billing(package)`",
  column: "columns stand after the privilege: `select (id, name) on table sales.customers`",
  user: "who logs in is a role here: `role app@%`",
  account: "who logs in is a role here: `role app@%`",
  all: "a pattern says all of a schema, `tables sales.*`; what covers everything is one word, as in `all-schemas`",
};

/** What to do about a word that is none of them. */
export function kindHelp(word: string): string {
  const elsewhere = Object.hasOwn(ELSEWHERE, word) ? ELSEWHERE[word] : ELSEWHERE[word.replace(/s$/u, "")];
  if (elsewhere !== undefined) return elsewhere;
  const words = [...KIND_WORDS, ...UNNAMED_WORDS];
  const singular = Object.values(NAMED).map((each) => each.one);
  return (
    didYouMean(word, words) ??
    `the kinds are ${singular.join(", ")}, and their plurals for patterns; ${UNNAMED_WORDS.join(", ")} stand alone`
  );
}
