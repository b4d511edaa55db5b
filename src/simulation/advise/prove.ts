import { type AccessIndex, buildAccessIndex } from "../../analysis/access-index.ts";
import { predict } from "../../diff/predict.ts";
import type { Change } from "../../model/change.ts";
import type { StatementRequirements } from "../../model/requirements.ts";
import type { StateRules } from "../../model/state-rules.ts";
import { type Decision, decide } from "../decide.ts";
import type { Advice, Unit } from "./advice.ts";
import { changesOf, keptKeys } from "./changes.ts";
import type { ObservedPair } from "./observed.ts";

/** An observed statement that would be worse off. */
export interface Worse {
  readonly pair: ObservedPair;
  readonly before: Decision;
  readonly after: Decision;
}

/** Decides every observed statement in both states, the same way as any plan is simulated: what was allowed and is not, or not certainly, any more. */
export function worseOff(
  pairs: readonly ObservedPair[],
  requirements: ReadonlyMap<string, StatementRequirements>,
  states: { readonly before: AccessIndex; readonly after: AccessIndex },
): readonly Worse[] {
  return pairs.flatMap((pair): Worse[] => {
    const needs = requirements.get(pair.key);
    if (needs === undefined) return [];
    const who = { role: pair.role, ...(pair.login === null ? {} : { login: pair.login }) };
    const before = decide(needs, states.before, who);
    const after = decide(needs, states.after, who);
    return isWorse(before, after) ? [{ pair, before, after }] : [];
  });
}

/** Anything missing, for certain or perhaps, that was not missing before. */
function isWorse(before: Decision, after: Decision): boolean {
  if (after.absent !== null && before.absent === null) return true;
  return after.missing.length > before.missing.length || after.maybe.length > before.maybe.length;
}

export interface ProofInput {
  readonly index: AccessIndex;
  readonly rules: StateRules;
  readonly pairs: readonly ObservedPair[];
  readonly requirements: ReadonlyMap<string, StatementRequirements>;
}

/** The state that these changes lead to. */
export function indexAfter(
  { index, rules }: Pick<ProofInput, "index" | "rules">,
  changes: readonly Change[],
): AccessIndex {
  return buildAccessIndex(predict(index.recorded, changes, rules), index.catalog, index.rules);
}

/** Enough: nothing that was observed is worse off once the advice is followed. Empty: proven. */
export function proveEnough(advice: Advice, input: ProofInput): readonly Worse[] {
  const after = indexAfter(input, changesOf(advice, input.index, keptKeys(advice)));
  return worseOff(input.pairs, input.requirements, { before: input.index, after });
}

/**
 * The least: once the advice is followed, taking any single unit that stays for use, too, breaks something. Answers the units for which nothing breaks; empty: proven. What everybody has as well is left out, since
 * it is kept so that nobody leans on PUBLIC, and so is what only an access test needs.
 */
export function proveLeast(advice: Advice, input: ProofInput): readonly Unit[] {
  const kept = keptKeys(advice);
  const changes = changesOf(advice, input.index, kept);
  const before = indexAfter(input, changes);
  const narrowed = new Set(advice.narrowings.map(({ unit }) => unit.id));
  return advice.needed.filter((unit) => {
    if (narrowed.has(unit.id)) return false;
    const others = keptKeys({ needed: advice.needed.filter((each) => each !== unit), withheld: advice.withheld });
    const more = changesOf({ removals: [{ unit } as never], narrowings: [] }, input.index, others);
    const after = buildAccessIndex(predict(before.recorded, more, input.rules), input.index.catalog, input.index.rules);
    return worseOff(input.pairs, input.requirements, { before, after }).length === 0;
  });
}
