import { CATALOGUE } from "../../src/analysis/checks/catalogue.ts";
import { type Check, FAMILIES, type Family } from "../../src/analysis/checks/check.ts";
import { controlsOf, supportsText } from "../../src/analysis/checks/controls.ts";
import { generatedFrom, markdownTable, page } from "./markdown.ts";

const NAMES: Readonly<Record<Family, string>> = {
  ADM: "Standing administrative access",
  PGE: "Escalation on PostgreSQL",
  MYE: "Escalation on MariaDB and MySQL",
  HID: "Hidden access by the matching of names",
  CSE: "Escalation on Cassandra",
  LPV: "Everybody, and least privilege",
  INH: "Inheritance",
  SOD: "Separation of duties",
  DEF: "Default privileges of PostgreSQL",
  TRC: "Traceability",
  ACC: "Accounts",
  LCK: "Lock-out safety",
  AVL: "Availability",
  DRF: "Drift and convergence",
};

/** The page about every check: what it looks for, why, how to mend it, what it needs to be evaluated, and what it supports. */
export function checkReference(): string {
  const families = FAMILIES.map((family) => ({
    family,
    checks: CATALOGUE.filter((check) => familyOf(check) === family),
  }));
  return page(
    "# Checks",
    generatedFrom("src/analysis/checks"),
    `\`rolewright check\` runs ${CATALOGUE.length} checks on what is live or on a snapshot; \`rolewright plan\` runs those that need nothing but access on the state before and after, and reports what the plan makes new or worse. What is critical or high is an error and refuses (exit 3), what is medium is a warning, what is low or information is a note. High becomes critical on production, for what is declared sensitive, and where a person or a shared login is behind it; for declared administrators and for emergencies everything is one step lower. A check that cannot see what it needs is not evaluated, which is never a pass.`,
    "The manifest decides how checks count here, and who answers for a finding until when:",
    [
      "```yaml",
      "policies:",
      "  - { check: INH-11, severity: error, environments: [production] }",
      "  - { check: LPV-02, severity: off, roles: [legacy_*], because: it is retired in March }",
      "accepted:",
      "  - check: INH-11",
      "    roles: [build]",
      "    because: the build still logs in by itself; the new login comes with the next release",
      "    owner: ana",
      "    until: 2027-01-31",
      "```",
    ].join("\n"),
    "An acceptance makes a finding information that is listed; after its last day it fails (`RW160`) and the finding counts again. One that names a `finding` by the key that is printed with it is for that one alone; one with `roles` and `on` is for findings that are about nothing else. An acceptance that nothing needs is a warning (`RW162`).",
    "A check **supports** a control; no text here says that it complies with, certifies or guarantees anything.",
    markdownTable(
      ["family", "about", "checks"],
      families.map(({ family, checks }) => [
        `[${family}](#${anchor(NAMES[family])})`,
        NAMES[family],
        String(checks.length),
      ]),
    ),
    ...families.flatMap(({ family, checks }) => [
      `## ${NAMES[family]}`,
      checks.length === 0 ? `No check of ${family} is in this release.` : "",
      ...checks.flatMap(checkBlocks),
    ]),
  );
}

function checkBlocks(check: Check): string[] {
  const needs =
    (check.needs ?? []).length === 0
      ? "nothing but access: it runs on plans and snapshots too"
      : (check.needs ?? []).map((need) => NEEDS[need]).join(", ");
  const supports = supportsText(controlsOf(check));
  return [
    `### ${check.id}`,
    `**${check.title}**`,
    `${check.danger}; ${check.principles.join(", ")}; ${check.engines === "all" ? "every engine" : check.engines.join(", ")}${check.versions === undefined ? "" : ", some versions"}`,
    check.why,
    `What to do: ${check.fix}`,
    check.example === undefined ? "" : ["```", check.example, "```"].join("\n"),
    `Needs ${needs}.${supports === "" ? "" : ` It ${supports}.`}`,
  ];
}

const NEEDS: Readonly<Record<NonNullable<Check["needs"]>[number], string>> = {
  posture: "the live server, for its settings and code",
  declared: "a manifest",
  plan: "a plan: it judges changes",
  usage: "evidence of what was used",
  previous: "an earlier state",
  records: "records of requests and approvals",
};

function familyOf({ id }: Check): string {
  return id.slice(0, id.indexOf("-"));
}

function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9 -]/gu, "")
    .replaceAll(" ", "-");
}
