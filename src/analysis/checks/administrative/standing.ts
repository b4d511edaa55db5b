import { describeName } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { hasBit } from "../../bits.ts";
import type { Check, CheckContext } from "../check.ts";
import { inList, inYaml } from "../general/lines.ts";
import { isBreakGlass, leaving, wayUp } from "../general/roles.ts";
import { several, who } from "../general/telling.ts";

/** ADM-02. */
export const standingAdministrators: Check = {
  id: "ADM-02",
  title: "a person holds an administrative role all the time",
  why: "Power that is always there is there for whoever takes over the session, and for the hand that slips. Most days it is not needed.",
  fix: "End the membership, and let the person ask for the role for an hour.",
  example: "people:\n  alice: { logins: { shop-prod: alice }, eligible: [{ role: dba, max_minutes: 60 }] }",
  danger: "high",
  principles: ["least privilege"],
  engines: "all",
  needs: ["declared"],
  *find(context) {
    const { declared, index, target, people } = context;
    const roles = administrative(context);
    for (const { kind, name, logins, until, location } of declared?.identities ?? []) {
      if (kind !== "person" || until !== undefined) continue;
      for (const login of logins.get(target) ?? []) {
        const id = index.graph.idOf(login);
        if (people.of(login)?.name !== name || isBreakGlass(context, login)) continue;
        const held = roles.filter((role) => hasBit(index.graph.members(index.graph.idOf(role), null), id));
        const [first] = held;
        if (first === undefined) continue;
        const others = held.filter((role) => role !== login);
        const way = wayUp(index, login, first);
        const asks = others.map((role) => `{ role: ${inList(role)}, max_minutes: 60 }`).join(", ");
        yield {
          message: `\`${describeName(name)}\` always holds ${several(held)}, as ${who(login)}`,
          principals: [login],
          identities: [name],
          about: held.join("\0"),
          path: way.steps,
          over: way.after ? "reachable" : "effective",
          ...(location === undefined ? {} : { location }),
          fix: {
            text:
              others.length === 0
                ? `give \`${describeName(name)}\` an end date, or a login without it`
                : `make ${several(others)} something that \`${describeName(name)}\` asks for, for a time`,
            ...(others.length === 0 ? {} : { manifest: ["people:", `  ${inYaml(name)}:`, `    eligible: [${asks}]`] }),
            changes: others.flatMap((role) => leaving(index, role, (member) => member === login)),
          },
        };
      }
    }
  },
};

/** Roles that were declared administrative, and superusers: sorted. */
function administrative({ declared, index, inScope }: CheckContext): readonly RoleName[] {
  const { graph } = index;
  return graph.names.filter((name, id) => {
    if (!inScope(name)) return false;
    return declared?.roles.get(name)?.purpose === "admin" || hasBit(graph.superuserRoles, id);
  });
}
