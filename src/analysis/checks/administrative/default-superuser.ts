import type { Role, RoleName } from "../../../model/role.ts";
import { hasBit } from "../../bits.ts";
import type { Check } from "../check.ts";
import { attributeLines, leaveLines } from "../general/lines.ts";
import { bitsOf, common, leaving, namesOf, wayUp } from "../general/roles.ts";
import { joined, several, who } from "../general/telling.ts";

/** The superuser that a new cluster is made with; its password is its name. */
const DEFAULT: RoleName = "cassandra";

/** ADM-11. */
export const defaultSuperuser: Check = {
  id: "ADM-11",
  title: "the superuser that every cluster begins with is still there",
  why: "Its name and first password are known to everybody, and logging in as it asks all nodes at consistency QUORUM.",
  fix: "Make another superuser, log in as it, then take SUPERUSER and LOGIN from `cassandra`.",
  example: "roles:\n  dba: { login: true, superuser: true }\n  cassandra: { login: false, superuser: false }",
  danger: "critical",
  principles: ["least privilege"],
  engines: ["cassandra"],
  cis: ["CIS Cassandra the cassandra and superuser roles are separate"],
  *find({ index }) {
    const role = index.recorded.roles.get(DEFAULT);
    const left = ATTRIBUTES.filter((name) => role?.attributes[name] === true);
    if (left.length === 0) return;
    const can = joined(left.map((name) => (name === "login" ? "can log in" : "is a superuser")));
    yield {
      message: `the default role ${who(DEFAULT)} ${can}`,
      principals: [DEFAULT],
      about: "default",
      fix: {
        text: `make another superuser, log in as it, then take ${joined(left.map((name) => name.toUpperCase()))} from ${who(DEFAULT)}`,
        manifest: attributeLines(DEFAULT, { login: false, superuser: false }),
        changes: [
          { kind: "alter-role", role: DEFAULT, attributes: left.map((name) => ({ name, before: true, after: false })) },
        ],
      },
    };
  },
};

const ATTRIBUTES = ["login", "superuser"] as const;

/** ADM-12. */
export const inheritedSuperuser: Check = {
  id: "ADM-12",
  title: "somebody is a superuser by being in a role that is one",
  why: "Being superuser is inherited, and no list of permissions shows it: whoever is in the role, at any depth, may do everything.",
  fix: "End the membership, or make it visible: give SUPERUSER to the login itself.",
  example: "roles:\n  ann: { not_member_of: [dba] }",
  danger: "critical",
  principles: ["inheritance control"],
  engines: ["cassandra"],
  *find(context) {
    const { index, roles } = context;
    const { graph } = index;
    const judged = bitsOf(
      index,
      context.logins.filter(({ name }) => !hasBit(graph.superuserRoles, graph.idOf(name))),
    );
    const superusers: readonly Role[] = roles.filter(({ name }) => hasBit(graph.superuserRoles, graph.idOf(name)));
    for (const { name } of superusers) {
      const heirs = namesOf(index, common(graph.heirs(graph.idOf(name), null), judged));
      const [first] = heirs;
      if (first === undefined) continue;
      const direct = heirs.filter((each) => leaving(index, name, (member) => member === each).length > 0);
      yield {
        message: `${several(heirs)} ${heirs.length === 1 ? "is a superuser" : "are superusers"} by being in ${who(name)}`,
        principals: heirs,
        about: name,
        path: [...wayUp(index, first, name).steps, `${who(name)} is a superuser`],
        fix: {
          text: `take ${several(heirs)} out of ${who(name)}`,
          manifest: direct.flatMap((each) => leaveLines(each, [name])),
          changes: leaving(index, name, (member) => heirs.includes(member)),
        },
      };
    }
  },
};
