import { buildAccessIndex } from "../../analysis/access-index.ts";
import { evidenceDigest } from "../../simulation/evidence/file.ts";
import type { RemovalEvent } from "../../simulation/removals/standing.ts";
import { watchItems } from "../../simulation/removals/watching.ts";
import type { Action } from "../command-spec.ts";
import { readObserved } from "../observing.ts";
import { escapeLine } from "../output/escape.ts";
import type { Block } from "../output/page.ts";
import { compareLive } from "../pipeline.ts";
import { noteCanaryEnd } from "../removals/canary-end.ts";
import { cancelledEntry } from "../removals/entries.ts";
import { appendRemoval, readRemovals, removalStore, stamp } from "../removals/record.ts";
import { section, showStanding } from "../removals/showing.ts";
import { withTarget } from "../target.ts";
import { usageError } from "../usage.ts";

/** Looks through evidence for uses of what is announced: what is used is cancelled, with the statement. */
export const watchRemovals: Action = async (context, input) =>
  await withTarget(context, async (target) => {
    const files = input.list("evidence");
    if (files.length === 0)
      throw usageError(
        "RW004",
        "there is no evidence",
        "collect it with `rolewright workload collect`, and name it with `--evidence FILE`",
      );
    const compared = await compareLive(target, context);
    const { live, dialect, declared } = compared;
    const record = await readRemovals(target, live.identity.server, context);
    const { key, standing } = record;
    const ended = await noteCanaryEnd(record, { target, live, context });
    const append = (event: RemovalEvent): Promise<void> => appendRemoval(removalStore(target), key, event);
    const by = input.flag("shadow") ? "shadow" : "target";
    const { evidence, requirements } = await readObserved(target, context, { evidence: files, by, live });
    const index = buildAccessIndex(live.access, live.catalog, dialect.accessRules);
    const seen = watchItems({ index, evidence, requirements, declared, standing: [...standing.values()] });
    for (const { item, pair } of seen.used) {
      const { statement, lastSeen } = pair;
      const role = pair.login ?? pair.role;
      await append({ kind: "used", ...stamp(context), item: item.id, role, statement: statement.text, lastSeen });
      await target.record(cancelledEntry(item, "used", `${role} used it at ${lastSeen}: ${statement.text}`));
    }
    const digest = evidenceDigest(evidence);
    if (seen.until !== null) await append({ kind: "watched", ...stamp(context), until: seen.until, evidence: digest });
    await target.record({
      type: "removal.watched",
      evidence: digest,
      until: seen.until,
      used: seen.used.length,
      open: seen.open.length,
    });
    const more: Block[] = [
      ...section(
        "COULD HAVE USED IT",
        seen.open.slice(0, 20).map((pair) => ({
          sign: "?",
          tone: "warn",
          text: `${pair.role}: ${escapeLine(pair.statement.text)}`,
          because: escapeLine(pair.open ?? ""),
        })),
        "what these need is not known",
      ),
      ...(ended === null
        ? []
        : [
            {
              kind: "line" as const,
              label: "CANARY ENDED",
              tone: "warn" as const,
              text: `${escapeLine(ended)}; what it did not see to the end is watched twice as long`,
            },
          ]),
      ...(seen.until === null
        ? [
            {
              kind: "line" as const,
              label: "NOT COUNTED",
              tone: "warn" as const,
              text: "the evidence does not reach back to where watching had come to: collect the time between too",
            },
          ]
        : []),
    ];
    return await showStanding(target, context, { compared, more });
  });
