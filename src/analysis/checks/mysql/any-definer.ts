import { type Grantee, PUBLIC, type RoleName } from "../../../model/role.ts";
import { listBits } from "../../bits.ts";
import { anybody, CODE_MAKING, definerRights } from "../../escalation/mysql.ts";
import { granteesOf, heldAnywhere, joined, togetherIn } from "../../escalation/mysql-held.ts";
import type { Check } from "../check.ts";
import { concerned, ENGINES, revoke, said, sure } from "./principals.ts";

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
    const { graph } = index;
    const naming = definerRights(context).map(([place, privilege]) => ({
      place,
      privilege,
      word: place.kind === "dynamic-privilege" ? (place.path[0] ?? "") : privilege,
      held: joined(index, [[place, privilege]]),
    }));
    const makers = heldAnywhere(index, CODE_MAKING);
    const gives = (grantee: Grantee, id: number): boolean =>
      grantee === PUBLIC || graph.isReacher(graph.idOf(grantee), id, null);
    for (const id of listBits(graph.existing)) {
      const name = graph.names[id] as RoleName;
      if (!concerned(context, name)) continue;
      const found = naming.flatMap((each) => {
        const over = togetherIn(index, [each.held, makers], id);
        return over === null ? [] : [{ ...each, over }];
      });
      if (found.length === 0 || anybody(index, name).length === 0) continue;
      const words = found.map(({ word }) => word).join(" and ");
      const changes = found.flatMap(({ place, privilege }) =>
        granteesOf(index, place, privilege)
          .filter((grantee) => gives(grantee, id))
          .map((grantee) => revoke(grantee, [place], [privilege])),
      );
      yield {
        message: `${said(name)} may make code that runs as any account: it has ${words}, and may make routines, events or triggers`,
        principals: [name],
        resources: found.map(({ place }) => place),
        path: [
          ...(found.every(({ over }) => over === "reachable") ? [`${said(name)} activates a role`] : []),
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
