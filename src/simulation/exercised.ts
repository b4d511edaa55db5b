import type { AccessDelta } from "../analysis/access-delta.ts";
import type { StatementRequirements } from "../model/requirements.ts";
import { type Resource, resourceKey, tableOf } from "../model/resource.ts";
import { needsOf } from "./decide.ts";
import type { Pair } from "./pairs.ts";

/** Of the privileges that logins lose: how many there are, how many some observed statement needs, and of how many nobody can say, since nothing of the login was observed or decided. */
export interface LostPrivileges {
  readonly lost: number;
  readonly exercised: number;
  readonly untold: number;
}

/** Counts each (login, privilege, resource) once. A column counts for its table, and a table for its columns. */
export function exercisedOf(
  delta: AccessDelta,
  observed: readonly { readonly pair: Pair; readonly requirements: StatementRequirements | undefined }[],
): LostPrivileges {
  const needed = new Set<string>();
  const seen = new Set<string>();
  const open = new Set<string>();
  for (const { pair, requirements } of observed) {
    const logins = new Set([pair.role, pair.login]);
    for (const login of logins) seen.add(login);
    if (requirements === undefined || requirements.unknown.length > 0 || requirements.approximate) {
      for (const login of logins) open.add(login);
    }
    for (const { right, of } of (requirements?.allOf ?? []).flatMap(needsOf)) {
      if (right.kind !== "privilege" || of !== "caller") continue;
      for (const login of logins) needed.add(lostKey(login, right.privilege, right.resource));
    }
  }
  const counts = { lost: 0, exercised: 0, untold: 0 };
  const counted = new Set<string>();
  for (const { subjects, what, covered } of delta.losses) {
    if (what.kind !== "privilege" || covered === true) continue;
    const logins = subjects.flatMap(({ kind, login }) => (kind === "role" || kind === "public" ? [] : login));
    for (const login of logins) {
      for (const privilege of what.privileges) {
        for (const resource of what.resources) {
          const key = lostKey(login, privilege, resource);
          if (counted.has(key)) continue;
          counted.add(key);
          counts.lost += 1;
          if (needed.has(key)) counts.exercised += 1;
          else if (!seen.has(login) || open.has(login)) counts.untold += 1;
        }
      }
    }
  }
  return counts;
}

function lostKey(login: string, privilege: string, resource: Resource): string {
  const place = resource.kind === "column" ? tableOf(resource) : resource;
  return `${login}\0${privilege}\0${resourceKey(place)}`;
}
