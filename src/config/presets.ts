import type { RoleName } from "../model/role.ts";
import type { StateRules } from "../model/state-rules.ts";
import { claimGrant } from "./claim-grants.ts";
import type { GrantClaim } from "./claims.ts";
import { wholeOf } from "./grant-option.ts";
import { kindWord } from "./kind-words.ts";
import type { GrantMap, PresetName, PresetUse } from "./manifest.ts";
import type { Findings } from "./report.ts";
import type { ManifestPath } from "./source-file.ts";

/**
 * What each preset gives in a schema where privileges are held thing by thing, least privilege by construction. `read-only` has no sequences (`nextval` writes) and no functions; `read-write` has no
 * TRUNCATE, no REFERENCES, no TRIGGER and no DDL, and USAGE only on sequences that serial columns need (`serving`); `maintenance` runs VACUUM and ANALYZE without reading rows;
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

/**
 * The same where privileges on a schema cover what is in it, now and later: of these, the ones that the server has. Reading takes nothing but `select`; nothing passes privileges on. Null: there is no
 * such privilege that would not read rows too.
 */
export const COVERING_PRESETS: Readonly<Record<PresetName, readonly PresetGrant[] | null>> = {
  "read-only": [{ privileges: ["select"], kind: "schema" }],
  "read-write": [{ privileges: ["select", "insert", "update", "delete", "modify"], kind: "schema" }],
  maintenance: null,
  admin: [
    { privileges: ["all"], kind: "schema", but: ["authorize", "unmask"] },
    { privileges: ["all"], kind: "schema-routines", but: ["authorize"] },
  ],
};

export interface PresetGrant {
  readonly privileges: readonly string[];
  readonly kind: "schema" | "table" | "sequence" | "routine" | "schema-routines";
  /** Left out of `all`. */
  readonly but?: readonly string[];
  readonly serving?: boolean;
}

/** Whose preset it is and where it stands. */
export interface PresetPlace {
  readonly grantee: RoleName;
  readonly path: ManifestPath;
  readonly because: string | undefined;
  readonly findings: Findings;
  /** Null: the server is not known. */
  readonly rules: StateRules | null;
}

/** A preset as the grants that it stands for. */
export function presetGrants(use: PresetUse, place: PresetPlace): readonly GrantClaim[] {
  const { rules, findings } = place;
  const covering = rules?.privilegesOf("schema").includes("SELECT") === true;
  const grants = covering ? coveringGrants(use.preset, rules) : PRESET_GRANTS[use.preset];
  if (grants === null) {
    const message = `this server has no privileges for \`${use.preset}\` that would not read or change rows too`;
    const help = "grant what is needed by name, or limit the preset with `targets`";
    findings.add("RW203", [...place.path, "preset"], message, { help });
    return [];
  }
  const context = { ...place, via: null, fill: (text: string): string => text };
  return grants.flatMap((grant) => {
    const claim = claimGrant(mapForm(grant, use), true, context);
    if (claim === null) return [];
    if (grant.serving !== true) return [claim];
    const selector = { ...claim.selector, key: `serving ${claim.selector.key}`, serving: true };
    return [{ ...claim, selector }];
  });
}

/** The grants with the privileges that the server has of them; kinds that it does not have are left out. */
function coveringGrants(preset: PresetName, rules: StateRules): readonly PresetGrant[] | null {
  const grants = COVERING_PRESETS[preset];
  if (grants === null) return null;
  return grants.flatMap((grant) => {
    const known = wholeOf(grant.kind, rules).map((privilege) => privilege.toLowerCase());
    const privileges = grant.privileges.includes("all")
      ? known.filter((privilege) => grant.but?.includes(privilege) !== true)
      : grant.privileges.filter((privilege) => known.includes(privilege));
    return privileges.length === 0 ? [] : [{ ...grant, privileges }];
  });
}

function mapForm({ privileges, kind }: PresetGrant, use: PresetUse): GrantMap {
  const database = use.database === undefined ? {} : { database: use.database };
  if (kind === "schema" || kind === "schema-routines") {
    // What is made there later is covered by itself, whoever makes it, or needs no promise on the schema.
    return { privileges, on: { [kindWord(kind, true)]: use.schemas, ...database } };
  }
  const names = use.schemas.map((schema) => `${schema}.*`);
  const future = use.creators === undefined ? {} : { future: { creators: use.creators } };
  // A schema without sequences is no mistake of whoever wants to read and write its tables.
  return { privileges, on: { [kindWord(kind, true)]: names, ...database }, ...future, may_be_empty: true };
}
