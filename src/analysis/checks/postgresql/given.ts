import { compareBy, sorted, sortedText } from "../../../base/order.ts";
import type { Privilege } from "../../../model/access-list.ts";
import type { GrantChange, RemoveMembership } from "../../../model/change.ts";
import type { Purpose } from "../../../model/declared.ts";
import { compareResources, describeName, describeTyped } from "../../../model/resource.ts";
import { type Resource, type ResourceKind, schemaOf } from "../../../model/resource.ts";
import { type Grantee, PUBLIC, type RoleName } from "../../../model/role.ts";
import { hasBit } from "../../bits.ts";
import type { ResourceClass } from "../../resource-class.ts";
import type { CheckContext } from "../check.ts";

/** Some resources that nobody can tell apart by their access: a class, or a part of one. */
export interface Place {
  readonly class: ResourceClass;
  readonly resources: readonly Resource[];
}

/** The same privileges that one grantee was given in one schema. */
export interface Given {
  readonly grantee: Grantee;
  readonly database: string | null;
  readonly schema: string | null;
  readonly kind: ResourceKind;
  /** Sorted. */
  readonly privileges: readonly Privilege[];
  /** Sorted. */
  readonly resources: readonly Resource[];
  /** What takes it away, from every grantor. */
  readonly revoking: readonly GrantChange[];
}

/** All classes of a kind, whole. */
export function placesOf({ index }: CheckContext, kind: ResourceKind): readonly Place[] {
  return index.classes.all
    .filter((each) => each.kind === kind)
    .map((each) => ({ class: each, resources: each.resources }));
}

/**
 * Who was given any of these privileges by a grant of its own, owners left out: everybody, and roles in scope that are no superusers. Grouped by grantee, schema and privileges, sorted. The cost follows distinct lists
 * that give any of them.
 */
export function givenOn(
  context: CheckContext,
  places: Iterable<Place>,
  wanted: readonly Privilege[],
): readonly Given[] {
  const groups = new Map<
    string,
    { given: Omit<Given, "resources" | "revoking">; grantors: Map<RoleName, Resource[]>; all: Resource[] }
  >();
  for (const { class: place, resources } of places) {
    const mask = context.index.bits.mask(place.kind, wanted);
    if (!place.compiled.masks.some((each) => (each & mask) !== 0)) continue;
    let bySchema: ReadonlyMap<string | null, readonly Resource[]> | undefined;
    for (const entry of place.list.entries) {
      if (entry.grantee === place.owner) continue;
      const privileges = entry.privileges.filter((each) => wanted.includes(each));
      if (privileges.length === 0 || !isJudged(context, entry.grantee)) continue;
      bySchema ??= Map.groupBy(resources, (resource) => schemaOf(resource));
      for (const [schema, there] of bySchema) {
        const { kind, database } = place;
        const key = [entry.grantee, kind, database, schema, privileges.join()].join("\0");
        let group = groups.get(key);
        if (group === undefined) {
          group = {
            given: { grantee: entry.grantee, database, schema, kind, privileges },
            grantors: new Map(),
            all: [],
          };
          groups.set(key, group);
        }
        const given = group.grantors.get(entry.grantor) ?? [];
        for (const resource of there) {
          group.all.push(resource);
          given.push(resource);
        }
        group.grantors.set(entry.grantor, given);
      }
    }
  }
  const found = [...groups.values()].map(
    ({ given, grantors, all }): Given => ({
      ...given,
      resources: distinct(all),
      revoking: [...grantors].map(([grantor, there]) => revoking(given, grantor, there)),
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

/** Whether grants to it are judged: everybody, and roles in scope that may not do everything anyway. */
export function isJudged(context: CheckContext, grantee: Grantee): boolean {
  const { graph } = context.index;
  if (grantee === PUBLIC) return true;
  return context.inScope(grantee) && !hasBit(graph.superuserRoles, graph.idOf(grantee));
}

function revoking(
  given: Omit<Given, "resources" | "revoking">,
  grantor: RoleName,
  resources: readonly Resource[],
): GrantChange {
  return {
    kind: "remove-grant",
    resourceKind: given.kind,
    database: given.database,
    resources: distinct(resources),
    privileges: given.privileges,
    grantee: given.grantee,
    grantor,
    grantable: false,
  };
}

/** Each once, sorted. */
export function distinct(resources: readonly Resource[]): readonly Resource[] {
  return [...new Set(resources)].sort(compareResources);
}

/** `everybody`, or the role in backticks. */
export function who(grantee: Grantee): string {
  return grantee === PUBLIC ? "everybody" : `\`${describeName(grantee)}\``;
}

/** What something is about, short: one resource by its name, several by how many there are and where. */
export function what(resources: readonly Resource[]): string {
  const [first] = resources;
  if (first === undefined) return "nothing";
  if (resources.length === 1) return `\`${describeTyped(first)}\``;
  const schema = schemaOf(first);
  const where = schema === null || first.kind === "schema" ? "" : ` in schema \`${describeName(schema)}\``;
  return `${resources.length} ${PLURALS[first.kind] ?? `${first.kind}s`}${where}`;
}

const PLURALS: Partial<Record<ResourceKind, string>> = {
  "foreign-data-wrapper": "foreign-data wrappers",
  "foreign-server": "foreign servers",
  "large-object": "large objects",
};

/** Lower-case, as in SQL: `select, insert`. */
export function words(privileges: readonly Privilege[]): string {
  return privileges.map((each) => each.toLowerCase()).join(", ");
}

/** Whether a role, or one that it is a member of in any way, was declared to be for one of these. */
export function isFor(context: CheckContext, name: Grantee, purposes: ReadonlySet<Purpose>): boolean {
  const { graph } = context.index;
  const id = name === PUBLIC ? -1 : graph.idOf(name);
  if (id < 0) return false;
  for (const [role, { purpose }] of context.declared?.roles ?? []) {
    if (purpose === null || !purposes.has(purpose)) continue;
    const group = graph.idOf(role);
    if (group >= 0 && hasBit(graph.members(group, null), id)) return true;
  }
  return false;
}

/** A direct member of a role, and what ends that. */
export interface MemberOf {
  readonly member: RoleName;
  readonly removing: readonly RemoveMembership[];
}

/** Roles in scope, no superusers, that are direct members of a role: sorted. */
export function membersOf(context: CheckContext, role: RoleName): readonly MemberOf[] {
  const rows = [...context.index.recorded.memberships.values()].filter(
    (each) => each.role === role && isJudged(context, each.member),
  );
  return sortedText(rows.map((each) => each.member)).map((member) => ({
    member,
    removing: rows
      .filter((each) => each.member === member)
      .map((membership) => ({ kind: "remove-membership", membership })),
  }));
}
