import { compareBy, compareParts, compareText, sorted } from "../base/order.ts";
import type { Privilege } from "../model/access-list.ts";
import { compareResources, type Resource, type ResourceKind, schemaOf } from "../model/resource.ts";
import type { RoleName } from "../model/role.ts";
import type { Path } from "./access-delta.ts";
import type { AccessIndex, ClassAccess } from "./access-index.ts";
import { explainAccess } from "./explain.ts";
import type { Gate } from "../model/access-rules.ts";

/** Privileges that one login has on resources of one kind, all by the same way. */
export interface AccessLine {
  readonly login: RoleName;
  readonly resourceKind: ResourceKind;
  /** Sorted, not empty. */
  readonly privileges: readonly Privilege[];
  /** Those that may be passed on. */
  readonly grantable: readonly Privilege[];
  /** Sorted, not empty. */
  readonly resources: readonly Resource[];
  /** The shortest way. */
  readonly path: Path;
  /** What is missing to use them by name: USAGE on the schema, CONNECT on the database. Empty: they can be used. */
  readonly missing: readonly Gate[];
}

export interface AccessLinesOptions {
  /** Only these resources. @default all */
  readonly matches?: (resource: Resource) => boolean;
  /** Only these kinds. @default all */
  readonly kinds?: ReadonlySet<ResourceKind>;
}

/**
 * What a login can do, with and without SET ROLE, grouped over equal resources. Asked by class of resources, expanded only here; a superuser's answer is the whole catalog, so ask for its
 * attribute first.
 */
export function accessLines(index: AccessIndex, login: RoleName, options: AccessLinesOptions = {}): AccessLine[] {
  const groups = new Map<
    string,
    {
      line: Omit<AccessLine, "resources" | "privileges" | "grantable">;
      privileges: Set<Privilege>;
      grantable: Set<Privilege>;
      resources: Resource[];
    }
  >();
  for (const access of index.accessOf(login, { reachable: true }) ?? []) {
    const place = access.class;
    if (options.kinds !== undefined && !options.kinds.has(place.kind)) continue;
    const resources = options.matches === undefined ? place.resources : place.resources.filter(options.matches);
    const [first] = resources;
    if (first === undefined) continue;
    for (const [way, privileges] of byWay(index, login, first, ownPrivileges(index, login, access))) {
      for (const part of bySchema(resources)) {
        const missing = missingGates(index, login, part[0] as Resource, way.needsSetRole);
        const passable = privileges.filter((privilege) => access.grantable.includes(privilege));
        const key = JSON.stringify([place.kind, privileges, passable, way, missing, schemaOf(part[0] as Resource)]);
        const group = groups.get(key) ?? {
          line: { login, resourceKind: place.kind, path: way, missing },
          privileges: new Set(privileges),
          grantable: new Set(passable),
          resources: [],
        };
        group.resources.push(...part);
        groups.set(key, group);
      }
    }
  }
  const lines = [...groups.values()].map(({ line, privileges, grantable, resources }) => ({
    ...line,
    privileges: sorted(privileges, compareText),
    grantable: sorted(grantable, compareText),
    resources: sorted(resources, compareResources),
  }));
  return lines.sort((a, b) => compareResources(a.resources[0] as Resource, b.resources[0] as Resource) || order(a, b));
}

const order = compareBy<AccessLine>(
  (line) => line.path.roles.length,
  (line) => line.privileges.join(),
  (line) => line.path.roles.join("\0"),
);

/** What is held on a table is held on its columns and said there; on columns only what goes beyond it. */
function ownPrivileges(index: AccessIndex, login: RoleName, access: ClassAccess): readonly Privilege[] {
  const table = access.class.table?.resources[0];
  if (table === undefined) return access.privileges;
  return access.privileges.filter((privilege) => index.can(login, privilege, table, { reachable: true }) !== true);
}

/** The privileges on a resource, by the shortest way that each comes. */
function byWay(
  index: AccessIndex,
  login: RoleName,
  resource: Resource,
  privileges: readonly Privilege[],
): Map<Path, Privilege[]> {
  const ways = new Map<string, Path>();
  const result = new Map<Path, Privilege[]>();
  for (const privilege of privileges) {
    const [way] = explainAccess(index, login, { privilege, resource }, { limit: 1 })?.paths ?? [];
    if (way === undefined) continue;
    const key = JSON.stringify(way);
    const same = ways.get(key) ?? way;
    ways.set(key, same);
    result.set(same, [...(result.get(same) ?? []), privilege]);
  }
  return result;
}

/** Parts that share their gates: one a database and schema. */
function bySchema(resources: readonly Resource[]): Resource[][] {
  const parts = new Map<string, Resource[]>();
  for (const resource of resources) {
    const key = `${resource.path[0] ?? ""}\0${schemaOf(resource) ?? ""}`;
    const part = parts.get(key);
    if (part === undefined) parts.set(key, [resource]);
    else part.push(resource);
  }
  return [...parts.entries()].sort(([a], [b]) => compareParts(a.split("\0"), b.split("\0"))).map(([, part]) => part);
}

/** What stands between a privilege and its use by name. */
export function missingGates(index: AccessIndex, login: RoleName, resource: Resource, reachable: boolean): Gate[] {
  return index.rules
    .gates(resource)
    .filter(
      (gate) =>
        index.can(login, gate.privilege, gate.resource, { reachable: reachable && gate.of === "session" }) === false,
    );
}
