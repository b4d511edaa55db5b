import { compareBy, sorted } from "../../../base/order.ts";
import type { AccessList, Privilege } from "../../../model/access-list.ts";
import type { GrantChange } from "../../../model/change.ts";
import { compareResources, isShared, type Resource, type ResourceKind, schemaOf } from "../../../model/resource.ts";
import { type Grantee, PUBLIC, type RoleName } from "../../../model/role.ts";
import type { AccessIndex } from "../../access-index.ts";
import { buildClasses, EVERYBODY, type ResourceClass } from "../../resource-class.ts";

/** The same privileges that one grantee was given on things of one kind in one schema. */
export interface Granted {
  readonly grantee: Grantee;
  readonly kind: ResourceKind;
  readonly database: string | null;
  readonly schema: string | null;
  /** Sorted. */
  readonly privileges: readonly Privilege[];
  /** Sorted. */
  readonly resources: readonly Resource[];
  /** The lists that they stand in. */
  readonly parts: readonly { readonly list: AccessList; readonly resources: readonly Resource[] }[];
}

const recorded = new WeakMap<AccessIndex, readonly ResourceClass[]>();

/** Classes of what was granted, before the server adds to it; the classes of the index where lists are meant as they stand. */
export function recordedClasses(index: AccessIndex): readonly ResourceClass[] {
  if (index.rules.evaluated === null) return index.classes.all;
  let classes = recorded.get(index);
  if (classes === undefined) {
    classes = buildClasses(index.recorded, index.catalog, index).all;
    recorded.set(index, classes);
  }
  return classes;
}

const schemas = new WeakMap<ResourceClass, ReadonlyMap<string | null, readonly Resource[]>>();

/** The resources of a class by their schema. */
export function bySchema(place: ResourceClass): ReadonlyMap<string | null, readonly Resource[]> {
  let found = schemas.get(place);
  if (found === undefined) schemas.set(place, (found = grouped(place.resources)));
  return found;
}

/** Resources of one kind are in a schema or none of them is; those of most classes are in one. */
function grouped(resources: readonly Resource[]): ReadonlyMap<string | null, readonly Resource[]> {
  const [first] = resources;
  if (first === undefined) return new Map();
  const schema = schemaOf(first);
  const isOne = schema === null || resources.every(({ path }) => path[1] === schema);
  return isOne ? new Map([[schema, resources]]) : Map.groupBy(resources, schemaOf);
}

/**
 * What entries of recorded lists give, grouped by grantee, kind, schema and privileges, sorted; what owners have of their own is no grant. `pick` says which of the privileges count, as bits; 0: none. It is asked once
 * for each distinct list and grantee; -2 is everybody.
 */
export function granted(
  index: AccessIndex,
  pick: (place: ResourceClass, grantee: number, mask: number) => number,
  keep?: (resource: Resource) => boolean,
): readonly Granted[] {
  type Draft = Omit<Granted, "resources" | "parts"> & { readonly parts: Granted["parts"][number][] };
  const drafts = new Map<string, Draft>();
  for (const place of recordedClasses(index)) {
    const { grantees, masks, owner } = place.compiled;
    for (let at = 0; at < grantees.length; at++) {
      const id = grantees[at] as number;
      if (id === owner) continue;
      const mask = pick(place, id, masks[at] as number);
      if (mask === 0) continue;
      const grantee = id === EVERYBODY ? PUBLIC : (index.graph.names[id] as RoleName);
      for (const [schema, all] of bySchema(place)) {
        const resources = keep === undefined ? all : all.filter(keep);
        if (resources.length === 0) continue;
        const { kind, database } = place;
        const key = `${id}\0${kind}\0${database ?? ""}\0${schema ?? ""}\0${mask}`;
        let draft = drafts.get(key);
        if (draft === undefined) {
          const privileges = index.bits.names(kind, mask);
          draft = { grantee, kind, database, schema, privileges, parts: [] };
          drafts.set(key, draft);
        }
        draft.parts.push({ list: place.list, resources });
      }
    }
  }
  const found = [...drafts.values()].map(
    (draft): Granted => ({
      ...draft,
      resources: sorted(
        draft.parts.flatMap((part) => part.resources),
        compareResources,
      ),
    }),
  );
  return sorted(
    found,
    compareBy(
      (each) => each.grantee,
      (each) => each.database,
      (each) => each.schema,
      (each) => each.kind,
      (each) => each.privileges.join(),
    ),
  );
}

/** What takes it away, from every grantor that gave it; `option`: only the right to pass it on. */
export function revoking(
  given: Granted,
  kind: "remove-grant" | "remove-grant-option" = "remove-grant",
): readonly GrantChange[] {
  const changes = new Map<string, Omit<GrantChange, "resources"> & { readonly resources: Resource[] }>();
  const wanted = new Set(given.privileges);
  for (const { list, resources } of given.parts) {
    for (const entry of list.entries) {
      if (entry.grantee !== given.grantee) continue;
      const held = kind === "remove-grant" ? entry.privileges : entry.grantable;
      const privileges = held.filter((each) => wanted.has(each));
      if (privileges.length === 0) continue;
      const grantable = kind === "remove-grant" && privileges.some((each) => entry.grantable.includes(each));
      const key = `${entry.grantor}\0${privileges.join()}\0${grantable}`;
      let change = changes.get(key);
      if (change === undefined) {
        const { grantee, database } = given;
        const where = isShared(given.kind) ? null : database;
        change = {
          kind,
          resourceKind: given.kind,
          database: where,
          resources: [],
          privileges,
          grantee,
          grantor: entry.grantor,
          grantable,
        };
        changes.set(key, change);
      }
      for (const resource of resources) change.resources.push(resource);
    }
  }
  return [...changes]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, change]) => ({ ...change, resources: sorted(change.resources, compareResources) }));
}
