import type { AlterRole } from "../../../model/change.ts";
import { compareResources, type Resource, resourceKey } from "../../../model/resource.ts";
import type { Role, RoleName } from "../../../model/role.ts";
import { holdersOf } from "../../access-index.ts";
import { hasBit } from "../../bits.ts";
import type { Check, CheckContext } from "../check.ts";
import { attributeLines } from "../general/lines.ts";
import { bitsOf, common, namesOf, purposesOf } from "../general/roles.ts";
import { several, what, who } from "../general/telling.ts";

/** ADM-05. */
export const createroleOld: Check = {
  id: "ADM-05",
  title: "CREATEROLE can make anybody of everybody",
  why: "Until PostgreSQL 15 who has CREATEROLE sets the password of every role that is no superuser and makes itself a member of any of them: of those that run programs on the server too.",
  fix: "Take CREATEROLE, upgrade to 16, or give a function that makes just the roles that are needed.",
  example: "roles:\n  ops: { createrole: false }",
  danger: "critical",
  principles: ["least privilege"],
  engines: ["postgresql"],
  versions: ({ major }) => major < 16,
  cis: ["CIS PostgreSQL 4.3"],
  *find(context) {
    for (const { name } of bearers(context, "createrole")) {
      const others = becoming(context, name);
      yield {
        message: `${who(name)} has CREATEROLE, and so every role but superusers${also(others)}`,
        principals: [name],
        about: "createrole",
        over: "escalable",
        fix: withoutAttribute(name, "createrole"),
      };
    }
  },
};

/** ADM-06. */
export const createroleAdmin: Check = {
  id: "ADM-06",
  title: "CREATEROLE and ADMIN together decide over other roles",
  why: "Who has both sets the passwords, memberships and settings of those roles, and so can be any of them.",
  fix: "Have one such role for each team, and see that it reaches the roles of that team alone.",
  example: "roles:\n  sales_admin: { createrole: true, because: makes the logins of sales }",
  danger: "high",
  principles: ["least privilege", "inheritance control"],
  engines: ["postgresql"],
  versions: ({ major }) => major >= 16,
  cis: ["CIS PostgreSQL 4.3"],
  *find(context) {
    const { graph } = context.index;
    for (const { name } of bearers(context, "createrole")) {
      const id = graph.idOf(name);
      const reached = [...graph.adminRows.keys()]
        .filter((role) => hasBit(graph.admins(role, null), id))
        .map((role) => graph.names[role] as RoleName);
      if (reached.length === 0) continue;
      yield {
        message: `${who(name)} has CREATEROLE and ADMIN on ${several(reached)}${also(becoming(context, name))}`,
        principals: [name],
        about: reached.toSorted().join("\0"),
        over: "escalable",
        fix: withoutAttribute(name, "createrole"),
      };
    }
  },
};

/** ADM-07. */
export const replicationLogin: Check = {
  id: "ADM-07",
  title: "a login that is for something else has REPLICATION",
  why: "It can copy the whole cluster, every row and every password hash, past all privileges.",
  fix: "Replicate and back up with a login of their own, which a line of pg_hba.conf binds to their machines.",
  example: "roles:\n  replica: { login: true, replication: true, purpose: replication }",
  danger: "critical",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.3"],
  *find(context) {
    for (const { name, attributes } of bearers(context, "replication")) {
      const purposes = purposesOf(context, name);
      if (attributes["login"] !== true || purposes.has("replication") || purposes.has("backup")) continue;
      yield {
        message: `the login ${who(name)} has REPLICATION, and was not declared to be for replication or backup`,
        principals: [name],
        about: "replication",
        fix: withoutAttribute(name, "replication"),
      };
    }
  },
};

const ROWS = ["SELECT", "INSERT", "UPDATE", "DELETE"];

/** ADM-08. */
export const bypassesPolicies: Check = {
  id: "ADM-08",
  title: "a role sees all rows past row policies",
  why: "BYPASSRLS makes every policy as if it were not there, on every table that the role holds anything on.",
  fix: "Take the attribute, and write a policy that says what the role may see.",
  example: "row_policies:\n  - table: sales.orders\n    policies: { auditors: { to: [auditor], using: 'true' } }",
  danger: "high",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.7"],
  *find(context) {
    const roles = bearers(context, "bypassrls");
    if (roles.length === 0) return;
    const { index } = context;
    const guarded = [...index.recorded.holdings.values()].filter((each) => each.rowSecurity?.enabled === true);
    for (const { name } of roles) {
      const id = index.graph.idOf(name);
      const seen = guarded.map((each) => each.resource).filter((table) => holdsRows(context, id, table));
      if (seen.length === 0) continue;
      const resources = seen.toSorted(compareResources);
      yield {
        message: `${who(name)} bypasses the row policies of ${what(resources)}${also(becoming(context, name))}`,
        principals: [name],
        resources,
        fix: withoutAttribute(name, "bypassrls"),
      };
    }
  },
};

function holdsRows({ index }: CheckContext, id: number, table: Resource): boolean {
  const place = index.classes.of(resourceKey(table));
  if (place === undefined) return false;
  return ROWS.some((each) => {
    const { everybody, roles } = holdersOf(index, place, index.bits.bit("table", each), {});
    return everybody || hasBit(roles, id);
  });
}

/** Roles in scope that bear an attribute and are no superusers, who need none. */
function bearers({ roles, index: { graph } }: CheckContext, attribute: string): readonly Role[] {
  return roles.filter(
    ({ name, attributes }) => attributes[attribute] === true && !hasBit(graph.superuserRoles, graph.idOf(name)),
  );
}

/** Other logins in scope that may become the role. */
function becoming(context: CheckContext, name: RoleName): readonly RoleName[] {
  const { graph } = context.index;
  const id = graph.idOf(name);
  const others = namesOf(context.index, common(graph.setters(id, null), bitsOf(context.index, context.logins)));
  return others.filter((each) => each !== name);
}

function also(others: readonly RoleName[]): string {
  return others.length === 0 ? "" : `; ${several(others)} may become it`;
}

function withoutAttribute(
  name: RoleName,
  attribute: string,
): { readonly text: string; readonly manifest: readonly string[]; readonly changes: readonly AlterRole[] } {
  return {
    text: `take ${attribute.toUpperCase()} from ${who(name)}`,
    manifest: attributeLines(name, { [attribute]: false }),
    changes: [{ kind: "alter-role", role: name, attributes: [{ name: attribute, before: true, after: false }] }],
  };
}
