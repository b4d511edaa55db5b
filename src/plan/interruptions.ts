import type { Finding } from "../model/finding.ts";
import type { Stage } from "./plan.ts";

/** So many are told in full; the rest are counted. */
const TOLD = 5;

/** What is missing for a moment while the plan is applied, although it is there before and after: accepting it is part of accepting the plan. */
export function interruptionFindings(stages: readonly Stage[]): readonly Finding[] {
  const gaps = stages.flatMap((stage) => stage.statements.flatMap(({ interrupts }) => interrupts ?? []));
  if (gaps.length === 0) return [];
  const more = gaps.length > TOLD ? `; and ${gaps.length - TOLD} more times` : "";
  return [
    {
      code: "RW331",
      severity: "warning",
      message: `access is missing for a moment while this is applied, since no order of statements avoids it: ${gaps.slice(0, TOLD).join("; ")}${more}`,
      help: "apply when nobody needs it, or keep the wider grant",
    },
  ];
}
