import { PUBLIC } from "../../../model/role.ts";
import { givenTo } from "../../escalation/mysql-held.ts";
import type { Check } from "../check.ts";
import { said, sure } from "../mysql/principals.ts";

/** HID-07. */
export const mandatoryRoles: Check = {
  id: "HID-07",
  title: "every login has a role by the settings of the server",
  why: "Roles in `mandatory_roles` are everybody's and cannot be revoked, and `activate_all_roles_on_login` puts every role in force at login: neither stands in anybody's grants.",
  fix: "Leave `mandatory_roles` empty and set default roles for each account.",
  danger: "medium",
  principles: ["inheritance control"],
  engines: ["mysql"],
  *find(context) {
    const memberships = [...context.index.recorded.memberships.values()];
    for (const { role, member } of memberships) {
      if (member !== PUBLIC) continue;
      if ((givenTo(context.index).get(role) ?? []).length === 0 && !memberships.some((each) => each.member === role)) {
        continue;
      }
      yield {
        message: `${said(role)} is a mandatory role: everybody has what it has`,
        principals: [PUBLIC],
        resources: [{ kind: "role", path: [role] }],
        fix: { text: `take ${said(role)} out of \`mandatory_roles\`, and grant it to those who need it` },
        ...sure(context),
      };
    }
    const isMember = memberships.some(({ member }) => context.inScope(member));
    if (context.live.limits["activate_all_roles_on_login"] === 1 && isMember) {
      yield {
        message: "`activate_all_roles_on_login` puts every role of every account in force at login",
        principals: [],
        about: "activate_all_roles_on_login",
        fix: {
          text: "set default roles for each account, and switch `activate_all_roles_on_login` off",
          sql: ["set persist activate_all_roles_on_login = off"],
        },
        ...sure(context),
      };
    }
  },
};

/** HID-08. */
export const staleDefaultRoles: Check = {
  id: "HID-08",
  title: "an account has a default role that it is no member of",
  why: "The default role outlives REVOKE, DROP ROLE and even a new role of that name: from the next grant on it is in force at login, which nobody asked for then.",
  fix: "SET DEFAULT ROLE NONE for the account, whenever a role is taken from it.",
  danger: "medium",
  principles: ["inheritance control"],
  engines: ["mariadb"],
  *find({ roles }) {
    for (const { name, attributes } of roles) {
      const stale = attributes["stale_default_role"];
      if (typeof stale !== "string") continue;
      yield {
        message: `${said(name)} still has the default role ${said(stale)}, of which it is no member`,
        principals: [name],
        about: stale,
        fix: {
          text: `have ${said(name)} forget its default role`,
          changes: [
            {
              kind: "alter-role",
              role: name,
              attributes: [{ name: "stale_default_role", before: stale, after: null }],
            },
          ],
        },
      };
    }
  },
};
