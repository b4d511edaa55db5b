import { compileExpression } from "../analysis/policies/compile.ts";
import type { LoadedManifest } from "../config/load.ts";
import type { Finding } from "../model/finding.ts";

/** What is wrong with the expressions of the manifest's policies, each at its place in them. */
export function policyFindings({ manifest, locate }: Pick<LoadedManifest, "manifest" | "locate">): readonly Finding[] {
  return (manifest?.policies ?? []).flatMap((entry, index): Finding[] => {
    if ("check" in entry) return [];
    const compiled = compileExpression(entry.when);
    if (compiled.ok) return [];
    const { code, message, offset, length, help } = compiled.error;
    const location = locate(["policies", index, "when"], { offset, length });
    return [
      {
        code,
        severity: "error",
        message: `policy \`${entry.name}\`: ${message}`,
        ...(location === undefined ? {} : { location }),
        ...(help === undefined ? {} : { help }),
      },
    ];
  });
}
