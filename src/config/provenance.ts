import { compareText } from "../base/order.ts";
import type { Privilege } from "../model/access-list.ts";
import { defaultPrivilegeKey, type RowPolicy } from "../model/access-state.ts";
import type { Change, DefaultChange, GrantChange, Origin } from "../model/change.ts";
import type { SourceLocation } from "../model/finding.ts";
import { type Resource, resourceKey, schemaOf, tableOf } from "../model/resource.ts";
import type { RoleName } from "../model/role.ts";
import type { Facet } from "../model/scope.ts";
import type { BoundGrants } from "./bind-grants.ts";
import type { BoundClaim } from "./claim-list.ts";
import type { Source } from "./claims.ts";
import type { ResolveContext } from "./context.ts";
import type { Locate } from "./report.ts";
import type { ResolvedDefaults } from "./resolve-defaults.ts";
import { pairKey, type ResolvedMemberships } from "./resolve-memberships.ts";
import type { ResolvedOwners } from "./resolve-owners.ts";
import type { ResolvedPolicies } from "./resolve-policies.ts";
import type { ManifestPath } from "./source-file.ts";

/** Everything that a change can come from. */
export interface ProvenanceInput {
  readonly context: ResolveContext;
  readonly bound: BoundGrants;
  readonly owners: ResolvedOwners;
  readonly memberships: ResolvedMemberships;
  readonly defaults: ResolvedDefaults;
  readonly policies: ResolvedPolicies;
  readonly locate: Locate;
}

type By = Exclude<Origin["by"], "revert">;

/** Answers, for each change of a plan, which lines ask for it. Computed when asked: most states hold far more tuples than a plan changes. */
export function provenance(input: ProvenanceInput): (change: Change) => Origin {
  const answers = new Provenance(input);
  return (change) => answers.originOf(change);
}

class Provenance {
  readonly #in: ProvenanceInput;

  constructor(input: ProvenanceInput) {
    this.#in = input;
  }

  originOf(change: Change): Origin {
    switch (change.kind) {
      case "create-role":
        return this.#ofRole(change.role.name);
      case "drop-role":
        return this.#ofRole(change.role.name);
      case "rename-role":
        return this.#ofRole(change.to, "was");
      case "alter-role":
        return this.#ofRole(change.role, ...change.attributes.map((attribute) => attribute.name));
      case "set-role-setting":
        return change.database === null
          ? this.#ofRole(change.role, "settings")
          : this.#ofRole(change.role, "databases_settings");
      case "set-password":
        return this.#ofRole(change.role, "password");
      case "add-membership":
      case "remove-membership":
        return this.#ofMembership(change.membership.role, change.membership.member);
      case "alter-membership":
        return this.#ofMembership(change.after.role, change.after.member);
      case "add-grant":
      case "remove-grant":
      case "add-grant-option":
      case "remove-grant-option":
        return this.#ofGrant(change);
      case "add-default":
      case "remove-default":
      case "add-default-option":
      case "remove-default-option":
        return this.#ofDefault(change);
      case "change-owner":
        return this.#ofOwner(change.resources, change.from);
      case "create-policy":
      case "drop-policy":
        return this.#ofPolicy(change.policy);
      case "alter-policy":
        return this.#ofPolicy(change.after);
      case "set-row-security":
        return this.#ofTable(change.table, ["enabled", "forced"]);
    }
    return change satisfies never;
  }

  #origin(by: By, sources: readonly Source[]): Origin {
    const places = new Map<string, SourceLocation>();
    for (const path of sources.flatMap((source) => source.paths)) {
      const location = this.#in.locate(path);
      if (location !== undefined) places.set(`${location.file}\0${location.line}\0${location.column}`, location);
    }
    const locations = [...places.values()].sort(
      (a, b) => compareText(a.file, b.file) || a.line - b.line || a.column - b.column,
    );
    const reasons = [...new Set(sources.flatMap((source) => (source.because === undefined ? [] : [source.because])))];
    const because = reasons.sort(compareText).join("; ");
    return { locations, by, ...(because === "" ? {} : { because }) };
  }

  #ofRole(name: RoleName, ...keys: readonly string[]): Origin {
    const { claims, retired } = this.#in.context;
    const retirement = retired.get(name);
    if (retirement !== undefined) return this.#ofRetirement(name);
    const claim = claims.roles.get(name);
    if (claim === undefined) return this.#origin("declared", []);
    const said = keys.filter((key) => Object.hasOwn(claim.entry, key));
    const because = claim.entry.because === undefined ? {} : { because: claim.entry.because };
    if (keys.length > 0 && said.length === 0) return this.#ofAuthority("attributes", null, name);
    const [first, ...others] = said.map((key): ManifestPath => [...claim.path, key]);
    return this.#origin("declared", [{ paths: [first ?? claim.path, ...others], ...because }]);
  }

  #ofRetirement(name: RoleName): Origin {
    const retirement = this.#in.context.retired.get(name);
    if (retirement === undefined) return this.#origin("declared", []);
    const because = retirement.because === undefined ? {} : { because: retirement.because };
    return this.#origin("declared", [{ paths: [retirement.path], ...because }]);
  }

  #retiring(...names: readonly string[]): RoleName | undefined {
    return names.find((name) => this.#in.context.retired.has(name));
  }

  #ofAuthority(facet: Facet, schema: string | null, ...roles: readonly string[]): Origin {
    const { authority } = this.#in.context;
    const rules = authority.rulesFor(facet, schema);
    for (const role of roles) {
      const rule = authority.ruleOver(rules, facet, role);
      if (rule !== null) return this.#origin("authoritative", [{ paths: [authority.pathOf(rule)] }]);
    }
    const [first] = rules;
    return this.#origin("authoritative", first === undefined ? [] : [{ paths: [authority.pathOf(first)] }]);
  }

  #ofMembership(role: RoleName, member: RoleName): Origin {
    const { context, memberships } = this.#in;
    const retiring = this.#retiring(role, member);
    if (retiring !== undefined) return this.#ofRetirement(retiring);
    const claims = memberships.claimsOf.get(pairKey(role, member)) ?? [];
    const [first] = claims;
    if (first !== undefined)
      return this.#origin(
        first.present ? "declared" : "absent",
        claims.map((claim) => claim.source),
      );
    // The server makes these rows itself, with the role.
    if (!context.before.roles.has(role)) return this.#ofRole(role);
    const rules = context.authority.rulesFor("memberships", null);
    if (context.authority.ruleOver(rules, "memberships", member) !== null)
      return this.#ofAuthority("memberships", null, member);
    const listed = context.claims.saysMembers.has(role) && rules.length > 0;
    return listed ? this.#ofAuthority("memberships", null, role) : this.#sideEffect(member, role);
  }

  #ofGrant(change: GrantChange): Origin {
    const { bound, context } = this.#in;
    const retiring = this.#retiring(change.grantee, change.grantor);
    if (retiring !== undefined) return this.#ofRetirement(retiring);
    const adds = change.kind === "add-grant" || change.kind === "add-grant-option";
    const sets = new Set(change.resources.map((resource) => bound.sets.setOf(resourceKey(resource))));
    const asked = matching(bound.sets.claimsOf(sets), change.grantee, change.privileges, adds);
    if (asked.length > 0)
      return this.#origin(
        adds ? "declared" : "absent",
        asked.map(({ claim }) => claim.source),
      );
    const [first] = change.resources;
    if (first === undefined) return this.#origin("declared", []);
    const schema = schemaOf(first);
    const { authority } = context;
    if (!adds && authority.ruleOver(authority.rulesFor("grants", schema), "grants", change.grantee) !== null) {
      return this.#ofAuthority("grants", schema, change.grantee);
    }
    const moved = this.#ofMove(change.resources);
    return moved ?? this.#sideEffect(change.grantor, change.grantee);
  }

  #ofDefault(change: DefaultChange): Origin {
    const { defaults } = this.#in;
    const retiring = this.#retiring(change.target.creator, change.grantee);
    if (retiring !== undefined) return this.#ofRetirement(retiring);
    const adds = change.kind === "add-default" || change.kind === "add-default-option";
    const claims = defaults.claimsOf.get(defaultPrivilegeKey(change.target)) ?? [];
    const asked = matching(claims, change.grantee, change.privileges, adds);
    if (asked.length > 0)
      return this.#origin(
        adds ? "declared" : "absent",
        asked.map(({ claim }) => claim.source),
      );
    return this.#ofAuthority("default-privileges", change.target.schema, change.target.creator);
  }

  #ofOwner(resources: readonly Resource[], from: RoleName): Origin {
    return (
      this.#ofMove(resources) ??
      (this.#retiring(from) === undefined ? this.#sideEffect(from) : this.#ofRetirement(from))
    );
  }

  /** The lines that give these resources, or the tables that they belong to, another owner. */
  #ofMove(resources: readonly Resource[]): Origin | null {
    const { owners, context } = this.#in;
    const sources = new Set<Source>();
    let retirement: RoleName | null = null;
    for (const resource of resources) {
      const serves = context.live.catalog.entries.get(resourceKey(resource))?.serves;
      const leader =
        serves === undefined ? (resource.kind === "column" ? tableOf(resource) : resource) : tableOf(serves.column);
      const key = resourceKey(leader);
      const claim = owners.claimOf.get(key);
      const owner = context.before.holdings.get(key)?.owner;
      if (claim !== undefined) sources.add(claim.source);
      else if (owner !== undefined && owner !== null && context.retired.has(owner)) retirement = owner;
    }
    if (sources.size > 0) return this.#origin("declared", [...sources]);
    return retirement === null ? null : this.#ofRetirement(retirement);
  }

  #ofPolicy(policy: RowPolicy): Origin {
    const claim = this.#in.policies.claimOf.get(resourceKey(policy.table));
    const path = claim?.source.paths[0];
    const because = claim?.source.because === undefined ? {} : { because: claim.source.because };
    if (claim === undefined || path === undefined) {
      const retiring = this.#retiring(...policy.roles) ?? [...this.#in.context.retired.keys()][0];
      return retiring === undefined ? this.#origin("declared", []) : this.#ofRetirement(retiring);
    }
    if (claim.entry.policies !== undefined && Object.hasOwn(claim.entry.policies, policy.name)) {
      return this.#origin("declared", [{ paths: [[...path, "policies", policy.name]], ...because }]);
    }
    const absent = (claim.entry.absent ?? []).indexOf(policy.name);
    if (absent >= 0) return this.#origin("absent", [{ paths: [[...path, "absent", absent]], ...because }]);
    return this.#ofAuthority("row-policies", schemaOf(policy.table));
  }

  #ofTable(table: Resource, keys: readonly string[]): Origin {
    const claim = this.#in.policies.claimOf.get(resourceKey(table));
    if (claim === undefined) return this.#origin("declared", []);
    const path = claim.source.paths[0];
    const [first, ...others] = keys
      .filter((key) => Object.hasOwn(claim.entry, key))
      .map((key): ManifestPath => [...path, key]);
    const because = claim.source.because === undefined ? {} : { because: claim.source.because };
    return this.#origin("declared", [{ paths: [first ?? path, ...others], ...because }]);
  }

  /** What follows from a line about one of these roles: the role's own lines are the reason that we can name. */
  #sideEffect(...roles: readonly string[]): Origin {
    const known = roles.find((role) => this.#in.context.claims.roles.has(role));
    return known === undefined ? this.#origin("declared", []) : this.#ofRole(known);
  }
}

/** The claims that ask for a change of a list. An addition can also be the owner's copy of what another grantor's line wanted. */
function matching(
  claims: readonly BoundClaim[],
  grantee: string,
  privileges: readonly Privilege[],
  adds: boolean,
): readonly BoundClaim[] {
  return claims.filter(
    (bound) =>
      bound.strength !== "beside" &&
      bound.claim.present === adds &&
      bound.claim.grantee === grantee &&
      bound.privileges.some((privilege) => privileges.includes(privilege)),
  );
}
