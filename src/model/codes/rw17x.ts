import type { CodePage } from "./code-page.ts";

/** What goes wrong with policies, and what they say. */
export const RW17X: Readonly<Record<string, CodePage>> = {
  RW170: {
    title: "the expression of a policy cannot be read",
    why: "It is no valid CEL, or it compares things that cannot be compared. A policy that cannot be read protects nothing.",
    fix: "Correct it at the marked place. docs/policies.md shows what there is.",
    example:
      "policies:\n  - name: no grants to logins\n    when: plan.changes.exists(c, c.kind == 'add-grant' && c.to_login)\n    deny: give it to a role",
  },
  RW171: {
    title: "the expression of a policy names something that there is not",
    why: "Fields and variables are fixed and typed, so a slip of the pen is found before it lets something through.",
    fix: "Correct the name; the help lists what there is.",
  },
  RW172: {
    title: "the expression of a policy does not say yes or no",
    why: "A policy holds or it does not.",
    fix: "Compare, as in `delta.losing > 0`.",
  },
  RW173: {
    title: "the expression of a policy did not end in time",
    why: "Lists within lists within lists take long on large plans. It is not known whether the policy holds, so it refuses.",
    fix: "Ask with fewer nested `all`, `exists` and `filter`.",
  },
  RW174: {
    title: "the expression of a policy failed while it was evaluated",
    why: "It asked for an item that a list does not have, or the like. It is not known whether the policy holds, so it refuses.",
    fix: "Ask whether it is there first, as in `plan.changes.size() > 3 && plan.changes[3].admin`.",
  },
  RW175: {
    title: "a policy does not say exactly one effect",
    why: "It denies, or warns, or asks for approvals.",
    fix: "Say one of `deny`, `warn`, `require_approvals` and `require_simulation`.",
  },
  RW176: {
    title: "two policies have one name",
    why: "What a policy says is told by its name.",
    fix: "Rename one.",
  },
  RW177: {
    title: "a policy of the organisation says so",
    why: "Its expression is true for this plan or this state. The message is the organisation's own.",
    fix: "Change what it is about, get the approvals that it asks for, or change the policy.",
  },
  RW178: {
    title: "a test of policies fails",
    why: "The policy does not answer what the test expects of it.",
    fix: "Correct the policy or the test.",
  },
  RW179: {
    title: "a file of policy tests cannot be used",
    why: "It is not shaped like one, names a policy that there is not, or gives a value to a field that there is not.",
    fix: "Correct it at the marked place.",
    example:
      "tests:\n  - policy: no grants to logins\n    given: { plan: { changes: [{ kind: add-grant, to_login: true }] } }\n    expect: deny",
  },
};
