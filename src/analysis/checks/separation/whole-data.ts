import { describeName, resourceKey } from "../../../model/resource.ts";
import type { Check, CheckContext } from "../check.ts";
import { heldBy, persons } from "./powers.ts";

/** SOD-12. */
export const wholeData: Check = {
  id: "SOD-12",
  title: "reading everything defeats a restriction that a rule about duties relies on",
  why: "A rule keeps duties apart by columns or row policies, and somebody reads past both, by replication, by bypassing row policies, or by a role that reads all data.",
  fix: "Give backup and replication to accounts of machines that no person uses.",
  danger: "medium",
  principles: ["separation of duties"],
  engines: "all",
  needs: ["declared"],
  *find(context) {
    const relying = restrictedDuties(context);
    if (relying.length === 0) return;
    for (const identity of persons(context)) {
      const held =
        heldBy(context, identity, "takes all data out") ?? bypass(context, identity.logins.get(context.target));
      if (held === null) continue;
      const named = relying.map((duty) => `\`${duty}\``).join(", ");
      yield {
        message: `\`${describeName(identity.name)}\` reads past the columns and row policies that ${named} rely on`,
        principals: [held.login],
        identities: [identity.name],
        about: identity.name,
        path: [held.way],
        over: "reachable",
        fix: { text: `take it from \`${describeName(identity.name)}\` and give it to an account of a machine` },
      };
    }
  },
};

function bypass(
  { index }: CheckContext,
  logins: readonly string[] = [],
): { readonly login: string; readonly way: string } | null {
  for (const login of logins) {
    if (index.state.roles.get(login)?.attributes["bypassrls"] !== true) continue;
    return { login, way: `\`${describeName(login)}\` has BYPASSRLS` };
  }
  return null;
}

/** The duties of rules that are about columns, or about tables with row policies. */
function restrictedDuties({ declared, index }: CheckContext): readonly string[] {
  const named = new Set((declared?.separation ?? []).flatMap((rule) => rule.duties));
  return [...(declared?.duties.values() ?? [])]
    .filter(({ name, parts }) => {
      const resources = parts.flatMap((part) => (part.kind === "privilege" ? part.resources : []));
      return named.has(name) && resources.some((each) => each.kind === "column" || hasPolicies(index, each));
    })
    .map((duty) => duty.name);
}

function hasPolicies(index: CheckContext["index"], resource: Parameters<typeof resourceKey>[0]): boolean {
  return index.recorded.holdings.get(resourceKey(resource))?.rowSecurity?.enabled === true;
}
