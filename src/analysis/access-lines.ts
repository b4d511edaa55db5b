import { compareBy, compareParts, compareText, sorted } from "../base/order.ts";
import type { Privilege } from "../model/access-list.ts";
import { compareResources, type Resource, type ResourceKind, resourceKey, schemaOf } from "../model/resource.ts";
import { PUBLIC, type Grantee, type RoleName } from "../model/role.ts";
import type { Path } from "./access-delta.ts";
import type { AccessIndex, ClassAccess } from "./access-index.ts";
import { type Covered, coveredLines, coveringLines, type HeldLine } from "./covered.ts";
import { explainAccess } from "./explain.ts";
import { sourcesOfPath } from "./sources.ts";
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
  /** The recorded grants at the end of the way, the same for all these resources; empty where it ends with something else. */
  readonly sources: readonly LineSource[];
  readonly use: Use;
  /** What is held along with this because it lies in it, by the same grants. Those lines are there too, with `covered`. Absent where none. */
  readonly covers?: readonly Covered[];
  /** Set where another line counts this among what it `covers`. */
  readonly covered?: true;
}

/** A recorded grant behind resources. */
export interface LineSource {
  readonly grantee: Grantee;
  /** Null: each of the resources itself. */
  readonly resource: Resource | null;
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
    if (resources.length === 0) continue;
    const own = { privileges: ownPrivileges(index, login, access), shortest: shortestWays(index, login) };
    for (const part of inParts(index, resources)) {
      for (const { way, sources, privileges } of byWay(index, login, part[0] as Resource, own)) {
        const use = useOf(index, login, {
          privilege: privileges[0] as Privilege,
          resource: part[0] as Resource,
        });
        const passable = privileges.filter((privilege) => access.grantable.includes(privilege));
        const where = schemaOf(part[0] as Resource);
        const key = JSON.stringify([place.kind, privileges, passable, way, sources, use, where]);
        const group = groups.get(key) ?? {
          line: { login, resourceKind: place.kind, path: way, sources, use },
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
  lines.sort((a, b) => compareResources(a.resources[0] as Resource, b.resources[0] as Resource) || order(a, b));
  return markCovered(index, lines);
}

function markCovered(index: AccessIndex, lines: readonly AccessLine[]): AccessLine[] {
  const held = lines.map(({ login, path, privileges, resourceKind, resources }): HeldLine => {
    const holder = path.by === "public" ? PUBLIC : (path.roles.at(-1) ?? login);
    return { group: JSON.stringify(path), holder, privileges, resourceKind, resources };
  });
  const covering = coveringLines(index, held);
  const covered = coveredLines(index, held, covering);
  return lines.map((line, at) => ({
    ...line,
    ...(covered.has(at) ? { covers: covered.get(at) ?? [] } : {}),
    ...(covering.has(at) ? { covered: true as const } : {}),
  }));
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

type Shortest = (privilege: Privilege, resource: Resource) => Path | undefined;

/** Resources of one class have equal ways: each privilege is explained once. */
function shortestWays(index: AccessIndex, login: RoleName): Shortest {
  const known = new Map<Privilege, Path | undefined>();
  return (privilege, resource) => {
    if (!known.has(privilege)) {
      known.set(privilege, explainAccess(index, login, { privilege, resource }, { limit: 1 })?.paths[0]);
    }
    return known.get(privilege);
  };
}

interface Way {
  readonly way: Path;
  readonly sources: readonly LineSource[];
  readonly privileges: Privilege[];
}

/** The privileges on a resource, by the shortest way that each comes, and by what is recorded at its end. */
function byWay(
  index: AccessIndex,
  login: RoleName,
  resource: Resource,
  { privileges, shortest }: { readonly privileges: readonly Privilege[]; readonly shortest: Shortest },
): Way[] {
  const ways = new Map<string, Way>();
  for (const privilege of privileges) {
    const way = shortest(privilege, resource);
    if (way === undefined) continue;
    const sources = lineSources(index, login, way, { privilege, resource });
    const key = JSON.stringify([way, sources]);
    const same = ways.get(key);
    if (same === undefined) ways.set(key, { way, sources, privileges: [privilege] });
    else same.privileges.push(privilege);
  }
  return [...ways.values()];
}

function lineSources(
  index: AccessIndex,
  login: RoleName,
  path: Path,
  question: { readonly privilege: Privilege; readonly resource: Resource },
): LineSource[] {
  const asked = resourceKey(question.resource);
  return sourcesOfPath(index, login, path, question).map(({ grantee, resource }) => ({
    grantee,
    resource: resourceKey(resource) === asked ? null : resource,
  }));
}

/** Parts that share their gates, and what is recorded behind them: one a database, schema and recorded list. */
function inParts(index: AccessIndex, resources: readonly Resource[]): Resource[][] {
  const parts = new Map<string, Resource[]>();
  for (const resource of resources) {
    const recorded =
      index.recorded === index.state ? "" : (index.recorded.holdings.get(resourceKey(resource))?.list.id ?? "");
    const key = [resource.path[0] ?? "", schemaOf(resource) ?? "", recorded].join("\0");
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
