import type { Finding } from "../../model/finding.ts";
import type { LoadedManifest } from "../load.ts";
import { Findings } from "../report.ts";

/** Whether anything needed an acceptance on one target; null: that could not be told. */
export interface Use {
  readonly index: number;
  readonly needed: boolean | null;
}

/** Acceptances that were tried on every target they are for, and that no finding needed on any: warnings at their places. */
export function unneededAcceptances(
  { manifest, locate }: Pick<LoadedManifest, "manifest" | "locate">,
  uses: ReadonlyMap<string, readonly Use[]>,
): readonly Finding[] {
  const findings = new Findings(locate);
  const targets = Object.keys(manifest?.targets ?? {});
  for (const [index, entry] of (manifest?.accepted ?? []).entries()) {
    const tried = (entry.targets ?? targets).map((target) => uses.get(target)?.find((use) => use.index === index));
    if (tried.length === 0 || tried.some((use) => use?.needed !== false)) continue;
    const text = `${entry.check} found nothing that this acceptance is for`;
    const help = "take it out: left standing, it would accept the next finding unseen";
    findings.add("RW162", ["accepted", index], text, { severity: "warning", help });
  }
  return findings.sorted();
}
