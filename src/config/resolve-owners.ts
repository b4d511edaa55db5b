import type { Holding } from "../model/access-state.ts";
import { describeResource, resourceKey, type ResourceKey, schemaOf, tableOf } from "../model/resource.ts";
import type { RoleName } from "../model/role.ts";
import type { OwnershipClaim } from "./claims.ts";
import { type ResolveContext, roleExists, selectFor } from "./context.ts";

/** Who owns what as it should be: only what changes hands, and what is claimed at all. */
export interface ResolvedOwners {
  /** New owners, of what follows its table too. */
  readonly changed: ReadonlyMap<ResourceKey, RoleName>;
  readonly claimOf: ReadonlyMap<ResourceKey, OwnershipClaim>;
}

export function resolveOwners(context: ResolveContext): ResolvedOwners {
  const { before, rules, retired, live } = context;
  const claimOf = new Map<ResourceKey, OwnershipClaim>();
  const changed = new Map<ResourceKey, RoleName>();
  for (const [key, holding] of before.holdings) {
    const retirement = holding.owner === null ? undefined : retired.get(holding.owner);
    if (retirement !== undefined && retirement.successor !== null) changed.set(key, retirement.successor);
  }
  for (const claim of context.claims.ownership) claimOwner(claim, claimOf, context);
  for (const [key, claim] of claimOf) {
    if (before.holdings.get(key)?.owner === claim.owner) changed.delete(key);
    else changed.set(key, claim.owner);
  }
  // INVARIANT: a sequence that serves a column, and a table's row type, have their table's owner. The server refuses anything else.
  for (const key of changed.keys()) {
    const serves = live.catalog.entries.get(key)?.serves;
    if (serves !== undefined) changed.delete(key);
  }
  for (const [key, owner] of Array.from(changed)) {
    const resource = before.holdings.get(key)?.resource;
    for (const along of resource === undefined ? [] : rules.ownedAlong(resource))
      changed.set(resourceKey(along), owner);
  }
  warnOfUndeclared(claimOf, changed, context);
  return { changed, claimOf };
}

function claimOwner(claim: OwnershipClaim, claimOf: Map<ResourceKey, OwnershipClaim>, context: ResolveContext): void {
  const { before, findings, live } = context;
  const path = claim.source.paths[0];
  if (!roleExists(context, claim.owner, [...path, "owner"])) return;
  for (const { resource } of selectFor(context, claim.selector, [...path, "of"], claim.mayBeEmpty).entries) {
    const key = resourceKey(resource);
    const holding = before.holdings.get(key);
    if (holding === undefined || holding.owner === null) {
      findings.add("RW231", [...path, "of"], `a ${resource.kind} has no owner`);
      return;
    }
    const serves = live.catalog.entries.get(key)?.serves;
    if (serves !== undefined) {
      const named =
        !claim.selector.on.plural && before.holdings.get(resourceKey(tableOf(serves.column)))?.owner !== claim.owner;
      if (named) {
        const help = "say who owns the table";
        findings.add(
          "RW231",
          [...path, "of"],
          `sequence \`${describeResource(resource)}\` has its table's owner, always`,
          { help },
        );
      }
      continue;
    }
    const other = claimOf.get(key);
    if (other !== undefined && other.owner !== claim.owner) {
      const related = [{ message: `\`${other.owner}\` is to own it here`, path: other.source.paths[0] }];
      findings.add(
        "RW225",
        path,
        `\`${describeResource(resource)}\` cannot have two owners: \`${other.owner}\` and \`${claim.owner}\``,
        { related },
      );
      continue;
    }
    claimOf.set(key, claim);
  }
}

/** An owner cannot be removed without another one, so authority over ownership can only tell. */
function warnOfUndeclared(
  claimOf: ReadonlyMap<ResourceKey, OwnershipClaim>,
  changed: ReadonlyMap<ResourceKey, RoleName>,
  { authority, before, live, findings }: ResolveContext,
): void {
  const found = new Map<string, { rule: number; owner: RoleName; holdings: Holding[] }>();
  for (const [key, holding] of before.holdings) {
    const { owner, resource } = holding;
    if (owner === null || claimOf.has(key) || changed.has(key)) continue;
    const rules = authority.rulesFor("ownership", schemaOf(resource));
    if (rules.length === 0) continue;
    const entry = live.catalog.entries.get(key);
    if (entry?.extension !== undefined || entry?.system === true || entry?.serves !== undefined) continue;
    const rule = authority.ruleOver(rules, "ownership", owner);
    if (rule === null) continue;
    const group = found.get(`${rule}\0${owner}`) ?? { rule, owner, holdings: [] };
    group.holdings.push(holding);
    found.set(`${rule}\0${owner}`, group);
  }
  for (const { rule, owner, holdings } of found.values()) {
    const first = holdings[0] === undefined ? "" : describeResource(holdings[0].resource);
    const more = holdings.length === 1 ? "" : ` and ${holdings.length - 1} more`;
    const message = `\`${owner}\` owns \`${first}\`${more}, and no line says so`;
    findings.add("RW222", authority.pathOf(rule), message, {
      severity: "warning",
      help: "declare it under `ownership`, or give it another owner there",
    });
  }
}
