import { compareBy, compareParts, compareText, sorted } from "../base/order.ts";
import type { Privilege } from "../model/access-list.ts";
import { compareResources, type Resource, type ResourceKind, schemaOf } from "../model/resource.ts";
import { PUBLIC, type Grantee, type RoleName } from "../model/role.ts";
import type { Path } from "./access-delta.ts";
import type { AccessIndex, ClassAccess } from "./access-index.ts";
import { explainAccess } from "./explain.ts";
import { usability } from "./usable.ts";
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
  readonly use: Use;
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
        const use = useOf(index, login, {
          privilege: privileges[0] as Privilege,
          resource: part[0] as Resource,
        });
        const passable = privileges.filter((privilege) => access.grantable.includes(privilege));
        const key = JSON.stringify([place.kind, privileges, passable, way, use, schemaOf(part[0] as Resource)]);
        const group = groups.get(key) ?? {
          line: { login, resourceKind: place.kind, path: way, use },
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

export interface Use {
  /** It can be used by name, at once or after SET ROLE, by whoever may log in as this role or is its member. */
  readonly usable: boolean;
  /** What is lacking otherwise. Empty although not usable: the server lets only superusers use such a thing. */
  readonly missing: readonly Gate[];
}

/** Whether a privilege that somebody holds can be used. That a role cannot log in is not counted here: its members use what it holds. */
export function useOf(
  index: AccessIndex,
  who: Grantee,
  question: { readonly privilege: Privilege; readonly resource: Resource },
): Use {
  const found = who === PUBLIC ? null : usability(index, who, question);
  if (found === null || found.usable || found.byBecoming.length > 0) return { usable: true, missing: [] };
  const missing = found.gates.filter((each) => !each.open).map((each) => each.gate);
  return { usable: !found.login && missing.length === 0, missing };
}
