import { describeName } from "../../../model/resource.ts";
import type { SourceLocation } from "../../../model/finding.ts";
import type { Check, CheckContext, Hit } from "../check.ts";
import { type DutyHold, holdsOn } from "./holds.ts";
import { persons } from "./powers.ts";

const COMMON = {
  principles: ["separation of duties"],
  engines: "all",
  needs: ["declared"],
} as const satisfies Partial<Check>;

/** SOD-10. */
export const reviewsOwnEmergency: Check = {
  ...COMMON,
  id: "SOD-10",
  title: "whoever has break-glass access also reviews its use",
  why: "The review after an emergency must be by somebody who did not act in it.",
  fix: "Name reviewers and approvers who have no break-glass access.",
  danger: "high",
  *find(context) {
    const approvers = new Set(context.declared?.approvers ?? []);
    const all = persons(context);
    const others = all.filter((each) => approvers.has(each.name) && each.breakGlass !== true);
    for (const identity of all) {
      if (!approvers.has(identity.name) || others.length > 0) continue;
      yield {
        message: `\`${describeName(identity.name)}\` has break-glass access, and nobody without it could review its use`,
        principals: [],
        identities: [identity.name],
        about: identity.name,
        ...at(identity.location),
        fix: { text: "name an approver who has no break-glass access" },
      };
    }
  },
};

/** SOD-11. */
export const sharedLogin: Check = {
  ...COMMON,
  id: "SOD-11",
  title: "a shared login gives a duty that rules keep apart",
  why: "Whoever knows the secret has the duty, also people of whom the rule knows nothing.",
  fix: "Give each person a login of their own.",
  danger: "medium",
  *find(context) {
    const apart = new Set(
      (context.declared?.separation ?? []).flatMap((rule) => (rule.kind === "never-together" ? rule.duties : [])),
    );
    for (const hold of holdsOn(context)) {
      if (hold.identity.shared !== true || !apart.has(hold.duty) || hold.by === "escalable" || hold.by === "code")
        continue;
      yield {
        message: `whoever shares \`${describeName(hold.login)}\` has the duty \`${hold.duty}\`, and nobody can tell who that is`,
        principals: [hold.login],
        identities: [hold.identity.name],
        about: hold.duty,
        path: hold.way,
        ...at(hold.identity.location),
        fix: { text: `give each who uses \`${describeName(hold.login)}\` a login of their own` },
      };
    }
  },
};

/** SOD-14. */
export const neverEvaluated: Check = {
  ...COMMON,
  id: "SOD-14",
  title: "a rule about duties is never evaluated",
  why: "A rule whose duties match nothing, or whose people are not known, protects nothing and looks as if it did.",
  fix: "Correct the duty, declare the people, or run the check with all targets.",
  danger: "low",
  *find(context) {
    const { declared, target } = context;
    if (declared === null || (declared.targets[0] ?? target) !== target) return;
    const read = new Set([target, ...context.others.map((each) => each.target)]);
    const missing = declared.targets.filter((each) => !read.has(each));
    if (missing.length > 0 && declared.separation.length > 0) {
      yield {
        unknown: `${missing.map((each) => `\`${describeName(each)}\``).join(", ")} was not read, and rules about people are about all targets`,
        help: "rolewright check --all-targets",
      };
    }
    const contexts = [context, ...context.others];
    for (const duty of declared.duties.values()) {
      const parts = contexts.reduce((sum, each) => sum + (each.declared?.duties.get(duty.name)?.parts.length ?? 0), 0);
      if (parts > 0 || missing.length > 0) continue;
      yield {
        message: `the duty \`${duty.name}\` matches nothing on any target`,
        principals: [],
        about: duty.name,
        ...at(duty.location),
        fix: { text: "correct its roles and grants, or take it out" },
      };
    }
    if (declared.separation.length === 0 || persons(context).length > 0) return;
    yield {
      message: "there are rules about people, and no people are declared",
      principals: [],
      about: "people",
      ...at(declared.separation[0]?.location),
      fix: { text: "declare people and their logins under `people`" },
    };
  },
};

/** SOD-15: besides the catalogue's. */
export const tooMany: Check = {
  ...COMMON,
  id: "SOD-15",
  title: "more people have a duty than a rule allows",
  why: "A duty that few people are to have is known by few, and looked after by them.",
  fix: "Take it from those who do not need it, or let them ask for it for a time.",
  danger: "high",
  *find(context) {
    if (!isFirst(context)) return;
    for (const rule of context.declared?.separation ?? []) {
      if (rule.kind !== "at-most") continue;
      const [duty = ""] = rule.duties;
      const holders = holdersOf(context, duty, rule.over);
      if (holders.length <= (rule.people ?? 0)) continue;
      const named = holders.map((each) => `\`${describeName(each)}\``).join(", ");
      const because = rule.because === null ? "" : `; ${rule.because}`;
      yield {
        message: `${holders.length} people have the duty \`${duty}\`, and at most ${rule.people} may: ${named}${because}`,
        principals: [],
        identities: holders,
        about: duty,
        over: rule.over,
        ...at(rule.location),
        fix: { text: `take \`${duty}\` from ${holders.length - (rule.people ?? 0)} of them` },
      };
    }
  },
};

/** SOD-16: besides the catalogue's. */
export const nobodyApproves: Check = {
  ...COMMON,
  id: "SOD-16",
  title: "a duty needs approval by somebody who has another one, and nobody but its own holders could give it",
  why: "Then either nothing can be approved, or people approve themselves.",
  fix: "Give the approving duty to somebody who does not have the approved one.",
  danger: "high",
  *find(context) {
    if (!isFirst(context)) return;
    for (const rule of context.declared?.separation ?? []) {
      if (rule.kind !== "requires-approval") continue;
      const [duty = ""] = rule.duties;
      const own = new Set(holdersOf(context, duty, "reachable"));
      const approving = holdersOf(context, rule.by ?? "", "reachable");
      if (approving.some((name) => !own.has(name))) continue;
      yield {
        message: `what gives \`${duty}\` needs approval by somebody with \`${rule.by}\`, and ${approving.length === 0 ? "nobody has that" : "only people who have both could give it"}`,
        principals: [],
        identities: approving,
        about: `${duty}\0${rule.by}`,
        ...at(rule.location),
        fix: { text: `give \`${rule.by}\` to somebody who does not have \`${duty}\`` },
      };
    }
  },
};

/** Rules over all targets are told once, at the first that was read. */
function isFirst({ target, others }: CheckContext): boolean {
  return others.every((each) => target < each.target);
}

function holdersOf(
  context: CheckContext,
  duty: string,
  over: "effective" | "reachable" | "escalable",
): readonly string[] {
  const counts = (hold: DutyHold): boolean => {
    if (hold.duty !== duty || hold.identity.kind !== "person") return false;
    if (hold.by === "effective") return true;
    if (hold.by === "reachable" || hold.by === "eligible") return over !== "effective";
    return over === "escalable" && hold.by === "escalable";
  };
  const holds = [context, ...context.others].flatMap(holdsOn).filter(counts);
  return [...new Set(holds.map((hold) => hold.identity.name))].sort();
}

function at(location: SourceLocation | undefined): Pick<Hit, "location"> {
  return location === undefined ? {} : { location };
}
