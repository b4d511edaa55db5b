import { buildAccessIndex } from "../analysis/access-index.ts";
import { SMALL_ROLES } from "../analysis/checks/administrative/usage-of-superusers.ts";
import type { Usage } from "../analysis/checks/usage.ts";
import { DEFAULT_LIMITS } from "../model/declared.ts";
import { actorsOf, judgePairs } from "../simulation/advise/actors.ts";
import { advise } from "../simulation/advise/advise.ts";
import { superuserUses } from "../simulation/advise/small-tasks.ts";
import { DEFAULT_ADVISE_RULES } from "../simulation/advise/obstacles.ts";
import type { Judged } from "./checking.ts";
import type { CliContext } from "./context.ts";
import { readObserved } from "./observing.ts";
import { obstacleText } from "./render/advice-words.ts";
import type { OpenTarget } from "./target.ts";

/** What evidence says of use on a target that was read for checks. */
export async function readUsage(
  { live, dialect, declared }: Judged,
  target: OpenTarget,
  context: CliContext,
  evidence: readonly string[],
): Promise<Usage> {
  const seen = await readObserved(target, context, { evidence, by: "target", live });
  const index = buildAccessIndex(live.access, live.catalog, dialect.accessRules);
  const { requirements } = seen;
  if (declared === null) throw new TypeError("an open target has a manifest");
  const minAgeDays = declared.limits.unusedDays ?? DEFAULT_LIMITS.unusedDays;
  const rules = { ...DEFAULT_ADVISE_RULES, minAgeDays };
  const advice = advise({ index, evidence: seen.evidence, requirements, declared, target: target.name, rules });
  const unclear = Map.groupBy(advice.withheld, ({ obstacle }) => obstacleText(obstacle));
  const unused = advice.removals.flatMap(({ unit: { what }, kind }) =>
    kind === "unused" && what.kind === "grant" ? [what] : [],
  );
  // The same privilege of the same role is one thing to say.
  const alike = Map.groupBy(unused, ({ grantees, privileges }) => `${grantees.join("\0")} ${privileges.join()}`);
  const actors = actorsOf(judgePairs(seen.pairs, index, requirements));
  return {
    days: advice.watch.days,
    unused: [...alike.values()].map((units) => ({
      grantees: units[0]?.grantees ?? [],
      privileges: units[0]?.privileges ?? [],
      resources: units.flatMap((each) => each.resources),
    })),
    unclear: [...unclear].map(([why, units]) => ({ why, count: units.length })).sort((a, b) => b.count - a.count),
    superusers: superuserUses({ live, dialect, pairs: seen.pairs, requirements, small: SMALL_ROLES }),
    lastSeen: new Map([...actors].map(([role, { lastSeen }]) => [role, lastSeen])),
  };
}
