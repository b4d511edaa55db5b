import type { Finding } from "../../model/finding.ts";
import { didYouMean } from "../did-you-mean.ts";
import type { LoadedManifest } from "../load.ts";
import { Findings } from "../report.ts";
import type { ManifestPath } from "../source-file.ts";

/** Every place of the manifest that names a check which does not exist. `known`: the ids of all checks. */
export function unknownChecks(
  { manifest, locate }: Pick<LoadedManifest, "manifest" | "locate">,
  known: Iterable<string>,
): readonly Finding[] {
  const ids = new Set(known);
  const findings = new Findings(locate);
  const look = (id: string, path: ManifestPath): void => {
    if (ids.has(id)) return;
    const help = didYouMean(id, ids) ?? "checks have ids such as `LPV-01`; the documentation lists them";
    findings.add("RW161", path, `there is no check \`${id}\``, { help });
  };
  for (const [index, entry] of (manifest?.accepted ?? []).entries()) look(entry.check, ["accepted", index, "check"]);
  for (const [index, entry] of (manifest?.policies ?? []).entries())
    if ("check" in entry) look(entry.check, ["policies", index, "check"]);
  return findings.sorted();
}
