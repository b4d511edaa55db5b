import { describe, expect, test } from "vitest";
import { z } from "zod";
import schema from "../../../test/support/sarif-2.1.0.schema.json" with { type: "json" };
import { checkFinding, hostileReport, reportOf } from "../../../test/support/check-report.ts";
import type { CheckReport } from "../../analysis/checks/report.ts";
import { toSarif } from "./sarif.ts";

/** Relative references are no whole URLs, which is all that zod knows. */
const SARIF = z.fromJSONSchema(
  JSON.parse(
    JSON.stringify(schema).replaceAll('"format":"uri-reference"', '"minLength":1'),
  ) as z.core.JSONSchema.JSONSchema,
);
const options = { version: "1.2.3", pathOf: (file: string) => `db/${file}` };

interface Log {
  readonly runs: readonly {
    readonly tool: {
      readonly driver: { readonly rules: readonly { readonly id: string; readonly properties: object }[] };
    };
    readonly invocations: readonly object[];
    readonly results: readonly { readonly ruleId: string; readonly ruleIndex: number; readonly level: string }[];
    readonly properties: object;
  }[];
}

function logOf(report: CheckReport, mostResults?: number): Log {
  const text = toSarif(report, { ...options, ...(mostResults === undefined ? {} : { mostResults }) });
  const log: unknown = JSON.parse(text);
  expect(SARIF.safeParse(log).error?.issues ?? []).toEqual([]);
  return log as Log;
}

describe("SARIF", () => {
  test("is what the schema of OASIS says, for a report with something hostile everywhere and for one of nothing", () => {
    expect(logOf(hostileReport()).runs).toHaveLength(2);
    expect(logOf(reportOf()).runs).toEqual([]);
    expect(logOf(reportOf({})).runs[0]?.results).toEqual([]);
    expect(SARIF.safeParse({ version: "2.1.0", runs: [{ tool: {} }] }).success).toBe(false);
  });

  test("has our code as rule, the place in the repository, and a fingerprint that does not move with the line", () => {
    const moved = checkFinding({ location: { file: "roles/a b.yaml", line: 99, column: 1 } });
    const [before, after] = [checkFinding(), moved].map(
      (finding) => logOf(reportOf({ findings: [finding] })).runs[0]?.results[0],
    );
    expect(before).toMatchObject({
      ruleId: "INH-11",
      level: "warning",
      partialFingerprints: { "rolewright/v1": "0123456789abcdef" },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: "db/roles/a%20b.yaml" },
            region: { startLine: 5, endColumn: 8 },
          },
        },
      ],
      properties: { danger: "medium", fix_sql: ['revoke "alice" from "bob";'] },
    });
    expect(after).toMatchObject({ partialFingerprints: { "rolewright/v1": "0123456789abcdef" } });
  });

  test("puts what has no place of its own where the manifest declares the target, since GitHub drops what stands nowhere", () => {
    const { location: _none, ...finding } = checkFinding();
    const [run] = logOf(reportOf({ findings: [finding] })).runs;
    expect(run?.results[0]).toMatchObject({
      locations: [{ physicalLocation: { artifactLocation: { uri: "db/rolewright.yaml" } } }],
    });
  });

  test("suppresses what is accepted, with who and why, and tells what was not evaluated beside the results", () => {
    const accepted = checkFinding({
      severity: "info",
      accepted: { owner: "ana", because: "soon", until: "2027-01-01" },
    });
    const gap = { check: "ACC-01", target: "shop", reason: "not read" };
    const [run] = logOf(reportOf({ accepted: [accepted], notEvaluated: [gap] })).runs;
    expect(run?.results).toMatchObject([
      { suppressions: [{ kind: "external", justification: "soon (ana, until 2027-01-01)" }] },
    ]);
    expect(run?.invocations).toMatchObject([
      { toolExecutionNotifications: [{ message: { text: "ACC-01 was not evaluated: not read" } }] },
    ]);
  });

  test("names each rule once, with its help, its danger as a number and what it supports", () => {
    const [run] = logOf(reportOf({ findings: [checkFinding(), checkFinding({ key: "f".repeat(16) })] })).runs;
    expect(run?.tool.driver.rules).toMatchObject([
      {
        id: "INH-11",
        properties: { "security-severity": "5.5", tags: ["security", "inheritance control", "traceability"] },
      },
    ]);
    expect(run?.results.map((each) => each.ruleIndex)).toEqual([0, 0]);
  });

  test("is cut after the worst, with the true count beside it", () => {
    const findings = Array.from({ length: 30 }, (_, index) => checkFinding({ key: String(index).padStart(16, "0") }));
    const worst = checkFinding({ severity: "error", danger: "critical", key: "e".repeat(16) });
    const [run] = logOf(reportOf({ findings: [...findings, worst] }), 10).runs;
    expect(run?.results).toHaveLength(10);
    expect(run?.results[0]?.level).toBe("error");
    expect(run?.properties).toMatchObject({ results_total: 31 });
  });
});
