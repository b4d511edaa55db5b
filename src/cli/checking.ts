import { buildAccessIndex } from "../analysis/access-index.ts";
import type { CheckContext } from "../analysis/checks/check.ts";
import { CATALOGUE } from "../analysis/checks/catalogue.ts";
import { checkContext } from "../analysis/checks/context.ts";
import { type CheckRun, runChecks } from "../analysis/checks/run-checks.ts";
import { resolveDeclared } from "../config/declared/declared.ts";
import type { Finding } from "../model/finding.ts";
import type { CliContext } from "./context.ts";
import { compareLive } from "./pipeline.ts";
import type { OpenTarget } from "./target.ts";

/** What the checks say of one target as it is. */
export interface CheckedTarget {
  readonly context: CheckContext;
  readonly run: CheckRun;
  /** What is wrong with what the manifest says for checks. */
  readonly findings: readonly Finding[];
}

/** Reads a target and everything that checks need, and runs all of them on its live state. */
export async function checkTarget(target: OpenTarget, context: CliContext): Promise<CheckedTarget> {
  const { live, dialect, resolution } = await compareLive(target, context);
  context.progress.step(`reading the settings and the code of ${target.name}`);
  const posture = await target.connection.posture(live, { signal: context.signal });
  const { declared, findings } = resolveDeclared({ ...target.loaded, manifest: target.manifest }, target.name, {
    live,
    rules: dialect.rules,
    identities: resolution.identities,
    roles: new Map([...live.access.roles, ...resolution.desired.roles]),
  });
  context.progress.step("checking");
  const judged = checkContext({
    target: target.name,
    environment: target.environment,
    now: live.takenAt,
    index: buildAccessIndex(live.access, live.catalog, dialect.accessRules),
    live,
    dialect,
    posture,
    declared,
  });
  return { context: judged, run: runChecks(judged, CATALOGUE), findings };
}
