import { sortedText } from "../../../base/order.ts";
import { describeName } from "../../../model/resource.ts";
import type { CheckContext } from "../check.ts";
import type { PolicyAnswer } from "../report.ts";
import { type DutyHold, holdsOn } from "./holds.ts";

/**
 * Who has to agree to a plan because it gives somebody a duty: whoever has the approving duty and does not get the other one. One answer a rule that asks for it; none where nobody newly has the duty. Who has a duty on other
 * targets is not known here: where nobody has it on this one, those may approve who may anyway.
 */
export function dutyApprovals(before: CheckContext, after: CheckContext): readonly PolicyAnswer[] {
  return (after.declared?.separation ?? []).flatMap((rule): PolicyAnswer[] => {
    const [duty = ""] = rule.duties;
    if (rule.kind !== "requires-approval") return [];
    const had = new Set(namesOf(holdsOn(before), duty));
    const gets = namesOf(holdsOn(after), duty).filter((name) => !had.has(name));
    if (gets.length === 0) return [];
    const has = new Set(namesOf(holdsOn(after), duty));
    const from = namesOf(holdsOn(before), rule.by ?? "").filter((name) => !has.has(name));
    const named = gets.map((name) => `\`${describeName(name)}\``).join(", ");
    return [
      {
        policy: `separation: ${duty}`,
        pack: null,
        controls: [],
        result: "approvals",
        approvals: { count: 1, from },
        finding: {
          code: "RW177",
          severity: "info",
          message: `${named} will have the duty \`${duty}\`, which somebody with \`${rule.by ?? ""}\` has to approve`,
          ...(rule.location === undefined ? {} : { location: rule.location }),
          help:
            from.length === 0
              ? "nobody has that here; those may approve who may anyway"
              : `it may be ${from.join(", ")}`,
        },
      },
    ];
  });
}

/** People alone approve, and are what rules are about; what only escalation gives is told by checks. */
function namesOf(holds: readonly DutyHold[], duty: string): readonly string[] {
  const own = holds.filter(
    ({ identity, duty: held, by }) =>
      held === duty && identity.kind === "person" && by !== "escalable" && by !== "code",
  );
  return sortedText(own.map(({ identity }) => identity.name));
}
