import type { Privilege } from "../../model/access-list.ts";
import { type Resource, resourceKey, schemaOf } from "../../model/resource.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { StateRules } from "../../model/state-rules.ts";
import { type Grantee, PUBLIC, type RoleName } from "../../model/role.ts";
import type { GrantClaim } from "../claims.ts";
import { boundTo, possibleOn, type ResolveContext } from "../context.ts";
import type { LoadedManifest } from "../load.ts";
import type { Manifest } from "../manifest.ts";
import { isWild } from "../names.ts";
import { resolveContext } from "../resolve.ts";
import type { ManifestPath } from "../source-file.ts";

/** One place of a manifest that gives something, with everything that it stands for on a target as it was read. */
export type SaidPlace = SaidGrants | SaidMembership;

export interface SaidGrants {
  readonly kind: "grants";
  /** The entry of `grants`, of a profile or of a role, or the entry of `presets`. */
  readonly path: ManifestPath;
  /** `line`: of one role. `profile`: of all that use it. `preset`: a word that stands for several grants. */
  readonly form: "line" | "profile" | "preset";
  /** Names by pattern, with what is to come: it is kept or dropped as a whole. */
  readonly isPattern: boolean;
  readonly gives: readonly {
    readonly grantee: RoleName;
    readonly claim: GrantClaim;
    readonly privileges: readonly Privilege[];
    readonly resources: readonly Resource[];
  }[];
}

export interface SaidMembership {
  readonly kind: "membership";
  readonly path: ManifestPath;
  /** Every pair that the entry stands for: an identity has several logins, a profile several users. */
  readonly pairs: readonly { readonly role: RoleName; readonly member: RoleName }[];
}

/** What a manifest says of grants and memberships, place by place, and what it has the last word about. */
export interface Said {
  readonly places: readonly SaidPlace[];
  readonly manifest: Manifest;
  /** The roles that the manifest declares: what they hold beyond it can be revoked by a line. */
  readonly roles: ReadonlySet<RoleName>;
  /** Whether what is not said goes by itself. */
  readonly isAuthoritative: (facet: "grants" | "memberships", grantee: Grantee, resource: Resource | null) => boolean;
}

/** Looks up everything that gives something on a target. The manifest has no errors: those were told before. */
export function saidOf(
  loaded: Pick<LoadedManifest, "locate"> & { readonly manifest: Manifest },
  target: string,
  live: Snapshot,
  rules: StateRules,
): Said {
  const { context } = resolveContext(loaded, target, live, rules);
  const places = new Map<string, SaidPlace>();
  for (const claim of context.claims.grants) {
    if (!claim.present || claim.grantee === PUBLIC) continue;
    const gives = givenBy(claim, context);
    if (gives === null) continue;
    const [path] = claim.source.paths;
    const form = claim.preset !== undefined ? "preset" : path[0] === "profiles" ? "profile" : "line";
    const key = JSON.stringify(path);
    const known = places.get(key);
    const isPattern = claim.selector.on.names.some(isWild) || claim.future !== null;
    const before = known?.kind === "grants" ? known : null;
    places.set(key, {
      kind: "grants",
      path,
      form,
      isPattern: isPattern || before?.isPattern === true,
      gives: [...(before?.gives ?? []), gives],
    });
  }
  for (const { role, member, present, source } of context.claims.memberships) {
    if (!present || member === PUBLIC) continue;
    const key = JSON.stringify(source.paths[0]);
    const known = places.get(key);
    const pairs = known?.kind === "membership" ? known.pairs : [];
    places.set(key, { kind: "membership", path: source.paths[0], pairs: [...pairs, { role, member }] });
  }
  const { authority, claims } = context;
  return {
    places: [...places.values()],
    manifest: loaded.manifest,
    roles: new Set(
      [...claims.roles.values()].filter(({ entry }) => entry.retire === undefined).map(({ name }) => name),
    ),
    isAuthoritative: (facet, grantee, resource) => {
      const schema = resource === null ? null : schemaOf(resource);
      return authority.ruleOver(authority.rulesFor(facet, schema), facet, grantee) !== null;
    },
  };
}

function givenBy(claim: GrantClaim, context: ResolveContext): SaidGrants["gives"][number] | null {
  const kind = claim.columns === null ? claim.selector.on.kind : "column";
  if (claim.future?.only === true || !possibleOn(context, claim, kind)) return null;
  const asked = boundTo(context, claim, kind);
  if (asked === null) return null;
  const entries = context.index.select(claim.selector).entries;
  const columns = claim.columns;
  const resources =
    columns === null
      ? entries.map((entry) => entry.resource)
      : entries.flatMap((entry) =>
          columns
            .filter((name) => entry.columns?.includes(name) === true)
            .map((name): Resource => ({ kind: "column", path: [...entry.resource.path, name] })),
        );
  const distinct = [...new Map(resources.map((each) => [resourceKey(each), each])).values()];
  return { grantee: claim.grantee, claim, privileges: asked.privileges, resources: distinct };
}
