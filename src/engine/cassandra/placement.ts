import { isGrantChange, type Change } from "../../model/change.ts";
import type { Placement } from "../engine.ts";
import { onlyAdds } from "./render-roles.ts";

/** Sorts a change into its stage: what adds first, what takes away last, and what takes away from roles themselves at the very end. */
export function placement(change: Change): Placement {
  if (isGrantChange(change)) {
    const adds = change.kind === "add-grant" || change.kind === "add-grant-option";
    if (change.database === null) return { stage: adds ? "prepare" : "finish", database: null };
    return { stage: adds ? "add" : "remove", database: change.database };
  }
  switch (change.kind) {
    case "alter-role":
      return { stage: onlyAdds(change) ? "prepare" : "finish", database: null };
    case "create-role":
    case "set-password":
    case "add-membership":
      return { stage: "prepare", database: null };
    case "remove-membership":
    case "drop-role":
      return { stage: "finish", database: null };
    case "rename-role":
    case "set-role-setting":
    case "alter-membership":
    case "add-default":
    case "add-default-option":
    case "remove-default":
    case "remove-default-option":
    case "change-owner":
    case "create-policy":
    case "drop-policy":
    case "alter-policy":
    case "set-row-security":
      // The state rules refuse them, so none is ever planned.
      return { stage: "prepare", database: null };
  }
}
