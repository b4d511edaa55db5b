import { sortedText } from "../../base/order.ts";
import { type Change, isGrantChange } from "../../model/change.ts";
import type { ResourceKind } from "../../model/resource.ts";
import { type Grantee, PUBLIC } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { KeptBySessions } from "../engine.ts";
import { REVOKED } from "./privileges.ts";
import type { Product } from "./product.ts";
import { isBareRole } from "./render-roles.ts";
import { matches } from "./specificity.ts";

const GLOBAL: ReadonlySet<ResourceKind> = new Set(["server", "all-schemas", "dynamic-privilege"]);
const NOTHING: KeptBySessions = { kind: "nothing" };

/**
 * What open sessions keep of access that a change takes away. What is held on `*.*` is worked out when a session begins, or activates a role: also what comes from that role, from roles nested in it, or from PUBLIC.
 * What is held on a schema stays for the session's current one until its next USE. A role that was activated stays active.
 */
export function keptBySessions(change: Change, snapshot: Snapshot, product: Product): KeptBySessions {
  if (isGrantChange(change)) {
    const { kind, privileges, grantee, resources, resourceKind } = change;
    const refuses = kind === "add-grant" && privileges.some((privilege) => privilege.startsWith(REVOKED));
    if (kind !== "remove-grant" && !refuses) return NOTHING;
    if (GLOBAL.has(resourceKind)) return { kind: "login", role: grantee };
    const names = resources.map(({ path }) => path[1] ?? "");
    if (resourceKind === "schema") return { kind: "schema", role: grantee, schemas: sortedText(names) };
    if (resourceKind !== "schema-pattern") return NOTHING;
    return { kind: "schema", role: grantee, schemas: schemasOf(names, snapshot) };
  }
  if (change.kind !== "remove-membership") return NOTHING;
  const { role, member } = change.membership;
  if (member !== PUBLIC && !isBareRole(member, product)) return { kind: "role", role, member };
  return holdsGlobally(role, snapshot) ? { kind: "login", role: member } : NOTHING;
}

/** The schemas that some patterns cover, those too that only grants know: a session may be in one that was made since. */
function schemasOf(patterns: readonly string[], { access }: Snapshot): readonly string[] {
  const found = new Set<string>();
  for (const { resource } of access.holdings.values()) {
    const name = resource.path[1] ?? "";
    if (resource.kind === "schema" && patterns.some((pattern) => matches(pattern, name))) found.add(name);
  }
  return sortedText(found);
}

/** Whether a role has something on `*.*`, by itself or by what it is a member of. */
function holdsGlobally(role: Grantee, { access }: Snapshot): boolean {
  const names = new Set([role]);
  for (const name of names) {
    for (const membership of access.memberships.values()) if (membership.member === name) names.add(membership.role);
  }
  for (const { resource, list } of access.holdings.values()) {
    if (GLOBAL.has(resource.kind) && list.entries.some(({ grantee }) => names.has(grantee))) return true;
  }
  return false;
}
