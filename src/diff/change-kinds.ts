import type { Change, DefaultChange, GrantChange } from "../model/change.ts";

/** A change of grants on resources that exist. */
export function isGrantChange(change: Change): change is GrantChange {
  return (
    change.kind === "add-grant" ||
    change.kind === "remove-grant" ||
    change.kind === "add-grant-option" ||
    change.kind === "remove-grant-option"
  );
}

/** A change of what future objects will carry. */
export function isDefaultChange(change: Change): change is DefaultChange {
  return (
    change.kind === "add-default" ||
    change.kind === "remove-default" ||
    change.kind === "add-default-option" ||
    change.kind === "remove-default-option"
  );
}
