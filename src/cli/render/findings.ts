import { compareBy, sorted } from "../../base/order.ts";
import type { Finding, Severity } from "../../model/finding.ts";
import { escapeLine } from "../output/escape.ts";
import { codeFrame, describePlace, type Sources } from "../output/frame.ts";
import type { Tone } from "../output/look.ts";
import type { Item, SectionBlock } from "../output/page.ts";

/** How a severity is called: on a plan an error refuses; in a manifest it is an error. */
export type SeverityWords = Readonly<Record<Severity, string>>;
export const MANIFEST_WORDS: SeverityWords = { error: "error", warning: "warning", info: "note" };
export const PLAN_WORDS: SeverityWords = { error: "refused", warning: "warned", info: "note" };

const SHOWN_PER_CODE = 5;
const TONES: Readonly<Record<Severity, Tone>> = { error: "bad", warning: "warn", info: "dim" };
const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

const byUrgency = compareBy<Finding>(
  (finding) => RANK[finding.severity],
  (finding) => finding.location?.file ?? "",
  (finding) => finding.location?.line ?? 0,
  (finding) => finding.location?.column ?? 0,
  (finding) => finding.code,
  (finding) => finding.message,
);

/** How findings are shown. */
export interface FindingsView {
  readonly words: SeverityWords;
  readonly sources: Sources;
  /** Lines of context above the marked one. @default 1 */
  readonly frames?: number;
  /** Show every one, also where one code is repeated. @default false */
  readonly all?: boolean;
}

/** Findings, the most urgent first; the same code repeated is shown five times and then counted. */
export function findingItems(findings: readonly Finding[], view: FindingsView): Item[] {
  const seen = new Map<string, number>();
  const items: Item[] = [];
  for (const finding of sorted(findings, byUrgency)) {
    const count = (seen.get(finding.code) ?? 0) + 1;
    seen.set(finding.code, count);
    if (view.all === true || count <= SHOWN_PER_CODE) items.push(findingItem(finding, view));
  }
  if (view.all === true) return items;
  for (const [code, count] of seen) {
    if (count > SHOWN_PER_CODE)
      items.push({ sign: "and", text: `${count - SHOWN_PER_CODE} more of ${code}`, tone: "dim" });
  }
  return items;
}

/** One section of findings under a title, with the counts beside it; null when there is nothing to show. */
export function findingsSection(title: string, findings: readonly Finding[], view: FindingsView): SectionBlock | null {
  if (findings.length === 0) return null;
  const counts = (["error", "warning", "info"] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0
      ? []
      : [
          `${count} ${view.words[severity]}${severity === "error" && view.words.error === "error" && count > 1 ? "s" : ""}`,
        ];
  });
  return { kind: "section", title, note: counts.join(", "), items: findingItems(findings, view) };
}

function findingItem(finding: Finding, view: FindingsView): Item {
  const related = (finding.related ?? []).map(
    (other): Item => ({
      text: escapeLine(other.message),
      place: describePlace(other.location, view.sources),
      lines: codeFrame(other.location, view.sources, 0),
    }),
  );
  return {
    sign: `${view.words[finding.severity]}  ${finding.code}`,
    tone: TONES[finding.severity],
    text: ` ${escapeLine(finding.message)}`,
    ...(finding.location === undefined
      ? {}
      : {
          place: describePlace(finding.location, view.sources),
          lines: codeFrame(finding.location, view.sources, view.frames ?? 1),
        }),
    ...(finding.help === undefined ? {} : { help: escapeLine(finding.help) }),
    ...(related.length === 0 ? {} : { items: related }),
  };
}
