import { type AccessIndex, mayDoEverything } from "../analysis/access-index.ts";
import { PUBLIC, type RoleName } from "../model/role.ts";
import type { Change } from "../model/change.ts";
import { rolesOf } from "../plan/subjects.ts";

/**
 * Whether nothing about a role can differ after a change: neither it, nor a role that it is in, nor everybody, nor an owner of code that runs with its owner's rights, is named by any change, and no row security or
 * policy is; or whether it may do everything in both states. Then what cannot be known about a statement is the same before and after.
 */
export function untouchedBy(
  changes: readonly Change[],
  states: { readonly before: AccessIndex; readonly after: AccessIndex },
): (role: RoleName) => boolean {
  const rows = changes.some(({ kind }) => kind.endsWith("-policy") || kind === "set-row-security");
  const named = new Set(changes.flatMap(rolesOf));
  const everybody = rows || named.has(PUBLIC);
  const indexes = [states.before, states.after];
  const reaches = (role: RoleName): boolean =>
    named.has(role) ||
    [...named].some((each) => indexes.some((index) => index.hasRole(role, each, "member") === true)) ||
    indexes.some((index) => index.hasRole(role, role, "member") === null);
  const owners = everybody ? false : ownersOfCode(states.before).some(reaches);
  const everything = (role: RoleName): boolean =>
    !named.has(role) && indexes.every((index) => mayDoEverything(index, role));
  const known = new Map<RoleName, boolean>();
  return (role) => {
    let answer = known.get(role);
    if (answer === undefined) known.set(role, (answer = everything(role) || (!everybody && !owners && !reaches(role))));
    return answer;
  };
}

/** The roles whose rights others use: owners of views and of routines that run as their definer. */
function ownersOfCode({ catalog, recorded }: AccessIndex): readonly RoleName[] {
  const owners = new Set<RoleName>();
  for (const [key, entry] of catalog.entries) {
    const runs = entry.securityDefiner === true || entry.form === "view" || entry.form === "materialized-view";
    const owner = entry.definer ?? (runs ? recorded.holdings.get(key)?.owner : null);
    if (runs && owner !== null && owner !== undefined) owners.add(owner);
  }
  return [...owners];
}
