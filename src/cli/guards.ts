import { buildAccessIndex, type AccessIndex } from "../analysis/access-index.ts";
import { accessDelta } from "../analysis/delta.ts";
import { lockoutFindings } from "../analysis/lockout.ts";
import type { Report } from "../analysis/report.ts";
import type { Guards } from "../apply/guards.ts";
import type { Dialect } from "../engine/engine.ts";
import type { AccessState } from "../model/access-state.ts";
import type { Identity } from "../model/identity.ts";
import type { RoleName } from "../model/role.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Plan } from "../plan/plan.ts";

/** What judging a plan needs to know besides the database. */
export interface GuardsInput {
  readonly plan: Plan;
  readonly dialect: Dialect;
  readonly identities: readonly Identity[];
  /** The roles that the manifest declares. */
  readonly managed: ReadonlySet<RoleName>;
  /** The report on a plan, judged on a database as it is read anew. */
  readonly report: (plan: Plan, live: Snapshot) => Report;
}

/** Lends analysis to apply: the lock-out guard, the verdict, and what the server's own functions must answer. */
export function analysisGuards(input: GuardsInput): Guards {
  const { plan, dialect, identities, managed } = input;
  const indexes = new WeakMap<AccessState, AccessIndex>();
  const indexOf = (state: AccessState, live: Snapshot): AccessIndex => {
    const known = indexes.get(state) ?? buildAccessIndex(state, live.catalog, dialect.accessRules);
    indexes.set(state, known);
    return known;
  };
  const renames = plan.changes.map(({ change }) => change).filter((change) => change.kind === "rename-role");
  return {
    lockout(live, state) {
      const [before, after] = [indexOf(live.access, live), indexOf(state, live)];
      const delta = accessDelta(before, after, {
        identities,
        target: plan.target.name,
        unknowns: live.unknowns,
        renames,
      });
      return lockoutFindings({ plan, live, before, after, delta, managed });
    },
    judge: (given, live) => input.report(given, live).verdict,
    expectedAnswers(live, state, questions) {
      const index = indexOf(state, live);
      return questions.map(({ role, privilege, resource, grantable }) =>
        index.can(role, privilege, resource, { grantable }),
      );
    },
  };
}
