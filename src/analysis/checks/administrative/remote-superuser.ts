import { hasBit } from "../../bits.ts";
import type { Check } from "../check.ts";
import { several, who } from "../general/telling.ts";

/** ADM-04. The server's first superuser is judged too: it is the one that is tried first. */
export const remoteSuperuser: Check = {
  id: "ADM-04",
  title: "a superuser can log in over the network",
  why: "Its password is then all that stands between the network and everything, the server's own account included.",
  fix: "Let superusers in over the local socket alone, or take their login and let administrators become them by SET ROLE.",
  example: "# pg_hba.conf, before other lines\nlocal  all  postgres  peer\nhost   all  postgres  all  reject",
  danger: "high",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 5.11", "CIS PostgreSQL 4.8"],
  needs: ["posture"],
  *find({ index, posture, inScope }) {
    const { graph, state } = index;
    const unknown: string[] = [];
    for (const [id, name] of graph.names.entries()) {
      const role = state.roles.get(name);
      if (role === undefined || !hasBit(graph.superuserRoles, id) || !hasBit(graph.logins, id)) continue;
      if (!inScope(name) && role.origin !== "bootstrap") continue;
      const remote = posture?.logins.get(name)?.remote ?? null;
      if (remote === null) unknown.push(name);
      if (remote !== true) continue;
      yield {
        message: `the superuser ${who(name)} can log in over the network`,
        principals: [name],
        about: "remote",
        fix: { text: `refuse ${who(name)} in pg_hba.conf for every address, above the lines that let it in` },
      };
    }
    if (unknown.length > 0)
      yield {
        unknown: `whether ${several(unknown)} can log in over the network was not read`,
        help: "run it as a role that may read pg_hba_file_rules",
      };
  },
};
