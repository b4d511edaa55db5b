import { DEFAULT_LIMITS } from "../../../model/declared.ts";
import type { RoleName } from "../../../model/role.ts";
import type { AccessIndex } from "../../access-index.ts";
import { hasBit, listBits } from "../../bits.ts";
import { EVERYBODY } from "../../resource-class.ts";
import type { Check, CheckContext } from "../check.ts";
import { several, who } from "../general/telling.ts";

/** INH-06. */
export const overlap: Check = {
  id: "INH-06",
  title: "two roles hold nearly the same rights",
  why: "Two names for one thing: whoever is given one has the other, a right is taken from one and stays with the other, and reviewers read everything twice.",
  fix: "Make one role of them, or make one a member of the other and take from it what it then has.",
  example: "limits: { overlap: 0.8 }",
  danger: "medium",
  principles: ["inheritance control"],
  engines: "all",
  *find(context) {
    const least = context.declared?.limits.overlap ?? DEFAULT_LIMITS.overlap;
    const sets = rightsOf(context);
    const identical = Map.groupBy(sets, (each) => each.signature);
    for (const same of identical.values()) {
      const apart = same.filter((each) => !same.some((other) => isMember(context.index, each, other)));
      if (apart.length < 2) continue;
      const names = apart.map((each) => each.name);
      yield {
        message: `${several(names)} hold the same rights`,
        principals: names,
        about: "identical",
        fix: { text: `make one role of ${several(names)}` },
      };
    }
    const distinct = [...identical.values()].flatMap(([first]) => (first === undefined ? [] : [first]));
    for (const [a, b] of candidates(distinct, least)) {
      if (related(context.index, a, b)) continue;
      const both = shared(a, b);
      const share = both / (a.weight + b.weight - both);
      if (share < least) continue;
      yield {
        message: `${who(a.name)} and ${who(b.name)} hold the same rights to ${Math.floor(share * 100)} percent`,
        principals: [a.name, b.name],
        about: "overlap",
        fix: { text: `make one role of ${who(a.name)} and ${who(b.name)}, or make one a member of the other` },
      };
    }
  },
};

/** What a role holds besides what everybody does: classes of resources, ascending, with the privileges on each as bits. */
interface RightSet {
  readonly id: number;
  readonly name: RoleName;
  readonly places: readonly number[];
  readonly masks: readonly number[];
  /** How many resources each class has. */
  readonly sizes: readonly number[];
  /** Rights in all: a privilege on a resource is one. */
  readonly weight: number;
  readonly signature: string;
}

/** Of roles that cannot log in and may not do everything: logins share rights by being in the same roles. */
function rightsOf({ index, roles }: CheckContext): readonly RightSet[] {
  const { graph, classes } = index;
  const judged = new Map<number, { readonly places: number[]; readonly masks: number[] }>();
  for (const { name } of roles) {
    const id = graph.idOf(name);
    if (!hasBit(graph.logins, id) && !hasBit(graph.superusers, id)) judged.set(id, { places: [], masks: [] });
  }
  const heirs = heirsAmong(index, judged);
  const held = new Map<number, number>();
  for (const [at, place] of classes.all.entries()) {
    const { grantees, masks, withheld } = place.compiled;
    held.clear();
    for (let entry = 0; entry < grantees.length; entry++) {
      const grantee = grantees[entry] as number;
      const mask = (masks[entry] as number) & ~withheld;
      if (grantee === EVERYBODY || mask === 0) continue;
      for (const heir of heirs(grantee)) held.set(heir, (held.get(heir) ?? 0) | mask);
    }
    for (const [id, mask] of held) {
      const set = judged.get(id);
      set?.places.push(at);
      set?.masks.push(mask);
    }
  }
  return [...judged].flatMap(([id, { places, masks }]): RightSet[] => {
    if (places.length === 0) return [];
    const sizes = places.map((at) => classes.all[at]?.resources.length ?? 0);
    let weight = 0;
    for (const [at, mask] of masks.entries()) weight += count(mask) * (sizes[at] as number);
    const signature = `${places.join()} ${masks.join()}`;
    return [{ id, name: graph.names[id] as RoleName, places, masks, sizes, weight, signature }];
  });
}

function heirsAmong({ graph }: AccessIndex, judged: ReadonlyMap<number, unknown>): (id: number) => readonly number[] {
  const known = new Map<number, readonly number[]>();
  return (id) => {
    let found = known.get(id);
    if (found === undefined)
      known.set(id, (found = listBits(graph.heirs(id, null)).filter((each) => judged.has(each))));
    return found;
  };
}

function count(mask: number): number {
  let bits = 0;
  for (let left = mask; left !== 0; left &= left - 1) bits++;
  return bits;
}

/**
 * Pairs that can overlap so much. Two sets with that share have their rarest common class among the first of each, where as much comes first as may be missing: only pairs that meet there are looked at, and only sets of
 * like weight.
 */
function candidates(sets: readonly RightSet[], least: number): Iterable<readonly [RightSet, RightSet]> {
  const holders = new Map<number, number>();
  for (const { places } of sets) for (const place of places) holders.set(place, (holders.get(place) ?? 0) + 1);
  const meeting = new Map<number, RightSet[]>();
  const found = new Map<string, readonly [RightSet, RightSet]>();
  for (const set of sets) {
    const missing = (1 - least) * set.weight + ROUNDING;
    const order = set.places
      .map((place, at) => ({ place, weight: count(set.masks[at] as number) * (set.sizes[at] as number) }))
      .sort((a, b) => (holders.get(a.place) ?? 0) - (holders.get(b.place) ?? 0));
    let passed = 0;
    for (const { place, weight } of order) {
      for (const other of meeting.get(place) ?? []) {
        const [light, heavy] = other.weight < set.weight ? [other.weight, set.weight] : [set.weight, other.weight];
        if (light >= least * heavy) found.set(`${other.id} ${set.id}`, [other, set]);
      }
      const there = meeting.get(place);
      if (there === undefined) meeting.set(place, [set]);
      else there.push(set);
      passed += weight;
      if (passed > missing) break;
    }
  }
  return found.values();
}

/** `1 - 0.8` is a little less than 0.2. */
const ROUNDING = 1e-6;

/** A role has what its groups have: that is what membership is for. */
function related(index: AccessIndex, a: RightSet, b: RightSet): boolean {
  return isMember(index, a, b) || isMember(index, b, a);
}

function isMember({ graph }: AccessIndex, member: RightSet, group: RightSet): boolean {
  return member !== group && hasBit(graph.members(group.id, null), member.id);
}

function shared(a: RightSet, b: RightSet): number {
  let both = 0;
  for (let i = 0, j = 0; i < a.places.length && j < b.places.length; ) {
    const [left, right] = [a.places[i] as number, b.places[j] as number];
    if (left === right) both += count((a.masks[i] as number) & (b.masks[j] as number)) * (a.sizes[i] as number);
    if (left <= right) i++;
    if (right <= left) j++;
  }
  return both;
}
