import type { Privilege } from "../../../model/access-list.ts";
import type { Resource } from "../../../model/resource.ts";
import type { Grantee } from "../../../model/role.ts";
import { anybody, CODE_MAKING, definerRights } from "../../escalation/mysql.ts";
import { allTogether, countsFor, granteesOf, heldAnywhere, joined } from "../../escalation/mysql-held.ts";
import type { Check } from "../check.ts";
import { concerned, ENGINES, revoke, said, sure } from "./principals.ts";

interface Naming {
  readonly place: Resource;
  readonly privilege: Privilege;
  readonly word: string;
  readonly over: "effective" | "reachable";
}

/** MYE-03. */
export const anyDefiner: Check = {
  id: "MYE-03",
  title: "code can be made that runs as anybody",
  why: "SET USER, until MariaDB 11.0 SUPER, and on MySQL SET_ANY_DEFINER or SET_USER_ID name any account as the definer of a routine, an event or a trigger; it then runs with everything that account has.",
  fix: "Revoke that right, or the right to make code; have code deployed by an account of its own.",
  danger: "critical",
  principles: ["least privilege"],
  engines: ENGINES,
  cis: ["CIS MySQL 5 SUPER"],
  *find(context) {
    const { index } = context;
    const makers = heldAnywhere(index, CODE_MAKING);
    const found = new Map<Grantee, Naming[]>();
    for (const [place, privilege] of definerRights(context)) {
      const word = place.kind === "dynamic-privilege" ? (place.path[0] ?? "") : privilege;
      for (const { name, over } of allTogether(index, [joined(index, [[place, privilege]]), makers])) {
        if (!concerned(context, name)) continue;
        found.set(name, [...(found.get(name) ?? []), { place, privilege, word, over }]);
      }
    }
    for (const [name, naming] of found) {
      if (anybody(index, name).length === 0) continue;
      const words = naming.map(({ word }) => word).join(" and ");
      const changes = naming.flatMap(({ place, privilege }) =>
        granteesOf(index, place, privilege)
          .filter((grantee) => countsFor(index, grantee, name))
          .map((grantee) => revoke(grantee, [place], [privilege])),
      );
      yield {
        message: `${said(name)} may make code that runs as any account: it has ${words}, and may make routines, events or triggers`,
        principals: [name],
        resources: naming.map(({ place }) => place),
        path: [
          ...(naming.every(({ over }) => over === "reachable") ? [`${said(name)} activates a role`] : []),
          `${said(name)} makes code with another definer by ${words}`,
          "the code runs with everything that its definer has",
        ],
        over: "escalable",
        fix: { text: `revoke ${words} from ${changes.map(({ grantee }) => said(grantee)).join(", ")}`, changes },
        ...sure(context),
      };
    }
  },
};
