import { DEFAULT_LIMITS } from "../../../model/declared.ts";
import { describeName } from "../../../model/resource.ts";
import type { Check } from "../check.ts";

/** AVL-10. */
export const recentlyUsed: Check = {
  id: "AVL-10",
  title: "the plan takes away what was used lately, or of which nobody knows",
  why: "What was believed to be unused often is not. It is told by `rolewright simulate` and `rolewright plan --simulate`, from what was observed: high where it was used in the days of `limits.unused_days`, medium where that is longer ago, and where nothing of a login that loses something was observed at all.",
  fix: "Leave what is used. What nobody knows of is announced and watched first (docs/removals.md), or applied in a confirm window.",
  danger: "high",
  principles: ["availability"],
  engines: "all",
  needs: ["plan", "usage"],
  *find({ change, usage, declared, now }) {
    const loss = usage?.loss;
    if (change === null || loss === undefined) {
      yield { unknown: "the plan was not simulated", help: "rolewright plan --simulate" };
      return;
    }
    const days = declared?.limits.unusedDays ?? DEFAULT_LIMITS.unusedDays;
    const lately = Date.parse(now) - days * 86_400_000;
    for (const { login, statements, lastSeen, why } of loss.used) {
      const what = statements === 1 ? "a statement" : `${statements} statements`;
      yield {
        message: `\`${describeName(login)}\` loses what ${what} of it needed, last seen ${lastSeen.slice(0, 10)}: ${why}`,
        principals: [login],
        about: "used",
        ...(Date.parse(lastSeen) < lately ? { danger: "medium" as const } : {}),
        fix: { text: "leave what is needed; `rolewright simulate` says the least that does" },
      };
    }
    const losing = new Set(
      change.delta.losses.flatMap(({ subjects }) =>
        subjects.flatMap(({ kind, login }) => (kind === "role" || kind === "public" ? [] : login)),
      ),
    );
    const span =
      loss.from === null || loss.to === null ? "" : ` from ${loss.from.slice(0, 10)} to ${loss.to.slice(0, 10)}`;
    for (const login of loss.unobserved) {
      if (!losing.has(login)) continue;
      yield {
        message: `\`${describeName(login)}\` loses something, and nothing of it was observed${span}`,
        principals: [login],
        about: "unobserved",
        danger: "medium",
        fix: { text: "announce it and watch, or apply it in a confirm window: `rolewright removals announce PLAN`" },
      };
    }
  },
};
