import { personal } from "../../audit/entry/commitment.ts";
import type { RemovalRef } from "../../audit/entry/event.ts";
import { toldOf } from "../../audit/entry/told.ts";
import type { Digest } from "../../base/digest.ts";
import { describeTyped } from "../../model/resource.ts";
import type { RemovalItem } from "../../simulation/removals/item.ts";
import type { TargetEvent } from "../trail.ts";

/** What the audit log says of an announcement. */
export function announcedEntry(
  plan: Digest,
  { items, highRisk }: { readonly items: readonly RemovalItem[]; readonly highRisk: boolean },
): TargetEvent {
  return {
    type: "removal.announced",
    plan: { digest: plan },
    count: items.length,
    items: items.slice(0, MAX_NAMED).map(refOf),
    high_risk: highRisk,
  };
}

/** What it says of a removal that was stopped. */
export function cancelledEntry(item: RemovalItem, cause: "used" | "asked", because: string): TargetEvent {
  return { type: "removal.cancelled", items: [refOf(item)], cause, because: toldOf(because) };
}

/** So many items are named in one entry; the plan has all of them. */
const MAX_NAMED = 24;

function refOf(item: RemovalItem): RemovalRef {
  const id = personal(item.id);
  if (item.kind === "membership") {
    const subject = toldOf([item.role, item.member].join(", "));
    return { item: id, op: "remove-membership", subject };
  }
  const subject = toldOf(item.grantee === "" ? "public" : item.grantee);
  const object = toldOf(describeTyped(item.resource));
  return { item: id, op: "remove-grant", subject, object, privileges: [item.privilege] };
}
