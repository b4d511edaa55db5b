import { CATALOGUE } from "../analysis/checks/catalogue.ts";
import { checkManifest } from "../config/check.ts";
import { unknownChecks } from "../config/declared/check-ids.ts";
import type { LoadedManifest } from "../config/load.ts";
import { policyFindings } from "./policy-findings.ts";
import type { Finding } from "../model/finding.ts";

/** Everything that is wrong with a manifest and needs no database: what loading found, its references within itself, the checks that it names. */
export function manifestFindings(loaded: LoadedManifest): readonly Finding[] {
  const ids = CATALOGUE.map((check) => check.id);
  return [...loaded.findings, ...checkManifest(loaded), ...unknownChecks(loaded, ids), ...policyFindings(loaded)];
}
