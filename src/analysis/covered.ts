import type { Privilege } from "../model/access-list.ts";
import {
  type Resource,
  RESOURCE_KINDS,
  type ResourceKind,
  resourceKey,
  schemaOf,
  isUnnamed,
} from "../model/resource.ts";
import type { Grantee } from "../model/role.ts";
import type { AccessIndex } from "./access-index.ts";
import { recordedGrants } from "./sources.ts";

/** Privileges on resources of one kind, all in one way: a line of an answer. */
export interface HeldLine {
  /** Lines of different groups never belong together: equal for equal subjects and ways. */
  readonly group: string;
  /** Whom the grant at the end of the way is made to. */
  readonly holder: Grantee;
  readonly privileges: readonly Privilege[];
  readonly resourceKind: ResourceKind;
  /** Not empty. */
  readonly resources: readonly Resource[];
}

/** What comes or goes with another line, since it lies in what that one is about. */
export interface Covered {
  readonly resourceKind: ResourceKind;
  /** Null: all privileges of that line which there are on this kind. */
  readonly privileges: readonly Privilege[] | null;
  readonly count: number;
}

/** Kinds that hold others, the widest first. */
const WIDE: readonly ResourceKind[] = RESOURCE_KINDS.filter(
  (kind) => (isUnnamed(kind) && kind !== "server") || kind.startsWith("schema") || kind === "table",
);

/**
 * For each line the place of the one that covers it: the same privileges in the same way on what its resources lie in, by the same recorded grants. Only where the engine decides so; the widest covers all.
 */
export function coveringLines(index: AccessIndex, lines: readonly HeldLine[]): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  if (index.rules.evaluated === null) return found;
  const groups = new Map<string, number[]>();
  for (const [at, line] of lines.entries()) {
    const group = groups.get(line.group);
    if (group === undefined) groups.set(line.group, [at]);
    else group.push(at);
  }
  for (const group of groups.values()) {
    for (const kind of WIDE) {
      for (const wide of group) {
        const cover = lines[wide] as HeldLine;
        if (cover.resourceKind !== kind || found.has(wide)) continue;
        const mayLieIn = containment(cover);
        for (const at of group) {
          const line = lines[at] as HeldLine;
          if (RESOURCE_KINDS.indexOf(line.resourceKind) <= RESOURCE_KINDS.indexOf(kind) || found.has(at)) continue;
          if (mayLieIn(line) && covers(index, cover, line)) found.set(at, wide);
        }
      }
    }
  }
  return found;
}

/** What each covering line brings along, by its place: kinds in order, equal privileges together. */
export function coveredLines(
  index: AccessIndex,
  lines: readonly HeldLine[],
  covering: ReadonlyMap<number, number>,
): ReadonlyMap<number, readonly Covered[]> {
  const counts = new Map<number, Map<string, Covered>>();
  for (const [at, wide] of covering) {
    const line = lines[at] as HeldLine;
    const known = new Set(index.rules.privilegesOf(line.resourceKind));
    const whole = (lines[wide] as HeldLine).privileges.filter((each) => known.has(each));
    const privileges = whole.length === line.privileges.length ? null : line.privileges;
    const key = `${RESOURCE_KINDS.indexOf(line.resourceKind) + 100}\0${privileges?.join() ?? ""}`;
    const mine = counts.get(wide) ?? new Map<string, Covered>();
    const count = (mine.get(key)?.count ?? 0) + line.resources.length;
    counts.set(wide, mine.set(key, { resourceKind: line.resourceKind, privileges, count }));
  }
  return new Map(
    [...counts].map(([wide, mine]) => [wide, [...mine].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each)]),
  );
}

/** Whether a line can be about what a wider one holds, by names alone; what only the engine can tell, such as a pattern, may. */
function containment(cover: HeldLine): (line: HeldLine) => boolean {
  const kind = cover.resourceKind;
  if (isUnnamed(kind) || kind === "schema-pattern") return () => true;
  const depth = kind === "table" ? 3 : 2;
  const places = new Set(cover.resources.map(({ path }) => path.slice(0, depth).join("\0")));
  return ({ resources: [first] }) => first !== undefined && places.has(first.path.slice(0, depth).join("\0"));
}

/** Asked of one resource in each schema, and of each privilege: what lies in one place is covered alike. */
function covers(index: AccessIndex, cover: HeldLine, line: HeldLine): boolean {
  if (!line.privileges.every((each) => cover.privileges.includes(each))) return false;
  const places = new Map<string, Resource>();
  const whole = isUnnamed(cover.resourceKind);
  for (const resource of line.resources) {
    const place = whole ? "" : [resource.path[0], schemaOf(resource) ?? "", ...tablePart(cover, resource)].join("\0");
    if (!places.has(place)) places.set(place, resource);
  }
  const wide = new Set(cover.resources.map(resourceKey));
  return [...places.values()].every((resource) =>
    line.privileges.every((privilege) =>
      recordedGrants(index, cover.holder, { privilege, resource }).some((each) => wide.has(resourceKey(each.resource))),
    ),
  );
}

function tablePart(cover: HeldLine, resource: Resource): readonly string[] {
  return cover.resourceKind === "table" ? resource.path.slice(2, 3) : [];
}
