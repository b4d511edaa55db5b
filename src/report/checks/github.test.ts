import { expect, test } from "vitest";
import { checkFinding, hostileReport, reportOf } from "../../../test/support/check-report.ts";
import { toAnnotations } from "./github.ts";

const options = { pathOf: (file: string) => `db/${file}` };

test("the worst ten of a kind are annotated where they stand, and all of them are counted", () => {
  const many = (severity: "error" | "warning") => Array.from({ length: 15 }, () => checkFinding({ severity }));
  const lines = toAnnotations(reportOf({ findings: [...many("warning"), ...many("error")] }), options)
    .trim()
    .split("\n");
  expect(lines).toHaveLength(21);
  expect(lines[0]).toBe(
    "::error file=db/roles/a b.yaml,line=5,col=3,endLine=5,endColumn=8,title=INH-11 medium::the login `alice` has members: `bob`%0Ahelp: make a role that cannot log in",
  );
  expect(lines.filter((line) => line.startsWith("::error "))).toHaveLength(10);
  expect(lines.at(-1)).toContain("15 errors, 15 warnings, 0 notes");
});

test("notes are no annotations, and what has no place stands where the target is declared", () => {
  const { location: _none, ...finding } = checkFinding();
  const text = toAnnotations(
    reportOf({ findings: [finding, checkFinding({ severity: "info", message: "a note" })] }),
    options,
  );
  expect(text).toContain("::warning file=db/rolewright.yaml,line=3");
  expect(text).not.toContain("a note");
});

test("no name starts a command of its own", () => {
  const lines = toAnnotations(hostileReport(), options).trimEnd().split("\n");
  expect(lines.every((line) => /^::(error|warning|notice) [^:]*::/.test(line))).toBe(true);
  expect(lines.some((line) => line.startsWith("::error::x"))).toBe(false);
});
