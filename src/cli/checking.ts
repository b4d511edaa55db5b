import { buildAccessIndex } from "../analysis/access-index.ts";
import { CATALOGUE } from "../analysis/checks/catalogue.ts";
import type { Check, CheckContext } from "../analysis/checks/check.ts";
import { checkContext } from "../analysis/checks/context.ts";
import { fixSql } from "../analysis/checks/fix-sql.ts";
import type { Usage } from "../analysis/checks/usage.ts";
import type { NewAccess, PolicyAnswer, TargetReport, TestAnswer } from "../analysis/checks/report.ts";
import { type CheckRun, runChecks } from "../analysis/checks/run-checks.ts";
import { runTests } from "../analysis/access-tests/run-tests.ts";
import { testFindings } from "../analysis/access-tests/findings.ts";
import { evaluatePolicies, policiesFor } from "../analysis/policies/evaluate.ts";
import { policyValues } from "../analysis/policies/values.ts";
import { sortedText } from "../base/order.ts";
import { resolveDeclared } from "../config/declared/declared.ts";
import { resolveManifest } from "../config/resolve.ts";
import type { Dialect } from "../engine/engine.ts";
import { loadEngine } from "../engine/registry.ts";
import type { CheckFinding } from "../model/check-finding.ts";
import type { Declared, DeclaredTest } from "../model/declared.ts";
import type { Finding, SourceLocation } from "../model/finding.ts";
import { describeName, describeTyped } from "../model/resource.ts";
import type { Posture } from "../model/posture.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { readAppliedChanges } from "./applied-changes.ts";
import type { CliContext } from "./context.ts";
import { compareLive } from "./pipeline.ts";
import { type OpenTarget, type ReadManifest } from "./target.ts";

/** What the checks say of one target as it is. */
export interface CheckedTarget {
  readonly context: CheckContext;
  readonly run: CheckRun;
  /** The same and what policies and access tests say, as it is reported. */
  readonly report: TargetReport;
  /** What is wrong with what the manifest says for checks. */
  readonly findings: readonly Finding[];
}

/** What is run. */
export interface CheckOptions {
  /** @default all */
  readonly checks?: readonly Check[];
  /** Works out what this state gives that a base does not. @default nobody asked */
  readonly newAccess?: (basis: Judged) => Promise<NewAccess>;
}

/** One state of a target with everything that is known about it. */
export interface Judged {
  readonly name: string;
  readonly environment: string;
  /** Where the manifest declares the target. */
  readonly location: SourceLocation | undefined;
  readonly live: Snapshot;
  readonly dialect: Dialect;
  readonly posture: Posture | null;
  /** What was used, where evidence was given. @default none */
  readonly usage?: Usage;
  /** What was applied here, where there are records of it. @default none */
  readonly records?: CheckContext["records"];
  /** Null: there is no manifest. */
  readonly declared: Declared | null;
  /** What is wrong with what the manifest says for checks. */
  readonly findings: readonly Finding[];
}

/** Reads a target and everything that checks need. */
export async function readForChecks(target: OpenTarget, context: CliContext): Promise<Judged> {
  const { live, dialect, declared } = await compareLive(target, context);
  context.progress.step(`reading the settings and the code of ${target.name}`);
  const posture = await target.connection.posture(live, { signal: context.signal });
  const { name, environment, loaded } = target;
  const location = loaded.locate(["targets", name]);
  const records = await readAppliedChanges(target, live.identity.server);
  return { name, environment, location, live, dialect, posture, declared, records, findings: [] };
}

/** Runs checks on targets that were read, each knowing the others: what people may do is judged over all of them. */
export async function checkAll(
  targets: readonly Judged[],
  options: CheckOptions = {},
): Promise<readonly CheckedTarget[]> {
  const among: CheckContext[] = [];
  for (const judged of targets) among.push(contextOf(judged, among));
  const checked: CheckedTarget[] = [];
  for (const [index, judged] of targets.entries()) {
    const context = among[index];
    if (context !== undefined) checked.push(await checkState(judged, context, options));
  }
  return checked;
}

/** The same for a state that was read before, without any database: what is no part of a snapshot is not evaluated. */
export async function checkSnapshot(
  live: Snapshot,
  of: { readonly name: string; readonly environment: string; readonly read: ReadManifest | null },
  options: CheckOptions = {},
): Promise<CheckedTarget> {
  const engine = await loadEngine(live.identity.engine);
  const dialect = engine.dialect(live);
  const { name, environment, read } = of;
  const { declared, findings } =
    read === null ? { declared: null, findings: [] } : declaredIn(read, name, live, dialect);
  const location = read?.loaded.locate(["targets", name]);
  const judged: Judged = { name, environment, location, live, dialect, posture: null, declared, findings };
  return await checkState(judged, contextOf(judged, []), options);
}

function declaredIn(
  { loaded, manifest }: ReadManifest,
  target: string,
  live: Snapshot,
  dialect: Dialect,
): ReturnType<typeof resolveDeclared> {
  const { identities, desired } = resolveManifest(loaded, target, live, dialect.rules);
  const roles = new Map([...live.access.roles, ...desired.roles]);
  return resolveDeclared({ ...loaded, manifest }, target, { live, rules: dialect.rules, identities, roles });
}

function contextOf(
  { name, environment, live, dialect, posture, usage, records, declared }: Judged,
  among: readonly CheckContext[],
): CheckContext {
  return checkContext({
    target: name,
    environment,
    now: live.takenAt,
    index: buildAccessIndex(live.access, live.catalog, dialect.accessRules),
    live,
    dialect,
    posture,
    usage: usage ?? null,
    records: records ?? null,
    declared,
    among,
  });
}

async function checkState(judged: Judged, context: CheckContext, options: CheckOptions): Promise<CheckedTarget> {
  const { name, environment, location, live, dialect, posture, findings } = judged;
  const run = runChecks(context, options.checks ?? CATALOGUE);
  const withSql = (finding: CheckFinding): CheckFinding => {
    const sql = fixSql(finding.mend, { live, dialect });
    return sql.length === 0 ? finding : { ...finding, mend: { ...finding.mend, sql } };
  };
  const tests = testAnswers(context);
  const { notEvaluated, passed, off, silenced, acceptances } = run;
  const report: TargetReport = {
    target: name,
    ...(location === undefined ? {} : { location }),
    environment,
    engine: live.identity.engine,
    version: live.version.text,
    readAt: live.takenAt,
    fingerprint: live.fingerprint,
    source: posture === null ? "snapshot" : "live",
    findings: run.findings.map(withSql),
    accepted: run.accepted.map(withSql),
    notEvaluated,
    passed,
    off,
    silenced,
    acceptances,
    outOfScope: sortedText(
      [...live.access.roles.values()].flatMap((role) => (role.origin === "user" ? [] : role.name)),
    ),
    policies: policyAnswers(context, run, tests),
    tests,
    newAccess: (await options.newAccess?.(judged)) ?? null,
  };
  return { context, run, report, findings: [...findings, ...run.ended, ...untriedTests(judged)] };
}

/** Access tests about statements need a server that tries them: what is not tried is said, and is no pass. */
function untriedTests({ name, declared }: Judged): readonly Finding[] {
  const tests = declared?.statementTests ?? [];
  const [first] = tests;
  if (first === undefined) return [];
  const count =
    tests.length === 1 ? "one access test about a statement is" : `${tests.length} access tests about statements are`;
  return [
    {
      code: "RW578",
      severity: "info",
      message: `${count} not tried here on \`${name}\``,
      ...(first.location === undefined ? {} : { location: first.location }),
      help: "rolewright simulate --tests-only",
    },
  ];
}

/** What the policies of the manifest and of its packs say of this state. */
function policyAnswers(context: CheckContext, run: CheckRun, tests: readonly TestAnswer[]): readonly PolicyAnswer[] {
  const policies = context.declared === null ? [] : policiesFor(context.declared);
  if (policies.length === 0) return [];
  const passed = tests.filter((each) => each.result === "passed").length;
  const counts = { passed, failed: tests.length - passed };
  const findings = [...run.findings, ...run.accepted];
  return evaluatePolicies(policies, policyValues({ context, findings, tests: counts }));
}

/** How the access tests of the manifest end on this state. */
function testAnswers(context: CheckContext): readonly TestAnswer[] {
  const { declared, index, live } = context;
  const tests = declared?.tests ?? [];
  if (tests.length === 0) return [];
  const { escalation } = context; // Only here: it is worked out when it is first asked for.
  return runTests(tests, { index, escalation, unknowns: live.unknowns }).map((result) => {
    const [finding = null] = testFindings([result], "now");
    const ended = result.found === "unknown" ? "unknown" : "failed";
    return { test: result.test, title: testTitle(result.test), result: finding === null ? "passed" : ended, finding };
  });
}

function testTitle({ as, must, privilege, resources }: DeclaredTest): string {
  const [first] = resources;
  const more = resources.length > 1 ? ` and ${resources.length - 1} more` : "";
  const what = first === undefined ? "nothing" : describeTyped(first);
  return `\`${describeName(as)}\` must ${must === "allow" ? "have" : "not have"} ${privilege} on \`${what}\`${more}`;
}
