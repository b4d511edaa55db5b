import type { Change, GrantChange } from "../../../model/change.ts";
import type { LopsidedMembership } from "../../../model/posture/cassandra.ts";
import { databaseOf, type Resource, resourceKey } from "../../../model/resource.ts";
import type { Membership, RoleName } from "../../../model/role.ts";
import type { Check, CheckContext, Gap, Hit } from "../check.ts";
import { fixSql } from "../fix-sql.ts";
import { several, what, who } from "../general/telling.ts";

/** INH-08. */
export const memberTables: Check = {
  id: "INH-08",
  title: "tables of roles and grants do not say the same as those that the server cleans up by",
  why: "`roles.member_of` and `role_permissions` decide who may do what; `role_members` and the index of grants are what DROP ROLE and DROP TABLE go by. Where they differ, access stays when its role or its thing is gone, and a new one of that name gives it again.",
  fix: "Revoke it and grant it again by statements: both tables are written then.",
  example: "revoke readers from ann;\ngrant readers to ann;",
  danger: "medium",
  principles: ["inheritance control", "traceability"],
  engines: ["cassandra"],
  needs: ["posture"],
  *find(context): Iterable<Hit | Gap> {
    const { lopsided = null, unindexed = null } = context.posture?.cassandra ?? {};
    if (lopsided === null || unindexed === null) {
      yield {
        unknown: "the tables that the server cleans up by were not read",
        help: "have a superuser run: grant select on keyspace system_auth to us",
      };
      return;
    }
    for (const each of lopsided) if (context.inScope(each.member)) yield ofMembership(context, each);
    const known = unindexed.filter(({ role }) => context.inScope(role));
    for (const [role, grants] of Map.groupBy(known, (each) => each.role)) {
      const places = grants.map(({ resource }) => resource).filter((each) => isThere(context, each));
      if (places.length > 0) yield ofGrants(context, role, places);
    }
  },
};

function ofMembership(context: CheckContext, { role, member, only }: LopsidedMembership): Hit {
  const membership: Membership = { role, member, grantor: "", admin: false, inherit: true, set: false, implied: false };
  const grant = statements(context, { kind: "add-membership", membership });
  const revoke = statements(context, { kind: "remove-membership", membership });
  const decides = only === "member_of";
  return {
    message: decides
      ? `${who(member)} is in ${who(role)}, and \`role_members\` does not say so: it stays in it when ${who(role)} is dropped`
      : `\`role_members\` says that ${who(member)} is in ${who(role)}, and it is not`,
    principals: [member],
    about: `${only}\0${role}`,
    fix: {
      text: decides
        ? `revoke ${who(role)} from ${who(member)}, and grant it again`
        : `grant ${who(role)} to ${who(member)}, and revoke it again`,
      sql: decides ? [...revoke, ...grant] : [...grant, ...revoke],
    },
  };
}

/** What is not there cannot be revoked: that is told of as something granted on what does not exist. */
function isThere({ index }: CheckContext, resource: Resource): boolean {
  const entry = index.catalog.entries.get(resourceKey(resource));
  return entry !== undefined && entry.missing !== true;
}

function ofGrants(context: CheckContext, role: RoleName, resources: readonly Resource[]): Hit {
  return {
    message: `what ${who(role)} holds on ${what(resources)} stands in no index: it stays when that is dropped, and holds again on a new one of that name`,
    principals: [role],
    resources,
    fix: {
      text: `revoke one of the privileges of ${several([role])} there, and grant it again`,
      sql: resources.flatMap((resource) => again(context, role, resource)),
    },
  };
}

/** One privilege is enough: a GRANT that gives something writes the index. */
function again(context: CheckContext, grantee: RoleName, resource: Resource): readonly string[] {
  const { kind: resourceKind } = resource;
  const entries = context.index.recorded.holdings.get(resourceKey(resource))?.list.entries ?? [];
  const privileges = (entries.find((each) => each.grantee === grantee)?.privileges ?? []).slice(0, 1);
  if (privileges.length === 0) return [];
  const one: Omit<GrantChange, "kind"> = {
    resourceKind,
    database: databaseOf(resource),
    resources: [resource],
    privileges,
    grantee,
    grantor: "",
    grantable: false,
  };
  const both: readonly GrantChange[] = [
    { kind: "remove-grant", ...one },
    { kind: "add-grant", ...one },
  ];
  return both.flatMap((change) => statements(context, change));
}

function statements(context: CheckContext, change: Change): readonly string[] {
  return fixSql({ text: "", changes: [change] }, context);
}
