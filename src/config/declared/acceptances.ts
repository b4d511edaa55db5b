import type { Acceptance } from "../../model/declared.ts";
import type { DeclaredContext } from "./declared.ts";
import { rolePatterns, thingPatterns } from "./patterns.ts";

/** Findings that somebody answers for on this target. */
export function acceptancesOf(context: DeclaredContext): readonly Acceptance[] {
  const { manifest, target, locate } = context;
  return (manifest.accepted ?? []).flatMap((entry, index): Acceptance[] => {
    if (entry.targets !== undefined && !entry.targets.includes(target)) return [];
    const location = locate(["accepted", index]);
    return [
      {
        index,
        check: entry.check,
        key: entry.finding ?? null,
        roles: rolePatterns(entry.roles, ["accepted", index, "roles"], context),
        resources: thingPatterns(entry.on, ["accepted", index, "on"], context),
        owner: entry.owner,
        because: entry.because,
        until: entry.until,
        ...(location === undefined ? {} : { location }),
      },
    ];
  });
}
