import { describeName } from "../model/resource.ts";
import type { Change } from "../model/change.ts";
import { rolesBy } from "./split-changes.ts";
import type { PlannedChange } from "./plan.ts";

/** What no inverse can bring back, in plain sentences, in the order of the changes. */
export function irreversible(changes: readonly PlannedChange[]): string[] {
  const created = rolesBy(changes, "create-role");
  return changes.flatMap(({ change }) => sentences(change, created));
}

function sentences(change: Change, created: ReadonlySet<string>): readonly string[] {
  switch (change.kind) {
    case "drop-role":
      return [
        `role \`${describeName(change.role.name)}\` is dropped: undone, it is a new role with another id and without its password`,
      ];
    case "set-password":
      return created.has(change.role) ? [] : [`the password that \`${describeName(change.role)}\` has now is replaced`];
    case "rename-role":
      return [`renaming \`${describeName(change.from)}\` clears its password if that is stored as MD5`];
    case "create-role":
    case "alter-role":
    case "set-role-setting":
    case "add-membership":
    case "remove-membership":
    case "alter-membership":
    case "add-grant":
    case "remove-grant":
    case "add-grant-option":
    case "remove-grant-option":
    case "add-default":
    case "remove-default":
    case "add-default-option":
    case "remove-default-option":
    case "change-owner":
    case "create-policy":
    case "drop-policy":
    case "alter-policy":
    case "set-row-security":
      return [];
  }
}
