import type { CodePage } from "./code-page.ts";

/** Diagnostics of evidence of use: logs, counters and the file that they end in. RW540 to RW549. */
export const RW54X: Readonly<Record<string, CodePage>> = {
  RW540: {
    title: "changes on this engine cannot be simulated",
    why: "There is no reader of its workload, and no shadow to try a change on.",
    fix: "Use `rolewright plan` and `rolewright check`: who gains and loses what is exact without a simulation.",
  },
};
