import type { Check } from "../check.ts";
import { type Conflict, conflictHit, conflictsAt } from "./conflicts.ts";

const COMMON = {
  principles: ["separation of duties"],
  engines: "all",
  needs: ["declared"],
} as const satisfies Partial<Check>;

const FIX = "Give one of the duties to somebody else. The finding names the logins and the ways.";
const EXAMPLE =
  "duties:\n  enter-payment: [insert on table billing.payments]\n  approve-payment: [execute on routine billing.approve(bigint)]\nseparation:\n  - never_together: [enter-payment, approve-payment]\n    because: nobody pays themselves";

function conflictCheck(
  own: Pick<Check, "id" | "title" | "why" | "danger">,
  which: (conflict: Conflict) => boolean,
): Check {
  return {
    ...COMMON,
    ...own,
    fix: FIX,
    example: EXAMPLE,
    *find(context) {
      for (const conflict of conflictsAt(context)) if (which(conflict)) yield conflictHit(conflict);
    },
  };
}

/** SOD-01. */
export const oneLogin: Check = conflictCheck(
  {
    id: "SOD-01",
    title: "one login has duties that nobody may have together",
    why: "One person can do alone what takes two so that errors and fraud are seen.",
    danger: "high",
  },
  ({ place, by }) => place === "login" && by === "effective",
);

/** SOD-02. */
export const oneLoginByChoice: Check = conflictCheck(
  {
    id: "SOD-02",
    title: "one login has conflicting duties after SET ROLE, or by a role that it may ask for",
    why: "The conflict does not show in what the login holds, but it is one statement or one request away.",
    danger: "high",
  },
  ({ place, by }) => place === "login" && (by === "reachable" || by === "eligible"),
);

/** SOD-03. */
export const oneLoginByEscalation: Check = conflictCheck(
  {
    id: "SOD-03",
    title: "somebody could get a conflicting duty without help",
    why: "What is held can be used to get the second duty: by a password, by passing on, by settings. Nobody else has to act.",
    danger: "high",
  },
  ({ by }) => by === "escalable",
);

/** SOD-04. */
export const acrossTargets: Check = conflictCheck(
  {
    id: "SOD-04",
    title: "somebody has conflicting duties on two targets",
    why: "Each database looks right by itself. Together one person changes master data here and approves payments there.",
    danger: "high",
  },
  ({ place, by }) => place === "targets" && by !== "escalable" && by !== "code",
);

/** SOD-05. */
export const severalLogins: Check = conflictCheck(
  {
    id: "SOD-05",
    title: "somebody has conflicting duties by several logins on one target",
    why: "Two logins of one person are one person.",
    danger: "medium",
  },
  ({ place, by }) => place === "logins" && by !== "escalable" && by !== "code",
);

/** SOD-09. */
export const byCode: Check = conflictCheck(
  {
    id: "SOD-09",
    title: "somebody can plant code that runs with a conflicting duty",
    why: "Whoever may replace or attach code that a role with the other duty runs has that duty when it runs.",
    danger: "high",
  },
  ({ by }) => by === "code",
);
