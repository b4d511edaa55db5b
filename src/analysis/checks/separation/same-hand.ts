import type { Change } from "../../../model/change.ts";
import { describeName } from "../../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../../model/role.ts";
import type { Check, CheckContext, Hit } from "../check.ts";
import type { AppliedChange } from "../records.ts";

/** What is longer ago was looked at by the last review, as a rule. */
const LOOK_BACK_DAYS = 90;

/** SOD-06. */
export const sameHand: Check = {
  id: "SOD-06",
  title: "whoever approved a change made it, applied it, or gets something by it",
  why: "Then nobody without a part in it has looked at it. `apply` takes no approvals of authors and appliers; here people are those that the manifest knows today, of what was applied in the last 90 days and stands.",
  fix: "Have another person look at it, and approve what comes.",
  danger: "high",
  principles: ["separation of duties"],
  engines: "all",
  needs: ["declared", "records"],
  *find(context) {
    const since = Date.parse(context.now) - LOOK_BACK_DAYS * 86_400_000;
    for (const change of context.records ?? []) {
      if (Date.parse(change.at) < since) continue;
      for (const person of change.approvers) {
        const part = partOf(person, change, context);
        if (part !== null) yield hit(person, change, part);
      }
    }
  },
};

function partOf(person: string, change: AppliedChange, context: CheckContext): string | null {
  if (change.authors.includes(person)) return "made it";
  if (change.appliers.includes(person)) return "applied it";
  const role = change.changes.flatMap(givenTo).find((each) => {
    const reaching = context.people.reaching(each);
    return reaching.some(({ name, kind }) => name === person && kind === "person");
  });
  return role === undefined ? null : `gets what it gives to \`${describeName(role)}\``;
}

/** The roles that a change gives something. What everybody gets is nobody's. */
function givenTo(change: Change): readonly RoleName[] {
  if (change.kind === "add-grant" || change.kind === "add-grant-option") {
    return change.grantee === PUBLIC ? [] : [change.grantee];
  }
  return change.kind === "add-membership" ? [change.membership.member] : [];
}

function hit(person: string, { plan, at }: AppliedChange, part: string): Hit {
  return {
    message: `\`${describeName(person)}\` approved plan \`${plan}\`, which was applied at ${at}, and ${part}`,
    principals: [],
    identities: [person],
    about: `${plan} ${part}`,
    fix: { text: "have somebody without a part in it look at the plan; accept the finding with their name as `owner`" },
  };
}
