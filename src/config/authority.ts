import type { Grantee, Role, RoleName } from "../model/role.ts";
import { PUBLIC } from "../model/role.ts";
import type { Facet, Scope } from "../model/scope.ts";
import type { Claims } from "./claims.ts";
import type { AuthoritativeEntry, Manifest } from "./manifest.ts";
import { anyMatcher, parseSinglePattern, partMatcher } from "./names.ts";
import type { ManifestPath } from "./source-file.ts";

/**
 * Where the manifest has the last word. A place is claimed by rules; the rules that reach a schema are its authority class, so that whatever depends on authority can be
 * computed once for a class instead of once for a resource.
 */
export interface Authority {
  readonly scope: Scope;
  /** The rules for this facet that reach the schema (null: outside schemas); the empty list where nothing does. Equal lists are the same value. */
  readonly rulesFor: (facet: Facet, schema: string | null) => readonly number[];
  /** The first of these rules that claims the role, or null. */
  readonly ruleOver: (rules: readonly number[], facet: Facet, role: Grantee) => number | null;
  readonly pathOf: (rule: number) => ManifestPath;
  readonly ignoresRole: (role: RoleName) => boolean;
  readonly ignoresSchema: (schema: string) => boolean;
}

const NO_RULES: readonly number[] = [];

/** Builds it from the `scope` of a manifest, for one target. `live` are the roles that exist. */
export function authorityOf(
  manifest: Manifest,
  target: string,
  claims: Claims,
  live: ReadonlyMap<RoleName, Role>,
): Authority {
  const rules = (manifest.scope?.authoritative ?? []).map((entry) => ({
    entry,
    claimsRole: roleTest(entry, claims, live),
  }));
  const ignoresRole = anyMatcher(manifest.scope?.ignore?.roles ?? []);
  const ignoresSchema = anyMatcher(manifest.scope?.ignore?.schemas ?? []);
  const schemaTests = rules.map(({ entry }) => (entry.schemas === undefined ? null : anyMatcher(entry.schemas)));
  const classes = new Map<string, readonly number[]>();
  const byPlace = new Map<string, readonly number[]>();

  const rulesFor = (facet: Facet, schema: string | null): readonly number[] => {
    if (rules.length === 0 || (schema !== null && ignoresSchema(schema))) return NO_RULES;
    const place = `${facet}\0${schema ?? ""}`;
    const known = byPlace.get(place);
    if (known !== undefined) return known;
    const found = rules.flatMap(({ entry }, index) => {
      if (!entry.facets.includes(facet) || !(entry.targets?.includes(target) ?? true)) return [];
      const test = schemaTests[index] ?? null;
      const reaches = test === null || WITHOUT_SCHEMA.has(facet) || (schema !== null && test(schema));
      return reaches ? [index] : [];
    });
    const shared = classes.get(found.join(",")) ?? found;
    classes.set(found.join(","), shared);
    byPlace.set(place, shared);
    return shared;
  };

  const ruleOver = (among: readonly number[], facet: Facet, role: Grantee): number | null => {
    if (ignoresRole(role)) return null;
    return among.find((index) => rules[index]?.claimsRole(facet, role) === true) ?? null;
  };

  const logins = claims.identities.flatMap(({ entry }) => loginsOn(entry.logins, target));
  const declared = [...claims.roles.values()].filter(({ entry }) => entry.retire === undefined).map(({ name }) => name);
  return {
    scope: {
      roles: new Set([...declared, ...logins]),
      authoritative: (facet, { role, schema }) => ruleOver(rulesFor(facet, schema), facet, role) !== null,
    },
    rulesFor,
    ruleOver,
    pathOf: (rule) => ["scope", "authoritative", rule],
    ignoresRole,
    ignoresSchema,
  };
}

/** Facets about roles themselves: schemas do not narrow them. */
const WITHOUT_SCHEMA: ReadonlySet<Facet> = new Set(["attributes", "memberships"]);

/** The roles that an identity logs in as on a target. */
export function loginsOn(
  logins: Readonly<Record<string, string | readonly string[]>> | undefined,
  target: string,
): readonly RoleName[] {
  const names = logins !== undefined && Object.hasOwn(logins, target) ? logins[target] : undefined;
  return names === undefined ? [] : typeof names === "string" ? [names] : names;
}

/**
 * Whether a rule claims what is undeclared of a role in a facet. Nothing is claimed of a declared role about which nothing is said (a missing key is not an empty list), nor of roles
 * that the server or a managed service made, unless they are named without wildcards. An undeclared role is claimed only by a rule that lists patterns of its own.
 */
function roleTest(
  entry: AuthoritativeEntry,
  claims: Claims,
  live: ReadonlyMap<RoleName, Role>,
): (facet: Facet, role: Grantee) => boolean {
  const saidOf: Readonly<Partial<Record<Facet, ReadonlySet<Grantee>>>> = {
    grants: claims.saysGrants,
    memberships: claims.saysMemberOf,
  };
  const patterns = (entry.roles ?? []).filter((pattern) => pattern !== "public").map(parseSinglePattern);
  const wild = patterns.filter((pattern) => pattern.wild).map(partMatcher);
  const literal = new Set(patterns.filter((pattern) => !pattern.wild).map((pattern) => pattern.text));
  // What everybody holds is mostly what the server gives everybody by itself: only a rule that names `public` claims it.
  const everybody = entry.roles?.includes("public") === true;
  return (facet, role) => {
    if (role === PUBLIC) return everybody;
    const said = claims.roles.has(role) ? (saidOf[facet]?.has(role) ?? true) : undefined;
    if (said === false) return false;
    if (literal.has(role)) return true;
    const own = (live.get(role)?.origin ?? "user") === "user";
    if (!own) return false;
    if (entry.roles === undefined) return said === true || (facet === "memberships" && claims.saysMemberOf.has(role));
    return wild.some((test) => test(role));
  };
}
