import { shortDigest } from "../base/digest.ts";
import type { Dialect } from "../engine/engine.ts";
import type { Finding } from "../model/finding.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { buildPlan } from "./build-plan.ts";
import type { Doubt } from "./doubt.ts";
import type { Plan } from "./plan.ts";
import { remainingOf } from "./remaining.ts";

/** So many places are named in one finding; the rest are counted. */
const NAMED = 5;

/**
 * What is left of a plan that was cut off half-way, as a plan of its own against the live database. What somebody else changed since is a finding that refuses it: it is never overwritten. Passwords are set once more, since
 * nobody can tell whether they were.
 */
export function planFinish(plan: Plan, snapshot: Snapshot, dialect: Dialect, options: { readonly doubt: Doubt }): Plan {
  const changes = plan.changes.map(({ change }) => change);
  const { open, of, changed } = remainingOf(changes, snapshot.access, dialect.rules, options.doubt);
  return buildPlan({
    target: plan.target.name,
    environment: plan.target.environment,
    snapshot,
    dialect,
    changes: open.map((change, index) => {
      const origin = plan.changes[of[index] ?? -1]?.origin ?? { locations: [], by: "declared" as const };
      return { change, origin };
    }),
    manifestDigest: plan.manifest_digest,
    tool: plan.tool,
    // All of it was part of what was approved.
    allowRemovals: Number.MAX_SAFE_INTEGER,
    findings: changed.length === 0 ? [] : [interference(plan, changed)],
  });
}

function interference(plan: Plan, changed: readonly string[]): Finding {
  const name = shortDigest(plan.digest);
  const more = changed.length > NAMED ? ` and ${changed.length - NAMED} more` : "";
  return {
    code: "RW431",
    severity: "error",
    message: `plan ${name} stands in part, and somebody changed what it is about: ${changed.slice(0, NAMED).join("; ")}${more}`,
    help: `take back what stands of it with \`rolewright revert ${name}\`, with \`--leave-changed\` where that was changed too`,
  };
}
