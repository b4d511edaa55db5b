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
};
