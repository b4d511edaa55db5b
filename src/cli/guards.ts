import { buildAccessIndex, type AccessIndex } from "../analysis/access-index.ts";
import { accessDelta } from "../analysis/delta.ts";
import { testFindings } from "../analysis/access-tests/findings.ts";
import { runTests } from "../analysis/access-tests/run-tests.ts";
import { buildEscalation } from "../analysis/escalation/build.ts";
import { escalationEdges } from "../analysis/escalation/edges.ts";
import { lockoutFindings } from "../analysis/lockout.ts";
import type { Report } from "../analysis/report.ts";
import type { Guards } from "../apply/guards.ts";
import type { Dialect } from "../engine/engine.ts";
import type { AccessState } from "../model/access-state.ts";
import type { DeclaredTest } from "../model/declared.ts";
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
  /** What the manifest says must be allowed and denied. */
  readonly tests: readonly DeclaredTest[];
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
  // Going back is never held up by a test that came with the change; it is said.
  const back = plan.changes.length > 0 && plan.changes.every(({ origin }) => origin.by === "revert");
  return {
    failingTests(live, state) {
      const index = indexOf(state, live);
      const edges = escalationEdges({ index, live, posture: null });
      const tested = { index, escalation: buildEscalation(index, edges), unknowns: live.unknowns };
      const failing = testFindings(runTests(input.tests, tested), "after the plan");
      return back ? failing.map((finding) => ({ ...finding, severity: "warning" as const })) : failing;
    },
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
