import type { StatementQuestion } from "../../../simulation.ts";
import { Dependencies } from "./dependencies.ts";
import type { DatabaseRows } from "./read-target.ts";
import { Words } from "./words.ts";

/**
 * What statements about this database can touch, and nothing else: every object of a name that occurs in them, in whatever schema, and everything beneath it. Names are taken from the text without understanding it,
 * and so are those in the bodies of routines: more than needed, never less, but for what is put together only while it runs.
 */
export function prune(rows: DatabaseRows, questions: readonly StatementQuestion[]): DatabaseRows {
  const about = questions.filter(({ database }) => database === rows.database);
  const words = new Words(about.map(({ text }) => text));
  if (words.anything) return rows;
  const kept = new Closure(rows, words).kept;
  const has = (catalog: string, oid: string): boolean => kept.has(`${catalog} ${oid}`);
  const extensionOf = new Map(rows.members.map(([catalog, oid, extension]) => [`${catalog} ${oid}`, extension]));
  const languages = new Set(rows.routines.filter(([oid]) => has("pg_proc", oid)).map((row) => row[8]));
  const used = new Set([
    ...[...kept].flatMap((id) => extensionOf.get(id) ?? []),
    ...rows.languages.flatMap(([oid, name]) =>
      languages.has(name) ? (extensionOf.get(`pg_language ${oid}`) ?? []) : [],
    ),
    ...rows.extensions.flatMap(([oid, name]) => (name === "plpgsql" ? [oid] : [])),
  ]);
  const isOurs = (catalog: string, oid: string): boolean => {
    const extension = extensionOf.get(`${catalog} ${oid}`);
    return extension === undefined || used.has(extension);
  };
  return {
    ...rows,
    extensions: rows.extensions.filter(([oid]) => used.has(oid)),
    members: rows.members.filter(([, , extension]) => used.has(extension)),
    early: rows.early.filter(([catalog, oid]) => isOurs(catalog, oid)),
    languages: rows.languages.filter(([oid, name]) => isOurs("pg_language", oid) || languages.has(name)),
    wrappers: rows.wrappers.filter(([oid]) => isOurs("pg_foreign_data_wrapper", oid)),
    types: rows.types.filter(([oid]) => has("pg_type", oid)),
    relations: rows.relations.filter(([oid]) => has("pg_class", oid)),
    sequences: rows.sequences.filter(([oid, , , , , , link, table]) =>
      has("pg_class", link === "i" ? (table ?? oid) : oid),
    ),
    routines: rows.routines.filter(([oid]) => has("pg_proc", oid)),
    aggregates: rows.aggregates.filter(([oid]) => has("pg_proc", oid)),
    operators: rows.operators.filter(([catalog, oid]) => has(catalog, oid)),
    operatorClasses: rows.operatorClasses.filter(([catalog, oid]) => has(catalog, oid)),
    constraints: rows.constraints.filter(
      (row) => has("pg_class", row[7]) && (row[5] !== "f" || has("pg_class", row[8])),
    ),
    indexes: rows.indexes.filter((row) => has("pg_class", row[5])),
    rules: rows.rules.filter((row) => has("pg_class", row[6])),
    triggers: rows.triggers.filter((row) => has("pg_class", row[7])),
    policies: rows.policies.filter((row) => has("pg_class", row[4])),
    largeObjects: words.mention("lo_") ? rows.largeObjects : [],
  };
}

/** What a foreign key does to the rows that refer to one that goes. */
const CASCADES = / ON (?:DELETE|UPDATE) (?:CASCADE|SET NULL|SET DEFAULT)/u;

/** What takes rows away, or changes what refers to them. */
const REMOVING = ["delete", "update", "merge", "truncate"];

class Closure {
  readonly kept: Set<string> = new Set();
  readonly #rows: DatabaseRows;
  readonly #dependencies: Dependencies;
  readonly #beneath: Map<string, string[]> = new Map();
  readonly #byName: Map<string, string[]> = new Map();
  readonly #unusual: [name: string, id: string][] = [];
  readonly #bodies: ReadonlyMap<string, string>;
  /** The tables that the keys of a table refer to. */
  readonly #referenced: Map<string, string[]> = new Map();
  /** The tables whose keys refer to a table: where a row goes or changes, they are looked at. */
  readonly #referring: Map<string, string[]> = new Map();
  readonly #waiting: string[] = [];
  #removes = false;

  constructor(rows: DatabaseRows, words: Words) {
    this.#rows = rows;
    this.#dependencies = new Dependencies(rows);
    this.#bodies = new Map(
      rows.routines.filter((row) => !["c", "internal"].includes(row[8])).map((row) => [`pg_proc ${row[0]}`, row[9]]),
    );
    this.#index();
    this.#name(words);
    this.#follow();
    // One step along keys and no further: what runs for a key looks at that table alone.
    const named = [...this.kept];
    for (const id of named) {
      for (const other of this.#referenced.get(id) ?? []) this.#keep(other);
      if (this.#removes) for (const other of this.#referring.get(id) ?? []) this.#keep(other);
    }
    this.#follow();
  }

  #index(): void {
    const name = (text: string, id: string): void => {
      if (Words.isUsual(text)) push(this.#byName, text, id);
      else this.#unusual.push([text, id]);
    };
    const { relations, sequences, routines, aggregates, types, triggers, policies, rules, constraints, indexes } =
      this.#rows;
    for (const [oid, , text, , , , , , , parents] of relations) {
      name(text, `pg_class ${oid}`);
      // Rows of a child are read and written through its parent, and a child is made by attaching it.
      for (const parent of JSON.parse(parents ?? "[]") as readonly string[]) {
        push(this.#beneath, `pg_class ${parent}`, `pg_class ${oid}`);
        push(this.#beneath, `pg_class ${oid}`, `pg_class ${parent}`);
      }
    }
    for (const [oid, , text, , , , link, table] of sequences) {
      name(text, `pg_class ${link === "i" && table !== null ? table : oid}`);
      if (table !== null) push(this.#beneath, `pg_class ${table}`, `pg_class ${oid}`);
    }
    for (const [oid, , text] of routines) name(text, `pg_proc ${oid}`);
    for (const [oid, , text] of aggregates) name(text, `pg_proc ${oid}`);
    for (const [oid, , text] of types) name(text, `pg_type ${oid}`);
    const under = (table: string, id: string): void => push(this.#beneath, `pg_class ${table}`, id);
    for (const [oid, , , , , , , table, routine] of triggers) {
      under(table, `pg_proc ${routine}`);
      under(table, `pg_trigger ${oid}`);
    }
    for (const [oid, , , , table] of policies) under(table, `pg_policy ${oid}`);
    for (const [oid, , , , , , table] of rules) under(table, `pg_rewrite ${oid}`);
    for (const row of indexes) under(row[5], `pg_class ${row[0]}`);
    for (const row of constraints) {
      if (row[5] !== "f") under(row[7], `pg_constraint ${row[0]}`);
      else {
        push(this.#referenced, `pg_class ${row[7]}`, `pg_class ${row[8]}`);
        push(this.#referring, `pg_class ${row[8]}`, `pg_class ${row[7]}`);
        if (CASCADES.test(row[6])) under(row[8], `pg_class ${row[7]}`);
      }
    }
  }

  #name(words: Words): void {
    this.#removes ||= REMOVING.some((word) => words.has(word));
    for (const word of words) for (const id of this.#byName.get(word) ?? []) this.#keep(id);
    for (const [name, id] of this.#unusual) if (words.mention(name)) this.#keep(id);
  }

  #keep(id: string): void {
    if (this.kept.has(id)) return;
    this.kept.add(id);
    this.#waiting.push(id);
  }

  #follow(): void {
    do {
      for (let id = this.#waiting.pop(); id !== undefined; id = this.#waiting.pop()) {
        for (const needed of this.#dependencies.needs(id)) this.#keep(needed);
        for (const beneath of this.#beneath.get(id) ?? []) this.#keep(beneath);
        const body = this.#bodies.get(id);
        if (body !== undefined) this.#name(new Words([body]));
      }
      this.#operators();
    } while (this.#waiting.length > 0);
  }

  /** Operators and casts have no names that a text must hold: those whose types are all there can be meant. */
  #operators(): void {
    const isThere = (needed: string): boolean => !/^pg_(?:type|class) /u.test(needed) || this.kept.has(needed);
    for (const [catalog, oid] of this.#rows.operators) {
      const id = `${catalog} ${oid}`;
      if ([...this.#dependencies.needs(id)].every(isThere)) this.#keep(id);
    }
    for (const [catalog, oid, , , , needs] of this.#rows.operatorClasses) {
      const id = `${catalog} ${oid}`;
      if (this.kept.has(id) || ![...this.#dependencies.needs(id)].every(isThere)) continue;
      this.#keep(id);
      for (const needed of JSON.parse(needs) as readonly string[]) this.#keep(needed);
    }
  }
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
