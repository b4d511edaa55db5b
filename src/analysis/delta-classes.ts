import type { Privilege } from "../model/access-list.ts";
import type { Resource } from "../model/resource.ts";
import { resourceKey, tableOf } from "../model/resource.ts";
import type { AccessIndex } from "./access-index.ts";
import { databaseIn, heldMask } from "./access-index.ts";
import { addBits, removeBits } from "./bits.ts";
import { changedPairs, type ClassPair, ownerMayDiffer, relevantOn } from "./delta-pairs.ts";
import type { DeltaPass, Group, Side } from "./delta-pass.ts";
import type { Reach } from "./delta-subjects.ts";
import { drops } from "./delta-subjects.ts";
import type { Giver } from "./explain.ts";
import { giversOf, superuserGivers } from "./explain.ts";
import { EVERYBODY, type ResourceClass } from "./resource-class.ts";

/** Privileges, grant options and ownership, for each pair of classes that anything can have changed for. */
export function compareClasses(pass: DeltaPass): void {
  const kept = columnKeeper(pass);
  for (const pair of changedPairs(pass)) {
    comparePair(pass, pair, kept);
    compareOwners(pass, pair);
  }
}

type ColumnKeeper = (group: Group, table: ResourceClass, privileges: readonly Privilege[]) => readonly Resource[];

/** Both directions for every privilege of a pair; equal answers become one line. */
export function comparePair(pass: DeltaPass, pair: ClassPair, kept: ColumnKeeper): void {
  const kind = (pair.before ?? pair.after)?.kind;
  if (kind === undefined) return;
  const known = pass.after.bits.mask(kind, pass.after.rules.privilegesOf(kind));
  const seen = (pair.before === null ? 0 : listed(pair.before)) | (pair.after === null ? 0 : listed(pair.after));
  for (const side of ["before", "after"] as const) {
    const { plain, options } = relevantOn(pass, pair, side);
    const held = new Merge();
    const passed = new Merge();
    for (let bit = 1; bit !== 0 && bit <= (known | seen); bit <<= 1) {
      if (((known | seen) & bit) === 0) continue;
      if ((plain & bit) !== 0) for (const group of dropsOf(pass, pair, side, bit, false)) held.add(group, bit);
      if ((options & bit) !== 0) for (const group of dropsOf(pass, pair, side, bit, true)) passed.add(group, bit);
    }
    const book = side === "before" ? pass.losses : pass.gains;
    const names = (mask: number): readonly Privilege[] => pass.after.bits.names(kind, mask);
    const add = (group: Group, mask: number, grantable: boolean, onlyOption: boolean): void => {
      if (mask === 0) return;
      const privileges = names(mask);
      const columns =
        side === "before" && !onlyOption && pair.after?.kind === "table" ? kept(group, pair.after, privileges) : [];
      const tables = new Set(columns.length === 0 ? [] : pair.resources.map(resourceKey));
      const mine = columns.filter((column) => tables.has(resourceKey(tableOf(column))));
      book.add({
        subjects: group.subjects,
        paths: group.paths,
        weakened: group.weakened,
        what: {
          kind: "privilege",
          privileges,
          grantable,
          ...(onlyOption ? { onlyGrantOption: true } : {}),
          resourceKind: kind,
          resources: pair.future === undefined ? pair.resources : [],
          ...(pair.future === undefined ? {} : { future: pair.future }),
          ...(mine.length === 0 ? {} : { columnsKept: mine }),
        },
      });
    };
    for (const { group, mask } of held.all()) {
      const withOption = mask & passed.take(group);
      add(group, mask & ~withOption, false, false);
      add(group, withOption, true, false);
      passed.drop(group, withOption);
    }
    for (const { group, mask } of passed.all()) add(group, mask, true, true);
  }
}

/** The bits found for each (subjects, paths, weakened): shared values, so identity is enough. */
class Merge {
  readonly #found = new Map<Group["subjects"], { group: Group; mask: number }[]>();

  add(group: Group, bit: number): void {
    const list = this.#found.get(group.subjects) ?? [];
    const same = list.find((each) => each.group.paths === group.paths && each.group.weakened === group.weakened);
    if (same === undefined) list.push({ group, mask: bit });
    else same.mask |= bit;
    this.#found.set(group.subjects, list);
  }

  take(group: Group): number {
    const list = this.#found.get(group.subjects) ?? [];
    return list.find((each) => each.group.paths === group.paths && each.group.weakened === group.weakened)?.mask ?? 0;
  }

  drop(group: Group, mask: number): void {
    for (const each of this.#found.get(group.subjects) ?? []) {
      if (each.group.paths === group.paths && each.group.weakened === group.weakened) each.mask &= ~mask;
    }
  }

  all(): { readonly group: Group; readonly mask: number }[] {
    return [...this.#found.values()].flat();
  }
}

function listed(at: ResourceClass): number {
  let mask = 0;
  for (const each of at.compiled.masks) mask |= each;
  return mask;
}

function dropsOf(pass: DeltaPass, pair: ClassPair, side: Side, bit: number, grantable: boolean): Group[] {
  const [here, there] = side === "before" ? [pair.before, pair.after] : [pair.after, pair.before];
  if (here === null) return [];
  const other: Side = side === "before" ? "after" : "before";
  const database = databaseIn(here);
  if (there !== null && !grantable && onlyFreshCounts(pass, here, there)) {
    const publicToo = isPublic(here, bit, false) && !isPublic(there, bit, false);
    const fresh = freshGivers(pass, side, { here, there, bit });
    if (fresh.length === 0 && !publicToo) return [];
    const roles = fresh.map((giver) => giver.role);
    const from = pass.reach(side, roles, database, { superusers: false });
    const found = [...superuserGivers(pass[side].graph), ...fresh];
    const givers = pair.future === undefined ? found : found.map(asDefault);
    return pass.groups(side, from, fullReach(pass, other, there, bit, false), { givers, database, publicToo });
  }
  const own = ownReach(pass, side, here, bit, grantable, there !== null);
  const from = here.table === null ? own : withoutTable(pass, side, here, bit, grantable, own);
  const to = there === null ? nobody(from) : fullReach(pass, other, there, bit, grantable);
  const publicToo =
    isPublic(here, bit, grantable) &&
    !(there !== null && (isPublic(there, bit, grantable) || tablePublic(pass, there, bit)));
  if (!publicToo && drops(pass.subjects, from, to).length === 0) return [];
  const index = pass[side];
  const supers = there === null || grantable ? [] : superuserGivers(index.graph);
  const found = pathGivers(index, here, bit, grantable, supers);
  const givers = pair.future === undefined ? found : found.map(asDefault);
  return pass.groups(side, from, to, { givers, database, publicToo });
}

/**
 * Whether all that anybody has on this side only comes from givers that are only here, or whose heirs differ: whoever has the privilege by another one has it on both sides. So most lists of a change need
 * not be gone through. Not where becoming another role gives more, since a way by SET ROLE may stand on both sides beside a better one here.
 */
function onlyFreshCounts(pass: DeltaPass, here: ResourceClass, there: ResourceClass): boolean {
  return pass.flat && !pass.superusersTouched && here.table === null && there.table === null;
}

interface OneBit {
  readonly here: ResourceClass;
  readonly there: ResourceClass;
  readonly bit: number;
}

function freshGivers(pass: DeltaPass, side: Side, { here, there, bit }: OneBit): Giver[] {
  const [a, b] = [here.compiled, there.compiled];
  if ((a.withheld & bit) !== 0) return [];
  const database = databaseIn(here);
  const fresh: Giver[] = [];
  let j = 0;
  for (let i = 0; i < a.grantees.length; i++) {
    if (((a.masks[i] as number) & bit) === 0) continue;
    const role = a.grantees[i] as number;
    while (j < b.grantees.length && (b.grantees[j] as number) < role) j++;
    const both = b.grantees[j] === role && ((b.masks[j] as number) & ~b.withheld & bit) !== 0;
    if (both && !pass.touched(role, database)) continue;
    fresh.push({ role, by: role === EVERYBODY ? "public" : role === a.owner ? "ownership" : "grant" });
  }
  for (const right of pass[side].rights(here.kind)) {
    if ((right.mask & bit) === 0) continue;
    if ((b.withheld & bit) !== 0 || pass.touched(right.role, database))
      fresh.push({ role: right.role, by: "predefined" });
  }
  return fresh;
}

function asDefault(giver: Giver): Giver {
  return giver.by === "grant" ? { ...giver, by: "default-privilege" } : giver;
}

/** Givers of the class itself; a grant option that ownership implies goes with the ownership and is not told twice. */
function pathGivers(
  index: AccessIndex,
  place: ResourceClass,
  bit: number,
  grantable: boolean,
  supers: readonly Giver[],
): Giver[] {
  return giversOf(index, { ...place, table: null }, bit, grantable, supers).filter(
    (giver) => !grantable || giver.by !== "ownership" || listedOption(place, giver.role, bit),
  );
}

function listedOption(place: ResourceClass, role: number, bit: number): boolean {
  const at = place.compiled.grantees.indexOf(role);
  return at >= 0 && ((place.compiled.options[at] as number) & bit) !== 0;
}

function ownReach(
  pass: DeltaPass,
  side: Side,
  place: ResourceClass,
  bit: number,
  grantable: boolean,
  superusers: boolean,
): Reach {
  const givers: number[] = [];
  const { compiled } = place;
  const given = grantable ? compiled.options : compiled.masks;
  if (grantable || (compiled.withheld & bit) === 0) {
    for (let i = 0; i < given.length; i++) {
      if (((given[i] as number) & bit) !== 0) givers.push(compiled.grantees[i] as number);
    }
    if (!grantable)
      for (const right of pass[side].rights(place.kind)) if ((right.mask & bit) !== 0) givers.push(right.role);
  }
  // Grant options of superusers come with being one: the attribute says it.
  return pass.reach(side, givers, databaseIn(place), { superusers: superusers && !grantable });
}

/** What is held on a column, its table included. */
function fullReach(pass: DeltaPass, side: Side, place: ResourceClass, bit: number, grantable: boolean): Reach {
  const own = ownReach(pass, side, place, bit, grantable, true);
  const withOwner = grantable ? withReach(own, ownersReach(pass, side, place)) : own;
  if (place.table === null) return withOwner;
  return withReach(withOwner, fullReach(pass, side, place.table, tableBit(pass, bit), grantable));
}

/** Owners and superusers can pass on whatever they like: losing a written grant option costs them nothing. */
function ownersReach(pass: DeltaPass, side: Side, place: ResourceClass): Reach {
  const owner = place.compiled.owner;
  return pass.reach(side, owner < 0 ? [] : [owner], databaseIn(place), { superusers: true });
}

function withReach(a: Reach, b: Reach): Reach {
  const now = a.now.slice();
  addBits(now, b.now);
  if (a.later === a.now && b.later === b.now) return { now, later: now };
  const later = a.later.slice();
  addBits(later, b.later);
  return { now, later };
}

/** A column's own holders, without those who have it by the table: their loss and gain is told there. */
function withoutTable(
  pass: DeltaPass,
  side: Side,
  column: ResourceClass,
  bit: number,
  grantable: boolean,
  own: Reach,
): Reach {
  const table = fullReach(pass, side, column.table as ResourceClass, tableBit(pass, bit), grantable);
  const now = own.now.slice();
  removeBits(now, table.now);
  if (own.later === own.now && table.later === table.now) return { now, later: now };
  const later = own.later.slice();
  removeBits(later, table.later);
  addBits(later, now);
  return { now, later };
}

function nobody(like: Reach): Reach {
  const none = new Uint32Array(like.now.length);
  return { now: none, later: like.later === like.now ? none : new Uint32Array(like.later.length) };
}

function isPublic(place: ResourceClass, bit: number, grantable: boolean): boolean {
  return !grantable && (place.compiled.everybody & bit & ~place.compiled.withheld) !== 0;
}

function tablePublic(pass: DeltaPass, column: ResourceClass, bit: number): boolean {
  return column.table !== null && isPublic(column.table, tableBit(pass, bit), false);
}

function tableBit(pass: DeltaPass, columnBit: number): number {
  return pass.after.bits.mask("table", pass.after.bits.names("column", columnBit));
}

function compareOwners(pass: DeltaPass, pair: ClassPair): void {
  const kind = (pair.before ?? pair.after)?.kind;
  if (kind === undefined || kind === "column" || kind === "parameter") return;
  if (pair.before !== null && pair.after !== null && !ownerMayDiffer(pass, pair)) return;
  for (const side of ["before", "after"] as const) {
    const [here, there] = side === "before" ? [pair.before, pair.after] : [pair.after, pair.before];
    if (here === null || here.compiled.owner < 0) continue;
    const database = databaseIn(here);
    const from = pass.reach(side, [here.compiled.owner], database, { superusers: false });
    const to =
      there === null || there.compiled.owner < 0
        ? nobody(from)
        : pass.reach(side === "before" ? "after" : "before", [there.compiled.owner], database, { superusers: true });
    const givers: Giver[] = [{ role: here.compiled.owner, by: "ownership" }];
    for (const group of pass.groups(side, from, to, { givers, database, publicToo: false })) {
      (side === "before" ? pass.losses : pass.gains).add({
        subjects: group.subjects,
        paths: group.paths,
        weakened: group.weakened,
        what: { kind: "ownership", resourceKind: kind, resources: pair.resources },
      });
    }
  }
}

/** Columns of a table class that still give all of a group all of the privileges, after a loss on the table itself. */
function columnKeeper(pass: DeltaPass): ColumnKeeper {
  let byTable: Map<number, ResourceClass[]> | undefined;
  return (group, table, privileges) => {
    if (byTable === undefined) {
      byTable = new Map();
      for (const each of pass.after.classes.all) {
        if (each.kind !== "column" || each.table === null) continue;
        const list = byTable.get(each.table.id);
        if (list === undefined) byTable.set(each.table.id, [each]);
        else list.push(each);
      }
    }
    const wanted = pass.after.bits.mask("column", privileges);
    return (byTable.get(table.id) ?? [])
      .filter((column) => group.roles.every((role) => heldMask(pass.after, column, role, wanted, {}) === wanted))
      .flatMap((column) => column.resources);
  };
}
