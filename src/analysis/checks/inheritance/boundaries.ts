import type { Identity } from "../../../model/identity.ts";
import { describeName } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import type { Check, CheckContext, Hit } from "../check.ts";
import { joined, who } from "../general/telling.ts";

/** INH-15. */
export const boundaries: Check = {
  id: "INH-15",
  title: "a role reaches across teams, or from programs to people",
  why: "What is granted to it for one side, the other side has too, and nobody of the two looks at both.",
  fix: "Make a role for each side, with what that side needs.",
  example: "roles:\n  sales_rw: { owner: sales }\n  support_ro: { owner: support }",
  danger: "medium",
  principles: ["inheritance control"],
  engines: "all",
  needs: ["declared"],
  *find(context) {
    const { declared } = context;
    const teams = new Set((declared?.identities ?? []).flatMap((each) => each.team ?? []));
    const teamOf = new Map(
      (declared?.identities ?? []).flatMap((each) =>
        each.team === undefined ? [] : [[each.name, each.team] as const],
      ),
    );
    for (const { name, owner, purpose } of declared?.roles.values() ?? []) {
      if (!context.inScope(name) || purpose === "admin" || purpose === "break-glass") continue;
      const inside = behind(context, name);
      const team = owner === null ? undefined : teams.has(owner) ? owner : teamOf.get(owner);
      const strangers =
        team === undefined ? [] : inside.filter((each) => each.team !== undefined && each.team !== team);
      if (strangers.length > 0)
        yield across(name, strangers, `belongs to the team \`${describeName(team ?? "")}\`, and reaches`);
      const people =
        purpose === "application" ? inside.filter((each) => each.kind === "person" && each.breakGlass !== true) : [];
      if (people.length > 0) yield across(name, people, "was declared for an application, and reaches people:");
    }
  },
};

/** Who gets to the role, its own login left out. */
function behind({ people, target }: CheckContext, name: RoleName): readonly Identity[] {
  return people
    .reaching(name)
    .filter((each) => each.kind === "person" || !(each.logins.get(target) ?? []).includes(name));
}

function across(name: RoleName, identities: readonly Identity[], how: string): Hit {
  const shown = identities
    .slice(0, 3)
    .map(
      (each) => `\`${describeName(each.name)}\`${each.team === undefined ? "" : ` of \`${describeName(each.team)}\``}`,
    );
  const more = identities.length > 3 ? [`${identities.length - 3} more`] : [];
  const names = identities.map((each) => each.name);
  return {
    message: `${who(name)} ${how} ${joined([...shown, ...more])}`,
    principals: [name],
    identities: names,
    about: names.join("\0"),
    fix: { text: `make a role of their own for ${joined([...shown, ...more])}` },
  };
}
