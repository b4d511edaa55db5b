import { describeName } from "../../../model/resource.ts";
import type { Check } from "../check.ts";

const COMMON = { principles: ["availability"], engines: "all", needs: ["plan"] } as const satisfies Partial<Check>;

/** AVL-03. */
export const heavyLocks: Check = {
  ...COMMON,
  id: "AVL-03",
  title: "a statement queues everybody who uses a table behind it",
  why: "While it waits for its lock, every later reader or writer of the table waits too. One long query before it is enough for an outage.",
  fix: "Apply when the table is quiet. Each such statement is alone in its transaction, waits for a short time only, and is tried again.",
  danger: "medium",
  engines: ["postgresql"],
  *find({ change }) {
    for (const statement of change?.plan.stages.flatMap((stage) => stage.statements) ?? []) {
      if (statement.heavy === undefined) continue;
      yield {
        message: `\`${statement.text}\` takes ${statement.heavy}`,
        principals: [],
        about: statement.text,
        danger: "info",
        fix: { text: "apply it when the table is quiet, with a short `--lock-timeout`" },
      };
    }
  },
};

/** AVL-06. */
export const takenBeforeGiven: Check = {
  ...COMMON,
  id: "AVL-06",
  title: "something is taken away before it is given back",
  why: "Between the two, whoever relies on it gets errors. Tools that make grants anew have caused outages so.",
  fix: "Nothing else is possible for this change on this engine: apply it when nobody relies on it, or give the narrower right under another name first.",
  danger: "high",
  *find({ change }) {
    for (const statement of change?.plan.stages.flatMap((stage) => stage.statements) ?? []) {
      if (statement.interrupts === undefined) continue;
      yield {
        message: `for a moment ${statement.interrupts}`,
        principals: [],
        about: statement.text,
        fix: { text: "apply it when nobody relies on it" },
      };
    }
  },
};

/** AVL-07. */
export const twoAppliers: Check = {
  ...COMMON,
  id: "AVL-07",
  title: "two tools change the same access at a time",
  why: "PostgreSQL answers the second one with an error about a tuple that was updated concurrently, in the middle of its work.",
  fix: "Let one tool change access. Apply keeps a second applier of its own away by a lock, and tries again after others.",
  danger: "medium",
  engines: ["postgresql"],
  *find() {
    yield { unknown: "other tools are seen when the plan is applied: its lock keeps a second applier away" };
  },
};

/** AVL-13. */
export const severalAtOnce: Check = {
  ...COMMON,
  id: "AVL-13",
  title: "one statement changes several accounts",
  why: "Where a statement is not all or nothing, it can end half done, and nobody can tell for whom.",
  fix: "One account a statement.",
  danger: "medium",
  engines: ["mariadb", "mysql"],
  *find({ change }) {
    if (change === null) return;
    const { plan } = change;
    for (const statement of plan.stages.flatMap((stage) => stage.statements)) {
      const about = new Set(
        statement.changes.flatMap((at) => {
          const each = plan.changes[at]?.change;
          return each !== undefined && "grantee" in each ? [each.grantee] : [];
        }),
      );
      if (about.size < 2) continue;
      const named = [...about].map((name) => `\`${describeName(name)}\``).join(", ");
      yield {
        message: `\`${statement.text}\` changes ${named} at once`,
        principals: [...about],
        about: statement.text,
        fix: { text: "plan it again: this is a defect of the renderer" },
      };
    }
  },
};
