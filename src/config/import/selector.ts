import { compareText, sorted, sortedText } from "../../base/order.ts";
import type { Resource, ResourceKind } from "../../model/resource.ts";
import { printPart } from "../names.ts";
import { manifestName } from "./name.ts";

/** One resource that a manifest could name, and what a pattern would make of it. */
export interface Candidate {
  readonly resource: Resource;
  readonly partition: boolean;
  /** False for what an extension or the server made: no pattern reaches it, only its own name does. */
  readonly patternable: boolean;
}

/** Candidates that everything says the same about; the factoring moves whole classes and never counts roles times resources. */
export interface CandidateClass {
  readonly candidates: readonly Candidate[];
  readonly partition: boolean;
  readonly patternable: boolean;
}

/** Everything of one kind in one schema: what a pattern over the schema is measured against. */
export interface Place {
  /** Null: shared by the cluster. */
  readonly database: string | null;
  /** Null: outside schemas. */
  readonly schema: string | null;
  readonly kind: ResourceKind;
  readonly classes: readonly CandidateClass[];
}

/** Names or patterns that select exactly some resources of a Place as it is now. */
export interface Selector {
  readonly names: readonly string[];
  /** True: `names` are patterns and the kind is written in the plural. */
  readonly pattern: boolean;
  readonly except: readonly string[];
  readonly partitions: boolean;
}

/** A pattern stands for at least so many resources: two tables that happen to have the same access are no rule yet. */
const LEAST = 3;

/** The pattern over the whole place, with the exceptions that make it exact; null where writing the names is the more honest thing. */
export function wholePlace(place: Place, chosen: ReadonlySet<CandidateClass>, proven: boolean): Selector | null {
  if (place.schema === null) return null;
  const pattern = { names: [`${printPart(place.schema)}.*`], pattern: true };
  for (const partitions of [true, false]) {
    const reached = place.classes.filter((one) => one.patternable && (partitions || !one.partition));
    if (partitions && !reached.some((one) => one.partition)) continue;
    const missing = reached.filter((one) => !chosen.has(one));
    const size = count(reached) - count(missing);
    const allowed = proven ? 0 : Math.floor(count(reached) / 4);
    if (size < (proven ? 1 : LEAST) || count(missing) > allowed) continue;
    return { ...pattern, partitions, except: sortedText(members(missing).map((one) => manifestName(one.resource))) };
  }
  return null;
}

/** True when the selector, which came from `wholePlace`, takes this class. */
export function takes(selector: Selector, one: CandidateClass, chosen: ReadonlySet<CandidateClass>): boolean {
  return chosen.has(one) && one.patternable && (selector.partitions || !one.partition);
}

/** Selectors for some candidates of a place: shared beginnings of names where those are exact, else the names themselves. */
export function someOf(place: Place, chosen: readonly Candidate[]): readonly Selector[] {
  const selectors: Selector[] = [];
  const left = new Map(chosen.map((one) => [manifestName(one.resource), one]));
  if (place.schema !== null && chosen.length >= LEAST) {
    const index = stemIndex(place);
    for (const stem of sorted(new Set(chosen.flatMap(stemsOf)), shortestFirst)) {
      const matched = index.get(stem) ?? [];
      if (matched.length < LEAST || !matched.every((one) => left.has(manifestName(one.resource)))) continue;
      for (const one of matched) left.delete(manifestName(one.resource));
      selectors.push({
        names: [`${printPart(place.schema)}.${stem}*`],
        pattern: true,
        except: [],
        partitions: matched.some((one) => one.partition),
      });
    }
  }
  if (left.size > 0) selectors.push({ names: sortedText(left.keys()), pattern: false, except: [], partitions: false });
  return selectors;
}

const indexes = new WeakMap<Place, ReadonlyMap<string, readonly Candidate[]>>();

/** What a pattern `stem*` reaches in a place, partitions included, by stem. Made once for each place. */
function stemIndex(place: Place): ReadonlyMap<string, readonly Candidate[]> {
  const known = indexes.get(place);
  if (known !== undefined) return known;
  const index = new Map<string, Candidate[]>();
  for (const one of members(place.classes.filter((each) => each.patternable))) {
    for (const stem of stemsOf(one)) {
      const list = index.get(stem);
      if (list === undefined) index.set(stem, [one]);
      else list.push(one);
    }
  }
  indexes.set(place, index);
  return index;
}

/** The beginnings of a name up to each underscore that can stand before a star without quotes. */
function stemsOf(candidate: Candidate): readonly string[] {
  const name = nameOf(candidate);
  const stems: string[] = [];
  for (let at = name.indexOf("_", 1); at > 0; at = name.indexOf("_", at + 1)) {
    const stem = name.slice(0, at + 1);
    if (printPart(stem) === stem) stems.push(stem);
  }
  return stems;
}

function shortestFirst(a: string, b: string): number {
  return a.length - b.length || compareText(a, b);
}

function nameOf(candidate: Candidate): string {
  return candidate.resource.path[2] ?? "";
}

function members(classes: readonly CandidateClass[]): readonly Candidate[] {
  return classes.flatMap((one) => one.candidates);
}

function count(classes: readonly CandidateClass[]): number {
  return classes.reduce((sum, one) => sum + one.candidates.length, 0);
}
