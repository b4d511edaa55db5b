import type { AccessState } from "../../model/access-state.ts";
import { type Membership, type MembershipKey, membershipKey, PUBLIC, type RoleName } from "../../model/role.ts";
import { NO_GRANTOR } from "./access-lists.ts";
import type { EvaluationSettings } from "./evaluated.ts";
import type { Principals } from "./principals.ts";

/**
 * The memberships with what the server adds. MariaDB: a login may activate the roles of every account of its name that lets it in, and its default role may be one of them; the admin option counts for the account
 * alone. MySQL: mandatory roles, and what roles are members of. `whole` are the roles that hold what their own roles hold by themselves, so that nothing is inherited a second time.
 */
export function evaluatedMemberships(
  state: AccessState,
  principals: Principals,
  options: { readonly settings: EvaluationSettings; readonly whole: ReadonlySet<RoleName> },
): ReadonlyMap<MembershipKey, Membership> {
  const { settings, whole } = options;
  const found = new Map<MembershipKey, Membership>();
  const add = (membership: Membership): void => {
    const key = membershipKey(membership);
    if (!found.has(key)) found.set(key, membership);
  };
  const used = new Set(Array.from(state.memberships.values(), ({ role }) => role));
  for (const membership of state.memberships.values()) {
    const { member } = membership;
    if (whole.has(member)) add({ ...membership, inherit: false });
    else if (settings.product.rolesAreAccounts && used.has(member)) add({ ...membership, inherit: true });
    else add(membership);
  }
  if (settings.product.rolesAreAccounts) {
    for (const each of state.memberships.values()) {
      if (each.member !== PUBLIC || !each.set) continue;
      for (const member of state.roles.keys()) if (member !== each.role) add({ ...each, member });
    }
  } else {
    addShadowed(state, principals, add);
  }
  return new Map([...found.keys()].sort().map((key) => [key, found.get(key) as Membership]));
}

function addShadowed(state: AccessState, principals: Principals, add: (membership: Membership) => void): void {
  const rolesOf = new Map<RoleName, RoleName[]>();
  for (const { role, member, set } of state.memberships.values()) {
    if (set) rolesOf.set(member, [...(rolesOf.get(member) ?? []), role]);
  }
  for (const [member, looked] of principals.shadowed) {
    const wanted = state.roles.get(member)?.attributes["stale_default_role"];
    for (const name of new Set(looked.flatMap((each) => each.own))) {
      for (const role of rolesOf.get(name) ?? []) {
        const inherit = role === wanted;
        add({ role, member, grantor: NO_GRANTOR, admin: false, inherit, set: true, implied: true });
      }
    }
  }
}
