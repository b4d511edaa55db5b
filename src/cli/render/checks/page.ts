import type { CheckReport, FailedTarget, TargetReport } from "../../../analysis/checks/report.ts";
import { shortDigest } from "../../../base/digest.ts";
import { describeName } from "../../../model/resource.ts";
import { byReason, tally, tallyOf, type Tally } from "../../../report/checks/tally.ts";
import { escapeLine } from "../../output/escape.ts";
import type { Sources } from "../../output/frame.ts";
import type { Block, Item, LineBlock, Page } from "../../output/page.ts";
import { findingsSection, MANIFEST_WORDS } from "../findings.ts";
import { counted, listNames } from "../words.ts";
import { acceptedItems, checkItems } from "./items.ts";

/** How a run of checks is shown. */
export interface ChecksView {
  readonly sources: Sources;
  /** Every finding with all of its objects, also where one check is repeated. */
  readonly detail: boolean;
  /** Lines of the manifest above each marked one. */
  readonly frames: number;
  /** Printed after the verdict. */
  readonly next: readonly string[];
}

/** The page of `check`: target by target what stands, what is accepted, what could not be evaluated; then all of it in one line, the verdict and what to type next. */
export function checksPage(report: CheckReport, view: ChecksView): Page {
  const several = report.targets.length + report.failed.length > 1;
  const blocks: (Block | null)[] = [
    ...report.targets.flatMap((target) => targetBlocks(target, view, several)),
    failedSection(report.failed),
    findingsSection("MANIFEST", report.diagnostics, { words: MANIFEST_WORDS, ...view, all: view.detail }),
    ...closing(report, view),
  ];
  return blocks.filter((block) => block !== null);
}

function targetBlocks(target: TargetReport, view: ChecksView, several: boolean): (Block | null)[] {
  return [
    {
      kind: "facts",
      facts: [
        { label: "target", value: describeName(target.target), bare: true },
        { label: "engine", value: `${target.engine} ${target.version}`, bare: true },
        { label: "environment", value: describeName(target.environment), bare: true },
        { label: target.source === "live" ? "read" : "snapshot of", value: target.readAt.replace("T", " ") },
        { label: "fingerprint", value: shortDigest(target.fingerprint) },
      ],
    },
    checksSection(target, view),
    findingsSection(
      "POLICIES",
      target.policies.flatMap(({ finding }) => (finding === null ? [] : [finding])),
      { words: MANIFEST_WORDS, ...view, all: view.detail },
    ),
    findingsSection(
      "ACCESS TESTS",
      target.tests.flatMap(({ finding }) => (finding === null ? [] : [finding])),
      { words: MANIFEST_WORDS, ...view, all: view.detail },
    ),
    newAccessSection(target, view),
    target.accepted.length === 0
      ? null
      : {
          kind: "section",
          title: "ACCEPTED",
          note: `${counted(target.accepted.length, "finding")} that somebody answers for`,
          items: acceptedItems(target.accepted, view),
        },
    notEvaluatedSection(target),
    ...(several ? [{ kind: "line" as const, label: "CHECKED", text: countsText(tallyOf(target)) }] : []),
  ];
}

function checksSection(target: TargetReport, view: ChecksView): Block | null {
  if (target.findings.length === 0) return null;
  const kinds = new Set(target.findings.map((each) => each.code)).size;
  return {
    kind: "section",
    title: "CHECKS",
    note: `${counted(target.findings.length, "finding")} of ${counted(kinds, "check")}`,
    items: checkItems(target.findings, view),
  };
}

function newAccessSection({ newAccess }: TargetReport, view: ChecksView): Block | null {
  if (newAccess === null) return null;
  const base = `compared with ${escapeLine(newAccess.base)}`;
  const unknown: Item[] = newAccess.unknowns.map(({ subject, reason }) => ({
    sign: "?",
    tone: "warn",
    text: `${escapeLine(subject)}: ${escapeLine(reason)}`,
  }));
  const section = findingsSection("NEW ACCESS", newAccess.findings, {
    words: MANIFEST_WORDS,
    ...view,
    all: view.detail,
  });
  if (section === null) {
    return {
      kind: "section",
      title: "NEW ACCESS",
      note: base,
      items: [{ text: "nobody gets anything new" }, ...unknown],
    };
  }
  return { ...section, note: `${section.note ?? ""}, ${base}`, items: [...section.items, ...unknown] };
}

function notEvaluatedSection({ notEvaluated }: TargetReport): Block | null {
  if (notEvaluated.length === 0) return null;
  const groups = byReason(notEvaluated);
  const count = new Set(notEvaluated.map((each) => each.check)).size;
  return {
    kind: "section",
    title: "UNKNOWN",
    note: `${counted(count, "check")} not evaluated, which is not the same as passed`,
    items: groups.map(({ reason, help, checks }) => ({
      sign: "?",
      tone: "warn",
      text: `${listNames(checks, 12)}: ${escapeLine(reason)}`,
      ...(help === undefined ? {} : { help: escapeLine(help) }),
    })),
  };
}

function failedSection(failed: readonly FailedTarget[]): Block | null {
  if (failed.length === 0) return null;
  return {
    kind: "section",
    title: "FAILED",
    note: "nothing is known about these targets",
    items: failed.map(({ target, code, message, help }) => ({
      sign: code,
      tone: "bad",
      text: `${describeName(target)}: ${escapeLine(message)}`,
      ...(help === undefined ? {} : { help: escapeLine(help) }),
    })),
  };
}

function closing(report: CheckReport, view: ChecksView): LineBlock[] {
  const all = tally(report);
  return [
    { kind: "line", label: "SUMMARY", text: countsText(all) },
    verdictLine(all),
    ...view.next.map((text, index): LineBlock => ({ kind: "line", label: index === 0 ? "NEXT" : "", text })),
  ];
}

function verdictLine(all: Tally): LineBlock {
  if (all.failed > 0) {
    return {
      kind: "line",
      label: "FAILED",
      tone: "bad",
      text: `${counted(all.failed, "target")} could not be checked`,
    };
  }
  if (all.refusedBy.length > 0) {
    return { kind: "line", label: "REFUSED", tone: "bad", text: `by ${listNames(all.refusedBy, 8)}` };
  }
  const left = all.warnings > 0 ? `; ${counted(all.warnings, "warning")} should be looked at` : "";
  return { kind: "line", label: "PASSED", tone: all.warnings > 0 ? "warn" : "good", text: `nothing refuses${left}` };
}

/** `3 errors, 2 warnings, 1 note. 81 checks passed, 12 not evaluated`. */
export function countsText(all: Tally): string {
  const found = [
    all.errors === 0 ? "" : counted(all.errors, "error"),
    all.warnings === 0 ? "" : counted(all.warnings, "warning"),
    all.notes === 0 ? "" : counted(all.notes, "note"),
  ].filter((part) => part !== "");
  const others = [
    `${counted(all.passed, "check")} passed`,
    all.notEvaluated === 0 ? "" : `${all.notEvaluated} not evaluated`,
    all.off === 0 ? "" : `${all.off} switched off`,
    all.silenced === 0 ? "" : `${counted(all.silenced, "finding")} switched off`,
    all.accepted === 0 ? "" : `${counted(all.accepted, "finding")} accepted`,
    all.tests.passed + all.tests.failed === 0
      ? ""
      : `${all.tests.passed} of ${counted(all.tests.passed + all.tests.failed, "access test")} passed`,
    all.policies.passed + all.policies.failed === 0
      ? ""
      : `${all.policies.passed} of ${counted(all.policies.passed + all.policies.failed, "policy", "policies")} passed`,
  ].filter((part) => part !== "");
  return `${found.length === 0 ? "no findings" : found.join(", ")}. ${others.join(", ")}`;
}
