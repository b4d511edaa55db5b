import { compareText, sortedText } from "../base/order.ts";
import { type AccessList, NOBODY, type Privilege } from "../model/access-list.ts";
import { type DefaultPrivilege, type DefaultPrivilegeKey, defaultPrivilegeKey } from "../model/access-state.ts";
import { describeName, resourceKey, type ResourceKind } from "../model/resource.ts";
import { type Grantee, PUBLIC, type RoleName } from "../model/role.ts";
import { applyClaims, type BoundClaim, Decisions, type ListContext, withoutRoles } from "./claim-list.ts";
import { claimsByGrantee } from "./claim-sets.ts";
import type { GrantClaim } from "./claims.ts";
import { possibleOn, privilegesFor, type ResolveContext, roleExists } from "./context.ts";
import { hasFeature } from "./features.ts";
import { kindWord, nameParts } from "./kind-words.ts";
import { partMatcher } from "./names.ts";

/** Default privileges as they should be, and the claims on each. */
export interface ResolvedDefaults {
  readonly defaults: ReadonlyMap<DefaultPrivilegeKey, DefaultPrivilege>;
  readonly claimsOf: ReadonlyMap<DefaultPrivilegeKey, readonly BoundClaim[]>;
}

type Target = Omit<DefaultPrivilege, "list">;

export function resolveDefaults(context: ResolveContext): ResolvedDefaults {
  const { before, retired } = context;
  const targets = new Map<DefaultPrivilegeKey, Target>();
  const claimsOf = new Map<DefaultPrivilegeKey, BoundClaim[]>();
  for (const claim of context.claims.grants) bindFuture(claim, context, targets, claimsOf);
  const defaults = new Map<DefaultPrivilegeKey, DefaultPrivilege>();
  const gone = new Set(retired.keys());
  for (const [key, entry] of before.defaultPrivileges) {
    if (gone.has(entry.creator)) continue;
    const resolved = resolveOne(entry, entry, claimsOf.get(key) ?? [], gone, context);
    if (resolved !== null) defaults.set(key, resolved);
  }
  for (const [key, target] of targets) {
    if (before.defaultPrivileges.has(key)) continue;
    const resolved = resolveOne(target, undefined, claimsOf.get(key) ?? [], gone, context);
    if (resolved !== null) defaults.set(key, resolved);
  }
  reportVainRevokes(targets, claimsOf, defaults, context);
  const same =
    defaults.size === before.defaultPrivileges.size &&
    [...defaults].every(([key, entry]) => before.defaultPrivileges.get(key) === entry);
  return { defaults: same ? before.defaultPrivileges : defaults, claimsOf };
}

function resolveOne(
  target: Target,
  live: DefaultPrivilege | undefined,
  claims: readonly BoundClaim[],
  gone: ReadonlySet<RoleName>,
  context: ResolveContext,
): DefaultPrivilege | null {
  const { rules, findings } = context;
  const start = live?.list ?? absentDefault(target, context);
  const listContext: ListContext = {
    owner: target.creator,
    root: target.creator,
    authoritative: authorityOver(target, context),
  };
  const kept = gone.size === 0 ? start : withoutRoles(start, gone, listContext);
  const { list, problems } = applyClaims(kept, claimsByGrantee(claims), new Decisions(listContext));
  for (const problem of problems) {
    const path = problem.absent.source.paths[0];
    if (problem.kind === "owner") {
      const message = `the creator \`${target.creator}\` keeps what it has on what it makes`;
      findings.add("RW213", path, message, {
        severity: "warning",
        help: "take the line out: an owner can always grant itself what it was denied",
      });
    } else {
      const related = [{ message: "it is granted here", path: problem.present.source.paths[0] }];
      const message = `\`${problem.privilege.toLowerCase()}\` on future ${kindWord(target.kind, true)} of \`${target.creator}\` is both granted and revoked`;
      findings.add("RW205", path, message, { related, help: "take one line out" });
    }
  }
  if (live !== undefined && list.id === live.list.id) return live;
  const { creator, database, schema, kind } = target;
  return rules.normalizeDefault({ creator, database, schema, kind, list });
}

/** What holds where no entry exists: the built-in list in every schema, nothing more in a single one. */
function absentDefault({ schema, kind, creator }: Target, { rules }: ResolveContext): AccessList {
  return schema === null ? rules.builtinList(kind, creator) : NOBODY;
}

/** Authority over a creator's defaults; everybody's part of them only where everybody is claimed too. */
function authorityOver(target: Target, { authority, before }: ResolveContext): ((grantee: Grantee) => boolean) | null {
  const rules = authority.rulesFor("default-privileges", target.schema);
  if (rules.length === 0 || authority.ruleOver(rules, "default-privileges", target.creator) === null) return null;
  return (grantee) => {
    if (authority.ignoresRole(grantee)) return false;
    if (grantee === PUBLIC) return authority.ruleOver(rules, "default-privileges", PUBLIC) !== null;
    return (before.roles.get(grantee)?.origin ?? "user") === "user";
  };
}

function bindFuture(
  claim: GrantClaim,
  context: ResolveContext,
  targets: Map<DefaultPrivilegeKey, Target>,
  claimsOf: Map<DefaultPrivilegeKey, BoundClaim[]>,
): void {
  if (claim.future === null || (claim.grantee !== PUBLIC && !context.roles.has(claim.grantee))) return;
  const { kind } = claim.selector.on;
  const path = claim.source.paths[0];
  if (!hasFeature("default-privileges", [...path, "future"], context) || !possibleOn(context, claim, kind)) return;
  const privileges = privilegesFor(context, claim, kind);
  if (privileges.length === 0) return;
  if (claim.future.creators !== "discovered") {
    const known = claim.future.creators.map((creator, index) =>
      roleExists(context, creator, [...path, "future", "creators", index]),
    );
    if (known.includes(false)) return;
  }
  for (const { database, schema } of placesOf(claim, context)) {
    const discovered = discover(kind, database, schema, context);
    const creators = claim.future.creators === "discovered" ? discovered.creators : claim.future.creators;
    if (claim.present) warnOfOtherCreators(claim, discovered.owners, creators, schema, context);
    for (const creator of creators) {
      // Whoever makes a thing owns it, and needs no promise.
      if (creator === claim.grantee && claim.future.creators === "discovered") continue;
      const target: Target = { creator, database, schema, kind };
      const key = defaultPrivilegeKey(target);
      targets.set(key, target);
      const claims = claimsOf.get(key) ?? [];
      claims.push({ claim: { ...claim, by: null }, privileges, strength: "full" });
      claimsOf.set(key, claims);
    }
  }
}

/** The databases and schemas that a promise covers; schema null is every schema. */
function placesOf(
  claim: GrantClaim,
  { index, live, findings, authority }: ResolveContext,
): readonly { readonly database: string; readonly schema: string | null }[] {
  const { on, database: only } = claim.selector;
  const databases = live.catalog.databases.filter((database) => only === null || only === database);
  return on.names.flatMap((name): readonly { readonly database: string; readonly schema: string | null }[] => {
    const part = nameParts(on.kind) === 2 ? name.parts[0] : undefined;
    if (part === undefined || (part.wild && part.text === "*"))
      return databases.map((database) => ({ database, schema: null }));
    const test = partMatcher(part);
    const places = databases.flatMap((database) => {
      const schemas = [...index.schemasOf("schema", database).values()].flat();
      return schemas
        .filter((entry) => entry.system !== true || !part.wild)
        .map((entry) => entry.resource.path[1] ?? "")
        .filter((schema) => test(schema) && !(part.wild && authority.ignoresSchema(schema)))
        .map((schema) => ({ database, schema }));
    });
    if (places.length === 0 && !claim.mayBeEmpty) {
      const shown = describeName(part.text);
      findings.add("RW207", claim.source.paths[0], `there is no schema \`${shown}\` for what is made from now on`, {
        help: "create it first, or say `may_be_empty: true`",
      });
    }
    return places;
  });
}

/** Who makes things of a kind there: who owns some, and who holds CREATE. Not what an extension or the server made, and not the server's own roles. */
function discover(
  kind: ResourceKind,
  database: string,
  schema: string | null,
  { index, before, roles, authority }: ResolveContext,
): { readonly owners: readonly RoleName[]; readonly creators: readonly RoleName[] } {
  const owners = new Set<RoleName>();
  const creators = new Set<RoleName>();
  const isMaker = (role: RoleName | null): role is RoleName => {
    const origin = role === null ? undefined : before.roles.get(role)?.origin;
    return (
      role !== null && roles.has(role) && (origin === "user" || origin === "bootstrap") && !authority.ignoresRole(role)
    );
  };
  for (const [at, entries] of index.schemasOf(kind, database)) {
    if (schema !== null && at !== schema) continue;
    for (const entry of entries) {
      if (entry.extension !== undefined || entry.system === true) continue;
      const owner = before.holdings.get(resourceKey(entry.resource))?.owner ?? null;
      if (isMaker(owner)) owners.add(owner);
    }
  }
  for (const entry of [...index.schemasOf("schema", database).values()].flat()) {
    if (
      (schema !== null && entry.resource.path[1] !== schema) ||
      entry.system === true ||
      entry.extension !== undefined
    )
      continue;
    const holding = before.holdings.get(resourceKey(entry.resource));
    if (holding === undefined) continue;
    if (schema !== null && isMaker(holding.owner) && before.roles.get(holding.owner)?.origin === "user")
      creators.add(holding.owner);
    for (const { grantee, privileges } of holding.list.entries) {
      const made = privileges.includes("CREATE") && before.roles.get(grantee)?.origin === "user";
      if (made && isMaker(grantee)) creators.add(grantee);
    }
  }
  return { owners: sortedText(owners), creators: sortedText([...owners, ...creators]) };
}

function warnOfOtherCreators(
  claim: GrantClaim,
  owners: readonly RoleName[],
  creators: readonly RoleName[],
  schema: string | null,
  { before, findings }: ResolveContext,
): void {
  const others = owners.filter((owner) => !creators.includes(owner) && before.roles.get(owner)?.origin === "user");
  if (others.length === 0) return;
  const where = schema === null ? "" : ` in \`${describeName(schema)}\``;
  const names = others
    .toSorted(compareText)
    .map((name) => `\`${name}\``)
    .join(", ");
  const message = `${names} own${others.length === 1 ? "s" : ""} ${kindWord(claim.selector.on.kind, true)}${where} too, and what they make is not covered`;
  findings.add("RW221", [...claim.source.paths[0], "future"], message, {
    severity: "warning",
    help: "add them to `creators`, or say `creators: discovered`",
  });
}

/** Taking something in one schema that holds in every schema stores nothing and changes nothing. */
function reportVainRevokes(
  targets: ReadonlyMap<DefaultPrivilegeKey, Target>,
  claimsOf: ReadonlyMap<DefaultPrivilegeKey, readonly BoundClaim[]>,
  defaults: ReadonlyMap<DefaultPrivilegeKey, DefaultPrivilege>,
  context: ResolveContext,
): void {
  for (const [key, target] of targets) {
    if (target.schema === null) continue;
    const everywhere = { ...target, schema: null };
    const list = defaults.get(defaultPrivilegeKey(everywhere))?.list ?? absentDefault(everywhere, context);
    for (const { claim, privileges } of claimsOf.get(key) ?? []) {
      if (claim.present || claim.grantee === target.creator) continue;
      const held = privileges.find((privilege) => holds(list, claim.grantee, privilege));
      if (held === undefined) continue;
      const who = claim.grantee === PUBLIC ? "everybody" : `\`${claim.grantee}\``;
      const message = `revoking \`${held.toLowerCase()}\` on future ${kindWord(target.kind, true)} in one schema has no effect: ${who} has it in every schema`;
      const help = `revoke it in every schema: \`${kindWord(target.kind, true)}: "*.*"\``;
      context.findings.add("RW215", [...claim.source.paths[0], "future"], message, { help });
    }
  }
}

function holds(list: AccessList, grantee: Grantee, privilege: Privilege): boolean {
  return list.entries.some((entry) => entry.grantee === grantee && entry.privileges.includes(privilege));
}
