import { type AccessList, NOBODY } from "../model/access-list.ts";
import type { Holding } from "../model/access-state.ts";
import {
  describeResource,
  type Resource,
  resourceKey,
  type ResourceKey,
  schemaOf,
  tableOf,
} from "../model/resource.ts";
import { PUBLIC, type Grantee, type RoleName } from "../model/role.ts";
import {
  applyClaims,
  Decisions,
  type ListContext,
  type ListProblem,
  type ListResult,
  withoutRoles,
} from "./claim-list.ts";
import type { GrantClaim } from "./claims.ts";
import type { BoundGrants } from "./bind-grants.ts";
import type { ResolveContext } from "./context.ts";
import type { ResolvedOwners } from "./resolve-owners.ts";

/**
 * Owners and access lists as they should be. Each distinct combination of live list, owner, claims and authority is computed once; a resource that nothing changes keeps its
 * Holding, by identity, and when nothing changes at all, so does the map.
 */
export function resolveHoldings(
  context: ResolveContext,
  bound: BoundGrants,
  owners: ResolvedOwners,
): ReadonlyMap<ResourceKey, Holding> {
  const resolver = new HoldingResolver(context, bound, owners);
  const { before } = context;
  const changed = new Map<ResourceKey, Holding | null>();
  for (const [key, holding] of before.holdings) {
    const wanted = resolver.resolve(key, holding);
    if (wanted !== holding) changed.set(key, wanted);
  }
  for (const [key, holding] of ownResources(context)) {
    if (holding === null) changed.set(key, null);
    else changed.set(key, resolver.resolve(key, holding));
  }
  for (const [key, resource] of bound.unlisted) {
    if (changed.has(key)) continue;
    const wanted = resolver.resolve(key, { resource, owner: null, list: resolver.absentList(resource) });
    if (wanted !== null && wanted.list.id !== resolver.absentList(resource).id) changed.set(key, wanted);
  }
  reportVainColumns(context, bound, changed);
  if (changed.size === 0) return before.holdings;
  const holdings = new Map(before.holdings);
  for (const [key, holding] of changed) {
    if (holding === null) holdings.delete(key);
    else holdings.set(key, holding);
  }
  return holdings;
}

/** Where roles are resources themselves: those of new roles as the server makes them, and null for those that go with their role. */
function* ownResources({ before, roles, retired, rules }: ResolveContext): Generator<[ResourceKey, Holding | null]> {
  for (const name of retired.keys()) {
    const key = resourceKey({ kind: "role", path: [name] });
    if (before.holdings.has(key)) yield [key, null];
  }
  for (const name of roles.keys()) {
    const own = before.roles.has(name) ? null : rules.resourceOfRole(name);
    if (own !== null) yield [resourceKey(own.resource), own];
  }
}

class HoldingResolver {
  readonly #context: ResolveContext;
  readonly #bound: BoundGrants;
  readonly #owners: ResolvedOwners;
  readonly #results = new Map<string, ListResult>();
  readonly #classes = new Map<readonly number[], number>();
  readonly #decisions = new Map<string, Decisions>();
  readonly #retired: ReadonlySet<RoleName>;

  constructor(context: ResolveContext, bound: BoundGrants, owners: ResolvedOwners) {
    this.#context = context;
    this.#bound = bound;
    this.#owners = owners;
    this.#retired = new Set(context.retired.keys());
  }

  /** Null: it has no list of its own any more. */
  resolve(key: ResourceKey, holding: Holding): Holding | null {
    const { before } = this.#context;
    const { resource } = holding;
    const set = this.#bound.sets.setOf(key);
    const rules = this.#rulesFor(key, resource);
    // A column has no owner of its own: its table's owner grants, and its list moves with the table.
    const ownerKey = resource.kind === "column" ? resourceKey(tableOf(resource)) : key;
    const from = ownerKey === key ? holding.owner : (before.holdings.get(ownerKey)?.owner ?? null);
    const to = this.#owners.changed.get(ownerKey) ?? from;
    if (set === 0 && rules.length === 0 && from === to && this.#retired.size === 0) return holding;
    const id = `${holding.list.id}\0${resource.kind}\0${from ?? ""}\0${to ?? ""}\0${set}\0${this.#classOf(rules)}`;
    let result = this.#results.get(id);
    if (result === undefined) {
      result = this.#compute(holding.list, { from, to, set, rules });
      this.#results.set(id, result);
    }
    for (const problem of result.problems) this.#report(problem, resource);
    const owner = holding.owner === null ? null : to;
    if (result.list === holding.list && owner === holding.owner) return holding;
    const { kind } = resource;
    const absent = kind === "column" ? NOBODY : this.#context.rules.unrecordedList(kind);
    if (absent?.id === result.list.id) return null;
    return { ...holding, owner, list: result.list };
  }

  /** The list of something that the state does not list. */
  absentList(resource: Resource): AccessList {
    const { rules, live } = this.#context;
    if (resource.kind === "column") return NOBODY;
    return rules.unrecordedList(resource.kind) ?? rules.builtinList(resource.kind, live.actor.bootstrap);
  }

  #compute(
    live: AccessList,
    { from, to, set, rules }: { from: RoleName | null; to: RoleName | null; set: number; rules: readonly number[] },
  ): ListResult {
    const { rules: server } = this.#context;
    const moved = from !== null && to !== null && from !== to ? server.transferOwnership(live, from, to) : live;
    const decisions = this.#decisionsFor(to, rules);
    const staying = this.#retired.size === 0 ? moved : withoutRoles(moved, this.#retired, decisions.context);
    return applyClaims(staying, this.#bound.sets.byGrantee(set), decisions);
  }

  #decisionsFor(owner: RoleName | null, rules: readonly number[]): Decisions {
    const key = `${this.#classOf(rules)}\0${owner ?? ""}`;
    const known = this.#decisions.get(key);
    if (known !== undefined) return known;
    const { rules: server, authority } = this.#context;
    const authoritative =
      rules.length === 0 ? null : (grantee: Grantee): boolean => authority.ruleOver(rules, "grants", grantee) !== null;
    const context: ListContext = { owner, root: server.grantorFor(owner), authoritative };
    const decisions = new Decisions(context);
    this.#decisions.set(key, decisions);
    return decisions;
  }

  /** What an extension or the server made is outside of authority; only lines that name it reach it. */
  #rulesFor(key: ResourceKey, resource: Resource): readonly number[] {
    const { authority, live } = this.#context;
    const rules = authority.rulesFor("grants", schemaOf(resource));
    if (rules.length === 0) return rules;
    const entry = live.catalog.entries.get(resource.kind === "column" ? resourceKey(tableOf(resource)) : key);
    return entry?.extension === undefined && entry?.system !== true ? rules : [];
  }

  #classOf(rules: readonly number[]): number {
    if (rules.length === 0) return 0;
    const known = this.#classes.get(rules) ?? this.#classes.size + 1;
    this.#classes.set(rules, known);
    return known;
  }

  #report(problem: ListProblem, resource: Resource): void {
    const { findings } = this.#context;
    const shown = describeResource(resource);
    const path = problem.absent.source.paths[0];
    if (problem.kind === "owner") {
      const help =
        "an owner can always grant itself what it was denied: change the owner, or keep people out of that role";
      findings.add("RW213", path, `revoking from \`${problem.owner}\` controls nothing where it is the owner`, {
        severity: "warning",
        help,
      });
      return;
    }
    const related = [{ message: "it is granted here", path: problem.present.source.paths[0] }];
    const to = granteeName(problem.absent.grantee);
    // One finding for each pair of lines, not for each resource: the first one stands for all.
    const pair = `${JSON.stringify(problem.present.source.paths)}\0${JSON.stringify(path)}`;
    if (this.#reported.has(pair)) return;
    this.#reported.add(pair);
    const message = `\`${problem.privilege.toLowerCase()}\` on \`${shown}\` is both granted to ${to} and revoked`;
    findings.add("RW205", path, message, {
      related,
      help: "take one line out, or leave the thing out of the pattern with `except`",
    });
  }
  readonly #reported = new Set<string>();
}

function granteeName(grantee: Grantee): string {
  return grantee === PUBLIC ? "everybody" : `\`${grantee}\``;
}

/** A right on the table is a right on every column: taking a column away then changes nothing. */
function reportVainColumns(
  { before, findings }: ResolveContext,
  { sets }: BoundGrants,
  changed: ReadonlyMap<ResourceKey, Holding | null>,
): void {
  const seen = new Set<GrantClaim>();
  for (const key of sets.keys()) {
    if (!key.startsWith("column\0")) continue;
    for (const { claim, privileges, strength } of sets.claimsOf([sets.setOf(key)])) {
      if (claim.present || strength !== "full" || claim.columns === null || seen.has(claim)) continue;
      const path = key.split("\0").slice(1, 4);
      const tableKey = resourceKey({ kind: "table", path });
      const list = (changed.get(tableKey) ?? before.holdings.get(tableKey))?.list;
      const held = privileges.find((privilege) =>
        list?.entries.some((entry) => entry.grantee === claim.grantee && entry.privileges.includes(privilege)),
      );
      if (held === undefined) continue;
      seen.add(claim);
      const table = describeResource({ kind: "table", path });
      const message = `revoking columns has no effect while ${granteeName(claim.grantee)} has \`${held.toLowerCase()}\` on the whole of \`${table}\``;
      findings.add("RW214", claim.source.paths[0], message, {
        help: "revoke it on the table, and grant the columns that stay",
      });
    }
  }
}
