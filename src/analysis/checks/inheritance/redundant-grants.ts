import { compareBy, sorted, sortedText } from "../../../base/order.ts";
import { compareResources, type Resource, type ResourceKind, resourceKey, schemaOf } from "../../../model/resource.ts";
import type { Grantee, RoleName } from "../../../model/role.ts";
import type { AccessIndex } from "../../access-index.ts";
import { addBit, emptyBits, listBits } from "../../bits.ts";
import { EVERYBODY, type ResourceClass } from "../../resource-class.ts";
import type { Check, CheckContext } from "../check.ts";
import { bySchema, recordedClasses } from "../general/granted.ts";
import { what, who, words } from "../general/telling.ts";

/** INH-05. */
export const redundantGrants: Check = {
  id: "INH-05",
  title: "a right is held twice, so that taking one of the two away has no effect",
  why: "The grant looks like the reason for the access. Whoever revokes it believes that the access is gone.",
  fix: "Keep the one that says what is meant, and take the other.",
  danger: "low",
  principles: ["inheritance control", "least privilege"],
  engines: "all",
  *find(context) {
    const found = new Twice(context.index);
    const pairs = pairsOf(context.index);
    const wide = wideGrants(context.index);
    for (const place of recordedClasses(context.index)) {
      throughOthers(context, place, pairs(place), found);
      bySecondGrantor(context, place, found);
      throughTable(context, place, found);
      throughWider(context, place, wide, found);
    }
    yield* found.hits();
  },
};

interface Second {
  readonly grantee: RoleName;
  /** Where the same comes from, as a person is told. */
  readonly from: string;
  readonly kind: ResourceKind;
  readonly mask: number;
  readonly resources: Resource[];
}

/** What is held twice, grouped by who, from where, kind and privileges. */
class Twice {
  readonly #index: AccessIndex;
  readonly #found: Map<string, Second> = new Map();

  constructor(index: AccessIndex) {
    this.#index = index;
  }

  add(second: Omit<Second, "resources">, resources: readonly Resource[]): void {
    const key = `${second.grantee}\0${second.from}\0${second.kind}\0${second.mask}`;
    const known = this.#found.get(key) ?? { ...second, resources: [] };
    this.#found.set(key, known);
    for (const each of resources) known.resources.push(each);
  }

  *hits(): ReturnType<Check["find"]> {
    const by = compareBy<Second>(
      (each) => each.grantee,
      (each) => each.from,
      (each) => each.kind,
      (each) => each.mask,
    );
    for (const { grantee, from, kind, mask, resources } of sorted([...this.#found.values()], by)) {
      const privileges = words(this.#index.bits.names(kind, mask));
      yield {
        message: `${who(grantee)} was granted ${privileges} on ${what(resources)}, and has it ${from} too`,
        principals: [grantee],
        resources: sorted(resources, compareResources),
        about: `${from}\0${kind}\0${privileges}`,
        fix: { text: `take the grant of ${privileges} from ${who(grantee)}, or what gives it ${from}` },
      };
    }
  }
}

/** For the grantees of a list, whose rights each of them has besides: pairs of places in the list, found once for equal lists of grantees. */
function pairsOf({ graph }: AccessIndex): (place: ResourceClass) => readonly (readonly [number, number])[] {
  const known = new WeakMap<Int32Array, readonly (readonly [number, number])[]>();
  return ({ compiled: { grantees } }) => {
    let pairs = known.get(grantees);
    if (pairs === undefined) {
      const at = new Map<number, number>();
      const set = emptyBits(graph.names.length);
      for (const [place, id] of grantees.entries()) {
        if (id === EVERYBODY) continue;
        at.set(id, place);
        addBit(set, id);
      }
      const list: [number, number][] = [];
      for (const [holder, place] of at) {
        const heirs = graph.heirs(holder, null);
        const both = set.map((word, index) => word & (heirs[index] as number));
        for (const heir of listBits(both)) if (heir !== holder) list.push([at.get(heir) as number, place]);
      }
      known.set(grantees, (pairs = list));
    }
    return pairs;
  };
}

function isJudged({ index, inScope }: CheckContext, place: ResourceClass, id: number): boolean {
  return id >= 0 && id !== place.compiled.owner && inScope(index.graph.names[id] as RoleName);
}

/** The same by a role, or by what everybody has. */
function throughOthers(
  context: CheckContext,
  place: ResourceClass,
  pairs: readonly (readonly [number, number])[],
  found: Twice,
): void {
  const { names } = context.index.graph;
  const { grantees, masks, options, everybody } = place.compiled;
  for (const [mine, others] of pairs) {
    const id = grantees[mine] as number;
    if (!isJudged(context, place, id)) continue;
    const mask =
      (masks[mine] as number) & (masks[others] as number) & ~((options[mine] as number) & ~(options[others] as number));
    const other = names[grantees[others] as number] as RoleName;
    if (mask !== 0)
      found.add({ grantee: names[id] as RoleName, from: `by ${who(other)}`, kind: place.kind, mask }, place.resources);
  }
  if (everybody === 0) return;
  for (const [at, id] of grantees.entries()) {
    const mask = (masks[at] as number) & everybody & ~(options[at] as number);
    if (mask === 0 || !isJudged(context, place, id)) continue;
    found.add({ grantee: names[id] as RoleName, from: "as everybody", kind: place.kind, mask }, place.resources);
  }
}

function bySecondGrantor(context: CheckContext, place: ResourceClass, found: Twice): void {
  const { entries } = place.list;
  if (entries.length === place.compiled.grantees.length) return;
  const { graph, bits } = context.index;
  const seen = new Map<Grantee, number>();
  for (const { grantee, grantor, privileges } of entries) {
    const mask = bits.mask(place.kind, privileges);
    const before = seen.get(grantee) ?? 0;
    seen.set(grantee, before | mask);
    if ((before & mask) === 0 || !isJudged(context, place, graph.idOf(grantee))) continue;
    found.add({ grantee, from: `from ${who(grantor)}`, kind: place.kind, mask: before & mask }, place.resources);
  }
}

/** What is held on a table is held on its columns. */
function throughTable(context: CheckContext, place: ResourceClass, found: Twice): void {
  const { graph, bits } = context.index;
  const { table } = place;
  if (table === null) return;
  for (const [at, id] of place.compiled.grantees.entries()) {
    if (!isJudged(context, place, id)) continue;
    const above = table.compiled.grantees.indexOf(id);
    if (above < 0) continue;
    const onTable = bits.mask("column", bits.names("table", table.compiled.masks[above] as number));
    const mask = (place.compiled.masks[at] as number) & onTable;
    if (mask === 0) continue;
    found.add(
      { grantee: graph.names[id] as RoleName, from: "on the whole table", kind: "column", mask },
      place.resources,
    );
  }
}

const WIDE: readonly ResourceKind[] = [
  "all-schemas",
  "all-routines",
  "all-roles",
  "all-mbeans",
  "schema-pattern",
  "schema",
  "schema-tables",
  "schema-routines",
];

interface WideGrant {
  readonly resource: Resource;
  readonly kind: ResourceKind;
  readonly mask: number;
}

/** What is held on what holds other things, by grantee; nothing where lists are meant as they stand. */
function wideGrants(index: AccessIndex): ReadonlyMap<number, readonly WideGrant[]> {
  const found = new Map<number, WideGrant[]>();
  if (index.rules.evaluated === null) return found;
  for (const place of recordedClasses(index)) {
    if (!WIDE.includes(place.kind)) continue;
    for (const [at, id] of place.compiled.grantees.entries()) {
      const mine = found.get(id) ?? [];
      found.set(id, mine);
      for (const resource of place.resources)
        mine.push({ resource, kind: place.kind, mask: place.compiled.masks[at] as number });
    }
  }
  return found;
}

/** Asked of the engine for one thing in each schema: only it knows what lies in what. */
function throughWider(
  context: CheckContext,
  place: ResourceClass,
  wide: ReadonlyMap<number, readonly WideGrant[]>,
  found: Twice,
): void {
  const { index } = context;
  if (wide.size === 0) return;
  const { graph, bits, rules } = index;
  for (const [at, id] of place.compiled.grantees.entries()) {
    if (!isJudged(context, place, id)) continue;
    const grantee = graph.names[id] as RoleName;
    const held = bits.names(place.kind, place.compiled.masks[at] as number);
    for (const { resource, kind, mask } of wide.get(id) ?? []) {
      if (WIDE.indexOf(kind) >= WIDE.indexOf(place.kind) && WIDE.includes(place.kind)) continue;
      const wider = new Set(bits.names(kind, mask));
      const both = held.filter((each) => wider.has(each));
      if (both.length === 0) continue;
      const schema = schemaOf(resource);
      for (const [there, resources] of bySchema(place)) {
        const [some] = resources;
        if (some === undefined || (schema !== null && schema !== there)) continue;
        const key = resourceKey(resource);
        const covered = both.filter((privilege) =>
          rules
            .sources({ grantee, privilege, resource: some }, index.recorded, index.catalog)
            .some((each) => resourceKey(each.resource) === key),
        );
        if (covered.length === 0) continue;
        found.add(
          {
            grantee,
            from: `on ${what([resource])}`,
            kind: place.kind,
            mask: bits.mask(place.kind, sortedText(covered)),
          },
          resources,
        );
      }
    }
  }
}
