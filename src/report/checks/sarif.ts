import { supportsText } from "../../analysis/checks/controls.ts";
import type { CheckReport, FailedTarget, TargetReport } from "../../analysis/checks/report.ts";
import { digestText } from "../../base/digest.ts";
import { compareText } from "../../base/order.ts";
import type { CheckFinding, Danger } from "../../model/check-finding.ts";
import type { Finding, Severity, SourceLocation } from "../../model/finding.ts";
import { describeName, describeTyped } from "../../model/resource.ts";
import { type Rule, ruleOf } from "./rules.ts";
import { findingsOf } from "./tally.ts";
import { asCheckFinding, type PathOf, visible } from "./text.ts";

export interface SarifOptions {
  /** Of the tool. */
  readonly version: string;
  readonly pathOf: PathOf;
  /** How many results one run holds at most; the true count stands in its properties. GitHub takes 5,000. @default 5000 */
  readonly mostResults?: number;
}

const LEVELS: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "note" };
/** What code scanning sorts by: from 9 critical, from 7 high, from 4 medium. */
const SECURITY: Readonly<Record<Danger, string>> = {
  critical: "9.5",
  high: "8.0",
  medium: "5.5",
  low: "2.5",
  info: "0.5",
};

/** The report in SARIF 2.1.0: one run a target; a rule is a code of ours with its page as help; a result keeps its fingerprint wherever its line moves. */
export function toSarif(report: CheckReport, options: SarifOptions): string {
  const runs = report.targets.map((target, index) => runOf(target, index === 0 ? report.diagnostics : [], options));
  const failed = report.failed.map((target) => failedRun(target, options));
  const log = {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [...runs, ...failed],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function runOf(target: TargetReport, diagnostics: readonly Finding[], options: SarifOptions): object {
  const all = [...findingsOf(target), ...diagnostics].toSorted(bySeverity).concat(target.accepted);
  const shown = all.slice(0, options.mostResults ?? 5000);
  const rules = [...new Set(shown.map((each) => each.code))].sort(compareText).map(ruleOf);
  const place = new Map(rules.map((rule, index) => [rule.id, index]));
  return {
    tool: { driver: driverOf(options, rules) },
    automationDetails: { id: `rolewright/${visible(target.target)}/` },
    columnKind: "unicodeCodePoints",
    originalUriBaseIds: { SRCROOT: { description: { text: "the root of the repository that holds the manifest" } } },
    invocations: [{ executionSuccessful: true, toolExecutionNotifications: target.notEvaluated.map(notification) }],
    results: shown.map((finding) => resultOf(finding, { target, index: place.get(finding.code) ?? 0, ...options })),
    properties: { target: target.target, results_total: all.length, passed: target.passed, off: target.off },
  };
}

function failedRun({ target, code, message }: FailedTarget, options: SarifOptions): object {
  const text = visible(`${target} could not be checked: ${code} ${message}`);
  return {
    tool: { driver: driverOf(options, []) },
    automationDetails: { id: `rolewright/${visible(target)}/` },
    invocations: [{ executionSuccessful: false, toolExecutionNotifications: [{ level: "error", message: { text } }] }],
    results: [],
    properties: { target },
  };
}

function driverOf({ version }: SarifOptions, rules: readonly Rule[]): object {
  return { name: "rolewright", version, rules: rules.map(ruleDescriptor) };
}

function ruleDescriptor({ id, page, danger, principles, controls }: Rule): object {
  const supports = supportsText(controls);
  const parts = [page.why, `What to do: ${page.fix}`, page.example === undefined ? "" : page.example, supports];
  const markdown = [
    page.why,
    `**What to do:** ${page.fix}`,
    page.example === undefined ? "" : `\`\`\`\n${page.example}\n\`\`\``,
    supports === "" ? "" : `It ${supports}.`,
  ];
  return {
    id,
    shortDescription: { text: page.title },
    fullDescription: { text: page.why },
    help: { text: joined(parts), markdown: joined(markdown) },
    ...(danger === null
      ? {}
      : {
          defaultConfiguration: {
            level: danger === "critical" || danger === "high" ? "error" : danger === "medium" ? "warning" : "note",
          },
        }),
    properties: {
      tags: ["security", ...principles],
      ...(danger === null ? {} : { "security-severity": SECURITY[danger] }),
      ...(controls.length === 0 ? {} : { supports: controls }),
    },
  };
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n\n");
}

interface Around extends SarifOptions {
  readonly target: TargetReport;
  /** The place of its rule. */
  readonly index: number;
}

function resultOf(finding: Finding, { target, index, pathOf }: Around): object {
  const check = asCheckFinding(finding);
  const location = finding.location ?? target.location;
  const message = [finding.message, finding.help === undefined ? "" : `help: ${finding.help}`];
  return {
    ruleId: finding.code,
    ruleIndex: index,
    level: LEVELS[finding.severity],
    message: { text: visible(message.filter((part) => part !== "").join("\n")) },
    ...(location === undefined ? {} : { locations: [{ physicalLocation: physical(location, pathOf) }] }),
    partialFingerprints: { "rolewright/v1": check?.key ?? keyOf(finding, target.target) },
    ...(finding.related === undefined
      ? {}
      : {
          relatedLocations: finding.related.map((other, id) => ({
            id,
            message: { text: visible(other.message) },
            physicalLocation: physical(other.location, pathOf),
          })),
        }),
    ...(check?.accepted === undefined
      ? {}
      : {
          suppressions: [
            {
              kind: "external",
              status: "accepted",
              justification: visible(
                `${check.accepted.because} (${check.accepted.owner}, until ${check.accepted.until})`,
              ),
            },
          ],
        }),
    properties: check === null ? { target: target.target } : propertiesOf(check),
  };
}

function propertiesOf({
  target,
  danger,
  over,
  confidence,
  principals,
  identities,
  resources,
  path,
  mend,
}: CheckFinding): object {
  return {
    target,
    danger,
    over,
    confidence,
    principals: principals.map(describeName),
    identities: identities.map(describeName),
    resources: resources.slice(0, MOST_NAMED).map(describeTyped),
    ...(resources.length > MOST_NAMED ? { resources_total: resources.length } : {}),
    ...(path.length === 0 ? {} : { path: path.map(visible) }),
    ...(mend.manifest === undefined ? {} : { fix_manifest: mend.manifest.map(visible) }),
    ...(mend.sql === undefined ? {} : { fix_sql: mend.sql.slice(0, MOST_NAMED).map(visible) }),
  };
}

/** A finding over 50,000 tables is one result, not a file of ten megabytes. */
const MOST_NAMED = 50;

function physical(location: SourceLocation, pathOf: PathOf): object {
  const { file, line, column, endLine, endColumn } = location;
  return {
    artifactLocation: { uri: uriOf(pathOf(file)), uriBaseId: "SRCROOT" },
    region: {
      startLine: line,
      startColumn: column,
      ...(endLine === undefined ? {} : { endLine }),
      ...(endColumn === undefined ? {} : { endColumn }),
    },
  };
}

/** A relative reference: what a URI cannot hold is escaped, and what is no character is replaced. */
function uriOf(path: string): string {
  return path.toWellFormed().split("/").map(encodeURIComponent).join("/");
}

function keyOf(finding: Finding, target: string): string {
  return digestText([finding.code, target, finding.message].join("\0")).slice(7, 23);
}

function notification({ check, reason, help }: TargetReport["notEvaluated"][number]): object {
  const text = `${check} was not evaluated: ${reason}${help === undefined ? "" : `; ${help}`}`;
  return { level: "note", message: { text: visible(text) }, properties: { check } };
}

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

function bySeverity(a: Finding, b: Finding): number {
  return RANK[a.severity] - RANK[b.severity];
}
