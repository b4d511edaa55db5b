import type { CodePage } from "./code-page.ts";

/** Diagnostics of advice and of removals in steps. RW580 to RW589. */
export const RW58X: Readonly<Record<string, CodePage>> = {
  RW580: {
    title: "evidence is of another server than the target",
    why: "What is used elsewhere says nothing about what is used here.",
    fix: "Collect evidence of this target with `rolewright workload collect`, or choose the target that it is of with `--target`.",
  },
  RW581: {
    title: "a tightened manifest would not be valid, or would break something that was observed",
    why: "Advice is simulated with the same evidence before it is given. Where it does not pass, it is not given.",
    fix: "This is a defect of rolewright: please report it with the message. Nothing was written.",
  },
  RW582: {
    title: "nothing can be advised by an observation of this length",
    why: "The option says how long must have been watched before something that was not seen counts as not used.",
    fix: "Write it in whole days, such as `--min-age 90d`.",
  },
  RW583: {
    title: "a plan takes nothing that could be announced",
    why: "Announced are grants and memberships that go. Attributes, owners, policies and rights to pass on are not watched by use.",
    fix: "Announce a plan that removes grants or memberships.",
  },
  RW584: {
    title: "there is no such announced removal",
    why: "Removals are announced item by item, and named by the first digits of the item's digest.",
    fix: "`rolewright removals show` lists them; `rolewright removals announce PLAN` announces those of a plan.",
  },
  RW585: {
    title: "the audit log cannot be asked who uses what is to be removed",
    why: "pgAudit's object log names the statements that use what one role holds. It must be loaded, and its role must be free: an audit role in use is never replaced.",
    fix: "Load pgAudit, or do without: `rolewright removals watch` looks through any evidence, and watches twice as long.",
  },
  RW586: {
    title: "a removal was not announced and watched",
    why: "The manifest's `removals` asks that people are told first, and that nothing that is done meanwhile needs what goes.",
    fix: "`rolewright removals announce PLAN`, then `removals canary` and `removals watch`. In an emergency `apply --break-glass` goes on.",
  },
  RW587: {
    title: "The removal cannot be tried on one login alone.",
    why: "The plan takes nothing from it, or what its groups have does not lie in grants: ownership, attributes, rights to pass on, row policies that name a group, memberships that take SET ROLE.",
    fix: "Choose another login with `rolewright removals trial PLAN`, or apply the plan in a confirm window with a `denials` probe.",
  },
};
