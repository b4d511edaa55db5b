import { sortedText } from "../base/order.ts";
import { type Membership, type MembershipKey, membershipKey, PUBLIC, type RoleName } from "../model/role.ts";
import type { MembershipClaim } from "./claims.ts";
import { type ResolveContext, roleExists } from "./context.ts";
import { hasFeature } from "./features.ts";

/** The memberships as they should be, and the claims behind each pair of role and member. */
export interface ResolvedMemberships {
  readonly memberships: ReadonlyMap<MembershipKey, Membership>;
  readonly claimsOf: ReadonlyMap<string, readonly MembershipClaim[]>;
}

/** A pair of role and member, as a map key. */
export function pairKey(role: RoleName, member: RoleName): string {
  return `${role}\0${member}`;
}

export function resolveMemberships(context: ResolveContext): ResolvedMemberships {
  const { before, retired, rules } = context;
  const rows = new Map<string, Membership[]>();
  for (const row of before.memberships.values()) {
    if (retired.has(row.role) || retired.has(row.member)) continue;
    // What a retired role gave is given anew: its grantor cannot stay.
    const kept = retired.has(row.grantor) ? { ...row, grantor: rules.membershipGrantor(row.role) } : row;
    getOrMake(rows, pairKey(row.role, row.member)).push(kept);
  }
  const claims = new Map<string, MembershipClaim[]>();
  for (const claim of context.claims.memberships) {
    if (!valid(claim, context)) continue;
    const normal = keptAs(claim, context);
    if (normal !== null) getOrMake(claims, pairKey(claim.role, claim.member)).push(normal);
  }
  for (const [pair, group] of claims) {
    if (contradictory(group, context)) continue;
    rows.set(pair, claimed(rows.get(pair) ?? [], group, context));
  }
  removeUndeclared(rows, claims, context);
  anchor(rows, context);
  for (const role of context.roles.keys()) {
    if (before.roles.has(role)) continue;
    for (const implied of rules.impliedMemberships(role)) getOrMake(rows, pairKey(role, implied.member)).push(implied);
  }
  reportCycles(rows, claims, context);
  reportInherited(rows, claims, context);
  const memberships = new Map<MembershipKey, Membership>();
  for (const row of [...rows.values()].flat()) memberships.set(membershipKey(row), row);
  const same =
    memberships.size === before.memberships.size &&
    [...memberships].every(([key, row]) => before.memberships.get(key) === row);
  return { memberships: same ? before.memberships : memberships, claimsOf: claims };
}

function getOrMake<T>(map: Map<string, T[]>, key: string): T[] {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made: T[] = [];
  map.set(key, made);
  return made;
}

function valid(claim: MembershipClaim, context: ResolveContext): boolean {
  const path = claim.source.paths[0];
  if (claim.member === PUBLIC && !hasFeature("public-memberships", path, context)) return false;
  const known = [claim.role, claim.member].map((role) => role === PUBLIC || roleExists(context, role, path));
  if (claim.by !== null) {
    known.push(hasFeature("grantors", [...path, "by"], context) && roleExists(context, claim.by, path));
  }
  if (known.includes(false)) return false;
  if (claim.role === claim.member) {
    context.findings.add("RW204", path, `role \`${claim.role}\` is a member of itself`, { help: "take the line out" });
    return false;
  }
  return true;
}

/** The claim with the options that the server can keep for it; null, with findings, where the line says others. */
function keptAs(claim: MembershipClaim, context: ResolveContext): MembershipClaim | null {
  if (!claim.present) return claim;
  const { rules, findings } = context;
  const { role, member, admin, inherit, set } = claim;
  const path = claim.source.paths[0];
  if (!rules.membershipOptions && !(inherit && set) && !hasFeature("membership-options", path, context)) return null;
  const normal = rules.normalMembership({ role, member, grantor: "", admin, inherit, set, implied: false });
  const other = claim.said.find((option) => normal[option] !== claim[option]);
  if (other === undefined) return { ...claim, admin: normal.admin, inherit: normal.inherit, set: normal.set };
  const help = rules.lacks("membership-options") ?? "leave the option out";
  const who = member === PUBLIC ? "everybody" : `\`${member}\``;
  const message = `the server keeps no \`${other}: ${claim[other]}\` for the membership of ${who} in \`${role}\``;
  findings.add("RW210", path, message, { help });
  return null;
}

/** More inherited memberships than a member can have at a time. */
function reportInherited(
  rows: ReadonlyMap<string, readonly Membership[]>,
  claims: ReadonlyMap<string, readonly MembershipClaim[]>,
  { rules, findings }: ResolveContext,
): void {
  const inherited = new Map<RoleName, Membership[]>();
  for (const row of [...rows.values()].flat()) {
    if (row.inherit && rules.mostInherited(row.member) !== null) getOrMake(inherited, row.member).push(row);
  }
  for (const [member, of] of inherited) {
    const most = rules.mostInherited(member) ?? of.length;
    const roles = sortedText(of.map((row) => row.role));
    if (roles.length <= most) continue;
    const said = roles.flatMap((role) => claims.get(pairKey(role, member)) ?? []).filter((claim) => claim.present);
    for (const { role, source } of said) {
      const others = roles.filter((each) => each !== role).map((each) => `\`${each}\``);
      const who = member === PUBLIC ? "everybody" : `\`${member}\``;
      const message = `${who} would have ${roles.length} roles from the moment it logs in, and can have ${most}: \`${role}\` besides ${others.join(", ")}`;
      const help = `say \`{ role: ..., inherit: false }\` of ${most === 1 ? "all but one" : `all but ${most}`}: those it sets when it needs them`;
      findings.add("RW239", source.paths[0], message, { help });
    }
  }
}

/** One membership said in two ways: with other options, or as present and absent. */
function contradictory(group: readonly MembershipClaim[], { findings }: ResolveContext): boolean {
  for (const [index, claim] of group.entries()) {
    const other = group.slice(0, index).find((one) => clash(one, claim));
    if (other === undefined) continue;
    const what = claim.present === other.present ? "with other options" : "as present and as absent";
    const related = [{ message: "the other line", path: other.source.paths[0] }];
    findings.add(
      "RW205",
      claim.source.paths[0],
      `the membership of \`${claim.member}\` in \`${claim.role}\` is said twice, ${what}`,
      { related },
    );
    return true;
  }
  return false;
}

function clash(a: MembershipClaim, b: MembershipClaim): boolean {
  if (a.present !== b.present) return true;
  if (!a.present || a.by !== b.by) return false;
  return !sameOptions(a, b);
}

type Options = Pick<Membership, "admin" | "inherit" | "set">;

function sameOptions(a: Options, b: Options): boolean {
  return a.admin === b.admin && a.inherit === b.inherit && a.set === b.set;
}

/** The rows of one pair after its claims. Rows that the server made by itself are never touched. */
function claimed(
  rows: readonly Membership[],
  group: readonly MembershipClaim[],
  context: ResolveContext,
): Membership[] {
  const implied = rows.filter((row) => row.implied);
  let own = rows.filter((row) => !row.implied);
  if (group.some((claim) => !claim.present)) return implied;
  const exact = group.filter((claim) => claim.by !== null);
  for (const claim of exact) own = withRow(own, claim, claim.by ?? "");
  const [any] = group.filter((claim) => claim.by === null);
  if (any === undefined || (own.length === 0 && implied.some((row) => sameOptions(row, any))))
    return [...implied, ...own];
  if (exact.some((claim) => sameOptions(claim, any))) return [...implied, ...own];
  return [...implied, ...withOptions(own, any, context)];
}

/** Exactly these options over all grantors: none has more, and one or all together have them. */
function withOptions(
  rows: readonly Membership[],
  claim: MembershipClaim,
  context: ResolveContext,
): readonly Membership[] {
  const reduced = rows.map((row) => limited(row, claim));
  const together: Options = {
    admin: reduced.some((row) => row.admin),
    inherit: reduced.some((row) => row.inherit),
    set: reduced.some((row) => row.set),
  };
  if (reduced.length > 0 && sameOptions(together, claim)) return reduced;
  const preferred = context.rules.membershipGrantor(claim.role);
  const grantor = rows.some((row) => row.grantor === preferred) ? preferred : (rows[0]?.grantor ?? preferred);
  return withRow(reduced, claim, grantor);
}

function limited(row: Membership, claim: Options): Membership {
  const options = { admin: row.admin && claim.admin, inherit: row.inherit && claim.inherit, set: row.set && claim.set };
  return sameOptions(row, options) ? row : { ...row, ...options };
}

function withRow(rows: readonly Membership[], claim: MembershipClaim, grantor: RoleName): Membership[] {
  const { role, member, admin, inherit, set } = claim;
  const row: Membership = { role, member, grantor, admin, inherit, set, implied: false };
  const present = rows.find((one) => one.grantor === grantor);
  if (present === undefined) return [...rows, row];
  return rows.map((one) => (one === present && !sameOptions(one, claim) ? row : one));
}

/** In authoritative scope: what a role is a member of, and its members where they are listed. */
function removeUndeclared(
  rows: Map<string, Membership[]>,
  claims: ReadonlyMap<string, readonly MembershipClaim[]>,
  { authority, claims: said, before }: ResolveContext,
): void {
  const rules = authority.rulesFor("memberships", null);
  if (rules.length === 0) return;
  for (const [pair, group] of rows) {
    const first = group[0];
    if (first === undefined) continue;
    const { role, member } = first;
    if (authority.ignoresRole(role) || authority.ignoresRole(member)) continue;
    const ofMember = authority.ruleOver(rules, "memberships", member) !== null;
    const ofRole =
      said.saysMembers.has(role) &&
      authority.scope.roles.has(role) &&
      (before.roles.get(member)?.origin ?? "user") === "user";
    if (!ofMember && !ofRole) continue;
    const declared = claims.get(pair)?.filter((claim) => claim.present) ?? [];
    if (declared.length === 0) {
      rows.set(
        pair,
        group.filter((row) => row.implied),
      );
      continue;
    }
    // Every line names its grantor: then the other grantors' rows are not declared.
    const by = declared.map((claim) => claim.by);
    if (!by.includes(null))
      rows.set(
        pair,
        group.filter((row) => row.implied || by.includes(row.grantor)),
      );
  }
}

/** What a role gave while it had the admin option, and has it no more, is given anew: nobody asked for it to go. */
function anchor(rows: Map<string, Membership[]>, { before, rules }: ResolveContext): void {
  if (!rules.membershipOptions) return;
  const admins = adminsOf([...rows.values()].flat());
  const were = adminsOf(before.memberships.values());
  for (const [pair, group] of rows) {
    const moved = group.map((row) => {
      const lost = were.has(pairKey(row.role, row.grantor)) && !admins.has(pairKey(row.role, row.grantor));
      return lost && !row.implied ? { ...row, grantor: rules.membershipGrantor(row.role) } : row;
    });
    if (moved.some((row, index) => row !== group[index]))
      rows.set(pair, [...new Map(moved.map((row) => [row.grantor, row])).values()]);
  }
}

function adminsOf(rows: Iterable<Membership>): ReadonlySet<string> {
  const admins = new Set<string>();
  for (const row of rows) if (row.admin) admins.add(pairKey(row.role, row.member));
  return admins;
}

/** Cycles that a declared membership closes, with the way around. */
function reportCycles(
  rows: ReadonlyMap<string, readonly Membership[]>,
  claims: ReadonlyMap<string, readonly MembershipClaim[]>,
  { findings }: ResolveContext,
): void {
  const rolesOf = new Map<RoleName, RoleName[]>();
  for (const group of rows.values()) {
    const first = group[0];
    if (first !== undefined) getOrMake(rolesOf, first.member).push(first.role);
  }
  const edges = [...claims.values()].flatMap((group) => group.filter((claim) => claim.present).slice(0, 1));
  for (const { cycle, claim } of findCycles(rolesOf, edges)) {
    const way = cycle.map((role) => `\`${role}\``).join(" in ");
    const message = `role \`${claim.member}\` is a member of itself: ${way}`;
    const help = `take one of these memberships out, for instance \`${claim.role}\` from \`${claim.member}\``;
    findings.add("RW204", claim.source.paths[0], message, { help });
  }
}

/** For each declared edge that lies on a cycle, a shortest cycle through it; each set of roles once. */
export function findCycles(
  rolesOf: ReadonlyMap<RoleName, readonly RoleName[]>,
  edges: readonly MembershipClaim[],
): readonly { readonly cycle: readonly RoleName[]; readonly claim: MembershipClaim }[] {
  const found = new Map<string, { readonly cycle: readonly RoleName[]; readonly claim: MembershipClaim }>();
  const component = components(rolesOf);
  for (const claim of edges) {
    if (component.get(claim.role) !== component.get(claim.member)) continue;
    const back = path(rolesOf, claim.role, claim.member);
    if (back === null) continue;
    const key = [...back].sort().join("\0");
    if (!found.has(key)) found.set(key, { cycle: [claim.member, ...back], claim });
  }
  return [...found.values()];
}

/** Strongly connected components, so that a graph without cycles costs one walk (Tarjan, without recursion). */
function components(graph: ReadonlyMap<RoleName, readonly RoleName[]>): ReadonlyMap<RoleName, number> {
  const component = new Map<RoleName, number>();
  const order = new Map<RoleName, number>();
  const low = new Map<RoleName, number>();
  const open: RoleName[] = [];
  let count = 0;
  for (const start of graph.keys()) {
    if (order.has(start)) continue;
    const work: { readonly role: RoleName; next: number }[] = [{ role: start, next: 0 }];
    for (let top = work.at(-1); top !== undefined; top = work.at(-1)) {
      const { role } = top;
      if (top.next === 0) {
        order.set(role, order.size);
        low.set(role, order.get(role) ?? 0);
        open.push(role);
      }
      const neighbour = (graph.get(role) ?? [])[top.next];
      top.next++;
      if (neighbour !== undefined) {
        if (!order.has(neighbour)) work.push({ role: neighbour, next: 0 });
        else if (!component.has(neighbour)) low.set(role, Math.min(low.get(role) ?? 0, order.get(neighbour) ?? 0));
        continue;
      }
      work.pop();
      const parent = work.at(-1)?.role;
      if (parent !== undefined) low.set(parent, Math.min(low.get(parent) ?? 0, low.get(role) ?? 0));
      if (low.get(role) !== order.get(role)) continue;
      for (let member = open.pop(); member !== undefined; member = open.pop()) {
        component.set(member, count);
        if (member === role) break;
      }
      count++;
    }
  }
  return component;
}

function path(
  graph: ReadonlyMap<RoleName, readonly RoleName[]>,
  from: RoleName,
  to: RoleName,
): readonly RoleName[] | null {
  const cameFrom = new Map<RoleName, RoleName | null>([[from, null]]);
  const queue: RoleName[] = [from];
  for (const role of queue) {
    if (role === to) {
      const way: RoleName[] = [];
      for (let at: RoleName | null = role; at !== null; at = cameFrom.get(at) ?? null) way.unshift(at);
      return way;
    }
    for (const next of graph.get(role) ?? []) {
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, role);
      queue.push(next);
    }
  }
  return null;
}
