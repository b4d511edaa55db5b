import type { Feature, StateRules } from "../model/state-rules.ts";
import type { Claims } from "./claims.ts";
import type { Findings } from "./report.ts";
import type { ManifestPath } from "./source-file.ts";

const MISSING: Readonly<Record<Feature, string>> = {
  ownership: "things have no owners on this server",
  "default-privileges": "this server has no privileges that things made from now on begin with",
  "row-policies": "this server has no row policies",
  settings: "this server keeps no settings of roles",
  grantors: "this server does not know who gave something",
  public: "nothing can be granted to everybody on this server",
  "public-memberships": "everybody cannot be a member of a role on this server",
  "membership-options": "this server has no options of a membership",
};

/** Whether the server has what a line needs; a finding at the line when not. */
export function hasFeature(
  feature: Feature,
  path: ManifestPath,
  { rules, findings }: { readonly rules: StateRules; readonly findings: Findings },
): boolean {
  const help = rules.lacks(feature);
  if (help === null) return true;
  findings.add(CODES[feature] ?? "RW236", path, MISSING[feature], { help });
  return false;
}

const CODES: Readonly<Partial<Record<Feature, string>>> = { "membership-options": "RW210" };

/** The claims without whole sections that the server has nothing of; each line there is a finding. */
export function supportedClaims(
  claims: Claims,
  server: { readonly rules: StateRules; readonly findings: Findings },
): Claims {
  const supported = <T>(all: readonly T[], feature: Feature, pathOf: (one: T) => ManifestPath): readonly T[] =>
    all.filter((one) => hasFeature(feature, pathOf(one), server));
  for (const { entry, path } of claims.roles.values()) {
    if (entry.settings !== undefined) hasFeature("settings", [...path, "settings"], server);
    if (entry.databases_settings !== undefined) hasFeature("settings", [...path, "databases_settings"], server);
  }
  const { roles, grants, memberships, identities, saysGrants, saysMemberOf, saysMembers } = claims;
  const ownership = supported(claims.ownership, "ownership", ({ source }) => source.paths[0]);
  const rowPolicies = supported(claims.rowPolicies, "row-policies", ({ source }) => source.paths[0]);
  return { roles, grants, memberships, identities, saysGrants, saysMemberOf, saysMembers, ownership, rowPolicies };
}
