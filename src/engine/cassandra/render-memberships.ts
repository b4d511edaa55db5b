import { compareBy, sorted } from "../../base/order.ts";
import type { AccessState } from "../../model/access-state.ts";
import type { AddMembership } from "../../model/change.ts";
import { describeName } from "../../model/resource.ts";
import type { RenderedStatement } from "../engine.ts";
import { addEdge, edgesOf, longestWay, waysTo, type Edge } from "./membership-order.ts";
import { quoteIdentifier } from "./quote.ts";
import type { Indexed } from "./render.ts";

/**
 * Memberships in an order that the server takes: it refuses one that follows from others, so direct ones come before those that would imply them. Where what is there implies one already, that is taken for a moment, and
 * given again by the next statements.
 */
export function addMembershipStatements(
  additions: readonly Indexed<AddMembership>[],
  before: AccessState,
): RenderedStatement[] {
  if (additions.length === 0) return [];
  const now = edgesOf(before.memberships.values());
  const whole = edgesOf([...before.memberships.values(), ...additions.map(({ change }) => change.membership)]);
  const length = longestWay(whole);
  const order = compareBy<Edge>(
    (edge) => -length(edge),
    ({ role }) => role,
    ({ member }) => member,
  );
  return sorted(additions, (a, b) => order(a.change.membership, b.change.membership)).flatMap(({ index, change }) => {
    const { membership } = change;
    const ways = waysTo(now, membership).map((role) => ({ role, member: membership.member }));
    addEdge(now, membership);
    const taken = sorted(ways, order);
    return [
      ...taken.map((edge) => ({
        text: removeMembershipText(edge),
        changes: [index],
        interrupts: `until the next statements \`${describeName(edge.member)}\` is no member of \`${describeName(edge.role)}\``,
      })),
      { text: addMembershipText(membership), changes: [index] },
      ...taken.map((edge) => ({ text: addMembershipText(edge), changes: [index] })),
    ];
  });
}

function addMembershipText({ role, member }: Edge): string {
  return `grant ${quoteIdentifier(role)} to ${quoteIdentifier(member)}`;
}

export function removeMembershipText({ role, member }: Edge): string {
  return `revoke ${quoteIdentifier(role)} from ${quoteIdentifier(member)}`;
}
