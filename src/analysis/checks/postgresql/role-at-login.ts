import { describeName } from "../../../model/resource.ts";
import { hasBit } from "../../bits.ts";
import type { Check } from "../check.ts";
import { isDeclaredSetting } from "./hijacking-settings.ts";

/** PGE-24. */
export const roleAtLogin: Check = {
  id: "PGE-24",
  title: "sessions of a login start as another role",
  why: "What it can do is then not what was granted to it: who reads its grants and memberships does not see the rights that it works with, and what it makes belongs to the other role.",
  fix: "Reset the setting, or say it in the manifest.",
  example: "roles:\n  deployer:\n    settings: { role: app_owner }",
  danger: "medium",
  principles: ["traceability", "inheritance control"],
  engines: ["postgresql"],
  *find(context) {
    const { index, logins } = context;
    const { graph } = index;
    for (const login of logins) {
      const id = graph.idOf(login.name);
      if (hasBit(graph.superuserRoles, id)) continue;
      for (const { database, name, value } of login.settings) {
        if (name !== "role" || value === login.name) continue;
        const other = graph.idOf(value);
        // Where it may not become the role the server only warns.
        if (other < 0 || !hasBit(graph.setters(other, database), id)) continue;
        if (isDeclaredSetting(context, login.name, { database, name })) continue;
        const where = database === null ? "" : ` in database \`${describeName(database)}\``;
        yield {
          message: `sessions of \`${describeName(login.name)}\`${where} start as \`${describeName(value)}\``,
          principals: [login.name],
          about: `role\0${database ?? ""}\0${value}`,
          path: [
            `\`${describeName(login.name)}\` has the setting \`role\``,
            `it may become \`${describeName(value)}\` by SET ROLE`,
          ],
          over: "reachable",
          fix: {
            text: "reset the setting, or declare it",
            changes: [{ kind: "set-role-setting", role: login.name, database, name, before: value, after: null }],
          },
        };
      }
    }
  },
};
