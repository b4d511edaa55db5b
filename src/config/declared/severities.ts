import type { SeverityRule } from "../../model/declared.ts";
import type { DeclaredContext } from "./declared.ts";
import { rolePatterns } from "./patterns.ts";

/** How severe checks are on this target, in the order of the manifest. */
export function severitiesOf(context: DeclaredContext): readonly SeverityRule[] {
  const { manifest, target, environment } = context;
  return (manifest.policies ?? []).flatMap((entry, index): SeverityRule[] => {
    if (!("check" in entry)) return [];
    if (entry.targets !== undefined && !entry.targets.includes(target)) return [];
    if (entry.environments !== undefined && !entry.environments.includes(environment)) return [];
    const roles = entry.roles === undefined ? null : rolePatterns(entry.roles, ["policies", index, "roles"], context);
    return [{ check: entry.check, severity: entry.severity, roles }];
  });
}
