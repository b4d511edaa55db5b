import { compareText } from "../../base/order.ts";
import type { NotEvaluated } from "../../model/check-finding.ts";
import type { Finding, Severity } from "../../model/finding.ts";
import type { CheckReport, TargetReport } from "../../analysis/checks/report.ts";

/** What a run of checks comes to. */
export interface Tally {
  readonly errors: number;
  readonly warnings: number;
  readonly notes: number;
  readonly accepted: number;
  readonly passed: number;
  readonly notEvaluated: number;
  readonly off: number;
  readonly silenced: number;
  readonly tests: { readonly passed: number; readonly failed: number };
  readonly policies: { readonly passed: number; readonly failed: number };
  /** Targets that could not be read. */
  readonly failed: number;
  /** Codes of the errors, sorted: what stands in the way. */
  readonly refusedBy: readonly string[];
}

/** Counts one target. */
export function tallyOf(target: TargetReport): Tally {
  const all = findingsOf(target);
  const count = (severity: Severity): number => all.filter((each) => each.severity === severity).length;
  const tests = target.tests.filter((each) => each.result === "passed").length;
  const policies = target.policies.filter((each) => each.result === "passed").length;
  return {
    errors: count("error"),
    warnings: count("warning"),
    notes: count("info"),
    accepted: target.accepted.length,
    passed: target.passed.length,
    notEvaluated: new Set(target.notEvaluated.map((each) => each.check)).size,
    off: target.off.length,
    silenced: target.silenced,
    tests: { passed: tests, failed: target.tests.length - tests },
    policies: { passed: policies, failed: target.policies.length - policies },
    failed: 0,
    refusedBy: codesOf(all),
  };
}

/** Counts a whole run. */
export function tally(report: CheckReport): Tally {
  const each = report.targets.map(tallyOf);
  const sum = (of: (one: Tally) => number): number => each.reduce((total, one) => total + of(one), 0);
  const said = (severity: Severity): number => report.diagnostics.filter((one) => one.severity === severity).length;
  return {
    errors: sum((one) => one.errors) + said("error"),
    warnings: sum((one) => one.warnings) + said("warning"),
    notes: sum((one) => one.notes) + said("info"),
    accepted: sum((one) => one.accepted),
    passed: sum((one) => one.passed),
    notEvaluated: sum((one) => one.notEvaluated),
    off: sum((one) => one.off),
    silenced: sum((one) => one.silenced),
    tests: { passed: sum((one) => one.tests.passed), failed: sum((one) => one.tests.failed) },
    policies: { passed: sum((one) => one.policies.passed), failed: sum((one) => one.policies.failed) },
    failed: report.failed.length,
    refusedBy: [...new Set([...each.flatMap((one) => one.refusedBy), ...codesOf(report.diagnostics)])].sort(
      compareText,
    ),
  };
}

/** Everything that one target was found to have, except what is accepted: of checks, policies, access tests and the comparison with a base. */
export function findingsOf(target: TargetReport): readonly Finding[] {
  return [
    ...target.findings,
    ...target.policies.flatMap(({ finding }) => (finding === null ? [] : [finding])),
    ...target.tests.flatMap(({ finding }) => (finding === null ? [] : [finding])),
    ...(target.newAccess?.findings ?? []),
  ];
}

/** Checks that were not evaluated, by what could not be known: the reason that most have first. */
export function byReason(notEvaluated: readonly NotEvaluated[]): readonly {
  readonly reason: string;
  readonly help: string | undefined;
  readonly checks: readonly string[];
}[] {
  const groups = new Map<string, { reason: string; help: string | undefined; checks: Set<string> }>();
  for (const { check, reason, help } of notEvaluated) {
    const key = `${reason}\0${help ?? ""}`;
    const group = groups.get(key) ?? { reason, help, checks: new Set<string>() };
    groups.set(key, group);
    group.checks.add(check);
  }
  return [...groups.values()]
    .map(({ reason, help, checks }) => ({ reason, help, checks: [...checks].sort(compareText) }))
    .sort((a, b) => b.checks.length - a.checks.length || compareText(a.reason, b.reason));
}

function codesOf(findings: readonly Finding[]): readonly string[] {
  const errors = findings.filter((each) => each.severity === "error");
  return [...new Set(errors.map((each) => each.code))].sort(compareText);
}
