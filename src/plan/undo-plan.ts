import { diff } from "../diff/diff.ts";
import type { Dialect } from "../engine/engine.ts";
import type { AccessState } from "../model/access-state.ts";
import type { Origin } from "../model/change.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { derivePlan, type DerivedPlan } from "./build-plan.ts";
import type { Plan } from "./plan.ts";

export interface UndoInput {
  /** The plan of which a part is to be taken back. */
  readonly plan: Plan;
  /** The state that its committed stages led to, and the one that it began in, both as predicted. */
  readonly reached: AccessState;
  readonly before: AccessState;
  /** The database as it is now. */
  readonly live: Snapshot;
  readonly dialect: Dialect;
}

const UNDO: Origin = { locations: [], by: "revert" };

/** The plan that takes back what some stages of a plan did, and nothing that others did beside them. */
export function deriveUndo({ plan, reached, before, live, dialect }: UndoInput): DerivedPlan {
  const renames = plan.changes.flatMap(({ change }) =>
    change.kind === "rename-role" && reached.roles.has(change.to) && !reached.roles.has(change.from)
      ? [{ from: change.to, to: change.from }]
      : [],
  );
  const changes = diff(reached, before, { rules: dialect.rules, renames });
  return derivePlan({
    target: plan.target.name,
    environment: plan.target.environment,
    snapshot: live,
    dialect,
    changes: changes.map((change) => ({ change, origin: UNDO })),
    manifestDigest: null,
    tool: plan.tool,
    allowRemovals: Number.MAX_SAFE_INTEGER,
  });
}
