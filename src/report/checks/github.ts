import type { CheckReport } from "../../analysis/checks/report.ts";
import type { Finding, Severity } from "../../model/finding.ts";
import { findingsOf, tally } from "./tally.ts";
import { asCheckFinding, atMost, type PathOf, visible } from "./text.ts";

/** GitHub shows ten of a kind for each step, and drops the others without a word. */
const MOST = 10;
/** Of a message; GitHub cuts at 4,096 bytes. */
const MOST_CHARACTERS = 900;
const COMMANDS: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "notice" };

/** The report as workflow commands of GitHub Actions: the worst few of each kind at their places in the files, then all of it in numbers. */
export function toAnnotations(report: CheckReport, { pathOf }: { readonly pathOf: PathOf }): string {
  const all = [
    ...report.targets.flatMap((target) =>
      findingsOf(target).map((finding) => ({ finding, place: finding.location ?? target.location })),
    ),
    ...report.diagnostics.map((finding) => ({ finding, place: finding.location })),
  ];
  const lines = (["error", "warning"] as const).flatMap((severity) => {
    const failed =
      severity === "error"
        ? report.failed.map((each) =>
            command("error", `${each.target} could not be checked: ${each.code} ${each.message}`, [
              ["title", each.code],
            ]),
          )
        : [];
    const found = all.filter(({ finding }) => finding.severity === severity);
    return [...failed, ...found.map(({ finding, place }) => annotation(finding, place, pathOf))].slice(0, MOST);
  });
  const { errors, warnings, notes, passed, notEvaluated, accepted } = tally(report);
  const counts = `${errors} errors, ${warnings} warnings, ${notes} notes; ${passed} checks passed, ${notEvaluated} not evaluated, ${accepted} findings accepted`;
  return `${[...lines, command("notice", counts, [["title", "rolewright check"]])].join("\n")}\n`;
}

function annotation(finding: Finding, place: Finding["location"], pathOf: PathOf): string {
  const danger = asCheckFinding(finding)?.danger;
  const title = danger === undefined ? finding.code : `${finding.code} ${danger}`;
  const where: [string, string][] =
    place === undefined
      ? []
      : [
          ["file", pathOf(place.file)],
          ["line", String(place.line)],
          ["col", String(place.column)],
          ...(place.endLine === undefined ? [] : [["endLine", String(place.endLine)] as [string, string]]),
          ...(place.endColumn === undefined ? [] : [["endColumn", String(place.endColumn)] as [string, string]]),
        ];
  const help = finding.help === undefined ? "" : `\nhelp: ${finding.help}`;
  return command(COMMANDS[finding.severity], `${finding.message}${help}`, [...where, ["title", title]]);
}

function command(name: string, text: string, properties: readonly (readonly [string, string])[]): string {
  const given = properties.map(([key, value]) => `${key}=${property(value)}`).join(",");
  return `::${name} ${given}::${data(atMost(visible(text), MOST_CHARACTERS))}`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(visible(text)).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
