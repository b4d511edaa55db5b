import { describeName } from "../../model/resource.ts";
import type { TableBlock } from "../output/page.ts";
import { counted } from "../render/words.ts";
import type { PlannedTarget } from "./plan.ts";

/** How much there is to look at in a target's plan. */
export interface Danger {
  /** 4: it could not be planned; 3: refused; 2: a loss has to be accepted; 1: somebody loses; 0: nobody does. */
  readonly rank: 0 | 1 | 2 | 3 | 4;
  readonly losing: number;
  readonly changes: number;
}

/** How dangerous the plan of one target is. What could not be planned is the worst: nothing is known about it. */
export function planDanger(result: PlannedTarget): Danger {
  if (result.kind === "failed") return { rank: 4, losing: 0, changes: 0 };
  const { report, plan } = result.planned;
  const losing = report.delta.subjectsLosing;
  const changes = plan.changes.length;
  if (report.verdict.refusedBy.length > 0) return { rank: 3, losing, changes };
  if (report.verdict.acceptLoss !== null) return { rank: 2, losing, changes };
  return { rank: losing > 0 ? 1 : 0, losing, changes };
}

/** The targets with the most dangerous first; equals stay in the order of applying. */
export function dangerOrder(results: readonly PlannedTarget[]): readonly PlannedTarget[] {
  return [...results].sort((a, b) => {
    const [left, right] = [planDanger(a), planDanger(b)];
    return right.rank - left.rank || right.losing - left.losing || right.changes - left.changes;
  });
}

/** All targets at a glance, the most dangerous first, each with its place in the order of applying. */
export function dangerTable(results: readonly PlannedTarget[]): TableBlock {
  return {
    kind: "table",
    title: "TARGETS",
    columns: ["TARGETS", "applied as", "changes", "lose access", "verdict"],
    rows: dangerOrder(results).map((each) => {
      const { rank, losing, changes } = planDanger(each);
      const known = each.kind === "planned";
      return {
        sign: rank >= 3 ? "!" : rank >= 1 ? "-" : " ",
        tone: rank >= 3 ? "bad" : rank === 2 ? "warn" : "plain",
        cells: [
          describeName(each.name),
          `${results.indexOf(each) + 1} of ${results.length}`,
          known ? counted(changes, "change") : "unknown",
          known ? (losing === 0 ? "nobody" : counted(losing, "identity", "identities")) : "unknown",
          verdictText(each),
        ],
      };
    }),
    empty: "none",
  };
}

function verdictText(result: PlannedTarget): string {
  if (result.kind === "failed") return `FAILED: ${result.error.code}`;
  const { verdict, plan } = result.planned.report;
  if (verdict.refusedBy.length > 0) return `REFUSED by ${verdict.refusedBy.join(", ")}`;
  if (plan.changes.length === 0) return "NO CHANGES";
  return verdict.acceptLoss === null
    ? "READY"
    : `READY, with --accept-access-loss=${result.name}=${verdict.acceptLoss}`;
}
