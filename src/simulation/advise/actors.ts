import type { AccessIndex } from "../../analysis/access-index.ts";
import type { StatementRequirements } from "../../model/requirements.ts";
import type { RoleName } from "../../model/role.ts";
import { decide } from "../decide.ts";
import type { ObservedPair } from "./observed.ts";

/** A pair with what it needs, and whether that is known well enough to take anything away by it. */
export interface JudgedPair extends ObservedPair {
  readonly requirements: StatementRequirements | null;
  /** It is known what it needs, and this state gives it. */
  readonly decided: boolean;
  /** Why it could be anything that is needed; null: it is known, or what is open needs nothing here. */
  readonly open: string | null;
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
  /** The first pair that could need anything. */
  readonly open: JudgedPair | null;
}

/** Parts of a statement that are not known and yet cannot need a right here: what is on the other side asks for its own. */
const NEEDS_NOTHING_HERE: ReadonlySet<string> = new Set(["foreign-table"]);

export function judgePairs(
  pairs: readonly ObservedPair[],
  index: AccessIndex,
  requirements: ReadonlyMap<string, StatementRequirements>,
): readonly JudgedPair[] {
  return pairs.map((pair) => {
    const needs = requirements.get(pair.key) ?? null;
    if (needs === null) return { ...pair, requirements: null, decided: false, open: "nobody read what it needs" };
    const who = { role: pair.role, ...(pair.login === null ? {} : { login: pair.login }) };
    const decision = decide(needs, index, who);
    const decided = (decision.state === "yes" || decision.state === "maybe") && !needs.approximate && pair.roleKnown;
    return { ...pair, requirements: needs, decided, open: decided ? null : openness(pair, needs, decision) };
  });
}

function openness(
  pair: ObservedPair,
  needs: StatementRequirements,
  decision: ReturnType<typeof decide>,
): string | null {
  if (needs.approximate) return "only its text was read";
  if (!pair.roleKnown) return "the role that it ran as is not known";
  const part = decision.unknown.find(({ kind }) => !NEEDS_NOTHING_HERE.has(kind));
  if (part !== undefined) return part.reason;
  if (decision.absent !== null) return `there is no role \`${decision.absent}\` any more`;
  if (decision.state === "no") return "it would be refused now, though it was allowed";
  return null;
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
  const decided = pairs.filter((each) => each.decided);
  const calls = (among: readonly JudgedPair[]): number => among.reduce((sum, each) => sum + each.calls, 0);
  return {
    pairs,
    decided: decided.length,
    calls: calls(pairs),
    decidedCalls: calls(decided),
    firstSeen: pairs.reduce((min, each) => (each.firstSeen < min ? each.firstSeen : min), pairs[0]?.firstSeen ?? ""),
    lastSeen: pairs.reduce((max, each) => (each.lastSeen > max ? each.lastSeen : max), ""),
    days: new Set(pairs.flatMap((each) => each.days)),
    open: pairs.find((each) => each.open !== null) ?? null,
  };
}
