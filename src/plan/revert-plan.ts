import { shortDigest } from "../base/digest.ts";
import type { Dialect } from "../engine/engine.ts";
import { sortedText } from "../base/order.ts";
import type { Change, Origin } from "../model/change.ts";
import type { Finding } from "../model/finding.ts";
import type { RoleName } from "../model/role.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { buildPlan } from "./build-plan.ts";
import type { Doubt } from "./doubt.ts";
import type { Plan } from "./plan.ts";
import { remainingOf, type Remaining } from "./remaining.ts";

export interface RevertOptions {
  /** The version of this tool. */
  readonly tool: string;
  /** Go on where somebody else changed what the plan had made, and leave that as it is. @default false: a finding refuses the plan */
  readonly leaveChanged?: boolean;
  /** Findings that were made before planning and belong to it. @default none */
  readonly findings?: readonly Finding[];
  /** What of the plan may stand half-made. @default nothing */
  readonly doubt?: Doubt;
  /** Roles that the plan made and that stay for now, with what they hold and without their members: open sessions may act as them. @default none */
  readonly keeping?: ReadonlySet<RoleName>;
}

const REVERT: Origin = { locations: [], by: "revert" };
/** So many places are named in one finding; the rest are counted. */
const NAMED = 5;

/**
 * The way back that a plan brought along, as a plan of its own against the live database. What was already taken back is left out, and what somebody else changed since is a finding: it
 * is never overwritten.
 */
export function planRevert(plan: Plan, snapshot: Snapshot, dialect: Dialect, options: RevertOptions): Plan {
  const remaining = remainingOf(plan.inverse_changes, snapshot.access, dialect.rules, options.doubt);
  const keeping = options.keeping ?? new Set<RoleName>();
  return buildPlan({
    target: plan.target.name,
    environment: plan.target.environment,
    snapshot,
    dialect,
    changes: remaining.open.filter((change) => !isOf(keeping, change)).map((change) => ({ change, origin: REVERT })),
    manifestDigest: null,
    tool: options.tool,
    // The way back was part of what was approved.
    allowRemovals: Number.MAX_SAFE_INTEGER,
    findings: [
      ...(options.findings ?? []),
      ...findingsOf(plan, remaining, options.leaveChanged === true),
      ...staying(keeping),
    ],
  });
}

function isOf(roles: ReadonlySet<RoleName>, change: Change): boolean {
  return (
    (change.kind === "drop-role" && roles.has(change.role.name)) ||
    (change.kind === "remove-grant" && roles.has(change.grantee))
  );
}

function staying(roles: ReadonlySet<RoleName>): readonly Finding[] {
  return sortedText(roles).map((role) => ({
    code: "RW342",
    severity: "info",
    message: `role \`${role}\` stays with what it holds, and without members: sessions are open that may act as it`,
    help: "drop it once they have ended",
  }));
}

function findingsOf(plan: Plan, { changed, done }: Remaining, leave: boolean): readonly Finding[] {
  const findings: Finding[] = [];
  if (changed.length > 0) {
    const more = changed.length > NAMED ? ` and ${changed.length - NAMED} more` : "";
    findings.push({
      code: "RW340",
      severity: leave ? "warning" : "error",
      message: `somebody changed what plan ${shortDigest(plan.digest)} had made: ${changed.slice(0, NAMED).join("; ")}${more}`,
      help: leave
        ? "this is left as it is; look at `rolewright drift`"
        : "look at `rolewright drift`; then revert with `--leave-changed`, or change the files and plan",
    });
  }
  if (done > 0) {
    findings.push({
      code: "RW341",
      severity: "info",
      message: `${done} of the changes of plan ${shortDigest(plan.digest)} had been taken back already`,
    });
  }
  return findings;
}
