import { controlsOf, supportsText } from "../../../analysis/checks/controls.ts";
import { CATALOGUE } from "../../../analysis/checks/catalogue.ts";
import type { CheckFinding } from "../../../model/check-finding.ts";
import { describeName } from "../../../model/resource.ts";
import { escapeHostile, escapeLine } from "../../output/escape.ts";
import { codeFrame, describePlace } from "../../output/frame.ts";
import type { Tone } from "../../output/look.ts";
import type { Item } from "../../output/page.ts";
import { counted, describeOne, listNames } from "../words.ts";
import type { ChecksView } from "./page.ts";

const SHOWN_PER_CODE = 5;
const TONES: Readonly<Record<CheckFinding["severity"], Tone>> = { error: "bad", warning: "warn", info: "dim" };

const CHECKS = new Map(CATALOGUE.map((check): readonly [string, (typeof CATALOGUE)[number]] => [check.id, check]));

/** Findings of checks, the most dangerous first; five of one check are shown and the others counted, with the command that shows all. */
export function checkItems(findings: readonly CheckFinding[], view: ChecksView): Item[] {
  return limited(findings, view, (finding, nth) => checkItem(finding, view, nth === 1));
}

/** What somebody answers for: who, until when and why. */
export function acceptedItems(findings: readonly CheckFinding[], view: ChecksView): Item[] {
  return limited(findings, view, (finding): Item => {
    const { owner = "", until = "", because = "" } = finding.accepted ?? {};
    return {
      sign: `accepted  ${finding.code}`,
      tone: "dim",
      text: ` ${escapeLine(finding.message)}`,
      because: escapeLine(because),
      ...(finding.location === undefined ? {} : { place: describePlace(finding.location, view.sources) }),
      lines: [`${describeName(owner)} answers for it until ${until}`],
    };
  });
}

function limited(
  findings: readonly CheckFinding[],
  { detail }: ChecksView,
  itemOf: (finding: CheckFinding, nth: number) => Item,
): Item[] {
  const seen = new Map<string, number>();
  const items: Item[] = [];
  for (const finding of findings) {
    const nth = (seen.get(finding.code) ?? 0) + 1;
    seen.set(finding.code, nth);
    if (detail || nth <= SHOWN_PER_CODE) items.push(itemOf(finding, nth));
  }
  if (detail) return items;
  for (const [code, count] of seen) {
    if (count > SHOWN_PER_CODE)
      items.push({
        sign: "and",
        text: `${count - SHOWN_PER_CODE} more of ${code}: \`--detail\` lists them`,
        tone: "dim",
      });
  }
  return items;
}

function checkItem(finding: CheckFinding, view: ChecksView, first: boolean): Item {
  const { mend, path, location } = finding;
  const lines = [
    ...(location === undefined ? [] : codeFrame(location, view.sources, view.frames)),
    ...path.map((edge, index) => `${index === 0 ? "way: " : "     "}${escapeLine(edge)}`),
    ...aboutLines(finding, view),
  ];
  return {
    sign: `${finding.danger}  ${finding.code}`,
    tone: TONES[finding.severity],
    text: ` ${escapeLine(finding.message)}`,
    ...(location === undefined ? {} : { place: describePlace(location, view.sources) }),
    ...(lines.length === 0 ? {} : { lines }),
    help: escapeLine(mend.text),
    items: [
      ...(mend.manifest === undefined ? [] : [{ text: "in the manifest:", lines: mend.manifest.map(escapeHostile) }]),
      ...(mend.sql === undefined ? [] : [{ text: "in SQL:", lines: sqlLines(mend.sql, view) }]),
      ...(first ? supports(finding) : []),
    ],
  };
}

function aboutLines(finding: CheckFinding, { detail }: ChecksView): string[] {
  const behind =
    finding.identities.length === 0 ? [] : [`behind it: ${listNames(finding.identities.map(describeName), 8)}`];
  const counts = detail ? finding.resources.map((each) => `on ${describeOne(each)}`) : [];
  const reach = finding.over === "effective" ? [] : [REACHES[finding.over]];
  const documented = finding.confidence === "documented" ? ["by the engine's manual; not seen on a live server"] : [];
  return [...reach, ...behind, ...counts, ...documented, `key ${finding.key}, ${finding.severity} here`];
}

const REACHES = { reachable: "after SET ROLE", escalable: "after using what is held to get more" } as const;

const SQL_LINES = 6;

function sqlLines(sql: readonly string[], { detail }: ChecksView): string[] {
  const lines = sql.flatMap((statement) => escapeHostile(statement).split("\n"));
  if (detail || lines.length <= SQL_LINES) return lines;
  return [...lines.slice(0, SQL_LINES), `and ${counted(lines.length - SQL_LINES, "more line", "more lines")}`];
}

/** Once a check: it is the same for each of its findings. */
function supports({ code }: CheckFinding): Item[] {
  const check = CHECKS.get(code);
  const text = check === undefined ? "" : supportsText(controlsOf(check));
  return text === "" ? [] : [{ text, tone: "dim" }];
}
