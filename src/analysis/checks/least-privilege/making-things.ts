import type { Check } from "../check.ts";
import { revoking } from "../general/granted.ts";
import { revokeLines } from "../general/lines.ts";
import { byPlace, reachedBy } from "../general/reached.ts";
import { bitsOf, common, machineLogins, ordinaryLogins, wayUp } from "../general/roles.ts";
import { joined, several, what, who, words } from "../general/telling.ts";

/** Things that end with the session are no trace of anybody. */
const TEMPORARY = /TEMPORARY/u;

/** LPV-14. */
export const makingThings: Check = {
  id: "LPV-14",
  title: "an application may create code or things that it does not need to create",
  why: "Who may create can put code where others run it, keep data where nobody looks, and stay after its other rights are gone. Applications use what migrations made.",
  fix: "Create with a role for migrations, and take the right from the application.",
  example:
    "roles:\n  app: { purpose: application, revoke: [create on schema sales] }\n  migrator: { purpose: migration }",
  danger: "medium",
  principles: ["least privilege"],
  engines: "all",
  cis: ["CIS PostgreSQL 4.10"],
  needs: ["declared"],
  *find(context) {
    const { index } = context;
    const { bits, rules } = index;
    const machines = common(bitsOf(index, machineLogins(context)), ordinaryLogins(context));
    const all = reachedBy(context, machines, ({ kind }) => {
      const creating = rules
        .privilegesOf(kind)
        .filter(
          (each) => each.startsWith("CREATE") && !TEMPORARY.test(each) && rules.privilegeClass(kind, each) === "define",
        );
      return bits.mask(kind, creating);
    });
    for (const group of byPlace(all)) {
      const [{ given, logins, isEffective }] = group;
      const parts = group.map((each) => `${words(each.given.privileges)} on ${what(each.given.resources)}`);
      const others = logins.filter((each) => each !== given.grantee);
      const through = others.length === 0 ? "" : `, which gives it to ${several(others)}`;
      yield {
        message: `${who(given.grantee)} holds ${joined(parts)}${through}`,
        principals: [given.grantee],
        resources: group.flatMap((each) => each.given.resources),
        about: [given.database, given.schema].join("\0"),
        path: wayUp(index, logins[0] ?? given.grantee, given.grantee).steps,
        over: isEffective ? "effective" : "reachable",
        fix: {
          text: `take ${joined(parts)} from ${who(given.grantee)}, and create with a role for migrations`,
          manifest: revokeLines(group.map((each) => each.given)),
          changes: group.flatMap((each) => revoking(each.given)),
        },
      };
    }
  },
};
