import type { CheckReport, TargetReport } from "../../analysis/checks/report.ts";
import { compareText } from "../../base/order.ts";
import type { Finding } from "../../model/finding.ts";
import { ruleOf } from "./rules.ts";
import { visible } from "./text.ts";

/** One case of a suite. */
interface Case {
  readonly name: string;
  readonly kind: "passed" | "failed" | "error" | "skipped";
  /** In one line. */
  readonly message: string;
  readonly text: readonly string[];
}

/** The report as JUnit XML: a suite a target; a case a check, a policy and an access test. What was not evaluated is skipped with its reason, never passed. */
export function toJunit(report: CheckReport): string {
  const suites = [
    ...report.targets.map((target) => ({ name: target.target, at: target.readAt, cases: casesOf(target) })),
    ...report.failed.map(({ target, code, message }) => ({
      name: target,
      at: null,
      cases: [{ name: "reading the target", kind: "error" as const, message: `${code} ${message}`, text: [] }],
    })),
    ...(report.diagnostics.length === 0 ? [] : [{ name: "manifest", at: null, cases: grouped(report.diagnostics) }]),
  ];
  const all = suites.flatMap((suite) => suite.cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="rolewright check"${counts(all)}>`,
    ...suites.flatMap(({ name, at, cases }) => [
      `  <testsuite name=${quoted(name)}${counts(cases)}${at === null ? "" : ` timestamp=${quoted(at)}`}>`,
      ...cases.flatMap((each) => caseLines(each, name)),
      "  </testsuite>",
    ]),
    "</testsuites>",
    "",
  ].join("\n");
}

function casesOf(target: TargetReport): readonly Case[] {
  const { findings, accepted, notEvaluated, passed, off, policies, tests, newAccess } = target;
  const found = grouped([...findings, ...accepted]);
  const skipped = [...Map.groupBy(notEvaluated, (each) => each.check)].map(([check, gaps]): Case => {
    const reasons = gaps.map(({ reason }) => reason);
    return { name: titled(check), kind: "skipped", message: `not evaluated: ${reasons.join("; ")}`, text: [] };
  });
  // A check that found something and could not see all of it is a case once: what it found counts.
  const known = new Set(found.map((each) => each.name));
  const checks = [
    ...found,
    ...skipped.filter((each) => !known.has(each.name)),
    ...passed.map((id): Case => ({ name: titled(id), kind: "passed", message: "", text: [] })),
    ...off.map(
      (id): Case => ({ name: titled(id), kind: "skipped", message: "switched off by the manifest", text: [] }),
    ),
  ];
  return [
    ...checks.toSorted((a, b) => compareText(a.name, b.name)),
    ...policies.map(({ policy, result, finding }): Case => {
      const kind = finding?.severity === "error" ? "failed" : result === "unknown" ? "error" : "passed";
      return { name: `policy ${policy}`, kind, ...told(finding) };
    }),
    ...tests.map(({ title, result, finding }): Case => {
      return { name: `access test: ${title}`, kind: result === "passed" ? "passed" : "failed", ...told(finding) };
    }),
    ...(newAccess === null ? [] : [newAccessCase(newAccess)]),
  ];
}

function newAccessCase({ base, findings, unknowns }: NonNullable<TargetReport["newAccess"]>): Case {
  const text = [...findings.map(lineOf), ...unknowns.map(({ subject, reason }) => `unknown: ${subject}: ${reason}`)];
  const kind = findings.some((each) => each.severity === "error") ? "failed" : "passed";
  return { name: `no new access, compared with ${base}`, kind, message: findings[0]?.message ?? "", text };
}

/** The findings of one code are one case: it fails where one of them is an error. */
function grouped(findings: readonly Finding[]): readonly Case[] {
  return [...Map.groupBy(findings, (each) => each.code)].map(([code, of]): Case => {
    const errors = of.filter((each) => each.severity === "error");
    const more = errors.length > 1 ? ` and ${errors.length - 1} more` : "";
    const [first = of[0]] = errors;
    return {
      name: titled(code),
      kind: errors.length > 0 ? "failed" : "passed",
      message: `${first?.message ?? ""}${more}`,
      text: of.map(lineOf),
    };
  });
}

function told(finding: Finding | null): Pick<Case, "message" | "text"> {
  return finding === null ? { message: "", text: [] } : { message: finding.message, text: [lineOf(finding)] };
}

function lineOf({ severity, message, help, location }: Finding): string {
  const place = location === undefined ? "" : ` (${location.file}:${location.line}:${location.column})`;
  return `${severity}: ${message}${place}${help === undefined ? "" : `; help: ${help}`}`;
}

function titled(code: string): string {
  return `${code} ${ruleOf(code).page.title}`;
}

function caseLines({ name, kind, message, text }: Case, suite: string): readonly string[] {
  const open = `    <testcase name=${quoted(name)} classname=${quoted(`rolewright.${suite}`)}`;
  const body = text.map(escaped).join("\n");
  if (kind === "passed")
    return text.length === 0 ? [`${open}/>`] : [`${open}><system-out>${body}</system-out></testcase>`];
  if (kind === "skipped") return [`${open}><skipped message=${quoted(message)}/></testcase>`];
  const element = kind === "failed" ? "failure" : "error";
  return [`${open}><${element} message=${quoted(message)}>${body}</${element}></testcase>`];
}

function counts(cases: readonly Case[]): string {
  const of = (kind: Case["kind"]): number => cases.filter((each) => each.kind === kind).length;
  return ` tests="${cases.length}" failures="${of("failed")}" errors="${of("error")}" skipped="${of("skipped")}"`;
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll("\n", " ").replaceAll('"', "&quot;")}"`;
}

function escaped(text: string): string {
  return visible(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
