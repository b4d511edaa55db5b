import type { RoleName } from "../model/role.ts";
import { claimGrant } from "./claim-grants.ts";
import type { GrantClaim } from "./claims.ts";
import { kindWord } from "./kind-words.ts";
import type { GrantMap, PresetName, PresetUse } from "./manifest.ts";
import type { Findings } from "./report.ts";
import type { ManifestPath } from "./source-file.ts";

/**
 * What each preset gives in a schema, least privilege by construction. `read-only` has no sequences (`nextval` writes) and no functions; `read-write` has no TRUNCATE, no
 * REFERENCES, no TRIGGER and no DDL, and USAGE only on sequences that serial columns need (`serving`); `maintenance` runs VACUUM and ANALYZE without reading rows;
 * `admin` may create in the schema, but owns nothing.
 */
export const PRESET_GRANTS: Readonly<Record<PresetName, readonly PresetGrant[]>> = {
  "read-only": [
    { privileges: ["usage"], kind: "schema" },
    { privileges: ["select"], kind: "table" },
  ],
  "read-write": [
    { privileges: ["usage"], kind: "schema" },
    { privileges: ["select", "insert", "update", "delete"], kind: "table" },
    { privileges: ["usage"], kind: "sequence", serving: true },
  ],
  maintenance: [
    { privileges: ["usage"], kind: "schema" },
    { privileges: ["maintain"], kind: "table" },
  ],
  admin: [
    { privileges: ["usage", "create"], kind: "schema" },
    { privileges: ["all"], kind: "table" },
    { privileges: ["all"], kind: "sequence" },
    { privileges: ["execute"], kind: "routine" },
  ],
};

export interface PresetGrant {
  readonly privileges: readonly string[];
  readonly kind: "schema" | "table" | "sequence" | "routine";
  readonly serving?: boolean;
}

/** A preset as the grants that it stands for. */
export function presetGrants(
  grantee: RoleName,
  use: PresetUse,
  path: ManifestPath,
  because: string | undefined,
  findings: Findings,
): readonly GrantClaim[] {
  const context = { grantee, path, via: null, because, findings, fill: (text: string): string => text };
  return PRESET_GRANTS[use.preset].flatMap((grant) => {
    const claim = claimGrant(mapForm(grant, use), true, context);
    if (claim === null) return [];
    if (grant.serving !== true) return [claim];
    const selector = { ...claim.selector, key: `serving ${claim.selector.key}`, serving: true };
    return [{ ...claim, selector }];
  });
}

function mapForm({ privileges, kind }: PresetGrant, use: PresetUse): GrantMap {
  const database = use.database === undefined ? {} : { database: use.database };
  if (kind === "schema") return { privileges, on: { schemas: use.schemas, ...database } };
  const names = use.schemas.map((schema) => `${schema}.*`);
  const future = use.creators === undefined ? {} : { future: { creators: use.creators } };
  // A schema without sequences is no mistake of whoever wants to read and write its tables.
  return { privileges, on: { [kindWord(kind, true)]: names, ...database }, ...future, may_be_empty: true };
}
