import { sortedText } from "../../base/order.ts";
import type { SeparationRule } from "../../model/declared.ts";
import { didYouMean } from "../did-you-mean.ts";
import type { Manifest } from "../manifest.ts";
import type { SeparationEntry } from "../manifest-judging.ts";
import type { ManifestPath } from "../source-file.ts";
import type { DeclaredContext } from "./declared.ts";

/** The rules about people and duties. A rule says exactly one thing, about duties that there are. */
export function separationOf(context: DeclaredContext): readonly SeparationRule[] {
  return (context.manifest.separation ?? []).flatMap((entry, index): SeparationRule[] => {
    const path: ManifestPath = ["separation", index];
    if (!saysOneThing(entry)) {
      context.findings.add(
        "RW167",
        path,
        "a rule says exactly one of `never_together`, `at_most` and `requires_approval_by`",
        {
          help: "`at_most` and `requires_approval_by` say with `of` which duty they are about",
        },
      );
      return [];
    }
    const wrong = namedDuties(entry).filter(([name, at]) => !knows(context, name, [...path, ...at]));
    if (wrong.length > 0) return [];
    const location = context.locate(path);
    return [
      {
        ...ruleOf(entry),
        over: entry.over ?? "escalable",
        because: entry.because ?? null,
        ...(location === undefined ? {} : { location }),
      },
    ];
  });
}

function saysOneThing({ never_together, at_most, requires_approval_by, of }: SeparationEntry): boolean {
  const said = [never_together, at_most, requires_approval_by].filter((each) => each !== undefined).length;
  return said === 1 && (of === undefined) === (never_together !== undefined);
}

function ruleOf(entry: SeparationEntry): Pick<SeparationRule, "kind" | "duties" | "people" | "by"> {
  if (entry.never_together !== undefined) return { kind: "never-together", duties: sortedText(entry.never_together) };
  const duties = [entry.of ?? ""];
  if (entry.at_most !== undefined) return { kind: "at-most", duties, people: entry.at_most };
  return { kind: "requires-approval", duties, by: entry.requires_approval_by ?? "" };
}

function namedDuties(entry: SeparationEntry): readonly (readonly [string, ManifestPath])[] {
  return [
    ...(entry.never_together ?? []).map((name, index) => [name, ["never_together", index]] as const),
    ...(entry.of === undefined ? [] : [[entry.of, ["of"]] as const]),
    ...(entry.requires_approval_by === undefined
      ? []
      : [[entry.requires_approval_by, ["requires_approval_by"]] as const]),
  ];
}

function knows({ manifest, findings }: DeclaredContext, duty: string, path: ManifestPath): boolean {
  const known = Object.keys(manifest.duties ?? {});
  if (known.includes(duty)) return true;
  const help =
    didYouMean(duty, known) ??
    (known.length === 0 ? "declare it under `duties`" : `the duties are ${known.join(", ")}`);
  findings.add("RW166", path, `there is no duty \`${duty}\``, { help });
  return false;
}

/** Who may approve something on this target: people, and those of their teams. */
export function approversOf(manifest: Manifest, target: string): readonly string[] {
  const rules = (manifest.approvals ?? []).filter((rule) => rule.targets?.includes(target) ?? true);
  const teams = new Set(rules.flatMap((rule) => rule.teams ?? []));
  const members = Object.entries(manifest.people ?? {}).filter(([, { team }]) => team !== undefined && teams.has(team));
  return sortedText([...rules.flatMap((rule) => rule.approvers ?? []), ...members.map(([name]) => name)]);
}
