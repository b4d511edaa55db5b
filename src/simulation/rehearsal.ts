import { compareText } from "../base/order.ts";
import type { AccessState } from "../model/access-state.ts";
import { describeTyped } from "../model/resource.ts";
import { describeName } from "../model/resource.ts";

/**
 * Where the shadow stands otherwise after the plan's statements than the plan promises, one sentence each, sorted. Only what the shadow holds is compared, and only what the plan was to change: what was not
 * reproduced is a gap of the shadow.
 */
export function rehearsalDifferences(
  promised: AccessState,
  reached: AccessState,
  live: AccessState,
): readonly string[] {
  const found: string[] = [];
  for (const [key, holding] of reached.holdings) {
    const wanted = promised.holdings.get(key);
    if (wanted === undefined || wanted.list.id === holding.list.id) continue;
    if (live.holdings.get(key)?.list.id === wanted.list.id) continue;
    found.push(`the access list of ${describeTyped(holding.resource)}`);
  }
  for (const name of promised.roles.keys()) {
    if (!live.roles.has(name) && !reached.roles.has(name))
      found.push(`the role \`${describeName(name)}\` is not there`);
  }
  for (const name of live.roles.keys()) {
    if (!promised.roles.has(name) && reached.roles.has(name))
      found.push(`the role \`${describeName(name)}\` is still there`);
  }
  for (const [key, membership] of promised.memberships) {
    if (!live.memberships.has(key) && !reached.memberships.has(key)) {
      found.push(`\`${describeName(membership.member)}\` is no member of \`${describeName(membership.role)}\``);
    }
  }
  return found.sort(compareText);
}
