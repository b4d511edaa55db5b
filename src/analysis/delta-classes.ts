import type { Privilege } from "../model/access-list.ts";
import type { Resource, ResourceKey } from "../model/resource.ts";
import { resourceKey, tableOf } from "../model/resource.ts";
import type { AccessFact } from "./access-delta.ts";
import type { AccessIndex } from "./access-index.ts";
import { databaseIn, heldMask } from "./access-index.ts";
import { addBits, removeBits } from "./bits.ts";
import type { DeltaPass, Group, Side } from "./delta-pass.ts";
import type { Reach } from "./delta-subjects.ts";
import { drops } from "./delta-subjects.ts";
import type { Giver } from "./explain.ts";
import { giversOf, superuserGivers } from "./explain.ts";
import type { CompiledList, ResourceClass } from "./resource-class.ts";
import { EVERYBODY } from "./resource-class.ts";

/** A class before and the one after, and the resources that moved from one to the other. */
export interface ClassPair {
  readonly before: ResourceClass | null;
  readonly after: ResourceClass | null;
  readonly resources: readonly Resource[];
  /** What to say instead of the resources: objects to come. */
  readonly future?: (AccessFact & { readonly kind: "privilege" })["future"];
}

/** Privileges, grant options and ownership, for each pair of classes that anything can have changed for. */
export function compareClasses(pass: DeltaPass): void {
  const kept = columnKeeper(pass);
  for (const pair of changedPairs(pass)) {
    comparePair(pass, pair, kept);
    compareOwners(pass, pair);
  }
}

/** The resources by (class before, class after), without the pairs that nothing can have changed for. */
function changedPairs(pass: DeltaPass): Iterable<ClassPair> {
  const { before, after } = pass;
  const pairs = new Map<number, (ClassPair & { readonly resources: Resource[] }) | null>();
  const plain = { before: plainColumns(before), after: plainColumns(after) };
  const width = after.classes.all.length * 2 + 2;
  const visit = (key: ResourceKey, resource: Resource): void => {
    const a = before.classes.of(key) ?? plain.before(resource);
    const b = after.classes.of(key) ?? plain.after(resource);
    if ((a === null || b === null) && isSystem(pass, key)) {
      pass.notCompared.push(resource);
      return;
    }
    const id = place(a, before) * width + place(b, after);
    let pair = pairs.get(id);
    if (pair === undefined) {
      const fresh = { before: a, after: b, resources: [] };
      pair = canDiffer(pass, fresh) ? fresh : null;
      pairs.set(id, pair);
    }
    pair?.resources.push(resource);
  };
  for (const [key, holding] of before.state.holdings) visit(key, holding.resource);
  for (const [key, holding] of after.state.holdings) {
    if (before.classes.of(key) === undefined) visit(key, holding.resource);
  }
  return [...pairs.values()].filter((pair) => pair !== null);
}

/** What belongs to the server is read only where its list is not the one that it came with: where it was not read, its list is not known. */
function isSystem({ before, after }: DeltaPass, key: ResourceKey): boolean {
  return (before.catalog.entries.get(key) ?? after.catalog.entries.get(key))?.system === true;
}

/** Columns without a list of their own come after all classes, by the class of their table. */
function place(at: ResourceClass | null, index: AccessIndex): number {
  if (at === null) return 0;
  return at.id >= 0 ? at.id + 1 : index.classes.all.length + 1 + (at.table?.id ?? 0);
}

function plainColumns(index: AccessIndex): (resource: Resource) => ResourceClass | null {
  const known = new Map<ResourceClass, ResourceClass>();
  return (resource) => {
    if (resource.kind !== "column") return null;
    const table = index.classes.of(resourceKey(tableOf(resource)));
    if (table === undefined) return null;
    let column = known.get(table);
    if (column === undefined) known.set(table, (column = index.classes.plainColumn(table)));
    return column;
  };
}

function canDiffer(pass: DeltaPass, pair: ClassPair): boolean {
  if (pair.before === null || pair.after === null) return true;
  if (pass.still && sameClass(pair.before, pair.after)) return false;
  const sides = ["before", "after"] as const;
  return (
    sides.some((side) => (relevantMask(pass, pair, side) | relevantOptions(pass, pair, side)) !== 0) ||
    ownerMayDiffer(pass, pair)
  );
}

function sameClass(a: ResourceClass, b: ResourceClass): boolean {
  return (
    a.compiled.grantees === b.compiled.grantees &&
    a.compiled.owner === b.compiled.owner &&
    a.compiled.withheld === b.compiled.withheld
  );
}

const ALL = -1;

/** The privileges that somebody can have on this side and not on the other: a list gives less there, or the closure of somebody in it differs. */
function relevantMask(pass: DeltaPass, pair: ClassPair, side: Side): number {
  const { before, after } = pair;
  if (before === null || after === null || pass.superusersTouched) return ALL;
  const database = databaseIn(before) ?? databaseIn(after);
  const [here, there] = side === "before" ? [before.compiled, after.compiled] : [after.compiled, before.compiled];
  let mask = more(here, there, "masks") | (there.withheld & ~here.withheld);
  for (let i = 0; i < here.grantees.length; i++) {
    const role = here.grantees[i] as number;
    if (role !== EVERYBODY && pass.touched(role, database)) mask |= here.masks[i] as number;
  }
  for (const right of pass[side].rights(before.kind)) if (pass.touched(right.role, database)) mask |= right.mask;
  return mask;
}

function relevantOptions(pass: DeltaPass, pair: ClassPair, side: Side): number {
  const { before, after } = pair;
  if (before === null || after === null) return ALL;
  const database = databaseIn(before) ?? databaseIn(after);
  const [here, there] = side === "before" ? [before.compiled, after.compiled] : [after.compiled, before.compiled];
  let mask = more(here, there, "options");
  for (let i = 0; i < here.grantees.length; i++) {
    if (here.options[i] !== 0 && pass.touched(here.grantees[i] as number, database)) mask |= here.options[i] as number;
  }
  return mask;
}

function ownerMayDiffer(pass: DeltaPass, { before, after }: ClassPair): boolean {
  if (before === null || after === null || before.kind === "column") return false;
  const [a, b] = [before.compiled.owner, after.compiled.owner];
  return a !== b || (a >= 0 && pass.touched(a, databaseIn(before)));
}

/** The bits that `a` gives to some grantee and `b` does not give to the same. Both are sorted by grantee. */
function more(a: CompiledList, b: CompiledList, field: "masks" | "options"): number {
  if (a.grantees === b.grantees) return 0;
  let mask = 0;
  let j = 0;
  for (let i = 0; i < a.grantees.length; i++) {
    const grantee = a.grantees[i] as number;
    while (j < b.grantees.length && (b.grantees[j] as number) < grantee) j++;
    const there = b.grantees[j] === grantee ? (b[field][j] as number) : 0;
    mask |= (a[field][i] as number) & ~there;
  }
  return mask;
}

type ColumnKeeper = (group: Group, table: ResourceClass, privileges: readonly Privilege[]) => readonly Resource[];

/** Both directions for every privilege of a pair; equal answers become one line. */
export function comparePair(pass: DeltaPass, pair: ClassPair, kept: ColumnKeeper): void {
  const kind = (pair.before ?? pair.after)?.kind;
  if (kind === undefined) return;
  const known = pass.after.bits.mask(kind, pass.after.rules.privilegesOf(kind));
  const seen = (pair.before === null ? 0 : listed(pair.before)) | (pair.after === null ? 0 : listed(pair.after));
  for (const side of ["before", "after"] as const) {
    const [plain, options] = [relevantMask(pass, pair, side), relevantOptions(pass, pair, side)];
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
