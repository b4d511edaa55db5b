import { type Resource, resourceKey } from "../model/resource.ts";
import type { Path, Subject } from "./access-delta.ts";
import type { AccessIndex } from "./access-index.ts";
import type { DeltaContext } from "./delta.ts";
import type { Bits } from "./bits.ts";
import { addBits, emptyBits, hasBit, keepBits, sameBits } from "./bits.ts";
import type { LineBook } from "./delta-lines.ts";
import { lineBook } from "./delta-lines.ts";
import type { Drop, Reach, Subjects } from "./delta-subjects.ts";
import { drops, subjectsOf } from "./delta-subjects.ts";
import type { Ascent, Giver } from "./explain.ts";
import { ascent, pathsTo } from "./explain.ts";
import { EVERYBODY } from "./resource-class.ts";

/** One comparison of two indexes over the same roles: what its parts share. */
export interface DeltaPass {
  readonly before: AccessIndex;
  readonly after: AccessIndex;
  readonly subjects: Subjects;
  readonly losses: LineBook;
  readonly gains: LineBook;
  /** Resources that only one side knows the list of. */
  readonly notCompared: Resource[];
  /** Whether it changed who, of the subjects, has the privileges of this role. */
  touched(role: number, database: string | null): boolean;
  readonly superusersTouched: boolean;
  /** Roles, memberships and owners of databases are the same on both sides: nothing is touched, only lists can differ. */
  readonly still: boolean;
  /** Becoming another role gives nothing more, on both sides: there is only one kind of access. */
  readonly flat: boolean;
  /** The subjects among the heirs of any of these, and superusers where they are asked for. */
  reach(
    side: Side,
    givers: Iterable<number>,
    database: string | null,
    options: { readonly superusers: boolean },
  ): Reach;
  /** Who has less in `from` than in `to`, grouped by paths. `side` is the one of `from`. */
  groups(side: Side, from: Reach, to: Reach, ways: Ways): Group[];
}

export type Side = "before" | "after";

export interface Ways {
  /** The roles that give the access on the side that has it. */
  readonly givers: readonly Giver[];
  readonly database: string | null;
  /** Everybody has it there, and not on the other side. */
  readonly publicToo: boolean;
}

/** Subjects and paths are shared values: equal ones are the same object. */
export interface Group {
  readonly roles: readonly number[];
  readonly subjects: readonly Subject[];
  readonly paths: readonly Path[];
  readonly weakened: boolean;
}

/** More paths than this tell a reader nothing; `why` lists all. */
const PATHS_SHOWN = 8;

export function deltaPass(before: AccessIndex, after: AccessIndex, context: DeltaContext): DeltaPass {
  const subjects = subjectsOf(before, after, context);
  // Whoever may become a superuser has more after that, although every step is inherited.
  const flat = [before.graph, after.graph].every(
    (graph) => graph.flat && sameBits(graph.superusers, graph.superReachers),
  );
  const common = subjects.before.slice();
  keepBits(common, subjects.after);
  const sides = { before, after } as const;
  const mine = { before: subjects.before, after: subjects.after } as const;

  const reach: DeltaPass["reach"] = (side, givers, database, options) => {
    const { graph } = sides[side];
    const now = options.superusers ? graph.superusers.slice() : emptyBits(graph.names.length);
    const later = flat ? now : options.superusers ? graph.superReachers.slice() : emptyBits(graph.names.length);
    for (const giver of givers) {
      if (giver === EVERYBODY) {
        addBits(now, common);
        if (!flat) addBits(later, common);
      } else {
        graph.addHeirs(now, giver, database);
        if (!flat) graph.addReachers(later, giver, database);
      }
    }
    keepBits(now, mine[side]);
    if (!flat) keepBits(later, mine[side]);
    return { now, later };
  };

  const still = sameGraph(before, after);
  // By database and role: -1 not known yet, 0 no, 1 yes.
  const touchedIn = new Map<string | null, Int8Array>();
  const touched = (role: number, database: string | null): boolean => {
    if (still || role < 0) return false;
    let known = touchedIn.get(database);
    if (known === undefined) touchedIn.set(database, (known = new Int8Array(before.graph.names.length).fill(-1)));
    if (known[role] === -1) {
      const a = reach("before", [role], database, { superusers: false });
      const b = reach("after", [role], database, { superusers: false });
      known[role] = !sameBits(a.now, b.now) || (!flat && !sameBits(a.later, b.later)) ? 1 : 0;
    }
    return known[role] === 1;
  };

  const intern = interner();
  const routes = { before: pathFinder(before, intern), after: pathFinder(after, intern) } as const;

  const groups: DeltaPass["groups"] = (side, from, to, ways) => {
    const found: readonly Drop[] = drops(subjects, from, to);
    if (found.length === 0 && !ways.publicToo) return [];
    const everybody = ways.givers.some((giver) => giver.role === EVERYBODY);
    const named = ways.givers.filter((giver) => giver.role !== EVERYBODY);
    const find = routes[side](named, ways.database);
    const byPaths = new Map<readonly Path[], { readonly weakened: boolean; readonly roles: number[] }[]>();
    const put = (role: number, weakened: boolean, paths: readonly Path[]): void => {
      let list = byPaths.get(paths);
      if (list === undefined) byPaths.set(paths, (list = []));
      let group = list.find((each) => each.weakened === weakened);
      if (group === undefined) list.push((group = { weakened, roles: [] }));
      group.roles.push(role);
    };
    const throughPublic = intern(PUBLIC_PATHS);
    if (ways.publicToo) put(EVERYBODY, false, throughPublic);
    for (const { role, weakened } of found) {
      const open = everybody && hasBit(common, role);
      const paths = open ? throughPublic : find(role);
      put(role, weakened, paths.length === 0 ? throughPublic : paths);
    }
    return [...byPaths].flatMap(([paths, list]) =>
      list.map(({ weakened, roles }) => ({ roles, subjects: subjects.of(roles), paths, weakened })),
    );
  };

  return {
    before,
    after,
    subjects,
    losses: lineBook("loss", before.rules),
    gains: lineBook("gain", after.rules),
    notCompared: [],
    touched,
    superusersTouched: !still && superusersTouched(before, after, subjects),
    still,
    flat,
    reach,
    groups,
  };
}

const PUBLIC_PATHS: readonly Path[] = [{ roles: [], by: "public", needsSetRole: false }];

function superusersTouched(before: AccessIndex, after: AccessIndex, subjects: Subjects): boolean {
  const masked = (set: Bits, by: Bits): Bits => {
    const result = set.slice();
    keepBits(result, by);
    return result;
  };
  return (
    !sameBits(masked(before.graph.superusers, subjects.before), masked(after.graph.superusers, subjects.after)) ||
    !sameBits(masked(before.graph.superReachers, subjects.before), masked(after.graph.superReachers, subjects.after))
  );
}

/** By the values themselves, which a prediction shares with the state that it was made from: it may be false for equal ones, never true for others. */
function sameGraph(before: AccessIndex, after: AccessIndex): boolean {
  return (
    sameValues(before.state.roles, after.state.roles) &&
    sameValues(before.state.memberships, after.state.memberships) &&
    before.catalog.databases.every((name) => {
      const key = resourceKey({ kind: "database", path: [name] });
      return before.state.holdings.get(key)?.owner === after.state.holdings.get(key)?.owner;
    })
  );
}

function sameValues<K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}

type Intern = (paths: readonly Path[]) => readonly Path[];

/** Equal lists of paths become the same value. */
function interner(): Intern {
  const known = new Map<string, readonly Path[]>();
  return (paths) => {
    const key = paths.map((p) => `${p.by}\0${p.needsSetRole}\0${p.roles.join("\0")}`).join("\n\0");
    const found = known.get(key);
    if (found !== undefined) return found;
    known.set(key, paths);
    return paths;
  };
}

/** Shortest paths by role. Roles with the same direct memberships share all paths but the one of being the giver oneself, so each such shape is searched once. */
function pathFinder(
  index: AccessIndex,
  intern: Intern,
): (givers: readonly Giver[], database: string | null) => (role: number) => readonly Path[] {
  const { graph } = index;
  const own = new Map<Path["by"], readonly Path[]>();
  const ownPaths = (by: Path["by"]): readonly Path[] => {
    let paths = own.get(by);
    if (paths === undefined) own.set(by, (paths = intern([{ roles: [], by, needsSetRole: false }])));
    return paths;
  };
  const shapeOf = new Map<number, number>();
  const shapes = new Map<string, number>();
  const ascents = new Map<string, Ascent>();
  const shape = (role: number): number => {
    let known = shapeOf.get(role);
    if (known !== undefined) return known;
    const key = (graph.up[role] ?? []).map((e) => `${e.to}${e.privileges ? "p" : ""}${e.setRole ? "s" : ""}`).join();
    known = shapes.get(key);
    if (known === undefined) shapes.set(key, (known = role));
    shapeOf.set(role, known);
    return known;
  };
  return (givers, database) => {
    const special = new Set(graph.unrecorded(database).map(([member]) => member));
    const giving = new Map<number, Giver>();
    for (const giver of givers) if (!giving.has(giver.role)) giving.set(giver.role, giver);
    const found = new Map<number, readonly Path[]>();
    return (role) => {
      const self = giving.get(role);
      if (self !== undefined) return ownPaths(self.by);
      const through = special.has(role) ? role : shape(role);
      let paths = found.get(through);
      if (paths === undefined) {
        const key = `${through}\0${database ?? ""}`;
        let way = ascents.get(key);
        if (way === undefined) ascents.set(key, (way = ascent(graph, through, database)));
        const others = giving.has(through) ? givers.filter((giver) => giver.role !== through) : givers;
        paths = intern(pathsTo(graph, way, others, PATHS_SHOWN));
        found.set(through, paths);
      }
      return paths;
    };
  };
}
