import type { LeftoverRow } from "../../../model/posture/cassandra.ts";
import { describeName } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { sortedText } from "../../../base/order.ts";
import type { Check, CheckContext, Gap, Hit } from "../check.ts";
import { joined, who } from "../general/telling.ts";

/** DRF-05. Grants of roles that exist on things that do not are HID-09's. */
export const danglingRows: Check = {
  id: "DRF-05",
  title: "rows of roles and grants are left of what is gone",
  why: "Tables of roles and grants are written one after the other: what could not be cleaned up stays. A new role of the old name has at once what the old one had, and nobody granted it.",
  fix: "Make a role of that name and drop it: the server cleans up what it finds of it.",
  example: "create role gone;\ndrop role gone;",
  danger: "medium",
  principles: ["least privilege", "traceability"],
  engines: ["cassandra"],
  needs: ["posture"],
  *find(context): Iterable<Hit | Gap> {
    const rows = context.posture?.cassandra?.leftovers ?? null;
    if (rows === null) {
      yield {
        unknown: "the rows of roles and grants were not read",
        help: "have a superuser run: grant select on keyspace system_auth to us",
      };
      return;
    }
    for (const [role, left] of Map.groupBy(rows, (each) => each.role)) {
      const ofRole = left.filter(({ missing }) => missing === "role");
      if (ofRole.length > 0) yield ofGoneRole(context, role, ofRole);
      const members = left.filter(({ missing }) => missing === "member");
      for (const { about } of members) yield ofGoneMember(context, role, about);
      const grants = left.filter(({ missing }) => missing === "grant");
      if (grants.length > 0) yield ofGoneGrants(role, grants);
    }
  },
};

function ofGoneRole({ dialect }: CheckContext, role: RoleName, left: readonly LeftoverRow[]): Hit {
  const name = dialect.quoteIdentifier(role);
  const tables = sortedText(left.map(({ table }) => table)).map((each) => `\`${each}\``);
  const identities = left
    .filter(({ table }) => table === "identity_to_role")
    .map(({ about }) => `'${about.replaceAll("'", "''")}'`);
  const gives = left.some(({ table }) => table === "role_permissions" || table === "identity_to_role");
  return {
    message: `there is no role ${who(role)}, and rows of it are left in ${joined(tables)}${gives ? ": a new role of that name has what it had" : ""}`,
    principals: [role],
    about: "role",
    fix: {
      text: `make a role ${who(role)} and drop it`,
      // No role can be made that has an identity already.
      sql: [...identities.map((each) => `drop identity ${each};`), `create role ${name};`, `drop role ${name};`],
    },
  };
}

function ofGoneMember({ dialect }: CheckContext, role: RoleName, member: RoleName): Hit {
  const [group, name] = [role, member].map((each) => dialect.quoteIdentifier(each));
  return {
    message: `\`role_members\` says that ${who(member)} is in ${who(role)}, and there is no such role`,
    principals: [role],
    about: `member\0${member}`,
    fix: {
      text: `make a role ${who(member)}, put it into ${who(role)}, take it out again, and drop it`,
      sql: [
        `create role ${name};`,
        `grant ${group} to ${name};`,
        `revoke ${group} from ${name};`,
        `drop role ${name};`,
      ],
    },
  };
}

/** They give nothing, and lead the server to nothing when it cleans up. */
function ofGoneGrants(role: RoleName, left: readonly LeftoverRow[]): Hit {
  const places = left.map(({ about }) => `\`${describeName(about)}\``);
  return {
    message: `the index of grants says that ${who(role)} holds something on ${joined(places.slice(0, 3))}${places.length > 3 ? ` and ${places.length - 3} more` : ""}, and it does not`,
    principals: [role],
    about: "grant",
    danger: "info",
    fix: { text: "grant something there and revoke it again, or leave it: it gives nobody anything" },
  };
}
