import { isGrantChange, type Change, type ChangeOwner, type GrantChange } from "../model/change.ts";
import { resourceKey, tableOf, type Resource, type ResourceKey } from "../model/resource.ts";
import type { RoleName } from "../model/role.ts";
import type { PlannedChange } from "./plan.ts";

/** The object whose catalog row and lock a resource shares: a column has its table's. */
export function anchorOf(resource: Resource): Resource {
  return resource.kind === "column" ? tableOf(resource) : resource;
}

/**
 * A login that is created in several stages is closed until the last one: `create-role` without LOGIN, and an `alter-role` that opens it. Applied to its own
 * result it changes nothing.
 */
export function splitLogins(changes: readonly PlannedChange[]): PlannedChange[] {
  return changes.flatMap((planned): PlannedChange[] => {
    const { change, origin } = planned;
    if (change.kind !== "create-role" || change.role.attributes["login"] !== true) return [planned];
    const role = { ...change.role, attributes: { ...change.role.attributes, login: false } };
    const opening: Change = {
      kind: "alter-role",
      role: role.name,
      attributes: [{ name: "login", before: false, after: true }],
    };
    return [
      { change: { kind: "create-role", role }, origin },
      { change: opening, origin },
    ];
  });
}

/** Cuts changes with several resources into parts, by the block that each resource's object is in; equal sets of resources stay one array. */
export function splitByBlock(
  changes: readonly PlannedChange[],
  blockOf: (anchor: ResourceKey) => number | undefined,
): PlannedChange[] {
  const cut = new Map<readonly Resource[], readonly (readonly Resource[])[]>();
  return changes.flatMap((planned): PlannedChange[] => {
    const { change, origin } = planned;
    if (!isGrantChange(change) && change.kind !== "change-owner") return [planned];
    let parts = cut.get(change.resources);
    if (parts === undefined) {
      const groups = Map.groupBy(change.resources, (resource) => blockOf(resourceKey(anchorOf(resource))));
      parts = groups.size === 1 ? [change.resources] : [...groups.values()];
      cut.set(change.resources, parts);
    }
    return parts.map((resources) => ({ change: { ...change, resources } satisfies GrantChange | ChangeOwner, origin }));
  });
}

/** The roles that a set of changes creates, and those that it drops. */
export function rolesBy(changes: readonly PlannedChange[], kind: "create-role" | "drop-role"): ReadonlySet<RoleName> {
  return new Set(changes.flatMap(({ change }) => (change.kind === kind ? [change.role.name] : [])));
}
