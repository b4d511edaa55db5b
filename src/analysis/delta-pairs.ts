import type { Resource, ResourceKey } from "../model/resource.ts";
import { resourceKey, tableOf } from "../model/resource.ts";
import type { AccessFact } from "./access-delta.ts";
import type { AccessIndex } from "./access-index.ts";
import { databaseIn } from "./access-index.ts";
import type { DeltaPass, Side } from "./delta-pass.ts";
import type { CompiledList, ResourceClass } from "./resource-class.ts";
import { EVERYBODY } from "./resource-class.ts";

/** A class before and the one after, and the resources that moved from one to the other. */
export interface ClassPair {
  readonly before: ResourceClass | null;
  readonly after: ResourceClass | null;
  readonly resources: readonly Resource[];
  /** What to say instead of the resources: objects to come. */
  readonly future?: (AccessFact & { readonly kind: "privilege" })["future"];
  /** What is relevant on each side, where it was worked out before. */
  readonly relevant?: Readonly<Record<Side, Relevant>>;
}

/** The privileges, and the grant options, that somebody can have on one side and not on the other: the list gives less there, or the closure of somebody in it differs. */
export interface Relevant {
  readonly plain: number;
  readonly options: number;
}

/** The resources by (class before, class after), without the pairs that nothing can have changed for. */
export function changedPairs(pass: DeltaPass): Iterable<ClassPair> {
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
      pair = pairThatCanDiffer(pass, a, b);
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

function pairThatCanDiffer(
  pass: DeltaPass,
  before: ResourceClass | null,
  after: ResourceClass | null,
): (ClassPair & { readonly resources: Resource[] }) | null {
  const pair = { before, after, resources: [] };
  if (before === null || after === null) return pair;
  if (pass.still && sameClass(before, after)) return null;
  const relevant = { before: relevantOn(pass, pair, "before"), after: relevantOn(pass, pair, "after") };
  const masks = relevant.before.plain | relevant.before.options | relevant.after.plain | relevant.after.options;
  return masks !== 0 || ownerMayDiffer(pass, pair) ? { ...pair, relevant } : null;
}

function sameClass(a: ResourceClass, b: ResourceClass): boolean {
  return (
    a.compiled.masks === b.compiled.masks &&
    a.compiled.owner === b.compiled.owner &&
    a.compiled.withheld === b.compiled.withheld
  );
}

const ALL = -1;

/** What can differ between the two classes of a pair, seen from one side. */
export function relevantOn(pass: DeltaPass, pair: ClassPair, side: Side): Relevant {
  const { before, after } = pair;
  if (pair.relevant !== undefined) return pair.relevant[side];
  if (before === null || after === null) return { plain: ALL, options: ALL };
  const database = databaseIn(before) ?? databaseIn(after);
  const [here, there] = side === "before" ? [before.compiled, after.compiled] : [after.compiled, before.compiled];
  let { plain, options } = more(here, there);
  plain |= there.withheld & ~here.withheld;
  if (!pass.still) {
    for (let i = 0; i < here.grantees.length; i++) {
      const role = here.grantees[i] as number;
      if (role === EVERYBODY || !pass.touched(role, database)) continue;
      plain |= here.masks[i] as number;
      options |= here.options[i] as number;
    }
    for (const right of pass[side].rights(before.kind)) if (pass.touched(right.role, database)) plain |= right.mask;
  }
  return { plain: pass.superusersTouched ? ALL : plain, options };
}

/** Whether the owner is another one, or somebody came to be or stopped being the owner by a membership. */
export function ownerMayDiffer(pass: DeltaPass, { before, after }: ClassPair): boolean {
  if (before === null || after === null || before.kind === "column") return false;
  const [a, b] = [before.compiled.owner, after.compiled.owner];
  return a !== b || (a >= 0 && pass.touched(a, databaseIn(before)));
}

/** The bits that `a` gives to some grantee and `b` does not give to the same. Both are sorted by grantee. */
function more(a: CompiledList, b: CompiledList): Relevant {
  let plain = 0;
  let options = 0;
  if (a.masks === b.masks) return { plain, options };
  let j = 0;
  for (let i = 0; i < a.grantees.length; i++) {
    const grantee = a.grantees[i] as number;
    while (j < b.grantees.length && (b.grantees[j] as number) < grantee) j++;
    const same = b.grantees[j] === grantee;
    plain |= (a.masks[i] as number) & ~(same ? (b.masks[j] as number) : 0);
    options |= (a.options[i] as number) & ~(same ? (b.options[j] as number) : 0);
  }
  return { plain, options };
}
