import type { Privilege } from "../../model/access-list.ts";
import type { GrantChange } from "../../model/change.ts";
import { describeName, describeResource, resourceKey, tableOf, type Resource } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { Authority } from "./authority.ts";
import { lookupObstacles, ownershipObstacles } from "./authority-owners.ts";
import { adminsOf } from "./authority-roles.ts";
import { actAs, ownerOf } from "./grant-pieces.ts";
import type { Missing } from "../missing-rights.ts";
import { joinStatement } from "./missing.ts";
import { resourceName, tableName } from "./render-names.ts";
import { quoteIdentifier } from "./quote.ts";
import { specOf } from "./privileges.ts";

/**
 * Who may give and take privileges: the owner and whoever has its privileges, in the owner's name; who holds the grant option, in its own; and who can become the grantor. The same missing right on
 * thousands of objects is found once.
 */
export function grantObstacles(change: GrantChange, authority: Authority): readonly Missing[] {
  const { snapshot, rules, me, request, state } = authority;
  const context = { state: request.moved, bootstrap: snapshot.actor.bootstrap, rules, actor: me };
  const byOwner = new Map<string, readonly Missing[]>();
  const missing: Missing[] = [];
  for (const resource of change.resources) {
    const owner = ownerOf(resource, context);
    const as = actAs(change.grantor, owner, context);
    const own = change.grantor !== owner;
    // Owners and schemas decide, and where the grantor is not the owner, the list.
    const list = own ? state.holdings.get(resourceKey(resource))?.list.id : "";
    const later = own ? request.after.holdings.get(resourceKey(resource))?.list.id : "";
    const table = own && resource.kind === "column" ? resourceKey(tableOf(resource)) : "";
    const key = [owner, resource.path.slice(0, 2).join("\0"), list, later, table].join("\0\0");
    let found = byOwner.get(key);
    if (found === undefined) {
      found = one(change, resource, owner, as, authority);
      byOwner.set(key, found);
      missing.push(...found);
    }
  }
  return missing;
}

function one(
  change: GrantChange,
  resource: Resource,
  owner: RoleName,
  as: RoleName | undefined,
  authority: Authority,
): readonly Missing[] {
  const { snapshot, reach, me, major, state } = authority;
  const verb = change.kind.startsWith("add") ? "grant" : "revoke";
  const action = `${verb} ${change.privileges.join(", ")} on ${describeResource(resource)}`;
  const by = as ?? me;
  const missing: Missing[] = [];
  if (as !== undefined && !snapshot.actor.superuser && !reach.setRole(me).has(as)) {
    return [
      {
        action: `${action} in the name of \`${describeName(as)}\``,
        right: `to be able to become \`${describeName(as)}\``,
        statement: joinStatement(as, me, major),
        by: adminsOf(authority, as),
      },
    ];
  }
  const superuser = (by === me && snapshot.actor.superuser) || state.roles.get(by)?.attributes["superuser"] === true;
  const actsAsOwner = superuser || reach.privileges(by, resource.path[0] ?? null).has(owner);
  if (change.grantor === owner) {
    if (!actsAsOwner) missing.push(...ownershipObstacles(owner, resource, action, authority));
  } else if (actsAsOwner) {
    missing.push({
      action: `${action} in the name of \`${describeName(change.grantor)}\``,
      right: `a grantor that does not act as the owner \`${describeName(owner)}\`, as this one does`,
      statement: ownerStatement(change, resource),
      by: [owner],
    });
  } else {
    const lacking = change.privileges.filter((privilege) => !mayPassOn(change.grantor, resource, privilege, authority));
    if (lacking.length > 0) missing.push(lacksOption(change, resource, lacking, owner, action));
  }
  return superuser || as !== undefined ? missing : [...missing, ...lookupObstacles(resource, by, action, authority)];
}

function mayPassOn(grantor: RoleName, resource: Resource, privilege: Privilege, authority: Authority): boolean {
  const places = resource.kind === "column" ? [resource, tableOf(resource)] : [resource];
  return [authority.state, authority.request.after].some((state) =>
    places.some((place) =>
      state.holdings
        .get(resourceKey(place))
        ?.list.entries.some((entry) => entry.grantee === grantor && entry.grantable.includes(privilege)),
    ),
  );
}

function lacksOption(
  { grantor }: GrantChange,
  resource: Resource,
  privileges: readonly Privilege[],
  owner: RoleName,
  action: string,
): Missing {
  const words = privileges.map((privilege) => privilege.toLowerCase()).join(", ");
  return {
    action,
    right: `the grant option for ${privileges.join(", ")}, held by \`${describeName(grantor)}\``,
    statement: `grant ${words} on ${objectText(resource)} to ${quoteIdentifier(grantor)} with grant option`,
    by: [owner],
  };
}

/** What the owner can do instead: take the option from the grantor, and with it what came from there. */
function ownerStatement({ grantor, privileges }: GrantChange, resource: Resource): string {
  const words = privileges.map((privilege) => privilege.toLowerCase()).join(", ");
  return `revoke grant option for ${words} on ${objectText(resource)} from ${quoteIdentifier(grantor)} cascade`;
}

function objectText(resource: Resource): string {
  const name = resource.kind === "column" ? tableName(resource) : resourceName(resource);
  return `${specOf(resource.kind).keyword.toLowerCase()} ${name}`;
}
