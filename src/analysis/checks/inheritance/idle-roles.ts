import type { AccessIndex } from "../../access-index.ts";
import { PUBLIC, type Role, type RoleName } from "../../../model/role.ts";
import type { Check, CheckContext } from "../check.ts";
import { recordedClasses } from "../general/granted.ts";
import { inYaml } from "../general/lines.ts";
import { who } from "../general/telling.ts";

/** INH-12. */
export const idleRoles: Check = {
  id: "INH-12",
  title: "a role gives nobody anything",
  why: "A role without rights looks like access and is none; one without members waits for somebody to be put into it. Both make every review longer.",
  fix: "Let it go, or give it what it is for.",
  example: "roles:\n  old_report: { retire: { successor: reporting_ro } }",
  danger: "low",
  principles: ["inheritance control"],
  engines: "all",
  *find(context) {
    const { index, roles } = context;
    const used = holders(context);
    const memberships = [...index.recorded.memberships.values()];
    const groups = new Set(memberships.filter((each) => !each.implied).map((each) => each.role));
    for (const role of askedFor(context)) groups.add(role);
    const members = new Set(memberships.map((each) => each.member));
    for (const role of roles) {
      const { name } = role;
      if (role.attributes["login"] === true || used.owners.has(name)) continue;
      const hasRights = used.grantees.has(name) || members.has(name) || bears(index, role);
      if (hasRights && groups.has(name)) continue;
      const lacks = [...(hasRights ? [] : ["no rights"]), ...(groups.has(name) ? [] : ["no members"])];
      yield {
        message: `the role ${who(name)} has ${lacks.join(" and ")}`,
        principals: [name],
        about: "idle",
        fix: {
          text: `let ${who(name)} go`,
          manifest: ["roles:", `  ${inYaml(name)}: { retire: {} }`],
          changes: hasRights ? [] : [{ kind: "drop-role", role }],
        },
      };
    }
  },
};

/** Roles that somebody may ask for have members when they are needed. */
function askedFor({ declared, target }: CheckContext): readonly RoleName[] {
  const eligible = (declared?.identities ?? []).flatMap((each) => each.eligible ?? []);
  return eligible.filter((each) => each.target === null || each.target === target).map((each) => each.role);
}

/** Attributes and settings are rights too. */
function bears({ rules }: AccessIndex, { attributes, settings }: Role): boolean {
  return settings.length > 0 || rules.attributes.some(({ name }) => attributes[name] === true);
}

/** Who owns something, and who was given something: now, by promises, or by row policies. */
function holders({ index }: CheckContext): {
  readonly owners: ReadonlySet<RoleName>;
  readonly grantees: ReadonlySet<RoleName>;
} {
  const owners = new Set<RoleName>();
  const grantees = new Set<RoleName>();
  for (const { owner, compiled } of recordedClasses(index)) {
    if (owner !== null) owners.add(owner);
    for (const id of compiled.grantees) grantees.add(index.graph.names[id] ?? PUBLIC);
  }
  for (const { creator, list } of index.recorded.defaultPrivileges.values()) {
    owners.add(creator);
    for (const { grantee } of list.entries) grantees.add(grantee);
  }
  for (const { roles } of index.recorded.rowPolicies.values()) for (const name of roles) grantees.add(name);
  return { owners, grantees };
}
