import { sortedText } from "../../base/order.ts";
import { describeName } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import type { MembershipClaim } from "../claims.ts";
import type { ResolveContext } from "../context.ts";
import type { ResolvedMemberships } from "../resolve-memberships.ts";

/** What a role with the preset `admin` can do is inherited on purpose or not at all: a membership in it, straight or through others, that leaves `inherit` out is a finding. */
export function adviseOnAdministrators(context: ResolveContext, { memberships, claimsOf }: ResolvedMemberships): void {
  const administrators = new Set(
    context.claims.grants.filter(({ preset }) => preset?.name === "admin").map(({ grantee }) => grantee),
  );
  if (administrators.size === 0) return;
  const rows = [...memberships.values()].filter(({ inherit, member }) => inherit && inherits(member, context));
  const source = spread(administrators, rows);
  for (const claim of [...claimsOf.values()].flat()) {
    const administrator = source.get(claim.role);
    if (administrator === undefined || !isSilent(claim, context)) continue;
    const through = administrator === claim.role ? "" : ` through \`${describeName(claim.role)}\``;
    const who = claim.member === PUBLIC ? "everybody" : `\`${describeName(claim.member)}\``;
    const message = `${who} has the rights of \`${describeName(administrator)}\`, which has the preset \`admin\`, in every session${through}, and no line says \`inherit\``;
    context.findings.add("RW244", claim.source.paths[0], message, {
      severity: "warning",
      help: helpFor(claim, context),
    });
  }
}

function isSilent(claim: MembershipClaim, context: ResolveContext): boolean {
  return claim.present && claim.inherit && !claim.said.includes("inherit") && inherits(claim.member, context);
}

/** Before PostgreSQL 16 the member decides for all of its memberships. */
function inherits(member: RoleName, { roles, rules }: ResolveContext): boolean {
  return rules.membershipOptions || roles.get(member)?.attributes["inherit"] !== false;
}

/** Who carries the rights of which of these roles; of several, the first by name. */
function spread(
  administrators: ReadonlySet<RoleName>,
  rows: readonly { readonly role: RoleName; readonly member: RoleName }[],
): ReadonlyMap<RoleName, RoleName> {
  const membersOf = Map.groupBy(rows, (row) => row.role);
  const source = new Map<RoleName, RoleName>();
  for (const administrator of sortedText(administrators)) {
    const open = [administrator];
    for (let role = open.pop(); role !== undefined; role = open.pop()) {
      if (source.has(role)) continue;
      source.set(role, administrator);
      open.push(...(membersOf.get(role) ?? []).map(({ member }) => member));
    }
  }
  return source;
}

function helpFor({ role, member }: MembershipClaim, { rules }: ResolveContext): string {
  const wished = { role, member, grantor: "", admin: false, inherit: false, set: true, implied: false };
  if (rules.membershipOptions && !rules.normalMembership(wished).inherit) {
    return "say `inherit: false` and use it with `set role`, or `inherit: true` where it is meant";
  }
  return "this server does not let it be chosen for the membership: say `inherit: true` where it is meant";
}
