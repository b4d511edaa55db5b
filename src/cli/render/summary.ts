import type { Change } from "../../model/change.ts";
import type { PlannedChange } from "../../plan/plan.ts";
import { counted } from "./words.ts";

/** What a plan does, counted: grants by privilege and object, everything else one by one. */
export interface ChangeCounts {
  readonly grants_added: number;
  readonly grants_removed: number;
  readonly memberships_added: number;
  readonly memberships_removed: number;
  readonly memberships_altered: number;
  readonly roles_created: number;
  readonly roles_altered: number;
  readonly roles_dropped: number;
  readonly defaults_added: number;
  readonly defaults_removed: number;
  readonly owners_changed: number;
  readonly row_policies_changed: number;
  readonly passwords_set: number;
}

/** Counts the changes of a plan. */
export function countChanges(changes: readonly PlannedChange[]): ChangeCounts {
  const counts: { -readonly [name in keyof ChangeCounts]: number } = {
    grants_added: 0,
    grants_removed: 0,
    memberships_added: 0,
    memberships_removed: 0,
    memberships_altered: 0,
    roles_created: 0,
    roles_altered: 0,
    roles_dropped: 0,
    defaults_added: 0,
    defaults_removed: 0,
    owners_changed: 0,
    row_policies_changed: 0,
    passwords_set: 0,
  };
  for (const { change } of changes) counts[COUNTED_AS[change.kind]] += sizeOf(change);
  return counts;
}

/** `1 grant added, 15 removed, 1 membership removed`; "nothing" for an empty plan. */
export function countsText(counts: ChangeCounts): string {
  const parts = [
    together("grant", "grants", [
      [counts.grants_added, "added"],
      [counts.grants_removed, "removed"],
    ]),
    together("membership", "memberships", [
      [counts.memberships_added, "added"],
      [counts.memberships_removed, "removed"],
      [counts.memberships_altered, "altered"],
    ]),
    together("role", "roles", [
      [counts.roles_created, "created"],
      [counts.roles_altered, "altered"],
      [counts.roles_dropped, "dropped"],
    ]),
    together("default privilege", "default privileges", [
      [counts.defaults_added, "added"],
      [counts.defaults_removed, "removed"],
    ]),
    together("owner", "owners", [[counts.owners_changed, "changed"]]),
    together("row policy", "row policies", [[counts.row_policies_changed, "changed"]]),
    together("password", "passwords", [[counts.passwords_set, "set"]]),
  ].filter((part) => part !== "");
  return parts.length === 0 ? "nothing" : parts.join(", ");
}

const COUNTED_AS: Readonly<Record<Change["kind"], keyof ChangeCounts>> = {
  "create-role": "roles_created",
  "drop-role": "roles_dropped",
  "rename-role": "roles_altered",
  "alter-role": "roles_altered",
  "set-role-setting": "roles_altered",
  "set-password": "passwords_set",
  "add-membership": "memberships_added",
  "remove-membership": "memberships_removed",
  "alter-membership": "memberships_altered",
  "add-grant": "grants_added",
  "remove-grant": "grants_removed",
  "add-grant-option": "grants_added",
  "remove-grant-option": "grants_removed",
  "add-default": "defaults_added",
  "remove-default": "defaults_removed",
  "add-default-option": "defaults_added",
  "remove-default-option": "defaults_removed",
  "change-owner": "owners_changed",
  "create-policy": "row_policies_changed",
  "drop-policy": "row_policies_changed",
  "alter-policy": "row_policies_changed",
  "set-row-security": "row_policies_changed",
};

function sizeOf(change: Change): number {
  const resources = "resources" in change ? change.resources.length : 1;
  const privileges = "privileges" in change ? change.privileges.length : 1;
  return resources * privileges;
}

/** The noun is said once: `2 grants added, 15 removed`. */
function together(singular: string, plural: string, parts: readonly (readonly [number, string])[]): string {
  const present = parts.filter(([count]) => count > 0);
  return present
    .map(([count, verb], index) =>
      index === 0 ? `${counted(count, singular, plural)} ${verb}` : `${counted(count, "", "").trim()} ${verb}`,
    )
    .join(", ");
}
