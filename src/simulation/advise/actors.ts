import { type AccessIndex, mayDoEverything } from "../../analysis/access-index.ts";
import { becomes } from "../../analysis/usable.ts";
import type { StatementRequirements } from "../../model/requirements.ts";
import type { ResourceKind } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import { type Decision, decide } from "../decide.ts";
import type { ObservedPair } from "./observed.ts";

/** A pair with what it needs, and whether that is known well enough to take anything away by it. */
export interface JudgedPair extends ObservedPair {
  readonly requirements: StatementRequirements | null;
  /** It is known what it needs, and this state gives it. */
  readonly decided: boolean;
  /** Why it could be anything that is needed; null: it is known, or what is open needs nothing here. */
  readonly open: string | null;
  /** What is open could only be about things of these kinds. Null: about anything, or nothing is open. */
  readonly openKinds: readonly ResourceKind[] | null;
}

/** What was observed of one role, as the one that the server asked or the one that logged in. */
export interface Actor {
  readonly pairs: readonly JudgedPair[];
  readonly decided: number;
  readonly calls: number;
  readonly decidedCalls: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly days: ReadonlySet<string>;
  /** The pairs that could need something that is not known. */
  readonly open: readonly JudgedPair[];
}

/** Parts of a statement that are not known, and what they could need all the same. Foreign tables: the other side asks for its own. A sequence by a name that is a value: some sequence. */
const COULD_NEED: Readonly<Record<string, readonly ResourceKind[]>> = { "foreign-table": [], sequence: ["sequence"] };

/**
 * What is known of each pair. Of one of which only the login is known there is one answer for each role that it may have been: what any of them needs is kept, so the one that it was is among them. A role that would have been
 * refused was not it.
 */
export function judgePairs(
  pairs: readonly ObservedPair[],
  index: AccessIndex,
  requirements: ReadonlyMap<string, StatementRequirements>,
): readonly JudgedPair[] {
  return pairs.flatMap((pair) => {
    if (pair.roleKnown) return judged(pair, index, requirements);
    const perhaps = rolesOf(pair, index).map((role) => judged({ ...pair, role, roleKnown: true }, index, requirements));
    const possible = perhaps.filter((each) => each.decided || each.open !== WAS_ALLOWED);
    return possible.length === 0 ? perhaps.slice(0, 1) : possible;
  });
}

/** The login, and what it may become. */
function rolesOf({ role, database }: ObservedPair, index: AccessIndex): readonly RoleName[] {
  const id = index.graph.idOf(role);
  return id < 0 || mayDoEverything(index, role) ? [role] : [role, ...becomes(index, id, database)];
}

function judged(
  pair: ObservedPair,
  index: AccessIndex,
  requirements: ReadonlyMap<string, StatementRequirements>,
): JudgedPair {
  const needs = requirements.get(pair.key) ?? null;
  if (needs === null) return { ...pair, requirements: null, decided: false, open: NOT_READ, openKinds: null };
  const who = { role: pair.role, ...(pair.login === null ? {} : { login: pair.login }) };
  const decision = decide(needs, index, who);
  const known = { ...pair, requirements: needs };
  const isAllowed = (decision.state === "yes" || decision.state === "maybe") && !needs.approximate;
  return isAllowed
    ? { ...known, decided: true, open: null, openKinds: null }
    : { ...known, decided: false, ...openness(needs, decision) };
}

const WAS_ALLOWED = "it would be refused now, though it was allowed";
const NOT_READ = "nobody read what it needs";

function openness(needs: StatementRequirements, decision: Decision): Pick<JudgedPair, "open" | "openKinds"> {
  const anything = (open: string): Pick<JudgedPair, "open" | "openKinds"> => ({ open, openKinds: null });
  if (needs.approximate) return anything("only its text was read");
  if (decision.absent !== null) return anything(`there is no role \`${decision.absent}\` any more`);
  if (decision.state === "no") return anything(WAS_ALLOWED);
  const wide = decision.unknown.find(({ kind }) => COULD_NEED[kind] === undefined);
  if (wide !== undefined) return anything(wide.reason);
  const narrow = decision.unknown.filter(({ kind }) => (COULD_NEED[kind] ?? []).length > 0);
  return { open: narrow[0]?.reason ?? null, openKinds: narrow.flatMap(({ kind }) => COULD_NEED[kind] ?? []) };
}

/** Whether all that it could need is known, save what is of kinds that are named. */
export function isKnown(pair: Pick<JudgedPair, "decided" | "openKinds">): boolean {
  return pair.decided || pair.openKinds !== null;
}

/** By role: everything that was observed of it. */
export function actorsOf(pairs: readonly JudgedPair[]): ReadonlyMap<RoleName, Actor> {
  const by = new Map<RoleName, JudgedPair[]>();
  for (const pair of pairs) {
    for (const role of new Set([pair.role, pair.login ?? pair.role])) {
      const own = by.get(role);
      if (own === undefined) by.set(role, [pair]);
      else own.push(pair);
    }
  }
  return new Map([...by].map(([role, own]) => [role, actorOf(own)]));
}

function actorOf(pairs: readonly JudgedPair[]): Actor {
  const decided = pairs.filter(isKnown);
  const calls = (among: readonly JudgedPair[]): number => among.reduce((sum, each) => sum + each.calls, 0);
  return {
    pairs,
    decided: decided.length,
    calls: calls(pairs),
    decidedCalls: calls(decided),
    firstSeen: pairs.reduce((min, each) => (each.firstSeen < min ? each.firstSeen : min), pairs[0]?.firstSeen ?? ""),
    lastSeen: pairs.reduce((max, each) => (each.lastSeen > max ? each.lastSeen : max), ""),
    days: new Set(pairs.flatMap((each) => each.days)),
    open: pairs.filter((each) => each.open !== null),
  };
}
