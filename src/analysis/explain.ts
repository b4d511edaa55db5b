import { compareBy, compareParts } from "../base/order.ts";
import type { Privilege } from "../model/access-list.ts";
import type { Resource } from "../model/resource.ts";
import type { Grantee } from "../model/role.ts";
import { PUBLIC } from "../model/role.ts";
import type { Path } from "./access-delta.ts";
import type { AccessIndex, AccessOptions } from "./access-index.ts";
import { databaseIn, passingAt } from "./access-index.ts";
import { hasBit, listBits } from "./bits.ts";
import type { ResourceClass } from "./resource-class.ts";
import { EVERYBODY } from "./resource-class.ts";
import type { RoleEdge, RoleGraph } from "./role-graph.ts";

export interface ExplainOptions extends Pick<AccessOptions, "grantable" | "database"> {
  /** Stop after this many paths; a dense graph can have millions. @default 1000 */
  readonly limit?: number;
}

export interface Explanation {
  /** Every shortest path to each role (or PUBLIC, or attribute) that gives the access: to end it, each of these roles must be cut off. Nearest first; empty: no access. */
  readonly paths: readonly Path[];
  /** False where `limit` cut the list, or may have. */
  readonly complete: boolean;
}

/** By which paths the role has the privilege, paths behind SET ROLE included; null when there is no such role, or no such resource in reach. */
export function explainAccess(
  index: AccessIndex,
  who: Grantee,
  question: { readonly privilege: Privilege; readonly resource: Resource },
  options: ExplainOptions = {},
): Explanation | null {
  const { graph } = index;
  const role = who === PUBLIC ? EVERYBODY : graph.idOf(who);
  const place = index.classOf(question.resource);
  if (role === -1 || (role !== EVERYBODY && !hasBit(graph.existing, role))) return null;
  if (place === null && !index.rules.recordedOnly.has(question.resource.kind)) return null;
  const givers =
    place === null ? superuserGivers(graph) : questionGivers(index, who, place, { ...question, ...options });
  const database = options.database ?? (place === null ? null : databaseIn(place));
  const limit = options.limit ?? 1000;
  const distinct = [...new Map(givers.map((giver) => [`${giver.role}\0${giver.by}`, giver])).values()];
  const named = role === EVERYBODY ? [] : distinct.filter((giver) => giver.role !== EVERYBODY);
  const paths: Path[] = [];
  if (distinct.some((giver) => giver.role === EVERYBODY)) {
    paths.push({ roles: [], by: "public", needsSetRole: false });
  }
  if (named.length > 0) {
    const way = ascent(graph, role, database);
    // The nearest of all, whoever gives it, comes first whatever the limit is.
    paths.push(...(limit === 1 ? pathsTo(graph, way, named, 2) : pathsToEach(graph, way, named, limit + 1)));
  }
  paths.sort(comparePaths);
  const complete = paths.length <= limit && (limit > 1 || named.length < 2);
  return { paths: paths.slice(0, limit), complete };
}

/** The shortest paths to each of the givers, until there are `enough`. */
function pathsToEach(graph: RoleGraph, way: Ascent, givers: readonly Giver[], enough: number): Path[] {
  const paths: Path[] = [];
  for (const giver of givers) {
    if (paths.length >= enough) break;
    paths.push(...pathsTo(graph, way, [giver], enough));
  }
  return paths;
}

/** Where the right to pass on is a privilege of its own, the ways to that privilege, for whoever holds what is passed on. */
function questionGivers(
  index: AccessIndex,
  who: Grantee,
  place: ResourceClass,
  question: ExplainOptions & { readonly privilege: Privilege; readonly resource: Resource },
): readonly Giver[] {
  const { privilege, resource, grantable = false, database } = question;
  const supers = superuserGivers(index.graph);
  const pass = grantable ? passingAt(index, place) : null;
  if (pass === null) return giversOf(index, place, index.bits.bit(resource.kind, privilege), grantable, supers);
  const asked = { grantable, reachable: true, ...(database === undefined ? {} : { database }) };
  if (index.can(who, privilege, resource, asked) !== true) return [];
  return giversOf(index, pass.place, pass.mask, false, supers);
}

/** A role that gives an access to whoever has its privileges. */
export interface Giver {
  readonly role: number;
  readonly by: Path["by"];
}

/** The superusers, as givers: where their attribute is not inherited, they must be acted as. */
export function superuserGivers(graph: RoleGraph): readonly Giver[] {
  return listBits(graph.superuserRoles).map((role) => ({ role, by: "superuser" }));
}

/** Whoever holds one privilege on a class by themselves, and how; `superusers` are put in front. Ascending by number, EVERYBODY first. */
export function giversOf(
  index: AccessIndex,
  place: ResourceClass,
  bit: number,
  grantable: boolean,
  superusers: readonly Giver[],
): Giver[] {
  const { compiled } = place;
  const givers: Giver[] = [...superusers];
  if (grantable || (compiled.withheld & bit) === 0) {
    const given = grantable ? compiled.options : compiled.masks;
    let ownerSeen = false;
    for (let i = 0; i < compiled.grantees.length; i++) {
      if (((given[i] as number) & bit) === 0) continue;
      const role = compiled.grantees[i] as number;
      if (role === compiled.owner) ownerSeen = true;
      givers.push({ role, by: role === EVERYBODY ? "public" : role === compiled.owner ? "ownership" : "grant" });
    }
    if (grantable && compiled.owner >= 0 && !ownerSeen) givers.push({ role: compiled.owner, by: "ownership" });
    if (!grantable) {
      for (const right of index.rights(place.kind)) {
        if ((right.mask & bit) !== 0) givers.push({ role: right.role, by: "predefined" });
      }
    }
  }
  if (place.table !== null) {
    const onTable = index.bits.mask("table", index.bits.names("column", bit));
    givers.push(...giversOf(index, place.table, onTable, grantable, []));
  }
  return givers;
}

/** Breadth first from one role upwards: inherited steps alone, and steps by SET ROLE followed by inherited ones. */
export interface Ascent {
  readonly start: number;
  readonly inherited: Layers;
  /** Nodes are `2 * role` while acting as it, `2 * role + 1` while inheriting from there. Made when first needed. */
  readonly mixed: () => Layers;
  /** Steps over memberships of any kind. */
  readonly any: () => Layers;
}

interface Layers {
  readonly distance: ReadonlyMap<number, number>;
  readonly from: ReadonlyMap<number, readonly number[]>;
}

export function ascent(graph: RoleGraph, start: number, database: string | null): Ascent {
  const extra = graph.unrecorded(database);
  const edges = (role: number): readonly RoleEdge[] => {
    const own = graph.up[role] ?? [];
    if (extra.length === 0) return own;
    const added = extra.filter(([member]) => member === role).map(([, edge]) => edge);
    return added.length === 0 ? own : [...own, ...added];
  };
  let mixed: Layers | undefined;
  let any: Layers | undefined;
  return {
    start,
    any: () => (any ??= climb(start, (role) => edges(role).map((e) => e.to))),
    inherited: climb(start, (role) =>
      edges(role)
        .filter((e) => e.privileges)
        .map((e) => e.to),
    ),
    mixed: () =>
      (mixed ??= climb(start * 2, (node) => {
        const acting = node % 2 === 0;
        const next: number[] = [];
        for (const edge of edges(node >> 1)) {
          if (acting && edge.setRole) next.push(edge.to * 2);
          if (edge.privileges) next.push(edge.to * 2 + 1);
        }
        return next;
      })),
  };
}

function climb(start: number, next: (node: number) => readonly number[]): Layers {
  const distance = new Map<number, number>([[start, 0]]);
  const from = new Map<number, number[]>();
  const queue = [start];
  for (let i = 0; i < queue.length; i++) {
    const node = queue[i] as number;
    const steps = (distance.get(node) as number) + 1;
    for (const to of next(node)) {
      const known = distance.get(to);
      if (known === undefined) {
        distance.set(to, steps);
        from.set(to, [node]);
        queue.push(to);
      } else if (known === steps) (from.get(to) as number[]).push(node);
    }
  }
  return { distance, from };
}

/** The shortest paths to the nearest of the givers, at most `limit`; none when there is no way. Paths without SET ROLE win over shorter ones with it. */
export function pathsTo(graph: RoleGraph, way: Ascent, givers: readonly Giver[], limit: number): Path[] {
  const nearest = (node: (giver: Giver) => readonly number[], distance: ReadonlyMap<number, number>) => {
    let best = Number.POSITIVE_INFINITY;
    let found: { readonly node: number; readonly by: Path["by"] }[] = [];
    for (const giver of givers) {
      for (const at of node(giver)) {
        const steps = distance.get(at);
        if (steps === undefined || steps > best) continue;
        if (steps < best) found = [];
        best = steps;
        found.push({ node: at, by: giver.by });
      }
    }
    return found;
  };
  const self = givers.find((giver) => giver.role === way.start);
  if (self !== undefined) return [{ roles: [], by: self.by, needsSetRole: false }];
  const inherited = nearest((g) => (actedAs(graph, g.by) ? [] : [g.role]), way.inherited.distance);
  if (inherited.length > 0) return spell(graph, way.inherited, inherited, false, limit);
  const mixed = way.mixed();
  const later = nearest((g) => (actedAs(graph, g.by) ? [g.role * 2] : [g.role * 2, g.role * 2 + 1]), mixed.distance);
  if (later.length > 0) return spell(graph, mixed, later, true, limit);
  // The admin option counts over memberships that neither inherit nor may be set.
  const any = way.any();
  return spell(
    graph,
    any,
    nearest((g) => (g.by === "membership" ? [g.role] : []), any.distance),
    false,
    limit,
  );
}

/** Attributes are not inherited: their holder must be acted as. */
function actedAs(graph: RoleGraph, by: Path["by"]): boolean {
  return by === "attribute" || (by === "superuser" && !graph.superuserIsInherited);
}

function spell(
  graph: RoleGraph,
  layers: Layers,
  ends: readonly { readonly node: number; readonly by: Path["by"] }[],
  mixed: boolean,
  limit: number,
): Path[] {
  const paths = new Map<string, Path>();
  const walk = (node: number, tail: readonly string[], by: Path["by"]): void => {
    if (paths.size >= limit) return;
    const before = layers.from.get(node);
    if (before === undefined) {
      paths.set(`${by}\0${tail.join("\0")}`, { roles: tail, by, needsSetRole: mixed });
      return;
    }
    const name = graph.names[mixed ? node >> 1 : node] as string;
    for (const previous of before) walk(previous, [name, ...tail], by);
  };
  for (const end of ends) walk(end.node, [], end.by);
  return [...paths.values()].sort(comparePaths);
}

const byEase = compareBy<Path>(
  (path) => path.needsSetRole,
  (path) => path.roles.length,
);

/** Nearest first: without SET ROLE, then fewer steps, then by name. */
export function comparePaths(a: Path, b: Path): number {
  return byEase(a, b) || compareParts([a.by, ...a.roles], [b.by, ...b.roles]);
}
