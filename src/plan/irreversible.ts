import { describeName, describeTyped, resourceKey } from "../model/resource.ts";
import type { Catalog } from "../model/catalog.ts";
import type { Change, GrantChange } from "../model/change.ts";
import { rolesBy } from "./split-changes.ts";
import type { PlannedChange } from "./plan.ts";

/** What no inverse can bring back, in plain sentences, in the order of the changes. */
export function irreversible(changes: readonly PlannedChange[], catalog: Catalog): string[] {
  const created = rolesBy(changes, "create-role");
  return changes.flatMap(({ change }) =>
    change.kind === "remove-grant" ? onMissing(change, catalog) : sentences(change, created),
  );
}

/** Once nothing is granted on it any more, there is no trace of a thing that does not exist. */
function onMissing(change: GrantChange, { entries }: Catalog): readonly string[] {
  return change.resources
    .filter((resource) => entries.get(resourceKey(resource))?.missing === true)
    .map((resource) => `what is taken on ${describeTyped(resource)} is not given back: it does not exist`);
}

function sentences(
  change: Exclude<Change, { readonly kind: "remove-grant" }>,
  created: ReadonlySet<string>,
): readonly string[] {
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
