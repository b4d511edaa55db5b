import { sortedText } from "../base/order.ts";
import type { CatalogEntry } from "../model/catalog.ts";
import {
  describeName,
  describeResource,
  type Resource,
  resourceKey,
  type ResourceKey,
  isShared,
  isUnnamed,
  type ResourceKind,
} from "../model/resource.ts";
import type { Role, RoleName } from "../model/role.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { StateRules } from "../model/state-rules.ts";
import { type CatalogByKind, catalogByKind, LIKE_SCHEMAS, type Schemas } from "./catalog-by-kind.ts";
import type { Selector } from "./claims.ts";
import { didYouMean } from "./did-you-mean.ts";
import { kindWord, nameParts } from "./kind-words.ts";
import { isWild, type NamePattern, partMatcher, printName } from "./names.ts";

/** What a selector stands for in one catalog. */
export interface Selection {
  /** Each once, in catalog order. */
  readonly entries: readonly CatalogEntry[];
  /** What a promise for the future also reaches, though the selector leaves it out: partitions, other forms. Neither given nor taken away. */
  readonly beside: () => readonly CatalogEntry[];
  readonly problems: readonly SelectionProblem[];
}

export interface SelectionProblem {
  readonly code: string;
  readonly message: string;
  readonly help: string | undefined;
  /** A pattern over nothing: forgiven where the line says so. */
  readonly empty: boolean;
}

export interface IndexOptions {
  readonly ignoresSchema: (schema: string) => boolean;
  /** As they should be: a role can be what a line is about before it exists. */
  readonly roles: ReadonlyMap<RoleName, Role>;
  readonly rules: StateRules;
}

/** The catalog of a target by kind, database and schema; answers each selector once. */
export class CatalogIndex {
  readonly #live: Snapshot;
  readonly #ignoresSchema: (schema: string) => boolean;
  readonly #roles: ReadonlyMap<RoleName, Role>;
  readonly #rules: StateRules;
  #things: CatalogByKind | undefined;
  readonly #selections = new Map<string, Selection>();
  readonly #matches = new Map<string, readonly CatalogEntry[]>();
  readonly #filters = new WeakMap<readonly CatalogEntry[], Map<string, readonly CatalogEntry[]>>();

  constructor(live: Snapshot, { ignoresSchema, roles, rules }: IndexOptions) {
    this.#live = live;
    this.#ignoresSchema = ignoresSchema;
    this.#roles = roles;
    this.#rules = rules;
  }

  select(selector: Selector): Selection {
    const known = this.#selections.get(selector.key);
    if (known !== undefined) return known;
    const selection = this.#select(selector);
    this.#selections.set(selector.key, selection);
    return selection;
  }

  /** The key of a resource of the catalog, made once. */
  keyOf(resource: Resource): ResourceKey {
    return this.#things?.keys.get(resource) ?? resourceKey(resource);
  }

  /** The databases that hold a schema of this name, or all that were read for null. */
  databasesWith(schema: string | null): readonly string[] {
    if (schema === null) return this.#live.catalog.databases;
    return this.#live.catalog.databases.filter((database) =>
      this.#live.catalog.entries.has(resourceKey({ kind: "schema", path: [database, schema] })),
    );
  }

  /** Everything of a kind in one database, by schema. */
  schemasOf(kind: ResourceKind, database: string): Schemas {
    return this.#kind(kind).get(database) ?? new Map();
  }

  #select(selector: Selector): Selection {
    const { database } = selector;
    if (isUnnamed(selector.on.kind)) {
      return { entries: [{ resource: { kind: selector.on.kind, path: [] } }], beside: () => [], problems: [] };
    }
    if (database !== null && !this.#live.catalog.databases.includes(database)) {
      return { entries: [], beside: () => [], problems: [this.#unknownDatabase(database)] };
    }
    const problems: SelectionProblem[] = [];
    const left = new Set<CatalogEntry>();
    for (const name of selector.except) {
      const matching = this.#matching(selector.on.kind, name, database);
      for (const entry of matching) left.add(entry);
      if (matching.length > 0) continue;
      const help = "an exception that matches nothing protects nothing: correct it or take it out";
      problems.push({ ...this.#nothing(selector, name), help });
    }
    const parts = selector.on.names.map((name) => this.#chosen(selector, name, problems));
    const [only] = parts;
    const all = parts.length === 1 && only !== undefined ? only : [...new Set(parts.flat())];
    const entries = left.size === 0 ? all : all.filter((entry) => !left.has(entry));
    return { entries, beside: () => this.#beside(selector, new Set([...entries, ...left])), problems };
  }

  /** What one name of a selector stands for, before exceptions. */
  #chosen(selector: Selector, name: NamePattern, problems: SelectionProblem[]): readonly CatalogEntry[] {
    const { kind, plural } = selector.on;
    const matching = this.#matching(kind, name, selector.database);
    const wild = isWild(name);
    const named = wild ? matching : this.#named(selector, name, matching, problems);
    const chosen = this.#filtered(named, wild, selector);
    const hard = problems.some((problem) => !problem.empty);
    if (chosen.length === 0 && !hard && (plural || matching.length > 0)) problems.push(this.#nothing(selector, name));
    return chosen;
  }

  /** Filtered once for all selectors that differ in nothing but exceptions. */
  #filtered(named: readonly CatalogEntry[], wild: boolean, selector: Selector): readonly CatalogEntry[] {
    const { kinds, partitions, extensions, serving } = selector;
    const key = JSON.stringify([kinds, partitions, extensions, serving === true, wild]);
    const cache = this.#filters.get(named) ?? new Map<string, readonly CatalogEntry[]>();
    this.#filters.set(named, cache);
    const known = cache.get(key);
    if (known !== undefined) return known;
    const chosen = named.filter((entry) => (!wild || reached(entry, selector)) && fits(entry, selector));
    cache.set(key, chosen);
    return chosen;
  }

  #beside(selector: Selector, taken: ReadonlySet<CatalogEntry>): readonly CatalogEntry[] {
    const wild = selector.on.names.filter(isWild);
    const around = wild.flatMap((name) => this.#matching(selector.on.kind, name, selector.database));
    return [...new Set(around)].filter((entry) => !taken.has(entry) && !isForeign(entry, selector));
  }

  #matching(kind: ResourceKind, name: NamePattern, database: string | null): readonly CatalogEntry[] {
    const key = `${kind}\0${database ?? ""}\0${printName(name)}`;
    const known = this.#matches.get(key);
    if (known !== undefined) return known;
    const found = this.#match(kind, name, database);
    this.#matches.set(key, found);
    return found;
  }

  /** Everything with this name, whoever made it. */
  #match(kind: ResourceKind, name: NamePattern, database: string | null): readonly CatalogEntry[] {
    const schemaPart = nameParts(kind) === 2 ? name.parts[0] : undefined;
    const lastPart = name.parts.at(-1);
    if (lastPart === undefined) return [];
    const schemaTest = schemaPart === undefined ? null : partMatcher(schemaPart);
    const lastTest = partMatcher(lastPart);
    const found: CatalogEntry[] = [];
    for (const [inDatabase, schemas] of this.#kind(kind)) {
      if (database !== null && inDatabase !== "" && inDatabase !== database) continue;
      for (const [schema, entries] of schemas) {
        if (schemaTest !== null && !schemaTest(schema)) continue;
        if (schemaPart?.wild === true && this.#ignoresSchema(schema)) continue;
        for (const entry of entries) {
          const { path } = entry.resource;
          const own = kind === "routine" ? path[2] : path.at(-1);
          if (!lastTest(own ?? "")) continue;
          if (kind === "database" && lastPart.wild && !this.#live.catalog.databases.includes(own ?? "")) continue;
          if (LIKE_SCHEMAS.has(kind) && lastPart.wild && this.#ignoresSchema(own ?? "")) continue;
          if (kind === "routine" && name.args !== null && name.args !== "*" && path[3] !== name.args) continue;
          found.push(entry);
        }
      }
    }
    return found;
  }

  /** A name without wildcards: must exist, and a routine must be the only one of its name. */
  #named(
    selector: Selector,
    name: NamePattern,
    matching: readonly CatalogEntry[],
    problems: SelectionProblem[],
  ): readonly CatalogEntry[] {
    const { kind, plural } = selector.on;
    if (matching.length === 0) {
      const unrecorded = this.#unrecorded(kind, name);
      if (unrecorded !== null) return [{ resource: unrecorded }];
      if (!plural) problems.push(this.#unknown(selector, name));
      return [];
    }
    if (kind === "routine" && name.args === null && !plural) {
      const signatures = sortedText(matching.map((entry) => describeResource(entry.resource)));
      if (signatures.length > 1) {
        const message = `\`${printName(name)}\` is ambiguous: there are ${signatures.length} routines of that name`;
        problems.push({ code: "RW209", message, help: `say which: ${signatures.map(code).join(", ")}`, empty: false });
        return [];
      }
    }
    return matching;
  }

  /** What the catalog does not record as long as nothing is granted on it; null for kinds of which it records everything. */
  #unrecorded(kind: ResourceKind, name: NamePattern): Resource | null {
    const text = name.parts.at(-1)?.text ?? "";
    if (this.#rules.unrecordedList(kind) === undefined) return null;
    // Which roles there are is known; `@` is any account.
    if (kind === "role" && text !== ANY_ACCOUNT) return null;
    if (kind === "parameter") return { kind, path: [text.toLowerCase()] };
    if (kind === "dynamic-privilege") return { kind, path: [text.toUpperCase()] };
    if (isShared(kind)) return { kind, path: [text] };
    const [database] = this.#live.catalog.databases;
    return nameParts(kind) === 2 || LIKE_SCHEMAS.has(kind) || database === undefined
      ? null
      : { kind, path: [database, text] };
  }

  #unknown({ on: { kind } }: Selector, name: NamePattern): SelectionProblem {
    const shown = printName(name);
    const word = kindWord(kind, false);
    if (kind === "database") return this.#unknownDatabase(shown);
    const schema = nameParts(kind) === 2 ? name.parts[0]?.text : undefined;
    const databases = this.#live.catalog.databases;
    if (schema !== undefined && this.databasesWith(schema).length === 0) return this.#unknownSchema(schema);
    const candidates = databases
      .concat("")
      .flatMap((database) =>
        [...this.schemasOf(kind, database)].filter(([at]) => schema === undefined || at === schema),
      )
      .flatMap(([, entries]) => entries.map((entry) => describeResource(entry.resource)));
    const overloads = candidates.filter(
      (candidate) => kind === "routine" && candidate.startsWith(`${shown.replace(/\(.*$/u, "")}(`),
    );
    const help =
      overloads.length > 0 ? `there is ${sortedText(overloads).map(code).join(", ")}` : didYouMean(shown, candidates);
    const codeOf = LIKE_SCHEMAS.has(kind) ? "RW207" : kind === "role" ? "RW201" : "RW202";
    const what = LIKE_SCHEMAS.has(kind) ? "schema" : word;
    return {
      code: codeOf,
      message: `there is no ${what} \`${shown}\``,
      help: help ?? this.#unread(kind),
      empty: false,
    };
  }

  #unknownSchema(schema: string): SelectionProblem {
    const names = this.#live.catalog.databases.flatMap((database) =>
      [...this.schemasOf("schema", database).values()].flat().map((entry) => entry.resource.path[1] ?? ""),
    );
    const help = didYouMean(schema, names) ?? this.#unread("schema");
    return { code: "RW207", message: `there is no schema ${code(describeName(schema))}`, help, empty: false };
  }

  #unknownDatabase(database: string): SelectionProblem {
    const known = this.#live.catalog.databases;
    const exists = this.#live.catalog.entries.has(resourceKey({ kind: "database", path: [database] }));
    const message = exists
      ? `database \`${database}\` is not managed: it was not read`
      : `there is no database \`${database}\``;
    const help = exists
      ? "add it to the target's `databases`"
      : (didYouMean(database, known) ?? `the databases are ${known.join(", ")}`);
    return { code: "RW208", message, help, empty: false };
  }

  #nothing({ on: { kind }, database }: Selector, name: NamePattern): SelectionProblem {
    const schema = nameParts(kind) === 2 ? name.parts[0] : undefined;
    const where = database === null ? "" : ` in database \`${database}\``;
    const message = `\`${printName(name)}\` matches no ${kindWord(kind, false)}${where}`;
    const unknown = schema !== undefined && !schema.wild && this.databasesWith(schema.text).length === 0;
    const hint = unknown ? this.#unknownSchema(schema.text).help : undefined;
    const help =
      hint ??
      this.#unread(kind) ??
      "correct the pattern, or say `may_be_empty: true` in the map form if nothing is right for now";
    return { code: "RW206", message, help, empty: true };
  }

  /** What was not read cannot be said to be missing. */
  #unread(kind: ResourceKind): string | undefined {
    // A server may hide whole kinds from us; schemas are known by what is in them.
    const hidden = new Set([kindWord(kind, true), kind === "schema" ? "tables" : ""]);
    const subjects = this.#live.unknowns
      .filter((unknown) => unknown.subject.startsWith("database") || hidden.has(unknown.subject))
      .map((unknown) => unknown.subject);
    return subjects.length === 0 ? undefined : `it may stand in what could not be read: ${subjects.join(", ")}`;
  }

  #kind(kind: ResourceKind): ReadonlyMap<string, Schemas> {
    this.#things ??= catalogByKind(this.#live, { roles: this.#roles, rules: this.#rules });
    return this.#things.kinds.get(kind) ?? new Map();
  }
}

/** What PROXY on any account is granted on. */
const ANY_ACCOUNT = "@";

/** Whether a pattern reaches something: not what an extension, the server or a partition scheme made, unless asked for. */
function reached(entry: CatalogEntry, selector: Selector): boolean {
  return (
    !isForeign(entry, selector) && entry.missing !== true && (entry.partitionOf === undefined || selector.partitions)
  );
}

function isForeign(entry: CatalogEntry, selector: Selector): boolean {
  if (entry.system === true || entry.untrusted === true) return true;
  return entry.extension !== undefined && !selector.extensions.includes(entry.extension);
}

function fits(entry: CatalogEntry, { kinds, serving }: Selector): boolean {
  if (serving === true && entry.serves?.by !== "serial") return false;
  return kinds === null || (entry.form !== undefined && kinds.includes(entry.form));
}

function code(text: string): string {
  return `\`${text}\``;
}
