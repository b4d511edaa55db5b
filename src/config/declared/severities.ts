import type { SeverityRule } from "../../model/declared.ts";
import { anyMatcher } from "../names.ts";
import type { DeclaredContext } from "./declared.ts";

/** How severe checks are on this target, in the order of the manifest. */
export function severitiesOf({ manifest, target, environment }: DeclaredContext): readonly SeverityRule[] {
  return (manifest.policies ?? []).flatMap((entry): SeverityRule[] => {
    if (!("check" in entry)) return [];
    if (entry.targets !== undefined && !entry.targets.includes(target)) return [];
    if (entry.environments !== undefined && !entry.environments.includes(environment)) return [];
    const roles = entry.roles === undefined ? (): boolean => true : anyMatcher(entry.roles);
    return [{ check: entry.check, severity: entry.severity, roles }];
  });
}
