import { buildAccessIndex } from "../../src/analysis/access-index.ts";
import { CATALOGUE } from "../../src/analysis/checks/catalogue.ts";
import { checkContext } from "../../src/analysis/checks/context.ts";
import { runChecks } from "../../src/analysis/checks/run-checks.ts";
import { applyPlan } from "../../src/apply/apply.ts";
import type { ApplyOptions } from "../../src/apply/apply-options.ts";
import { resolveManifest } from "../../src/config/resolve.ts";
import { diff } from "../../src/diff/diff.ts";
import type { Connection } from "../../src/engine/engine.ts";
import { buildPlan } from "../../src/plan/build-plan.ts";
import { declaring } from "../scenarios/checks/live-postgresql.ts";
import { findingLines, fromText } from "../scenarios/manifest-world.ts";

/** What a manifest's plan said. */
export interface Applied {
  /** `RW242 5:9 message`, errors first. */
  readonly findings: readonly string[];
  /** The reasons of all changes of grants and default privileges, each once, sorted. */
  readonly reasons: readonly string[];
  readonly changes: number;
}

/** Plans and applies the rest of a manifest (everything below `targets`) on a live server, and plans again: nothing may be left to do. */
export async function applyText(
  connection: Connection,
  text: string,
  options: ApplyOptions,
  environment: Readonly<Record<string, string>> = {},
): Promise<Applied> {
  const { name } = connection.engine;
  const manifest = fromText(`version: 1\ntargets: { prod: { engine: ${name}, url: '\${URL}' } }\n${text}`);
  const resolve = async () => {
    const snapshot = await connection.introspect();
    const dialect = connection.engine.dialect(snapshot);
    const resolution = resolveManifest(manifest, "prod", snapshot, dialect.rules);
    const { renames, passwords, findings } = resolution;
    if (findings.some(({ severity }) => severity === "error")) throw new Error(findingLines(findings).join("\n"));
    const changes = diff(snapshot.access, resolution.desired, { rules: dialect.rules, renames, passwords });
    return { snapshot, dialect, resolution, changes };
  };
  const { snapshot, dialect, resolution, changes } = await resolve();
  const plan = buildPlan({
    target: "prod",
    environment: "test",
    snapshot,
    dialect,
    changes: changes.map((change) => ({ change, origin: resolution.originOf(change) })),
    manifestDigest: null,
    tool: "0.0.0-test",
  });
  const outcome = await applyPlan(plan, { ...options, environment });
  if (outcome.kind !== "applied") throw new Error(JSON.stringify(outcome));
  const left = (await resolve()).changes;
  if (left.length > 0) throw new Error(`a second plan has ${left.length} changes: ${JSON.stringify(left)}`);
  const reasons = plan.changes
    .filter(({ change }) => change.kind === "add-grant" || change.kind === "add-default")
    .map(({ origin }) => origin.because ?? "no reason");
  return {
    findings: findingLines(resolution.findings),
    reasons: [...new Set(reasons)].sort(),
    changes: changes.length,
  };
}

/** How each statement ends, by the statement: `ok`, or the code that it was refused with. */
export type Tried = Readonly<Record<string, string>>;

export async function tryAll(statements: Tried, attempt: (statement: string) => Promise<string>): Promise<Tried> {
  const ends: Record<string, string> = {};
  for (const statement of Object.keys(statements)) ends[statement] = await attempt(statement);
  return ends;
}

/** The checks that find something critical or high about one of these roles: `PGE-11 chief`. A preset is least privilege by construction: none. */
export async function dangersOf(connection: Connection, roles: readonly string[]): Promise<readonly string[]> {
  const live = await connection.introspect();
  const posture = await connection.posture(live);
  const dialect = connection.engine.dialect(live);
  const index = buildAccessIndex(live.access, live.catalog, dialect.accessRules);
  const given = { target: "prod", environment: "test", now: live.takenAt, declared: declaring() };
  const { findings } = runChecks(checkContext({ ...given, index, live, dialect, posture }), CATALOGUE);
  return findings
    .filter(
      ({ danger, principals }) => /critical|high/u.test(danger) && principals.some((role) => roles.includes(role)),
    )
    .map(({ code, principals }) => `${code} ${principals.join("+")}`)
    .sort();
}
