import { isProduction } from "../../analysis/production.ts";
import { riskOf, atLeast } from "../../approval/risk.ts";
import { shortDigest } from "../../base/digest.ts";
import { RolewrightError } from "../../base/error.ts";
import type { Plan } from "../../plan/plan.ts";
import { itemsOf } from "../../simulation/removals/item.ts";
import type { Action } from "../command-spec.ts";
import { type Comparison, compareLive, judgePlan } from "../pipeline.ts";
import { findPlan } from "../plan-files.ts";
import { announcedEntry, cancelledEntry } from "../removals/entries.ts";
import { appendRemoval, readRemovals, removalStore, stamp } from "../removals/record.ts";
import { showStanding } from "../removals/showing.ts";
import { type OpenTarget, withTarget } from "../target.ts";
import { usageError } from "../usage.ts";

/** Writes down what a plan will take from whom, so that they can be told: from now on a use of it stops it. */
export const announce: Action = async (context, input) =>
  await withTarget(context, async (target) => {
    const { plan } = await findPlan(input.argument(0) ?? "", target.runs, context);
    const { server } = await target.connection.identify();
    if (plan.target.identity.server !== server) {
      throw new RolewrightError("RW403", `plan ${shortDigest(plan.digest)} is for another server`);
    }
    const items = itemsOf(plan.changes.map(({ change }) => change));
    if (items.length === 0)
      throw new RolewrightError("RW583", "the plan takes nothing from anybody that could be announced");
    const compared = await compareLive(target, context);
    const highRisk = isOfHighRisk(plan, target, compared);
    const { key } = await readRemovals(target, server, context);
    const event = { kind: "announced", ...stamp(context), plan: plan.digest, items, highRisk } as const;
    await appendRemoval(removalStore(target), key, event);
    await target.record(announcedEntry(plan.digest, { items, highRisk }));
    const text = "rolewright removals canary     lets the audit log tell who still uses it";
    return await showStanding(target, context, { compared, next: [{ label: "NEXT", text }] });
  });

/** Shows where every removal stands: what the manifest takes, what was announced, and what is gone. */
export const showRemovals: Action = async (context) =>
  await withTarget(context, async (target) =>
    showStanding(target, context, { compared: await compareLive(target, context) }),
  );

/** Stops a removal, with the reason. */
export const cancelRemoval: Action = async (context, input) =>
  await withTarget(context, async (target) => {
    const because = input.text("because");
    if (because === null) throw usageError("RW004", "there is no reason", "say why with `--because TEXT`");
    const { server } = await target.connection.identify();
    const { key, standing } = await readRemovals(target, server, context);
    const wanted = input.argument(0) ?? "";
    const found = [...standing.values()].filter(({ item }) => item.id.startsWith(`sha256:${wanted}`));
    const [only] = found;
    if (only === undefined || found.length > 1 || wanted.length < 4) {
      throw new RolewrightError("RW584", `\`${wanted}\` is not the beginning of one announced removal`, {
        help: "`rolewright removals show` lists them",
      });
    }
    const compared = await compareLive(target, context);
    await appendRemoval(removalStore(target), key, {
      kind: "cancelled",
      ...stamp(context),
      item: only.item.id,
      because,
    });
    await target.record(cancelledEntry(only.item, "asked", because));
    return await showStanding(target, context, { compared });
  });

/** Whether what goes does much harm where it is needed, by the rules of docs/approvals.md: what the plan gives does not count. What a plan takes that was made from another state is not judged, and counts as high. */
function isOfHighRisk(plan: Plan, target: OpenTarget, { live, dialect }: Comparison): boolean {
  if (plan.fingerprint.before !== live.fingerprint) return true;
  const { report } = judgePlan(plan, target, live);
  const changes = plan.changes.filter(({ change }) => change.kind.startsWith("remove-"));
  const delta = { ...report.delta, gains: [] };
  const access = { delta, rules: dialect.accessRules };
  const given = { plan: { ...plan, changes }, access, findings: [], production: isProduction(target.environment) };
  return atLeast(riskOf(given).risk, "high");
}
