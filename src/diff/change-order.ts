import { compareParts } from "../base/order.ts";
import { isDefaultChange, isGrantChange, type Change, type DefaultChange, type GrantChange } from "../model/change.ts";
import { compareResources } from "../model/resource.ts";

/** The order in which changes are listed in a plan, and in which `predict` makes them: renames, what appears, owners, then what disappears. */
export function compareChanges(a: Change, b: Change): number {
  return RANK[a.kind] - RANK[b.kind] || compareParts(sortParts(a), sortParts(b)) || compareFirst(a, b);
}

const RANK: Readonly<Record<Change["kind"], number>> = {
  "rename-role": 0,
  "create-role": 1,
  "alter-role": 2,
  "set-role-setting": 3,
  "set-password": 4,
  "add-membership": 5,
  "alter-membership": 6,
  "change-owner": 7,
  "add-grant": 8,
  "add-grant-option": 9,
  "add-default": 10,
  "add-default-option": 11,
  "create-policy": 12,
  "alter-policy": 13,
  "set-row-security": 14,
  "drop-policy": 15,
  "remove-default-option": 16,
  "remove-default": 17,
  "remove-grant-option": 18,
  "remove-grant": 19,
  "remove-membership": 20,
  "drop-role": 21,
};

function sortParts(change: Change): readonly string[] {
  if (isGrantChange(change)) {
    const { database, grantee, grantor, grantable, privileges } = change;
    return [database ?? "", grantee, grantor, String(grantable), privileges.join(",")];
  }
  if (isDefaultChange(change)) {
    const { target, grantee, grantable, privileges } = change;
    const { database, creator, schema, kind } = target;
    return [database, creator, schema ?? "", kind, grantee, String(grantable), privileges.join(",")];
  }
  return otherParts(change);
}

function otherParts(change: Exclude<Change, GrantChange | DefaultChange>): readonly string[] {
  let parts: readonly string[];
  switch (change.kind) {
    case "rename-role":
      parts = [change.from, change.to];
      break;
    case "create-role":
    case "drop-role":
      parts = [change.role.name];
      break;
    case "alter-role":
      parts = [change.role, ...change.attributes.map((attribute) => attribute.name)];
      break;
    case "set-role-setting":
      parts = [change.role, change.database ?? "", change.name];
      break;
    case "set-password":
      parts = [change.role];
      break;
    case "add-membership":
    case "remove-membership":
      parts = [change.membership.role, change.membership.member, change.membership.grantor];
      break;
    case "alter-membership":
      parts = [change.after.role, change.after.member, change.after.grantor];
      break;
    case "change-owner":
      parts = [change.database ?? "", change.from, change.to];
      break;
    case "create-policy":
    case "drop-policy":
      parts = [...change.policy.table.path, change.policy.name];
      break;
    case "alter-policy":
      parts = [...change.after.table.path, change.after.name];
      break;
    case "set-row-security":
      parts = change.table.path;
      break;
  }
  return parts;
}

function compareFirst(a: Change, b: Change): number {
  if (!("resources" in a) || !("resources" in b)) return 0;
  const [first] = a.resources;
  const [second] = b.resources;
  if (first === undefined || second === undefined) return a.resources.length - b.resources.length;
  return compareResources(first, second);
}
