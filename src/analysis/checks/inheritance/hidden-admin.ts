import { sortedText } from "../../../base/order.ts";
import type { RoleName } from "../../../model/role.ts";
import { administers } from "../../administrators.ts";
import type { EscalationPath } from "../../escalation/escalation.ts";
import type { Check, CheckContext } from "../check.ts";
import { who, several } from "../general/telling.ts";

/** INH-07. */
export const hiddenAdmin: Check = {
  id: "INH-07",
  title: "a login that is no administrator can make itself one",
  why: "No attribute and no list shows it: each step is allowed, and the last one is everything on the server.",
  fix: "Cut the step that is named last, or declare the login an administrator.",
  danger: "critical",
  principles: ["inheritance control"],
  engines: "all",
  *find(context) {
    const { escalation } = context;
    const ways = new Map<string, { readonly logins: RoleName[]; readonly path: EscalationPath }>();
    const escalating = new Set(escalation.edges.map((edge) => `${who(edge.from)} ${edge.by}`));
    for (const login of ordinaryNames(context)) {
      const path = escalation.toSuperuser(login);
      if (path === null) continue;
      // Whoever comes to the same first escalation is one finding.
      const at = path.steps.findIndex((step) => escalating.has(step));
      const rest = path.steps.slice(Math.max(at, 0)).join("\0");
      const known = ways.get(rest);
      if (known === undefined) ways.set(rest, { logins: [login], path });
      else known.logins.push(login);
    }
    for (const [rest, { logins, path }] of ways) {
      const [step = ""] = rest.split("\0");
      yield {
        message: `${several(logins)} can get everything on the server: ${path.steps.join("; ")}`,
        principals: logins,
        about: rest,
        path: path.steps,
        over: "escalable",
        confidence: path.confidence,
        fix: { text: `cut this step: ${step}` },
      };
    }
  },
};

/** Logins that nobody takes for administrators: not declared, without a visible attribute, without what it takes to administer. */
function ordinaryNames({ index, logins, people }: CheckContext): readonly RoleName[] {
  const { rules } = index;
  const visible = rules.attributes.map(({ name }) => name).filter((name) => name !== "login");
  const those = logins.filter(({ name, attributes }) => {
    if (people.administers(name)) return false;
    return !visible.some((each) => attributes[each] === true) && !administers(index, name);
  });
  return sortedText(those.map(({ name }) => name));
}
