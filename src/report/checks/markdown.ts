import { supportsText } from "../../analysis/checks/controls.ts";
import type { CheckReport, TargetReport } from "../../analysis/checks/report.ts";
import { describeName } from "../../model/resource.ts";
import type { Finding, Severity } from "../../model/finding.ts";
import { codeBlock, codeSpan, inline } from "./markdown-text.ts";
import { ruleOf } from "./rules.ts";
import { byReason, findingsOf, tally, tallyOf } from "./tally.ts";
import { asCheckFinding, atMost, placeText, type PathOf } from "./text.ts";

export interface MarkdownOptions {
  readonly pathOf: PathOf;
  /** GitHub refuses a comment of more than 65,536. @default 64000 */
  readonly mostCharacters?: number;
}

/** The first line of the comment, by which it is found again and updated instead of written anew. */
export const COMMENT_MARKER = "<!-- rolewright check -->";

/** A part of the comment: its items are left out from the end where there is no room, and the count of them stays. */
interface Part {
  readonly title: string;
  readonly count: number;
  /** Shown without a click. */
  readonly open: boolean;
  readonly items: readonly string[];
}

/** The report as a comment for a pull request: the verdict and the numbers first, then what refuses, then everything else folded. Always shorter than what GitHub takes. */
export function toMarkdown(report: CheckReport, { pathOf, mostCharacters = 64_000 }: MarkdownOptions): string {
  const head = [COMMENT_MARKER, verdict(report), targetTable(report), failedText(report)].filter((text) => text !== "");
  const parts = partsOf(report, pathOf).filter((part) => part.count > 0);
  let left = mostCharacters - head.join("\n\n").length - TAIL.length;
  const blocks: string[] = [];
  let cut = false;
  for (const [index, part] of parts.entries()) {
    // Each of the parts that follow has room for its title and count.
    const room = left - (parts.length - index - 1) * TITLE_ROOM;
    const block = partText(part, room);
    cut ||= block.shown < part.items.length;
    left -= block.text.length + 2;
    blocks.push(block.text);
  }
  return `${[...head, ...blocks, ...(cut ? [TAIL] : [])].join("\n\n")}\n`;
}

const TITLE_ROOM = 300;
const TAIL =
  "Not everything fits into a comment. All of it: `rolewright check --detail`, or the report that this run wrote.";

function verdict(report: CheckReport): string {
  const all = tally(report);
  const by = all.refusedBy.slice(0, 8).map(codeSpan).join(", ");
  const more = all.refusedBy.length > 8 ? ` and ${all.refusedBy.length - 8} more` : "";
  const word =
    all.failed > 0
      ? "**FAILED**: not every target could be checked"
      : all.errors > 0
        ? `**REFUSED** by ${by}${more}`
        : "**PASSED**: nothing refuses";
  return `### rolewright check\n\n${word}\n\n${all.errors} errors, ${all.warnings} warnings, ${all.notes} notes. ${all.passed} checks passed, ${all.notEvaluated} not evaluated, ${all.accepted} findings accepted.`;
}

function targetTable({ targets }: CheckReport): string {
  if (targets.length === 0) return "";
  const rows = targets.slice(0, MOST_TARGETS).map((target) => {
    const { errors, warnings, notes, passed, notEvaluated, accepted } = tallyOf(target);
    const about = [
      codeSpan(describeName(atMost(target.target, 80))),
      inline(`${target.engine} ${target.version}`),
      codeSpan(target.environment),
    ];
    return `| ${[...about, errors, warnings, notes, passed, notEvaluated, accepted].join(" | ")} |`;
  });
  const more = targets.length > MOST_TARGETS ? [`\n${targets.length - MOST_TARGETS} more targets.`] : [];
  return [
    "| target | engine | environment | errors | warnings | notes | passed | not evaluated | accepted |",
    "|---|---|---|---|---|---|---|---|---|",
    ...rows,
    ...more,
  ].join("\n");
}

const MOST_TARGETS = 50;

function failedText({ failed }: CheckReport): string {
  return failed
    .slice(0, MOST_TARGETS)
    .map(
      ({ target, code, message }) =>
        `- ${codeSpan(target)}: ${codeSpan(code)} ${inline(atMost(message, MOST_MESSAGE))}`,
    )
    .join("\n");
}

function partsOf(report: CheckReport, pathOf: PathOf): readonly Part[] {
  const several = report.targets.length > 1;
  const all = [
    ...report.diagnostics.map((finding) => ({ finding, target: null })),
    ...report.targets.flatMap((target) => findingsOf(target).map((finding) => ({ finding, target }))),
  ];
  const of = (severity: Severity): readonly string[] =>
    all
      .filter(({ finding }) => finding.severity === severity)
      .map(({ finding, target }) => findingText(finding, several ? target : null, pathOf));
  const part = (title: string, open: boolean, items: readonly string[]): Part => ({
    title,
    open,
    items,
    count: items.length,
  });
  return [
    part("Errors", true, of("error")),
    part("Warnings", false, of("warning")),
    part("Notes", false, of("info")),
    part(
      "Accepted",
      false,
      report.targets.flatMap((target) => target.accepted.map((each) => acceptedText(each))),
    ),
    part("Access tests and policies", false, report.targets.flatMap(answersText)),
    part("Not evaluated, which is not the same as passed", false, report.targets.flatMap(notEvaluatedText)),
  ];
}

const MOST_MESSAGE = 1200;
const MOST_LINES = 12;

function findingText(finding: Finding, target: TargetReport | null, pathOf: PathOf): string {
  const check = asCheckFinding(finding);
  const place = placeText(finding.location, pathOf);
  const head = [
    check === null ? "" : `**${check.danger}**`,
    codeSpan(finding.code),
    inline(atMost(finding.message, MOST_MESSAGE)),
    target === null ? "" : `on ${codeSpan(target.target)}`,
    place === "" ? "" : codeSpan(place),
  ].filter((text) => text !== "");
  const way = (check?.path ?? []).slice(0, MOST_LINES).map((edge) => `  - way: ${inline(atMost(edge, MOST_MESSAGE))}`);
  const help = finding.help === undefined ? [] : [`  - what to do: ${inline(atMost(finding.help, MOST_MESSAGE))}`];
  const supports = check === null ? "" : supportsText(ruleOf(check.code).controls);
  const blocks = [
    ...(check?.mend.manifest === undefined ? [] : [block(check.mend.manifest, "yaml")]),
    ...(check?.mend.sql === undefined
      ? []
      : [
          block(
            check.mend.sql.flatMap((each) => each.split("\n")),
            "sql",
          ),
        ]),
  ];
  return [
    `- ${head.join(" ")}`,
    ...way,
    ...help,
    ...(supports === "" ? [] : [`  - ${inline(supports)}`]),
    ...blocks,
  ].join("\n");
}

/** Below an item of a list, so that it stays one. */
function block(lines: readonly string[], language: string): string {
  const shown = lines.slice(0, MOST_LINES).map((line) => atMost(line, 300));
  return codeBlock(shown, language).replace(/^/gmu, "    ");
}

function acceptedText(finding: TargetReport["accepted"][number]): string {
  const { owner = "", until = "", because = "" } = finding.accepted ?? {};
  return `- ${codeSpan(finding.code)} ${inline(atMost(finding.message, MOST_MESSAGE))}: ${inline(atMost(because, MOST_MESSAGE))} (${codeSpan(owner)}, until ${until})`;
}

function answersText({ tests, policies }: TargetReport): readonly string[] {
  return [
    ...tests.map(({ title, result }) => `- ${result}: ${inline(atMost(title, MOST_MESSAGE))}`),
    ...policies.map(({ policy, result }) => `- ${result}: policy ${codeSpan(atMost(policy, MOST_MESSAGE))}`),
  ];
}

function notEvaluatedText({ notEvaluated }: TargetReport): readonly string[] {
  return byReason(notEvaluated).map(
    ({ reason, checks }) => `- ${checks.map(codeSpan).join(", ")}: ${inline(atMost(reason, MOST_MESSAGE))}`,
  );
}

/** As many items as there is room for; the title says how many there are in all. */
function partText(
  { title, count, open, items }: Part,
  room: number,
): { readonly text: string; readonly shown: number } {
  const frame = open
    ? [`#### ${title}: ${count}`, ""]
    : [`<details><summary>${title}: ${count}</summary>`, "\n</details>"];
  const shown: string[] = [];
  let left = room - frame.join("\n\n").length - OMITTED_ROOM;
  for (const item of items) {
    left -= item.length + 1;
    if (left < 0) break;
    shown.push(item);
  }
  const omitted = items.length - shown.length;
  const body = [...shown, ...(omitted === 0 ? [] : [`- ${omitted} more are left out here`])].join("\n");
  return { text: `${frame[0]}\n\n${body}${frame[1]}`, shown: shown.length };
}

const OMITTED_ROOM = 60;
