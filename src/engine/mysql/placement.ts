import { type Change, type GrantChange, isGrantChange } from "../../model/change.ts";
import { PUBLIC } from "../../model/role.ts";
import type { Placement } from "../engine.ts";
import { DATABASE } from "./normalize.ts";
import { REVOKED } from "./privileges.ts";
import type { Product } from "./product.ts";
import { isDefaultChange, takesMembership } from "./render-memberships.ts";
import { isBareRole, reduces } from "./render-roles.ts";

/**
 * The stage of a change. What decides about an account's one default role runs at the end of the additions: the new one has all it should have by then, and nobody is without both. A partial revoke takes, and
 * lifting one gives; both wait for the removals, among which lifting comes first.
 */
export function placement(change: Change, product: Product): Placement {
  if (isGrantChange(change)) return { stage: addsGrant(change) ? "add" : "remove", database: DATABASE };
  switch (change.kind) {
    case "alter-role":
      return { stage: reduces(change) ? "finish" : "prepare", database: null };
    case "add-membership":
    case "alter-membership":
    case "remove-membership":
      if (isNesting(change, product)) {
        return { stage: change.kind === "remove-membership" ? "remove" : "add", database: DATABASE };
      }
      if (isDefaultChange(change, product)) return { stage: "add", database: DATABASE };
      return { stage: takesMembership(change) ? "finish" : "prepare", database: null };
    case "drop-role":
      return { stage: "finish", database: null };
    case "rename-role":
    case "create-role":
    case "set-password":
      return { stage: "prepare", database: null };
    case "set-role-setting":
    case "change-owner":
    case "add-default":
    case "remove-default":
    case "add-default-option":
    case "remove-default-option":
    case "create-policy":
    case "alter-policy":
    case "drop-policy":
    case "set-row-security":
      throw new TypeError(`${change.kind}: there is no such thing here`);
  }
}

/** MariaDB: what a role, or everybody, is a member of is merged with its own rows at once; so it stands beside changes of these. */
function isNesting(change: Change, product: Product): boolean {
  if (change.kind !== "add-membership" && change.kind !== "remove-membership") return false;
  const { member } = change.membership;
  return !product.rolesAreAccounts && (member === PUBLIC || isBareRole(member, product));
}

function addsGrant({ kind, privileges }: GrantChange): boolean {
  if (privileges.some((privilege) => privilege.startsWith(REVOKED))) return false;
  return kind === "add-grant" || kind === "add-grant-option";
}
