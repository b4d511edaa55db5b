import { accessDelta } from "../../src/analysis/delta.ts";
import { buildAccessIndex } from "../../src/analysis/access-index.ts";
import type { CheckContext } from "../../src/analysis/checks/check.ts";
import { checkContext } from "../../src/analysis/checks/context.ts";
import { predict } from "../../src/diff/predict.ts";
import type { Change } from "../../src/model/change.ts";
import type { Plan, Stage } from "../../src/plan/plan.ts";

const DIGEST = "sha256:00" as const;

/** What checks look at where these changes are planned from a state: nothing of the plan counts but its changes, and the databases that it runs in. */
export function changing(
  from: CheckContext,
  changes: readonly Change[],
  databases: readonly string[] = [],
): CheckContext {
  const { live, dialect, target, environment, now, declared, posture } = from;
  const state = predict(live.access, changes, dialect.rules);
  const numbered = new Set([...state.roles.keys(), ...live.access.roles.keys()]);
  const before = buildAccessIndex(live.access, live.catalog, dialect.accessRules, { alsoNumber: numbered });
  const index = buildAccessIndex(state, live.catalog, dialect.accessRules, { alsoNumber: numbered });
  const stages: Stage[] = databases.map((database) => ({ name: "all", database, statements: [] }));
  const plan: Plan = {
    format_version: "1.0",
    tool: "test",
    target: { name: target, environment, identity: live.identity, version: live.version, actor: live.actor.role },
    manifest_digest: null,
    fingerprint: { before: DIGEST, after: DIGEST },
    basis: {},
    changes: changes.map((change) => ({ change, origin: { locations: [], by: "declared" } })),
    stages,
    inverse: stages,
    inverse_changes: [],
    irreversible: [],
    budget: { statements: 0, locks: 0, max_locks: 0 },
    findings: [],
    digest: DIGEST,
  };
  const renames = changes.filter((change) => change.kind === "rename-role");
  const delta = accessDelta(before, index, { identities: declared?.identities ?? [], target, renames });
  const change = { plan, delta, before };
  return checkContext({ target, environment, now, index, live, dialect, posture, declared, change });
}
