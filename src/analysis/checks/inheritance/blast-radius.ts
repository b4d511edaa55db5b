import { sortedText } from "../../../base/order.ts";
import { DEFAULT_LIMITS } from "../../../model/declared.ts";
import type { Change } from "../../../model/change.ts";
import { PUBLIC, type Grantee, type RoleName } from "../../../model/role.ts";
import { addBits, type Bits } from "../../bits.ts";
import type { AccessIndex } from "../../access-index.ts";
import type { Check, CheckContext } from "../check.ts";
import { bitsOf, common, namesOf } from "../general/roles.ts";
import { who } from "../general/telling.ts";

/** INH-16. */
export const blastRadius: Check = {
  id: "INH-16",
  title: "one change alters the access of many",
  why: "A mistake in it reaches all of them at once.",
  fix: "Have somebody else look at it, or make the change for a smaller role first.",
  example: "limits: { reach: 25 }",
  danger: "medium",
  principles: ["inheritance control"],
  engines: "all",
  needs: ["plan"],
  *find(context) {
    const { change, declared } = context;
    const most = declared?.limits.reach ?? DEFAULT_LIMITS.reach;
    const changed = new Set((change?.plan.changes ?? []).flatMap((each) => holderOf(each.change)));
    for (const name of sortedText(changed)) {
      const reached = reachedBy(context, name);
      if (reached <= most) continue;
      yield {
        message: `the change of ${who(name)} alters the access of ${reached} people and programs, where ${most} need no second look`,
        principals: [name],
        about: "reach",
        fix: { text: `have the change of ${who(name)} approved by somebody who knows all of them` },
      };
    }
  },
};

/** Whose access a change alters, with everybody who is in it. */
function holderOf(change: Change): readonly Grantee[] {
  switch (change.kind) {
    case "add-grant":
    case "remove-grant":
    case "add-grant-option":
    case "remove-grant-option":
    case "add-default":
    case "remove-default":
    case "add-default-option":
    case "remove-default-option":
      return [change.grantee];
    case "add-membership":
    case "remove-membership":
      return [change.membership.member];
    case "alter-membership":
      return [change.after.member];
    case "change-owner":
      return [change.from, change.to];
    case "drop-role":
      return [change.role.name];
    case "alter-role":
      return [change.role];
    case "create-policy":
    case "drop-policy":
      return change.policy.roles;
    case "alter-policy":
      return [...change.before.roles, ...change.after.roles];
    case "create-role":
    case "rename-role":
    case "set-role-setting":
    case "set-password":
    case "set-row-security":
      return [];
  }
}

/** How many identities, and logins of nobody, have what the role has, before or after the change. */
function reachedBy({ change, index, logins, people }: CheckContext, name: Grantee): number {
  const all = bitsOf(index, logins);
  const reached = name === PUBLIC ? all : common(membersOf(index, name), all);
  if (change !== null) addBits(reached, common(membersOf(change.before, name), all));
  return new Set(namesOf(index, reached).map((login) => people.of(login)?.name ?? `\0${login}`)).size;
}

function membersOf({ graph }: AccessIndex, name: RoleName): Bits {
  const id = graph.idOf(name);
  return id < 0 ? new Uint32Array(graph.existing.length) : graph.members(id, null);
}
