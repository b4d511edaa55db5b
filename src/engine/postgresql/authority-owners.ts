import type { AlterPolicy, ChangeOwner, CreatePolicy, DropPolicy, SetRowSecurity } from "../../model/change.ts";
import type { Privilege } from "../../model/access-list.ts";
import { describeName, describeResource, resourceKey, schemaOf, type Resource } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import type { Authority } from "./authority.ts";
import { adminsOf } from "./authority-roles.ts";
import type { Missing } from "../missing-rights.ts";
import { joinStatement } from "./missing.ts";
import { quoteIdentifier } from "./quote.ts";
import { policyTable } from "./render-owners.ts";
import { resourceName } from "./render-names.ts";

/** Who may give something to a new owner: its owner, who can also become the new one, where the new one may create. */
export function ownerObstacles(change: ChangeOwner, authority: Authority): readonly Missing[] {
  const { me, major, reach } = authority;
  const becomes = (major < 16 ? reach.members(me) : reach.setRole(me)).has(change.to);
  return change.resources.flatMap((resource): Missing[] => {
    const action = `make \`${describeName(change.to)}\` the owner of ${describeResource(resource)}`;
    if (resource.kind === "foreign-data-wrapper") return [{ action, right: "SUPERUSER" }];
    const missing: Missing[] = [
      ...lookupObstacles(resource, me, action, authority),
      ...ownershipObstacles(change.from, resource, action, authority),
    ];
    if (!becomes) {
      missing.push({
        action,
        right: `to be able to become \`${describeName(change.to)}\``,
        statement: joinStatement(change.to, me, major),
        by: adminsOf(authority, change.to),
      });
    }
    return [...missing, ...creationObstacles(change, resource, action, authority)];
  });
}

function creationObstacles(
  { to }: ChangeOwner,
  resource: Resource,
  action: string,
  authority: Authority,
): readonly Missing[] {
  const { me, state } = authority;
  const schema = schemaOf(resource);
  if (resource.kind === "schema") {
    const database: Resource = { kind: "database", path: [resource.path[0] ?? ""] };
    return holds(authority, me, "CREATE", database) ? [] : [lacks(me, "CREATE", database, action)];
  }
  if (resource.kind === "database") {
    if (state.roles.get(me)?.attributes["createdb"] === true) return [];
    return [{ action, right: "CREATEDB", statement: `alter role ${quoteIdentifier(me)} createdb` }];
  }
  if (schema === null) return [];
  const place: Resource = { kind: "schema", path: [resource.path[0] ?? "", schema] };
  return holds(authority, to, "CREATE", place) ? [] : [lacks(to, "CREATE", place, action)];
}

/** Row policies and row security are the table owner's. */
export function policyObstacles(
  change: CreatePolicy | DropPolicy | AlterPolicy | SetRowSecurity,
  authority: Authority,
): readonly Missing[] {
  const table = policyTable(change);
  const owner = table === undefined ? undefined : authority.state.holdings.get(resourceKey(table))?.owner;
  if (table === undefined || owner === undefined || owner === null) return [];
  const action = `change row policies of ${describeResource(table)}`;
  return [
    ...lookupObstacles(table, authority.me, action, authority),
    ...ownershipObstacles(owner, table, action, authority),
  ];
}

/** Whether the connection's role has what the owner has. */
export function ownershipObstacles(
  owner: RoleName,
  resource: Resource,
  action: string,
  authority: Authority,
): readonly Missing[] {
  const { me, major, reach } = authority;
  if (reach.privileges(me, databaseOfSession(resource, authority)).has(owner)) return [];
  return [
    {
      action,
      right: `the privileges of its owner \`${describeName(owner)}\``,
      statement: joinStatement(owner, me, major),
      by: adminsOf(authority, owner),
    },
  ];
}

/** A name in a schema is found only by who may use the schema. */
export function lookupObstacles(
  resource: Resource,
  role: RoleName,
  action: string,
  authority: Authority,
): readonly Missing[] {
  const schema = schemaOf(resource);
  if (schema === null || resource.kind === "schema") return [];
  const place: Resource = { kind: "schema", path: [resource.path[0] ?? "", schema] };
  return holds(authority, role, "USAGE", place) ? [] : [lacks(role, "USAGE", place, action)];
}

function lacks(role: RoleName, privilege: Privilege, place: Resource, action: string): Missing {
  const name = place.kind === "schema" ? `schema ${describeResource(place)}` : `database ${describeResource(place)}`;
  return {
    action,
    right: `${privilege} on ${name} for \`${describeName(role)}\``,
    statement: `grant ${privilege.toLowerCase()} on ${place.kind} ${resourceName(place)} to ${quoteIdentifier(role)}`,
  };
}

const SEE_EVERYTHING: readonly RoleName[] = ["pg_read_all_data", "pg_write_all_data"];

/** Whether a role holds a privilege on a schema or a database, or will by this plan. */
function holds(authority: Authority, role: RoleName, privilege: Privilege, place: Resource): boolean {
  const { state, reach, request, major } = authority;
  if (state.roles.get(role)?.attributes["superuser"] === true) return true;
  const roles = reach.privileges(role, place.path[0] ?? null);
  if (privilege === "USAGE" && major >= 14 && SEE_EVERYTHING.some((all) => roles.has(all))) return true;
  const lists = [state, request.after].map((one) => one.holdings.get(resourceKey(place))?.list);
  return lists.some((list) =>
    list?.entries.some(
      (entry) => (entry.grantee === PUBLIC || roles.has(entry.grantee)) && entry.privileges.includes(privilege),
    ),
  );
}

/** In which database a statement about the resource runs: shared ones in the first of the target's. */
function databaseOfSession(resource: Resource, { snapshot }: Authority): string | null {
  if (resource.kind === "database" || resource.kind === "tablespace" || resource.kind === "parameter") {
    return snapshot.identity.databases[0] ?? null;
  }
  return resource.path[0] ?? null;
}
