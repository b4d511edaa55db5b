import { type Digest, digestJson, type Json } from "../../base/digest.ts";
import { compareBy, sorted } from "../../base/order.ts";
import type { Privilege } from "../../model/access-list.ts";
import type { Change } from "../../model/change.ts";
import type { Resource } from "../../model/resource.ts";
import type { Grantee, RoleName } from "../../model/role.ts";

/** One thing that somebody is to lose: the smallest that is announced, watched and taken. */
export type RemovalItem =
  | {
      readonly kind: "grant";
      readonly id: Digest;
      readonly grantee: Grantee;
      readonly privilege: Privilege;
      readonly resource: Resource;
    }
  | { readonly kind: "membership"; readonly id: Digest; readonly member: RoleName; readonly role: RoleName };

/** What changes take from somebody, item by item, sorted. Whose copy of a grant it is does not matter; the right to pass on alone is no item, nor are attributes, owners and policies. */
export function itemsOf(changes: readonly Change[]): readonly RemovalItem[] {
  const items = new Map<Digest, RemovalItem>();
  for (const change of changes) {
    if (change.kind === "remove-grant") {
      for (const resource of change.resources) {
        for (const privilege of change.privileges) {
          const item = grantItem(change.grantee, privilege, resource);
          items.set(item.id, item);
        }
      }
    }
    if (change.kind === "remove-membership") {
      const { member, role } = change.membership;
      const item: RemovalItem = { kind: "membership", id: digestJson(["membership", member, role]), member, role };
      items.set(item.id, item);
    }
  }
  return sorted(
    items.values(),
    compareBy((item) => JSON.stringify(item)),
  );
}

function grantItem(grantee: Grantee, privilege: Privilege, resource: Resource): RemovalItem {
  const what: Json = ["grant", grantee, privilege, resource.kind, [...resource.path]];
  return { kind: "grant", id: digestJson(what), grantee, privilege, resource };
}
