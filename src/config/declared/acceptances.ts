import type { Acceptance } from "../../model/declared.ts";
import { anyMatcher } from "../names.ts";
import type { DeclaredContext } from "./declared.ts";

/** Findings that somebody answers for on this target. */
export function acceptancesOf({ manifest, target, locate }: DeclaredContext): readonly Acceptance[] {
  return (manifest.accepted ?? []).flatMap((entry, index): Acceptance[] => {
    if (entry.targets !== undefined && !entry.targets.includes(target)) return [];
    const location = locate(["accepted", index]);
    const on = entry.on === undefined ? null : anyMatcher(entry.on);
    return [
      {
        check: entry.check,
        key: entry.finding ?? null,
        roles: entry.roles === undefined ? () => true : anyMatcher(entry.roles),
        resources: on === null ? () => true : (resource) => on(resource.path.slice(1).join(".")),
        owner: entry.owner,
        because: entry.because,
        until: entry.until,
        ...(location === undefined ? {} : { location }),
      },
    ];
  });
}
