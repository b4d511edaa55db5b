import type { AccessEntry, AccessList, Privilege } from "../model/access-list.ts";
import type { AccessRules } from "../model/access-rules.ts";
import type { AccessState, Holding } from "../model/access-state.ts";
import type { Catalog } from "../model/catalog.ts";
import type { Resource, ResourceKey, ResourceKind } from "../model/resource.ts";
import { databaseOf, resourceKey, tableOf } from "../model/resource.ts";
import type { RoleName } from "../model/role.ts";
import { PUBLIC } from "../model/role.ts";
import type { RoleGraph } from "./role-graph.ts";

/** Resources that nobody can tell apart by what they may do with them: one kind, database, owner and access list. Columns: of tables of one class too. */
export interface ResourceClass {
  readonly id: number;
  readonly kind: ResourceKind;
  readonly database: string | null;
  readonly owner: RoleName | null;
  readonly list: AccessList;
  readonly withheld: readonly Privilege[];
  /** The class of their tables, for columns; what is held on the table is held on all its columns. */
  readonly table: ResourceClass | null;
  readonly resources: readonly Resource[];
  /** The same as numbers of one graph. */
  readonly compiled: CompiledList;
}

/** An access list for machines: entry `i` gives `grantees[i]` the privileges of the bits `masks[i]`, of which it may pass on `options[i]`. */
export interface CompiledList {
  /** The number of the owner, -1: none. */
  readonly owner: number;
  /** `EVERYBODY` for PUBLIC. Entries of unknown roles are left out. */
  readonly grantees: Int32Array;
  readonly masks: Uint32Array;
  readonly options: Uint32Array;
  /** What anybody has through PUBLIC. */
  readonly everybody: number;
  readonly withheld: number;
}

export const EVERYBODY = -2;

/** The bit of each privilege, by kind; names that the server's rules do not know get the next free one. */
export interface PrivilegeBits {
  bit(kind: ResourceKind, privilege: Privilege): number;
  mask(kind: ResourceKind, privileges: Iterable<Privilege>): number;
  /** The same for many sets of one kind. */
  masks(kind: ResourceKind): (privileges: readonly Privilege[]) => number;
  /** Sorted. */
  names(kind: ResourceKind, mask: number): readonly Privilege[];
}

export function privilegeBits(rules: AccessRules): PrivilegeBits {
  const byKind = new Map<ResourceKind, { names: Privilege[]; bits: Map<Privilege, number> }>();
  const known = (kind: ResourceKind): { names: Privilege[]; bits: Map<Privilege, number> } => {
    let table = byKind.get(kind);
    if (table === undefined) {
      const names = [...rules.privilegesOf(kind)];
      table = { names, bits: new Map(names.map((name, index) => [name, 1 << index])) };
      byKind.set(kind, table);
    }
    return table;
  };
  const bit = (kind: ResourceKind, privilege: Privilege): number => {
    const table = known(kind);
    let value = table.bits.get(privilege);
    if (value === undefined) {
      if (table.names.length === 31) throw new RangeError(`more than 31 privileges on the kind \`${kind}\``);
      value = 1 << table.names.length;
      table.names.push(privilege);
      table.bits.set(privilege, value);
    }
    return value;
  };
  const mask = (kind: ResourceKind, privileges: Iterable<Privilege>): number => {
    let result = 0;
    for (const privilege of privileges) result |= bit(kind, privilege);
    return result;
  };
  return {
    bit,
    mask,
    masks: (kind) => {
      const table = known(kind);
      return (privileges) => {
        let result = 0;
        for (const privilege of privileges) result |= table.bits.get(privilege) ?? bit(kind, privilege);
        return result;
      };
    },
    names: (kind, bits) =>
      known(kind)
        .names.filter((_, index) => (bits & (1 << index)) !== 0)
        .sort(),
  };
}

export interface ResourceClasses {
  readonly all: readonly ResourceClass[];
  of(key: ResourceKey): ResourceClass | undefined;
  /** The class of a column without a list of its own, on a table of this class. */
  plainColumn(table: ResourceClass): ResourceClass;
}

export interface ClassContext {
  readonly graph: RoleGraph;
  readonly rules: AccessRules;
  readonly bits: PrivilegeBits;
  /** Lists that were compiled for the same numbering of roles, by kind and id; what is compiled is added. */
  readonly compiled: Map<string, CompiledEntries>;
}

/** The part of a CompiledList that is the same for all owners. */
export type CompiledEntries = Pick<CompiledList, "grantees" | "masks" | "options" | "everybody">;

/** Sorts all resources of a state into classes: one pass, one map look-up a resource. */
export function buildClasses(state: AccessState, catalog: Catalog, context: ClassContext): ResourceClasses {
  const { rules } = context;
  const all: MutableClass[] = [];
  const byKey = new Map<ResourceKey, MutableClass>();
  const known = new Map<string, MutableClass>();
  const compile = compiler(context);

  const classFor = (place: Omit<ResourceClass, "id" | "resources" | "compiled">): MutableClass => {
    const key = `${place.kind}\0${place.database ?? ""}\0${place.owner ?? ""}\0${place.list.id}\0${place.withheld.join()}\0${place.table?.id ?? ""}`;
    let found = known.get(key);
    if (found === undefined) {
      found = { ...place, id: all.length, resources: [], compiled: compile(place) };
      all.push(found);
      known.set(key, found);
    }
    return found;
  };
  const plain = (holding: Holding, key: ResourceKey): MutableClass =>
    classFor({
      kind: holding.resource.kind,
      database: databaseOf(holding.resource),
      owner: rules.ownerOf(holding),
      list: holding.list,
      withheld: rules.withheld(holding.resource, catalog.entries.get(key)),
      table: null,
    });

  const columns: [ResourceKey, Holding][] = [];
  for (const [key, holding] of state.holdings) {
    if (holding.resource.kind === "column") {
      columns.push([key, holding]);
      continue;
    }
    const found = plain(holding, key);
    found.resources.push(holding.resource);
    byKey.set(key, found);
  }
  for (const [key, holding] of columns) {
    const table = byKey.get(resourceKey(tableOf(holding.resource))) ?? null;
    const found = classFor(columnPlace(table, holding));
    found.resources.push(holding.resource);
    byKey.set(key, found);
  }
  return {
    all,
    of: (key) => byKey.get(key),
    plainColumn: (table) => ({ ...classless(table), compiled: compile(classless(table)) }),
  };
}

type MutableClass = Omit<ResourceClass, "resources"> & { readonly resources: Resource[] };

function columnPlace(
  table: ResourceClass | null,
  holding: Holding,
): Omit<ResourceClass, "id" | "resources" | "compiled"> {
  return {
    kind: "column",
    database: databaseOf(holding.resource),
    owner: table?.owner ?? holding.owner,
    list: holding.list,
    withheld: [],
    table,
  };
}

const EMPTY_LIST: AccessList = { id: "", entries: [] };

function classless(table: ResourceClass): Omit<ResourceClass, "compiled"> {
  return {
    id: -1,
    kind: "column",
    database: table.database,
    owner: table.owner,
    list: EMPTY_LIST,
    withheld: [],
    table,
    resources: [],
  };
}

/** Compiles each distinct (kind, list) once. */
export function compiler({
  graph,
  bits,
  compiled,
}: Omit<ClassContext, "rules">): (place: {
  readonly kind: ResourceKind;
  readonly owner: RoleName | null;
  readonly list: AccessList;
  readonly withheld: readonly Privilege[];
}) => CompiledList {
  const known = new Map<ResourceKind, EntryCompiler>();
  const entryCompiler = (kind: ResourceKind): EntryCompiler => {
    let compile = known.get(kind);
    if (compile === undefined) known.set(kind, (compile = compileEntry(bits.masks(kind), graph)));
    return compile;
  };
  let last: CompiledEntries | undefined;
  return ({ kind, owner, list, withheld }) => {
    const key = `${kind}\0${list.id}`;
    let entries = compiled.get(key);
    if (entries === undefined) {
      entries = compileEntries(list, entryCompiler(kind), last);
      compiled.set(key, entries);
      last = entries;
    }
    return { ...entries, owner: owner === null ? -1 : graph.idOf(owner), withheld: bits.mask(kind, withheld) };
  };
}

interface CompiledEntry {
  /** -1: nobody that the graph knows. */
  readonly grantee: number;
  readonly mask: number;
  readonly option: number;
}

type EntryCompiler = (entry: AccessEntry) => CompiledEntry;

/** Lists share entries: each is compiled once. */
function compileEntry(maskOf: (privileges: readonly Privilege[]) => number, graph: RoleGraph): EntryCompiler {
  const known = new Map<AccessEntry, CompiledEntry>();
  return (entry) => {
    let found = known.get(entry);
    if (found === undefined) {
      const grantee = entry.grantee === PUBLIC ? EVERYBODY : graph.idOf(entry.grantee);
      found = { grantee, mask: maskOf(entry.privileges), option: maskOf(entry.grantable) };
      known.set(entry, found);
    }
    return found;
  };
}

/** One entry a grantee: what several grantors gave is joined. Lists are sorted by name as the roles are numbered, so only renamed roles are out of order. */
function compileEntries(list: AccessList, compile: EntryCompiler, last: CompiledEntries | undefined): CompiledEntries {
  const most = list.entries.length;
  if (scratch.grantees.length < most) scratch = columns(2 * most);
  const { grantees, masks, options } = scratch;
  let size = 0;
  let sorted = true;
  for (const entry of list.entries) {
    const { grantee, mask, option } = compile(entry);
    if (grantee === -1) continue;
    const before = size === 0 ? undefined : grantees[size - 1];
    if (before === grantee) {
      masks[size - 1] = (masks[size - 1] as number) | mask;
      options[size - 1] = (options[size - 1] as number) | option;
      continue;
    }
    if (before !== undefined && before > grantee) sorted = false;
    grantees[size] = grantee;
    masks[size] = mask;
    options[size] = option;
    size++;
  }
  const compiled = sorted ? kept(scratch, size, last) : inOrder(scratch, size);
  return { ...compiled, everybody: compiled.grantees[0] === EVERYBODY ? (compiled.masks[0] as number) : 0 };
}

type Columns = Pick<CompiledList, "grantees" | "masks" | "options">;

function columns(size: number): Columns {
  return { grantees: new Int32Array(size), masks: new Uint32Array(size), options: new Uint32Array(size) };
}

/** Where lists are compiled, before it is known how much of that is new. */
let scratch = columns(64);

// The same people hold something on one table and on the next, and nobody may pass it on. INVARIANT: `masks` are never shared; equal masks by identity are one compiled list.
function kept({ grantees, masks, options }: Columns, size: number, last: Columns | undefined): Columns {
  return {
    grantees: last !== undefined && begins(grantees, last.grantees, size) ? last.grantees : grantees.slice(0, size),
    masks: masks.slice(0, size),
    options: last !== undefined && begins(options, last.options, size) ? last.options : options.slice(0, size),
  };
}

function begins(all: Int32Array | Uint32Array, part: Int32Array | Uint32Array, size: number): boolean {
  if (part.length !== size) return false;
  for (let i = 0; i < size; i++) if (all[i] !== part[i]) return false;
  return true;
}

function inOrder({ grantees, masks, options }: Columns, size: number): Columns {
  const order = Array.from({ length: size }, (_, at) => at).sort(
    (a, b) => (grantees[a] as number) - (grantees[b] as number),
  );
  return {
    grantees: Int32Array.from(order, (at) => grantees[at] as number),
    masks: Uint32Array.from(order, (at) => masks[at] as number),
    options: Uint32Array.from(order, (at) => options[at] as number),
  };
}
