import type { RoleName } from "../model/role.ts";
import type { StateRules } from "../model/state-rules.ts";
import { claimGrant } from "./claim-grants.ts";
import type { GrantClaim } from "./claims.ts";
import { wholeOf } from "./grant-option.ts";
import { kindWord } from "./kind-words.ts";
import type { GrantMap, PresetName, PresetUse, PresetWord } from "./manifest.ts";
import { PRESET_VERSIONS, type PresetForm, type PresetGrant, type PresetVersion } from "./presets/definitions.ts";
import type { Findings } from "./report.ts";
import type { ManifestPath } from "./source-file.ts";

/** Whose preset it is and where it stands. */
export interface PresetPlace {
  readonly grantee: RoleName;
  readonly path: ManifestPath;
  readonly because: string | undefined;
  readonly findings: Findings;
  /** Null: the server is not known. */
  readonly rules: StateRules | null;
}

/** A preset and which of its versions is meant. */
export interface MeantPreset {
  readonly name: PresetName;
  readonly version: number;
  readonly meaning: PresetVersion;
}

/** What a preset's word stands for: `read-only@1` for ever the same, `read-only` the newest version that there is. */
export function meantPreset(word: PresetWord): MeantPreset {
  const [name, version] = word.split("@") as [PresetName, string | undefined];
  const versions = PRESET_VERSIONS[name];
  const number = version === undefined ? versions.length : Number(version);
  const meaning = versions[number - 1];
  if (meaning === undefined) throw new RangeError(`there is no preset ${word}`); // The schema lets none through.
  return { name, version: number, meaning };
}

/** A preset as the grants that it stands for, each with its name and version in the reason. What the server makes less or more of it is a finding. */
export function presetGrants(use: PresetUse, place: PresetPlace): readonly GrantClaim[] {
  const { rules } = place;
  const { name, version, meaning } = meantPreset(use.preset);
  const called = `${name}@${version}`;
  const form = rules?.privilegesOf("schema").includes("SELECT") === true ? meaning.covering : meaning.byThing;
  const grants = rules === null ? form.grants : givenOn(form, called, { ...place, rules });
  const because = place.because === undefined ? `preset ${called}` : `${place.because} (preset ${called})`;
  const context = { ...place, because, via: null, fill: (text: string): string => text };
  return grants.flatMap((grant) => {
    const claim = claimGrant(mapForm(grant, use), true, context);
    if (claim === null) return [];
    const preset = { name, version };
    if (grant.serving !== true) return [{ ...claim, preset }];
    const selector = { ...claim.selector, key: `serving ${claim.selector.key}`, serving: true };
    return [{ ...claim, selector, preset }];
  });
}

type KnownPlace = PresetPlace & { readonly rules: StateRules };

/** The grants with the privileges that the server has of them, kinds that it does not have left out; none where what the preset is for is not to be had. */
function givenOn(form: PresetForm, called: string, { rules, findings, path }: KnownPlace): readonly PresetGrant[] {
  const at: ManifestPath = [...path, "preset"];
  const { needs, beyond } = form;
  if (needs !== undefined && !rules.privilegesOf(needs.kind).includes(needs.privilege)) {
    const message = `\`${called}\` gives nothing on this server, which has no privilege to maintain tables with`;
    const help = rules.lacks("ownership") === null ? WITHOUT_MAINTAIN : WITHOUT_STATEMENTS;
    findings.add("RW242", at, message, { help, severity: "warning" });
    return [];
  }
  const given = form.grants.flatMap((grant) => {
    const privileges = privilegesGiven(grant, rules);
    return privileges.length === 0 ? [] : [{ ...grant, privileges }];
  });
  if (beyond !== undefined && given.some((grant) => grant.privileges.includes(beyond.privilege.toLowerCase()))) {
    const message = `on this server whoever has \`${called}\` can ${beyond.what} too`;
    findings.add("RW243", at, message, { help: beyond.help, severity: "warning" });
  }
  return given;
}

const WITHOUT_MAINTAIN =
  "PostgreSQL 17 has `maintain`. Until then leave vacuum to autovacuum, and grant execute on a function of the owner's that runs analyze or reindex (security definer); being a member of the owner would read and drop everything";
const WITHOUT_STATEMENTS =
  'limit the preset with `targets`; where JMX asks for roles, `execute on mbean "org.apache.cassandra.db:type=Tables,keyspace=...,*"` lets them compact and reads no row, and lets data files be imported';

function privilegesGiven({ kind, privileges, but = [] }: PresetGrant, rules: StateRules): readonly string[] {
  const known = wholeOf(kind, rules).map((privilege) => privilege.toLowerCase());
  if (!privileges.includes("all")) return privileges.filter((privilege) => known.includes(privilege));
  return but.length === 0 && known.length > 0 ? ["all"] : known.filter((privilege) => !but.includes(privilege));
}

function mapForm({ privileges, kind, partitions }: PresetGrant, use: PresetUse): GrantMap {
  const database = use.database === undefined ? {} : { database: use.database };
  if (kind === "schema" || kind === "schema-routines") {
    // What is made there later is covered by itself, whoever makes it, or needs no promise on the schema.
    return { privileges, on: { [kindWord(kind, true)]: use.schemas, ...database } };
  }
  const names = use.schemas.map((schema) => `${schema}.*`);
  const future = use.creators === undefined ? {} : { future: { creators: use.creators } };
  const parts = partitions === undefined ? {} : { partitions };
  // A schema without sequences is no mistake of whoever wants to read and write its tables.
  return { privileges, on: { [kindWord(kind, true)]: names, ...parts, ...database }, ...future, may_be_empty: true };
}
