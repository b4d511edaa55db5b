import { type AccessEntry, type AccessList, accessList, NOBODY } from "../../model/access-list.ts";
import type { AccessState, Holding } from "../../model/access-state.ts";
import type { Catalog } from "../../model/catalog.ts";
import { type Resource, type ResourceKey, type ResourceKind, resourceKey, tableOf } from "../../model/resource.ts";
import { type Grantee, PUBLIC, type RoleName } from "../../model/role.ts";
import { compareText } from "../../base/order.ts";
import { NO_GRANTOR, SharedLists } from "./access-lists.ts";
import type { Client } from "./clients.ts";
import { evaluatedMemberships } from "./evaluated-memberships.ts";
import { entriesOf, publicExists, type SchemaRow, SchemaRows } from "./evaluated-schemas.ts";
import { accountOf } from "./names.ts";
import { DATABASE } from "./normalize.ts";
import { deciding, type Principals, principalsOf } from "./principals.ts";
import { EMPTY, PrivilegeSets, type SetId } from "./privilege-sets.ts";
import { REVOKED } from "./privileges.ts";
import type { Product } from "./product.ts";

/** What of a server's settings decides about access. */
export interface EvaluationSettings {
  readonly product: Product;
  /** `lower_case_table_names`, `skip_name_resolve`, `partial_revokes`, `public_role`: see Snapshot.limits. */
  readonly limits: Readonly<Record<string, number>>;
  /** Only these clients connect. @default all that the hosts of the accounts let in */
  readonly clients?: readonly Client[];
  /** The privileges that a kind can carry on this server. */
  privilegesOf(kind: ResourceKind): readonly string[];
}

/** What each of some grantees holds. */
type Held = ReadonlyMap<Grantee, SetId>;

/** The state with everything written out that these servers add while they decide: see AccessRules.evaluated. Each distinct combination of lists is worked out once. */
export function evaluate(state: AccessState, _catalog: Catalog, settings: EvaluationSettings): AccessState {
  return new Evaluation(state, settings).run();
}

class Evaluation {
  readonly #state: AccessState;
  readonly #settings: EvaluationSettings;
  readonly #principals: Principals;
  readonly #rows: SchemaRows;
  readonly #sets: PrivilegeSets = new PrivilegeSets();
  readonly #lists: SharedLists = new SharedLists();
  readonly #whole: ReadonlyMap<Grantee, readonly Grantee[]>;
  /** What is held on all schemas: it counts for all that lies in them. */
  readonly #global: Held;
  readonly #schemas: Map<string, SchemaEvaluation> = new Map();
  readonly #schemasByLists: Map<string, SchemaEvaluation> = new Map();
  readonly #composed: Map<string, AccessList> = new Map();
  readonly #entries: Map<string, AccessEntry> = new Map();

  constructor(state: AccessState, settings: EvaluationSettings) {
    this.#state = state;
    this.#settings = settings;
    this.#principals = principalsOf(state, settings);
    this.#rows = new SchemaRows(state, settings, this.#principals);
    this.#whole = this.#findWhole();
    this.#global = this.#joined(this.#own(this.#listOf({ kind: "all-schemas", path: [] })));
  }

  run(): AccessState {
    const columns = this.#columnsByTable();
    const holdings = new Map<ResourceKey, Holding>();
    for (const [key, holding] of this.#state.holdings) {
      const list = this.#evaluated(holding, columns);
      holdings.set(key, list === holding.list ? holding : { ...holding, list });
    }
    const whole = new Set([...this.#whole.keys()].filter((name) => name !== PUBLIC));
    const memberships = evaluatedMemberships(this.#state, this.#principals, { settings: this.#settings, whole });
    return { ...this.#state, memberships, holdings };
  }

  #evaluated({ resource, list }: Holding, columns: ColumnsByTable): AccessList {
    const { kind } = resource;
    if (kind === "server" || kind === "all-schemas") return this.#globally(list);
    if (kind === "dynamic-privilege") return this.#withWhole(list);
    if (kind === "schema") return this.#onSchemaItself(resource);
    if (kind === "routine") return this.#onRoutine(resource, list);
    if (kind === "table") return this.#onTable(resource, list, columns);
    return kind === "column" ? this.#onColumn(resource, list, columns) : list;
  }

  #globally(list: AccessList): AccessList {
    return this.#whole.size === 0 ? list : this.#compose(`global ${list.id}`, () => this.#joined(this.#own(list)));
  }

  #onSchemaItself({ path }: Resource): AccessList {
    const schema = this.#schema(path[1] ?? "");
    return this.#compose(`schema ${schema.id}`, () => schema.held);
  }

  #onRoutine({ path }: Resource, list: AccessList): AccessList {
    const schema = this.#schema(path[1] ?? "");
    return this.#compose(`routine ${schema.id} ${list.id}`, () =>
      this.#below(schema, "routine", this.#looked(this.#own(list), { by: "onRoutines" })),
    );
  }

  #onTable(table: Resource, list: AccessList, columns: ColumnsByTable): AccessList {
    const schema = this.#schema(table.path[1] ?? "");
    const ofColumns = columns.get(resourceKey(table));
    return this.#compose(`table ${schema.id} ${list.id} ${ofColumns?.id ?? ""}`, () =>
      this.#below(schema, "table", this.#looked(this.#own(list), { by: "own", rows: ofColumns?.grantees })),
    );
  }

  /** What is held on its table is no part of it; who has a row there decides here too. */
  #onColumn(column: Resource, list: AccessList, columns: ColumnsByTable): AccessList {
    const table = resourceKey(tableOf(column));
    const rows = new Set(columns.get(table)?.grantees);
    for (const grantee of entriesOf(this.#state.holdings.get(table)?.list ?? NOBODY).keys()) rows.add(grantee);
    return this.#compose(`column ${list.id} ${[...rows].sort().join("\0")}`, () =>
      this.#looked(this.#own(list), { by: "own", rows }),
    );
  }

  /** What is held on the schema counts below it as far as it can be held there. */
  #below(schema: SchemaEvaluation, kind: "table" | "routine", held: Held): Held {
    const result = new Map(held);
    const possible = this.#sets.of(this.#settings.privilegesOf(kind));
    for (const [grantee, set] of schema.held) {
      const part = this.#sets.common(set, possible);
      if (part !== EMPTY) result.set(grantee, this.#sets.union(result.get(grantee) ?? EMPTY, part));
    }
    return result;
  }

  #schema(name: string): SchemaEvaluation {
    const known = this.#schemas.get(name);
    if (known !== undefined) return known;
    const rows = this.#rows.covering(name);
    const list = this.#listOf({ kind: "schema", path: [DATABASE, name] });
    const key = `${list.id} ${rowsKey(rows)}`;
    let found = this.#schemasByLists.get(key);
    if (found === undefined) {
      found = { id: this.#schemasByLists.size, held: this.#schemaHeld(list, rows) };
      this.#schemasByLists.set(key, found);
    }
    this.#schemas.set(name, found);
    return found;
  }

  #schemaHeld(list: AccessList, rows: Rows): Held {
    const held = new Map<Grantee, SetId>();
    const add = (grantee: Grantee, set: SetId): void => {
      if (set !== EMPTY) held.set(grantee, this.#sets.union(held.get(grantee) ?? EMPTY, set));
    };
    const possible = this.#sets.of(this.#settings.privilegesOf("schema"));
    const revoked = revocations(list);
    for (const [grantee, set] of this.#global) {
      const covered = this.#sets.common(set, possible);
      add(grantee, this.#sets.without(covered, this.#sets.of(revoked.get(grantee) ?? [])));
    }
    for (const grantee of this.#onSchema(rows)) {
      const closure = this.#whole.get(grantee);
      const chosen = closure === undefined ? this.#rows.chosen(grantee, rows) : this.#rows.ofRole(closure, rows);
      for (const row of chosen) add(grantee, this.#sets.of(entriesOf(row.list).get(row.grantee) ?? []));
    }
    return held;
  }

  /** Everybody for whom one of these rows may count. */
  #onSchema(rows: Rows): ReadonlySet<Grantee> {
    const found = new Set<Grantee>();
    for (const row of rows) {
      for (const grantee of entriesOf(row.list).keys()) {
        if (!this.#whole.has(grantee)) found.add(grantee);
        for (const account of this.#principals.shadows.get(grantee) ?? []) found.add(account);
      }
    }
    const forRoles = this.#principals.anonymousOfRoles.some((name) =>
      rows.some((row) => entriesOf(row.list).has(name)),
    );
    if (forRoles) for (const name of this.#state.roles.keys()) if (accountOf(name) === null) found.add(name);
    for (const [grantee, closure] of this.#whole) {
      if (forRoles || closure.some((name) => found.has(name) || rows.some((row) => entriesOf(row.list).has(name)))) {
        found.add(grantee);
      }
    }
    return found;
  }

  /** What accounts get by the names that they are looked up under, where one row counts: that of the most specific host which has one. `rows` are those that have a row without an entry here. */
  #looked(
    own: Held,
    options: { readonly by: "own" | "onRoutines"; readonly rows?: Iterable<Grantee> | undefined },
  ): Held {
    const present = new Set([...own.keys(), ...(options.rows ?? [])]);
    const result = new Map<Grantee, SetId>();
    const accounts = new Set<RoleName>();
    for (const name of present) {
      for (const account of this.#principals.shadows.get(name) ?? []) accounts.add(account);
      const set = own.get(name);
      if (set !== undefined && !this.#principals.shadowed.has(name)) result.set(name, set);
    }
    for (const account of accounts) {
      let set = EMPTY;
      for (const looked of this.#principals.shadowed.get(account) ?? []) {
        for (const name of deciding(looked[options.by], (each) => present.has(each))) {
          set = this.#sets.union(set, own.get(name) ?? EMPTY);
        }
      }
      if (set !== EMPTY) result.set(account, set);
    }
    return this.#joined(result, own);
  }

  /** The same, where roles that are taken as a whole, and PUBLIC, hold what their roles hold. */
  #joined(held: Held, own: Held = held): Held {
    if (this.#whole.size === 0) return held;
    const result = new Map(held);
    for (const [grantee, closure] of this.#whole) {
      const set = closure.reduce((all, name) => this.#sets.union(all, own.get(name) ?? EMPTY), EMPTY);
      if (set !== EMPTY) result.set(grantee, set);
    }
    return result;
  }

  /** What can be passed on by itself keeps that. */
  #withWhole(list: AccessList): AccessList {
    if (this.#whole.size === 0) return list;
    const added = Array.from(this.#whole, ([grantee, closure]) =>
      list.entries.filter((entry) => closure.includes(entry.grantee)).map((entry) => ({ ...entry, grantee })),
    );
    return accessList([...list.entries, ...added.flat()]);
  }

  /**
   * PUBLIC and the roles that must be taken as a whole: those where a row of one of their roles puts one of their own out of force, or the other way round. All others inherit from their roles in the ordinary way.
   */
  #findWhole(): ReadonlyMap<Grantee, readonly Grantee[]> {
    const whole = new Map<Grantee, readonly Grantee[]>();
    const closure = (name: Grantee): readonly Grantee[] => this.#principals.closure(name);
    if (publicExists(this.#state, this.#settings) || closure(PUBLIC).length > 1) whole.set(PUBLIC, closure(PUBLIC));
    if (this.#settings.product.rolesAreAccounts) return whole;
    const nested = [...this.#state.roles.keys()].filter((name) => accountOf(name) === null && closure(name).length > 1);
    const rows = nested.length === 0 ? [] : this.#competingRows();
    const displaced = new Set(nested.filter((role) => rows.some((each) => this.#displaces(closure(role), each))));
    for (const role of nested) {
      if (closure(role).some((name) => displaced.has(name))) whole.set(role, closure(role));
    }
    return whole;
  }

  #displaces(closure: readonly Grantee[], rows: Rows): boolean {
    const held = (names: readonly Grantee[]): SetId =>
      this.#rows
        .ofRole(names, rows)
        .reduce((set, row) => this.#sets.union(set, this.#sets.of(entriesOf(row.list).get(row.grantee) ?? [])), EMPTY);
    return held(closure) !== closure.reduce((set, name) => this.#sets.union(set, held([name])), EMPTY);
  }

  /** The distinct sets of rows that cover some schema, of which one can put another out of force. */
  #competingRows(): readonly Rows[] {
    const fewest = this.#principals.anonymousOfRoles.length > 0 ? 1 : 2;
    const found = new Map<string, Rows>();
    for (const schema of this.#schemaNames()) {
      const rows = this.#rows.covering(schema);
      if (rows.length >= fewest) found.set(rowsKey(rows), rows);
    }
    return [...found.values()];
  }

  #schemaNames(): string[] {
    const names = new Set<string>();
    for (const { resource } of this.#state.holdings.values()) {
      if (resource.path[0] === DATABASE && resource.kind !== "schema-pattern") names.add(resource.path[1] ?? "");
    }
    return [...names];
  }

  #columnsByTable(): ColumnsByTable {
    const found = new Map<ResourceKey, { readonly ids: string[]; readonly grantees: Set<Grantee> }>();
    for (const { resource, list } of this.#state.holdings.values()) {
      if (resource.kind !== "column") continue;
      const key = resourceKey(tableOf(resource));
      const known = found.get(key) ?? { ids: [], grantees: new Set() };
      found.set(key, known);
      known.ids.push(list.id);
      for (const { grantee } of list.entries) known.grantees.add(grantee);
    }
    return new Map(Array.from(found, ([key, { ids, grantees }]) => [key, { id: ids.sort().join(), grantees }]));
  }

  #own(list: AccessList): Held {
    return new Map(Array.from(entriesOf(list), ([grantee, privileges]) => [grantee, this.#sets.of(privileges)]));
  }

  #listOf(resource: Resource): AccessList {
    return this.#state.holdings.get(resourceKey(resource))?.list ?? NOBODY;
  }

  #compose(key: string, held: () => Held): AccessList {
    let list = this.#composed.get(key);
    if (list === undefined) {
      const entries = Array.from(held(), ([grantee, set]) => this.#entry(grantee, set));
      list = this.#lists.of(entries.sort((a, b) => compareText(a.grantee, b.grantee)));
      this.#composed.set(key, list);
    }
    return list;
  }

  #entry(grantee: Grantee, set: SetId): AccessEntry {
    const key = `${set} ${grantee}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { grantee, grantor: NO_GRANTOR, privileges: this.#sets.names(set), grantable: [] };
      this.#entries.set(key, entry);
    }
    return entry;
  }
}

type Rows = readonly SchemaRow[];

/** Equal for rows among which the same ones are chosen. */
function rowsKey(rows: Rows): string {
  return rows.map((row) => `${row.rank.join()} ${row.list.id}`).join("; ");
}

interface SchemaEvaluation {
  readonly id: number;
  readonly held: Held;
}

type ColumnsByTable = ReadonlyMap<ResourceKey, { readonly id: string; readonly grantees: ReadonlySet<Grantee> }>;

/** MySQL: what is taken out of what somebody holds on all schemas. */
function revocations(list: AccessList): ReadonlyMap<Grantee, readonly string[]> {
  return new Map(
    list.entries.map(({ grantee, privileges }) => [
      grantee,
      privileges.flatMap((name) => (name.startsWith(REVOKED) ? [name.slice(REVOKED.length)] : [])),
    ]),
  );
}
