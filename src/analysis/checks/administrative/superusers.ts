import { sortedText } from "../../../base/order.ts";
import type { RoleName } from "../../../model/role.ts";
import { administers } from "../../administrators.ts";
import { hasBit } from "../../bits.ts";
import type { EscalationPath } from "../../escalation/escalation.ts";
import type { Check, CheckContext } from "../check.ts";
import { isBreakGlass } from "../general/roles.ts";
import { several } from "../general/telling.ts";

/** ADM-01. */
export const tooManySuperusers: Check = {
  id: "ADM-01",
  title: "more people and programs than planned can do everything on the server",
  why: "Each of them is a way to everything: a stolen laptop, a leaked variable, a mistake in the wrong window. Whoever can make itself superuser counts as one.",
  fix: "Keep two administrators and one login for emergencies; give the others what they need, and the rest for a time when they ask.",
  example: "limits: { administrators: 2 }\npeople:\n  root: { logins: { shop-prod: emergency }, break_glass: true }",
  danger: "high",
  principles: ["least privilege"],
  engines: "all",
  cis: ["CIS PostgreSQL 4.3", "CIS MySQL 5", "CIS Cassandra no excessive roles"],
  *find(context) {
    const { declared, people } = context;
    const most = declared?.limits.administrators ?? DEFAULT_MOST;
    const found = equivalents(context).filter(({ login }) => !isBreakGlass(context, login));
    // A person with two logins is one.
    const whoever = new Set(found.map(({ login }) => people.of(login)?.name ?? `\0${login}`));
    if (whoever.size <= most) return;
    const names = found.map(({ login }) => login);
    const direct = found.filter(({ path }) => path === null).map(({ login }) => login);
    const hidden = found.length - direct.length;
    const how = hidden === 0 ? "" : `, ${hidden} of them without being superuser`;
    yield {
      message: `${whoever.size} can do everything on this server where ${most} may${how}: ${several(names)}`,
      principals: names,
      about: "budget",
      path: found.flatMap(({ path }) => path?.steps ?? []),
      ...(hidden === 0 ? {} : { over: "escalable" as const }),
      fix: {
        text: `leave everything to ${most} and to one for emergencies, and give the others what they need for a time`,
      },
    };
  },
};

const DEFAULT_MOST = 2;

export interface Equivalent {
  readonly login: RoleName;
  /** Null: it is one, or becomes one by SET ROLE. */
  readonly path: EscalationPath | null;
}

/** Logins in scope that can do everything, at once, after SET ROLE, or by making more of what they hold: sorted. */
export function equivalents({ index, logins, escalation }: CheckContext): readonly Equivalent[] {
  const { graph } = index;
  const names = sortedText(logins.map(({ name }) => name));
  return names.flatMap((login): Equivalent[] => {
    if (hasBit(graph.superReachers, graph.idOf(login)) || administers(index, login)) return [{ login, path: null }];
    const path = escalation.toSuperuser(login);
    return path === null ? [] : [{ login, path }];
  });
}
