import type { ApplyOptions } from "../apply/apply-options.ts";
import type { Guards } from "../apply/guards.ts";
import { buildAccessIndex } from "../analysis/access-index.ts";
import { systemClock } from "../base/clock.ts";
import type { Connection } from "../engine/engine.ts";
import type { ConformanceTarget } from "./conformance-target.ts";

/** How a case applies its plans: nothing is to be accepted, and the server's own functions must agree with the analysis. */
export function applyOptions(
  { engine, runs }: Pick<ConformanceTarget, "engine" | "runs">,
  connection: Connection,
): ApplyOptions {
  const guards: Guards = {
    lockout: () => [],
    failingTests: () => [],
    judge: () => ({ refusedBy: [], acceptLoss: null }),
    expectedAnswers(live, state, questions) {
      const index = buildAccessIndex(state, live.catalog, engine.dialect(live).accessRules);
      return questions.map(({ role, privilege, grantable, resource }) =>
        index.can(role, privilege, resource, { grantable }),
      );
    },
  };
  return { connection, runs: runs(), guards, holder: "conformance", clock: systemClock };
}
