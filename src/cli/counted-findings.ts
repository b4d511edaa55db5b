import { compareText, sorted } from "../base/order.ts";
import type { Finding } from "../model/finding.ts";

/** How often each code was found at each severity: what the audit log keeps of findings, which name people. */
export function countedFindings(
  findings: readonly Finding[],
): readonly { readonly code: string; readonly severity: string; readonly count: number }[] {
  const counts = Map.groupBy(findings, ({ code, severity }) => `${code}\0${severity}`);
  return sorted(counts.entries(), ([a], [b]) => compareText(a, b)).map(([key, all]) => {
    const [code = "", severity = ""] = key.split("\0");
    return { code, severity, count: all.length };
  });
}
