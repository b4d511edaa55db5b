import { canonicalJson, type Json } from "../base/digest.ts";
import { RolewrightError } from "../base/error.ts";
import { type AccessEntry, type AccessList, accessList } from "./access-list.ts";
import {
  type AccessState,
  type DefaultPrivilege,
  defaultPrivilegeKey,
  type Holding,
  type RowPolicy,
  type RowSecurity,
  rowPolicyKey,
} from "./access-state.ts";
import type { CatalogEntry, DefinedCode } from "./catalog.ts";
import { fingerprint } from "./fingerprint.ts";
import { type Resource, type ResourceKind, resourceKey } from "./resource.ts";
import { type Membership, membershipKey, type Role, type RoleName } from "./role.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * A Snapshot as it is saved. Access lists stand once in `lists`; `classes` hold the resources that have the same kind, owner, list and row security, so that the file follows
 * what is distinct. Sets of columns stand once in `column_sets`. Indexes count from 0.
 */
export interface SnapshotFile {
  readonly format_version: "1.0";
  readonly identity: Snapshot["identity"];
  readonly version: Snapshot["version"];
  readonly actor: Snapshot["actor"];
  readonly taken_at: string;
  readonly fingerprint: Snapshot["fingerprint"];
  readonly limits: Snapshot["limits"];
  readonly unknowns: Snapshot["unknowns"];
  readonly databases: readonly string[];
  readonly roles: readonly Role[];
  readonly memberships: readonly Membership[];
  readonly lists: readonly (readonly AccessEntry[])[];
  readonly classes: readonly ClassFile[];
  readonly default_privileges: readonly (Omit<DefaultPrivilege, "list"> & { readonly list: number })[];
  readonly row_policies: readonly RowPolicy[];
  readonly column_sets: readonly (readonly string[])[];
  readonly catalog: readonly (Omit<CatalogEntry, "columns"> & { readonly columns?: number })[];
  readonly defined_code?: readonly DefinedCode[];
}

export interface ClassFile {
  readonly kind: ResourceKind;
  readonly owner: RoleName | null;
  readonly list: number;
  readonly row_security?: RowSecurity;
  readonly paths: readonly (readonly string[])[];
}

/** A Snapshot as the text of a file: canonical JSON, so that the same Snapshot gives the same text, whatever the order of its maps. */
export function writeSnapshot(snapshot: Snapshot): string {
  return canonicalJson(toFile(snapshot) as unknown as Json);
}

/** The Snapshot of a file's text. Throws RW518 when it is of another format, or when its content does not give its fingerprint. */
export function readSnapshot(text: string): Snapshot {
  let snapshot: Snapshot;
  try {
    const file = JSON.parse(text) as SnapshotFile;
    if (file.format_version !== "1.0") throw unreadable("it has no `format_version` 1.0");
    snapshot = restore(file);
  } catch (error) {
    throw error instanceof RolewrightError ? error : unreadable("it is cut short or has another form", error);
  }
  if (snapshot.fingerprint !== fingerprint(snapshot.access))
    throw unreadable("its content does not give its fingerprint");
  return snapshot;
}

function toFile(snapshot: Snapshot): SnapshotFile {
  const { access, catalog } = snapshot;
  const lists = new Numbered<AccessList>((list) => list.id);
  const columnSets = new Numbered<readonly string[]>((columns) => columns.join("\0"));
  const classes = new Map<
    string,
    { readonly fields: Omit<ClassFile, "paths">; readonly paths: (readonly string[])[] }
  >();
  for (const holding of inOrder(access.holdings)) {
    const { resource, owner, list, rowSecurity } = holding;
    const fields = {
      kind: resource.kind,
      owner,
      list: lists.of(list),
      ...(rowSecurity === undefined ? {} : { row_security: rowSecurity }),
    };
    const key = JSON.stringify(fields);
    const known = classes.get(key) ?? { fields, paths: [] };
    known.paths.push(resource.path);
    classes.set(key, known);
  }
  const defaults = inOrder(access.defaultPrivileges).map((entry) => ({ ...entry, list: lists.of(entry.list) }));
  const entries = inOrder(catalog.entries).map(({ columns, ...entry }) =>
    columns === undefined ? entry : { ...entry, columns: columnSets.of(columns) },
  );
  return {
    format_version: "1.0",
    identity: snapshot.identity,
    version: snapshot.version,
    actor: snapshot.actor,
    taken_at: snapshot.takenAt,
    fingerprint: snapshot.fingerprint,
    limits: snapshot.limits,
    unknowns: snapshot.unknowns,
    databases: catalog.databases,
    roles: inOrder(access.roles),
    memberships: inOrder(access.memberships),
    lists: lists.values.map((list) => list.entries),
    classes: [...classes.values()].map(({ fields, paths }) => ({ ...fields, paths })),
    default_privileges: defaults,
    row_policies: inOrder(access.rowPolicies),
    column_sets: columnSets.values,
    catalog: entries,
    ...(catalog.definedCode === undefined ? {} : { defined_code: catalog.definedCode }),
  };
}

function restore(file: SnapshotFile): Snapshot {
  const lists = file.lists.map((entries) => accessList(entries));
  const holdings = file.classes.flatMap((group) =>
    group.paths.map((path) => restoreHolding(group, path, at(lists, group.list))),
  );
  const access: AccessState = {
    roles: new Map(file.roles.map((role) => [role.name, role])),
    memberships: new Map(file.memberships.map((membership) => [membershipKey(membership), membership])),
    holdings: byKey(holdings, (holding) => resourceKey(holding.resource)),
    defaultPrivileges: new Map(
      file.default_privileges.map((entry) => [defaultPrivilegeKey(entry), { ...entry, list: at(lists, entry.list) }]),
    ),
    rowPolicies: new Map(file.row_policies.map((policy) => [rowPolicyKey(policy), policy])),
  };
  const entries = file.catalog.map(
    ({ columns, ...entry }): CatalogEntry =>
      columns === undefined ? entry : { ...entry, columns: at(file.column_sets, columns) },
  );
  return {
    identity: file.identity,
    version: file.version,
    actor: file.actor,
    takenAt: file.taken_at,
    catalog: {
      databases: file.databases,
      entries: new Map(entries.map((entry) => [resourceKey(entry.resource), entry])),
      ...(file.defined_code === undefined ? {} : { definedCode: file.defined_code }),
    },
    access,
    unknowns: file.unknowns,
    fingerprint: file.fingerprint,
    limits: file.limits,
  };
}

// The order that a reading has: by key.
function byKey<K extends string, V>(values: readonly V[], keyOf: (value: V) => K): ReadonlyMap<K, V> {
  const map = new Map(values.map((value) => [keyOf(value), value]));
  return new Map([...map.keys()].sort().map((key) => [key, map.get(key) as V]));
}

function restoreHolding(group: ClassFile, path: readonly string[], list: AccessList): Holding {
  const resource: Resource = { kind: group.kind, path };
  const rowSecurity = group.row_security;
  return { resource, owner: group.owner, list, ...(rowSecurity === undefined ? {} : { rowSecurity }) };
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`there is no item ${index}`);
  return item;
}

function inOrder<K extends string, V>(map: ReadonlyMap<K, V>): V[] {
  return [...map.keys()].sort().map((key) => map.get(key) as V);
}

function unreadable(what: string, cause?: unknown): RolewrightError {
  return new RolewrightError("RW518", `the snapshot file cannot be understood: ${what}`, {
    help: "read the target again",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Values that stand once and are named by number. */
class Numbered<T> {
  readonly values: T[] = [];
  readonly #keyOf: (value: T) => string;
  readonly #numbers: Map<string, number> = new Map();

  constructor(keyOf: (value: T) => string) {
    this.#keyOf = keyOf;
  }

  of(value: T): number {
    const key = this.#keyOf(value);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.values.push(value);
    this.#numbers.set(key, this.values.length - 1);
    return this.values.length - 1;
  }
}
