import type { Grantee, RoleName } from "../model/role.ts";
import { PUBLIC } from "../model/role.ts";
import type { StateRules } from "../model/state-rules.ts";
import { claimGrant, claimOn, type ClaimContext } from "./claim-grants.ts";
import type {
  Claims,
  GrantClaim,
  IdentityClaim,
  MembershipClaim,
  OwnershipClaim,
  RoleClaim,
  RowPoliciesClaim,
  Source,
} from "./claims.ts";
import { didYouMean } from "./did-you-mean.ts";
import type {
  GranteeEntry,
  Manifest,
  MembershipEntry,
  ProfileEntry,
  ProfileUse,
  PublicEntry,
  RoleEntry,
} from "./manifest.ts";
import { NameError, parseName } from "./names.ts";
import { presetGrants } from "./presets.ts";
import type { Findings } from "./report.ts";
import type { ManifestPath } from "./source-file.ts";

/** Which target is meant. Rules null: its server is not known. */
export interface ExpandTarget {
  readonly name: string;
  readonly rules: StateRules | null;
}

/** Everything that the manifest says about a target (null: about any), with profiles and presets written out. What cannot be read is a finding and claims nothing. */
export function expandManifest(manifest: Manifest, target: ExpandTarget | null, findings: Findings): Claims {
  const expander = new Expander(manifest, target, findings);
  for (const [name, entry] of Object.entries(manifest.roles ?? {})) expander.role(name, entry);
  if (manifest.public !== undefined) expander.everybody(manifest.public);
  expander.ownershipClaims();
  expander.rowPolicyClaims();
  expander.addIdentities("person", "people");
  expander.addIdentities("service", "services");
  expander.addIdentities("agent", "agents");
  return expander;
}

const asWritten = (text: string): string => text;

class Expander implements Claims {
  readonly roles = new Map<RoleName, RoleClaim>();
  readonly grants: GrantClaim[] = [];
  readonly memberships: MembershipClaim[] = [];
  readonly ownership: OwnershipClaim[] = [];
  readonly rowPolicies: RowPoliciesClaim[] = [];
  readonly identities: IdentityClaim[] = [];
  readonly saysGrants = new Set<Grantee>();
  readonly saysMemberOf = new Set<RoleName>();
  readonly saysMembers = new Set<RoleName>();
  readonly #manifest: Manifest;
  readonly #target: string | null;
  readonly #rules: StateRules | null;
  readonly #findings: Findings;

  constructor(manifest: Manifest, target: ExpandTarget | null, findings: Findings) {
    this.#manifest = manifest;
    this.#target = target?.name ?? null;
    this.#rules = target?.rules ?? null;
    this.#findings = findings;
  }

  #here(targets: readonly string[] | undefined): boolean {
    return targets === undefined || this.#target === null || targets.includes(this.#target);
  }

  role(name: RoleName, entry: RoleEntry): void {
    if (!this.#here(entry.targets)) return;
    const path: ManifestPath = ["roles", name];
    this.roles.set(name, { name, entry, path });
    if (entry.retire !== undefined) return;
    this.grantee(name, entry, path);
    for (const [index, use] of (entry.presets ?? []).entries()) {
      this.saysGrants.add(name);
      if (!this.#here(use.targets)) continue;
      const at: ManifestPath = [...path, "presets", index];
      const place = { grantee: name, path: at, because: entry.because, findings: this.#findings, rules: this.#rules };
      this.grants.push(...presetGrants(use, place));
    }
    if (entry.member_of !== undefined) this.saysMemberOf.add(name);
    if (entry.members !== undefined) this.saysMembers.add(name);
    this.#memberOf(name, entry.member_of ?? [], [...path, "member_of"], entry.because, null, asWritten);
    for (const [index, member] of (entry.members ?? []).entries()) {
      const source = membershipSource([...path, "members", index], member, entry.because, null);
      this.#membership(name, typeof member === "string" ? member : member.role, member, source, asWritten);
    }
    this.#notMemberOf(name, entry.not_member_of ?? [], [...path, "not_member_of"], entry.because);
  }

  /** What everybody holds and belongs to. */
  everybody(entry: PublicEntry): void {
    this.grantee(PUBLIC, entry, ["public"]);
    if (entry.member_of !== undefined) this.saysMemberOf.add(PUBLIC);
    this.#memberOf(PUBLIC, entry.member_of ?? [], ["public", "member_of"], entry.because, null, asWritten);
    this.#notMemberOf(PUBLIC, entry.not_member_of ?? [], ["public", "not_member_of"], entry.because);
  }

  /** Grants and revokes of a role or of everybody, their profiles included. */
  grantee(grantee: Grantee, entry: GranteeEntry, path: ManifestPath): void {
    if (entry.grants !== undefined || entry.profiles !== undefined) this.saysGrants.add(grantee);
    this.#grants(entry, {
      grantee,
      path,
      via: null,
      because: entry.because,
      findings: this.#findings,
      fill: asWritten,
    });
    for (const [index, use] of (entry.profiles ?? []).entries()) {
      this.#profile(grantee, use, [...path, "profiles", index], entry.because);
    }
  }

  #grants(entry: Pick<GranteeEntry, "grants" | "revoke">, context: ClaimContext): void {
    for (const [key, present] of [
      ["grants", true],
      ["revoke", false],
    ] as const) {
      for (const [index, line] of (entry[key] ?? []).entries()) {
        if (typeof line !== "string" && !this.#here(line.targets)) continue;
        const claim = claimGrant(line, present, { ...context, path: [...context.path, key, index] });
        if (claim !== null) this.grants.push(claim);
      }
    }
  }

  #profile(grantee: Grantee, use: string | ProfileUse, at: ManifestPath, because: string | undefined): void {
    const name = typeof use === "string" ? use : use.use;
    const profiles = this.#manifest.profiles ?? {};
    const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
    if (profile === undefined) {
      const help = didYouMean(name, Object.keys(profiles)) ?? "declare it under `profiles`";
      const path = typeof use === "string" ? at : [...at, "use"];
      this.#findings.add("RW116", path, `there is no profile \`${name}\``, { help });
      return;
    }
    const given = typeof use === "string" ? {} : (use.with ?? {});
    if (!this.#parametersFit(name, profile, given, at)) return;
    if (typeof use !== "string" && !this.#here(use.targets)) return;
    const path: ManifestPath = ["profiles", name];
    for (const values of combinations(given)) {
      const fill = filler(profile.parameters ?? [], values);
      const reason = profile.because === undefined ? because : fill(profile.because);
      this.#grants(profile, { grantee, path, via: at, because: reason, findings: this.#findings, fill });
      if (profile.member_of === undefined) continue;
      this.saysMemberOf.add(grantee);
      this.#memberOf(grantee, profile.member_of, [...path, "member_of"], reason, at, fill);
    }
  }

  #parametersFit(
    name: string,
    profile: ProfileEntry,
    given: Readonly<Record<string, unknown>>,
    at: ManifestPath,
  ): boolean {
    const parameters = profile.parameters ?? [];
    const missing = parameters.filter((parameter) => !Object.hasOwn(given, parameter));
    const unknown = Object.keys(given).filter((parameter) => !parameters.includes(parameter));
    for (const parameter of missing) {
      this.#findings.add("RW117", at, `profile \`${name}\` needs the parameter \`${parameter}\``, {
        help: `use it as \`{ use: ${name}, with: { ${parameter}: ... } }\``,
      });
    }
    for (const parameter of unknown) {
      const help = didYouMean(parameter, parameters);
      this.#findings.add("RW117", [...at, "with", parameter], `profile \`${name}\` has no parameter \`${parameter}\``, {
        help,
      });
    }
    return missing.length === 0 && unknown.length === 0;
  }

  #memberOf(
    member: RoleName,
    entries: readonly MembershipEntry[],
    path: ManifestPath,
    because: string | undefined,
    via: ManifestPath | null,
    fill: (text: string) => string,
  ): void {
    for (const [index, entry] of entries.entries()) {
      const source = membershipSource([...path, index], entry, because, via);
      this.#membership(fill(typeof entry === "string" ? entry : entry.role), member, entry, source, fill);
    }
  }

  #notMemberOf(member: RoleName, roles: readonly RoleName[], path: ManifestPath, because: string | undefined): void {
    for (const [index, role] of roles.entries()) {
      const source = membershipSource([...path, index], role, because, null);
      const none = { admin: false, inherit: false, set: false, said: [], by: null };
      this.memberships.push({ role, member, present: false, ...none, source });
    }
  }

  #membership(
    role: RoleName,
    member: RoleName,
    entry: MembershipEntry,
    source: Source,
    fill: (text: string) => string,
  ): void {
    const options = typeof entry === "string" ? { role: entry } : entry;
    if (!this.#here(options.targets)) return;
    this.memberships.push({
      role,
      member,
      present: true,
      admin: options.admin === true,
      inherit: options.inherit !== false,
      set: options.set !== false,
      said: (["admin", "inherit", "set"] as const).filter((option) => options[option] !== undefined),
      by: options.by === undefined ? null : fill(options.by),
      source,
    });
  }

  ownershipClaims(): void {
    for (const [index, entry] of (this.#manifest.ownership ?? []).entries()) {
      if (!this.#here(entry.targets)) continue;
      const path: ManifestPath = ["ownership", index];
      const selector = claimOn(entry.of, [...path, "of"], { findings: this.#findings, fill: asWritten });
      if (selector === null) continue;
      const because = entry.because === undefined ? {} : { because: entry.because };
      const { owner } = entry;
      this.ownership.push({
        owner,
        selector,
        mayBeEmpty: entry.may_be_empty === true,
        source: { paths: [path], ...because },
      });
    }
  }

  rowPolicyClaims(): void {
    for (const [index, entry] of (this.#manifest.row_policies ?? []).entries()) {
      if (!this.#here(entry.targets)) continue;
      const path: ManifestPath = ["row_policies", index];
      try {
        const table = parseName(entry.table);
        if (table.parts.length !== 2 || table.args !== null || table.parts.some((part) => part.wild)) {
          throw new NameError(`a table is written as schema.name, found \`${entry.table}\``, 0, entry.table.length);
        }
        const because = entry.because === undefined ? {} : { because: entry.because };
        this.rowPolicies.push({ entry, table, source: { paths: [path], ...because } });
      } catch (error) {
        if (!(error instanceof NameError)) throw error;
        this.#findings.add("RW115", [...path, "table"], error.message, { range: error });
      }
    }
  }

  addIdentities(kind: IdentityClaim["kind"], section: "people" | "services" | "agents"): void {
    for (const [name, entry] of Object.entries(this.#manifest[section] ?? {})) {
      const path: ManifestPath = [section, name];
      this.identities.push({ kind, name, entry, path });
      if (entry.roles === undefined) continue;
      for (const login of this.#logins(entry.logins)) {
        this.saysMemberOf.add(login);
        this.#memberOf(login, entry.roles, [...path, "roles"], entry.because, null, asWritten);
      }
    }
  }

  #logins(logins: Readonly<Record<string, string | readonly string[]>> | undefined): readonly RoleName[] {
    return Object.entries(logins ?? {}).flatMap(([target, names]) => {
      if (this.#target !== null && target !== this.#target) return [];
      return typeof names === "string" ? [names] : names;
    });
  }
}

function membershipSource(
  path: ManifestPath,
  entry: MembershipEntry,
  because: string | undefined,
  via: ManifestPath | null,
): Source {
  const reason = typeof entry === "string" ? because : (entry.because ?? because);
  return { paths: via === null ? [path] : [path, via], ...(reason === undefined ? {} : { because: reason }) };
}

/** One set of values for each combination of the lists that are given. */
function combinations(
  given: Readonly<Record<string, string | readonly string[]>>,
): readonly ReadonlyMap<string, string>[] {
  let sets: readonly ReadonlyMap<string, string>[] = [new Map()];
  for (const [name, value] of Object.entries(given)) {
    const values = typeof value === "string" ? [value] : value;
    sets = sets.flatMap((set) => values.map((one) => new Map([...set, [name, one]])));
  }
  return sets;
}

/** Replaces `{parameter}`; braces around anything else stay as they are. */
function filler(parameters: readonly string[], values: ReadonlyMap<string, string>): (text: string) => string {
  if (parameters.length === 0) return asWritten;
  return (text) => text.replace(/\{([^{}]+)\}/gu, (whole, name: string) => values.get(name) ?? whole);
}
