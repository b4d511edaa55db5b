import type { AccessState } from "../model/access-state.ts";
import type { Identity } from "../model/identity.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { StateRules } from "../model/state-rules.ts";
import { authorityOf, loginsOn } from "./authority.ts";
import { bindGrants } from "./bind-grants.ts";
import { checkClaims } from "./check.ts";
import type { Claims } from "./claims.ts";
import { type ResolveContext, roleExists } from "./context.ts";
import { checkDefiners, checkRetirements } from "./leaving.ts";
import { expandManifest } from "./expand.ts";
import { supportedClaims } from "./features.ts";
import type { LoadedManifest } from "./load.ts";
import type { IdentityEntry, Manifest } from "./manifest.ts";
import { adviseOnAdministrators } from "./presets/administrators.ts";
import { adviseOnOpenRoutines } from "./presets/open-routines.ts";
import { provenance } from "./provenance.ts";
import { type Rename, renamesOf, renameState } from "./rename-state.ts";
import { Findings, type Locate, sortFindings } from "./report.ts";
import type { Resolution } from "./resolution.ts";
import { resolveDefaults } from "./resolve-defaults.ts";
import { resolveHoldings } from "./resolve-holdings.ts";
import { resolveMemberships } from "./resolve-memberships.ts";
import { resolveOwners } from "./resolve-owners.ts";
import { type CanonicalExpression, resolvePolicies, withRowSecurity } from "./resolve-policies.ts";
import { resolveRoles } from "./resolve-roles.ts";
import { CatalogIndex } from "./select.ts";

export interface ResolveOptions {
  /** The server's own text of policy expressions, asked for beforehand. @default nobody asked: an expression that differs from the live one is taken as written, with a warning */
  readonly canonical?: CanonicalExpression;
}

/**
 * What a manifest means for one target as it was read: see Resolution. Pure; the cost follows what is distinct (access lists, selectors, claims), plus one pass over the
 * resources. Its findings are those of the claims themselves (`checkManifest`) and those that only the live catalog can tell; those of loading are the caller's.
 */
export function resolveManifest(
  loaded: Pick<LoadedManifest, "manifest" | "findings" | "locate">,
  target: string,
  live: Snapshot,
  rules: StateRules,
  options: ResolveOptions = {},
): Resolution {
  if (loaded.manifest === null) return unresolved(live.access, loaded.findings);
  const { context, renames, passwords } = resolveContext({ ...loaded, manifest: loaded.manifest }, target, live, rules);
  const { claims, authority, findings, roles } = context;
  checkRetirements(context);
  checkDefiners(context, renames);
  const owners = resolveOwners(context);
  const bound = bindGrants(context);
  const memberships = resolveMemberships(context);
  const defaults = resolveDefaults(context);
  const policies = resolvePolicies(context, options.canonical ?? ((): null => null));
  const holdings = withRowSecurity(resolveHoldings(context, bound, owners), policies.rowSecurity);
  const desired: AccessState = {
    roles,
    memberships: memberships.memberships,
    holdings,
    defaultPrivileges: defaults.defaults,
    rowPolicies: policies.policies,
  };
  checkLogins(target, context);
  adviseOnAdministrators(context, memberships);
  adviseOnOpenRoutines(context, holdings);
  return {
    desired: unchanged(live.access, desired) ? live.access : desired,
    scope: authority.scope,
    findings: sortFindings(findings.sorted()),
    identities: identitiesOf(claims, loaded.locate),
    renames,
    passwords,
    originOf: provenance({ context, bound, owners, memberships, defaults, policies, locate: loaded.locate }),
  };
}

/** What every part of resolving works with: the claims of the manifest about this target, and what they are about. */
export function resolveContext(
  { manifest, locate }: Pick<LoadedManifest, "locate"> & { readonly manifest: Manifest },
  target: string,
  live: Snapshot,
  rules: StateRules,
): {
  readonly context: ResolveContext;
  readonly renames: readonly Rename[];
  readonly passwords: Resolution["passwords"];
} {
  const findings = new Findings(locate);
  const expanded = expandManifest(manifest, { name: target, rules }, findings);
  checkClaims(manifest, expanded, { target, findings });
  const claims = supportedClaims(expanded, { rules, findings });
  const renames = renamesOf(claims, live.access, { rules, findings });
  const before = renameState(live.access, renames);
  const authority = authorityOf(manifest, target, claims, before.roles);
  const { databases } = live.catalog;
  const { roles, retired, passwords } = resolveRoles({
    claims,
    live: before.roles,
    rules,
    authority,
    findings,
    databases,
  });
  const index = new CatalogIndex(live, { ignoresSchema: authority.ignoresSchema, roles, rules });
  const context: ResolveContext = { claims, live, before, rules, authority, index, findings, roles, retired };
  return { context, renames, passwords };
}

function unresolved(live: AccessState, findings: Resolution["findings"]): Resolution {
  return {
    desired: live,
    scope: { roles: new Set(), authoritative: () => false },
    findings,
    identities: [],
    renames: [],
    passwords: new Map(),
    originOf: () => ({ locations: [], by: "declared" }),
  };
}

function unchanged(a: AccessState, b: AccessState): boolean {
  return (
    a.roles === b.roles &&
    a.memberships === b.memberships &&
    a.holdings === b.holdings &&
    a.defaultPrivileges === b.defaultPrivileges &&
    a.rowPolicies === b.rowPolicies
  );
}

/** An identity logs in as a role that must be there. */
function checkLogins(target: string, context: ResolveContext): void {
  for (const { name, entry, path } of context.claims.identities) {
    for (const login of loginsOn(entry.logins, target)) {
      const at = [...path, "logins", target];
      if (!roleExists(context, login, at)) continue;
      if (context.roles.get(login)?.attributes["login"] === true) continue;
      const help = `say \`login: true\` of role \`${login}\``;
      context.findings.add("RW234", at, `\`${name}\` logs in as \`${login}\`, which cannot log in`, {
        severity: "warning",
        help,
      });
    }
  }
}

/** What is said of an identity for checks. */
function beyondAccess({ team, shared, break_glass, until, left, owner, eligible }: IdentityEntry): Partial<Identity> {
  return {
    ...(team === undefined ? {} : { team }),
    ...(shared === true ? { shared } : {}),
    ...(break_glass === true ? { breakGlass: true } : {}),
    ...(until === undefined ? {} : { until }),
    ...(left === undefined ? {} : { left }),
    ...(owner === undefined ? {} : { owner }),
    ...(eligible === undefined
      ? {}
      : {
          eligible: eligible.map(({ role, target = null, max_minutes: maxMinutes = null }) => ({
            role,
            target,
            maxMinutes,
          })),
        }),
  };
}

function identitiesOf(claims: Claims, locate: Locate): readonly Identity[] {
  return claims.identities.map(({ kind, name, entry, path }): Identity => {
    const location = locate(path);
    const logins = Object.entries(entry.logins ?? {}).map(([target, names]): [string, readonly string[]] => [
      target,
      typeof names === "string" ? [names] : names,
    ]);
    return {
      kind,
      name,
      title: entry.name ?? name,
      ...(entry.email === undefined ? {} : { email: entry.email }),
      logins: new Map(logins),
      ...beyondAccess(entry),
      ...(location === undefined ? {} : { location }),
    };
  });
}
