import type { RoleName } from "../../../model/role.ts";
import { isEmpty, removeBits } from "../../bits.ts";
import type { Check } from "../check.ts";
import { bitsOf, common, namesOf, wayUp } from "../general/roles.ts";
import { several, who } from "../general/telling.ts";

/** INH-13. */
export const twoStepAccess: Check = {
  id: "INH-13",
  title: "rights are reached by SET ROLE and inheritance together, which no function of the server shows",
  why: "`pg_has_role` answers for each of the two ways alone. Who becomes a role that inherits from another has what that one has, and both answers are no.",
  fix: "Make the membership say what is meant: inherit it, or take SET from it.",
  danger: "medium",
  principles: ["inheritance control"],
  engines: ["postgresql"],
  *find(context) {
    const { index, logins } = context;
    const { graph } = index;
    if (graph.flat) return;
    const judged = bitsOf(index, logins);
    removeBits(judged, graph.superReachers);
    for (const [id, name] of graph.names.entries()) {
      const hidden = common(graph.reachers(id, null), judged);
      removeBits(hidden, graph.heirs(id, null));
      removeBits(hidden, graph.setters(id, null));
      if (isEmpty(hidden)) continue;
      const names = namesOf(index, hidden);
      yield {
        message: `${several(names)} ${names.length === 1 ? "gets" : "get"} to what ${who(name)} has by SET ROLE and inheritance together`,
        principals: names,
        about: name,
        path: wayUp(index, names[0] as RoleName, name).steps,
        over: "reachable",
        fix: { text: `take SET from the first membership of ${several(names)} on the way, or let it be inherited` },
      };
    }
  },
};
