import type { CheckReport, TargetReport } from "../../src/analysis/checks/report.ts";
import type { CheckFinding } from "../../src/model/check-finding.ts";

/** A name that tries everything: markup, mentions, commands of workflows, quotes, line breaks, what cannot be seen, half a character. */
export const HOSTILE = "a`|<b>@team</b>\"'&]]>\n::error::x\u0000\u202e\ud800 %0A, ]( *_";

/** A finding of a check, of which only what matters is said. */
export function checkFinding(given: Partial<CheckFinding> = {}): CheckFinding {
  return {
    code: "INH-11",
    severity: "warning",
    message: "the login `alice` has members: `bob`",
    location: { file: "roles/a b.yaml", line: 5, column: 3, endLine: 5, endColumn: 8 },
    help: "make a role that cannot log in",
    key: "0123456789abcdef",
    target: "shop",
    danger: "medium",
    principals: ["alice"],
    identities: [],
    resources: [],
    path: [],
    over: "effective",
    confidence: "certain",
    mend: { text: "make a role that cannot log in", sql: ['revoke "alice" from "bob";'] },
    ...given,
  };
}

/** What checks say of one target: nothing, where nothing is given. */
export function targetReport(given: Partial<TargetReport> = {}): TargetReport {
  return {
    target: "shop",
    location: { file: "rolewright.yaml", line: 3, column: 3 },
    environment: "test",
    engine: "postgresql",
    version: "18.4",
    readAt: "2026-11-22T09:00:00Z",
    fingerprint: "sha256:00",
    source: "live",
    findings: [],
    accepted: [],
    notEvaluated: [],
    passed: [],
    off: [],
    silenced: 0,
    acceptances: [],
    outOfScope: [],
    policies: [],
    tests: [],
    newAccess: null,
    ...given,
  };
}

export function reportOf(...targets: readonly Partial<TargetReport>[]): CheckReport {
  return { targets: targets.map(targetReport), failed: [], diagnostics: [] };
}

/** A report with something in every place, all of it hostile. */
export function hostileReport(): CheckReport {
  const message = `the login \`${HOSTILE}\` has members`;
  const finding = { message, help: HOSTILE, principals: [HOSTILE], identities: [HOSTILE], path: [HOSTILE] };
  const other = { code: "RW360", severity: "error", message: HOSTILE, help: HOSTILE } as const;
  const test = {
    as: HOSTILE,
    logins: [],
    must: "deny",
    privilege: "SELECT",
    resources: [],
    over: "reachable",
    because: null,
  } as const;
  return {
    targets: [
      targetReport({
        target: HOSTILE,
        environment: HOSTILE,
        version: HOSTILE,
        findings: [
          checkFinding({
            ...finding,
            severity: "error",
            danger: "high",
            mend: { text: HOSTILE, manifest: [HOSTILE], sql: [HOSTILE] },
          }),
          checkFinding({ ...finding, key: "1".repeat(16) }),
        ],
        accepted: [
          checkFinding({
            ...finding,
            severity: "info",
            accepted: { owner: HOSTILE, because: HOSTILE, until: "2999-01-01" },
          }),
        ],
        notEvaluated: [{ check: "ACC-01", target: HOSTILE, reason: HOSTILE, help: HOSTILE }],
        passed: ["INH-01"],
        off: ["INH-02"],
        policies: [{ policy: HOSTILE, pack: null, result: "denied", finding: other, controls: [] }],
        tests: [{ test, title: HOSTILE, result: "failed", finding: other }],
        newAccess: { base: HOSTILE, findings: [other], unknowns: [{ subject: HOSTILE, reason: HOSTILE }] },
      }),
    ],
    failed: [{ target: HOSTILE, code: "RW501", message: HOSTILE, help: HOSTILE }],
    diagnostics: [
      { code: "RW160", severity: "error", message: HOSTILE, location: { file: HOSTILE, line: 1, column: 1 } },
    ],
  };
}
