import { deepEqual, equal, ok } from "node:assert/strict";
import { sortedText } from "../base/order.ts";
import type { Dialect } from "../engine/engine.ts";
import { accessList, type AccessEntry } from "../model/access-list.ts";
import type { Holding } from "../model/access-state.ts";
import { databaseOf, describeTyped, resourceKey } from "../model/resource.ts";
import { membershipKey, PUBLIC } from "../model/role.ts";
import type { Snapshot } from "../model/snapshot.ts";

/** Throws when something that was read is not as AccessState promises, or is more than the engine says it can do. */
export function checkNormalForm(live: Snapshot, { capabilities, rules }: Dialect): void {
  const { access, catalog } = live;
  deepEqual(catalog.databases, live.identity.databases);
  if (capabilities.databases === "one") equal(catalog.databases.length, 1);
  if (!capabilities.defaultPrivileges) equal(access.defaultPrivileges.size, 0);
  if (!capabilities.rowPolicies) equal(access.rowPolicies.size, 0);
  for (const [name, role] of access.roles) {
    equal(role.name, name);
    const known = new Set(Object.keys(rules.defaultAttributes(name)));
    for (const attribute of Object.keys(role.attributes)) ok(known.has(attribute), `${name} has ${attribute}`);
  }
  for (const [key, membership] of access.memberships) {
    equal(membershipKey(membership), key);
    deepEqual(rules.normalMembership(membership), membership);
    if (!capabilities.grantors) equal(membership.grantor, "");
    for (const name of [membership.role, membership.member]) {
      ok(access.roles.has(name) || (name === PUBLIC && capabilities.publicGrantee), `there is no role \`${name}\``);
    }
  }
  for (const [key, holding] of access.holdings) {
    equal(resourceKey(holding.resource), key);
    checkHolding(holding, { capabilities, rules }, catalog.databases);
  }
}

function checkHolding(
  { resource, owner, list }: Holding,
  { capabilities, rules }: Pick<Dialect, "capabilities" | "rules">,
  databases: readonly string[],
): void {
  const what = describeTyped(resource);
  const database = databaseOf(resource);
  ok(database === null || databases.includes(database), `${what} is in no database that was read`);
  if (!capabilities.ownership) equal(owner, null, what);
  if (resource.kind === "column") ok(capabilities.columnGrants, what);
  equal(accessList(list.entries).id, list.id, what);
  const known = new Set(rules.privilegesOf(resource.kind));
  for (const entry of list.entries) checkEntry(entry, what, known, capabilities);
}

function checkEntry(
  { grantee, grantor, privileges, grantable }: AccessEntry,
  what: string,
  known: ReadonlySet<string>,
  capabilities: Dialect["capabilities"],
): void {
  if (!capabilities.grantors) equal(grantor, "", what);
  if (!capabilities.publicGrantee) ok(grantee !== PUBLIC, what);
  deepEqual(sortedText(privileges), privileges, what);
  deepEqual(sortedText(grantable), grantable, what);
  for (const privilege of privileges) ok(known.has(privilege), `${privilege} on ${what}`);
  for (const privilege of grantable) ok(privileges.includes(privilege), `${privilege} on ${what} can be passed on`);
}
