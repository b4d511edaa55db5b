import type { AccessIndex } from "../analysis/access-index.ts";
import type { Change } from "../model/change.ts";
import type { Need, Requirement } from "../model/requirements.ts";
import { describeName, describeTyped, resourceKey, tableOf, type Resource } from "../model/resource.ts";
import { PUBLIC, type RoleName } from "../model/role.ts";
import type { Plan } from "../plan/plan.ts";
import { resourcesOf, rolesOf } from "../plan/subjects.ts";
import { needsOf } from "./decide.ts";

/** Why a right is not there after a change, and the least that leaves it there. */
export interface Cause {
  /** The changes of the plan that take it, as indexes, sorted. Empty: none takes it by itself. */
  readonly changes: readonly number[];
  /** One sentence: what to keep. */
  readonly mend: string;
}

/** The changes that take a right from a role, and what would keep it. `before` is the state in which the role had it; of several rights that would do, one that it had. */
export function causeOf(
  requirement: Requirement,
  caller: RoleName,
  given: { readonly plan: Plan; readonly before: AccessIndex },
): Cause {
  const found = needsOf(requirement).map((need) => causeOfNeed(need, caller, given));
  return found.find(({ changes }) => changes.length > 0) ?? found[0] ?? { changes: [], mend: "" };
}

function causeOfNeed(
  need: Need,
  caller: RoleName,
  { plan, before }: { readonly plan: Plan; readonly before: AccessIndex },
): Cause {
  const role = need.of === "caller" ? caller : need.of.role;
  const inside = (name: string): boolean =>
    name === PUBLIC || name === role || before.hasRole(role, name, "member") === true;
  const changes = plan.changes.flatMap(({ change }, index) => (takes(change, need, inside) ? [index] : []));
  return { changes, mend: mendOf(need, role, plan.changes[changes[0] ?? -1]?.change) };
}

function takes(change: Change, need: Need, inside: (name: string) => boolean): boolean {
  switch (change.kind) {
    case "remove-grant":
      return (
        inside(change.grantee) &&
        need.right.kind === "privilege" &&
        change.privileges.includes(need.right.privilege) &&
        isAbout(change, need.right.resource)
      );
    case "remove-membership":
      return inside(change.membership.member) && inside(change.membership.role);
    case "alter-membership":
      return inside(change.after.member) && inside(change.after.role);
    case "alter-role":
      return inside(change.role);
    case "drop-role":
      return inside(change.role.name);
    case "change-owner":
      return rolesOf(change).some(inside) && "resource" in need.right && isAbout(change, need.right.resource);
    case "create-role":
    case "rename-role":
    case "set-role-setting":
    case "set-password":
    case "add-membership":
    case "add-grant":
    case "add-grant-option":
    case "remove-grant-option":
    case "add-default":
    case "remove-default":
    case "add-default-option":
    case "remove-default-option":
    case "create-policy":
    case "drop-policy":
    case "alter-policy":
    case "set-row-security":
      return false;
  }
}

/** True where the change is about the resource, its table, or a column of it. */
function isAbout(change: Change, resource: Resource): boolean {
  const table = resourceKey(resource.kind === "column" ? tableOf(resource) : resource);
  return resourcesOf(change).some((each) => resourceKey(each.kind === "column" ? tableOf(each) : each) === table);
}

/** Where the plan takes it from a role that this one is in, it is that role's, or that membership, that would stay. */
function mendOf({ right }: Need, role: RoleName, taken: Change | undefined): string {
  if (taken?.kind === "remove-membership") {
    return `keep \`${describeName(taken.membership.member)}\` a member of \`${describeName(taken.membership.role)}\``;
  }
  const holder = taken?.kind === "remove-grant" ? taken.grantee : role;
  const through = holder === role || holder === PUBLIC ? "" : `, by which \`${describeName(role)}\` has it`;
  const who = holder === PUBLIC ? "everybody" : `\`${describeName(holder)}\`${through}`;
  switch (right.kind) {
    case "privilege": {
      const columns = right.columns?.kind === "listed" ? ` (${right.columns.names.map(describeName).join(", ")})` : "";
      return `keep ${right.privilege}${columns} on ${describeTyped(right.resource)} for ${who}`;
    }
    case "owner":
      return `keep ${who} among the owners of ${describeTyped(right.resource)}`;
    case "role":
      return `keep ${who} a member of \`${describeName(right.role)}\``;
    case "attribute":
      return `keep ${right.attribute} of ${who} as it is`;
  }
}
