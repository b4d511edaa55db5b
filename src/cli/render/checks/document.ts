import { CATALOGUE } from "../../../analysis/checks/catalogue.ts";
import { controlsOf } from "../../../analysis/checks/controls.ts";
import type { CheckReport, TargetReport } from "../../../analysis/checks/report.ts";
import { tally } from "../../../report/checks/tally.ts";
import type { JsonDocument } from "../../context.ts";
import { snakeCase } from "../../output/snake-case.ts";

/** The document of `check --json`: how it ended, the counts, and everything of each target. */
export function checksDocument(report: CheckReport, next: readonly string[]): JsonDocument {
  const summary = tally(report);
  return {
    result: summary.failed > 0 ? "failed" : summary.errors > 0 ? "refused" : "passed",
    summary: snakeCase(summary),
    targets: report.targets.map(targetDocument),
    failed: report.failed,
    diagnostics: snakeCase(report.diagnostics),
    checks: checksOf(report),
    next,
  };
}

function targetDocument({ acceptances: _uses, newAccess, tests, ...target }: TargetReport): unknown {
  return {
    ...(snakeCase(target) as object),
    tests: tests.map(({ title, result, finding }) => ({ title, result, finding: snakeCase(finding) })),
    ...(newAccess === null ? {} : { new_access: snakeCase(newAccess) }),
  };
}

/** What the ids mean, of every check that found something. */
function checksOf({ targets }: CheckReport): unknown {
  const ids = new Set(targets.flatMap(({ findings, accepted }) => [...findings, ...accepted].map((each) => each.code)));
  return Object.fromEntries(
    CATALOGUE.filter((check) => ids.has(check.id)).map(({ id, title, principles, ...check }) => [
      id,
      { title, principles, supports: controlsOf({ id, principles, ...check }) },
    ]),
  );
}
