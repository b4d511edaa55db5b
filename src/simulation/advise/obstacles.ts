import type { AccessIndex } from "../../analysis/access-index.ts";
import { emptyBits, listBits } from "../../analysis/bits.ts";
import { sortedText } from "../../base/order.ts";
import type { Declared, Purpose } from "../../model/declared.ts";
import type { Privilege } from "../../model/access-list.ts";
import type { ResourceKind } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import type { Actor } from "./actors.ts";
import type { Obstacle, Unit } from "./advice.ts";
import type { Watch } from "./observed.ts";
import type { Ways } from "./ways.ts";

/** How long must be watched before anything is advised, and what is known besides the evidence. */
export interface AdviseRules {
  /** Whole days. EXECUTE, USAGE and what is like owning take twice that. @default 90 */
  readonly minAgeDays: number;
  /** The last day of a month, and of a quarter, must have been watched. @default true */
  readonly calendar: boolean;
  /** Roles of jobs that run so seldom that their days were not watched: so many days must be. @default none */
  readonly rare: ReadonlyMap<RoleName, { readonly days: number; readonly because: string }>;
  /** When roles were made, where that is known, RFC 3339. @default their first use counts */
  readonly since: ReadonlyMap<RoleName, string>;
}

export const DEFAULT_ADVISE_RULES: AdviseRules = { minAgeDays: 90, calendar: true, rare: new Map(), since: new Map() };

/** From which share of its pairs that is known a role may be judged at all. */
const ENOUGH_DECIDED = 0.95;
/** A role seen on so few of the watched days does a rare job: one day in so many. */
const RARE_ONE_DAY_IN = 25;

/** What such roles hold is held for the day on which everything else fails. */
const PROTECTED: ReadonlySet<Purpose> = new Set(["break-glass", "backup", "replication", "migration", "monitoring"]);

export interface ObstacleInput {
  readonly index: AccessIndex;
  readonly declared: Declared;
  readonly target: string;
  readonly actors: ReadonlyMap<RoleName, Actor>;
  readonly watch: Watch;
  readonly rules: AdviseRules;
  /** The roles that may be changed here. */
  readonly managed: (role: RoleName) => boolean;
  /** By which ways what is left of the state is held. */
  readonly ways: Ways;
}

/** Says of each unit what stands in the way of advising to take it, and how many days it takes. */
export class Obstacles {
  readonly #in: ObstacleInput;
  readonly #protected: ReadonlyMap<RoleName, Obstacle>;
  readonly #owners: ReadonlySet<RoleName>;
  readonly #policies: ReadonlyMap<RoleName, readonly string[]>;
  readonly #holders = new Map<RoleName, readonly RoleName[]>();

  constructor(input: ObstacleInput) {
    this.#in = input;
    this.#protected = protectedRoles(input);
    this.#owners = new Set([...input.index.recorded.holdings.values()].flatMap(({ owner }) => owner ?? []));
    this.#policies = policyRoles(input.index);
  }

  /** The logins, and the roles that something was seen of, that get to this role in any way; itself too. Superusers have everything anyway. */
  holders(role: RoleName): readonly RoleName[] {
    let known = this.#holders.get(role);
    if (known === undefined) {
      const { graph } = this.#in.index;
      const set = emptyBits(graph.names.length);
      graph.addReachers(set, graph.idOf(role), null);
      const names = listBits(set).map((id) => graph.names[id] as RoleName);
      known = names.filter((name) => this.#isActor(name));
      this.#holders.set(role, known);
    }
    return known;
  }

  #isActor(name: RoleName): boolean {
    const role = this.#in.index.recorded.roles.get(name);
    if (role === undefined || this.#in.index.rules.superuser(role)) return false;
    return role.attributes["login"] === true || this.#in.actors.has(name);
  }

  neededDays(unit: Unit): number {
    const { index, rules } = this.#in;
    const single = rightsIn(unit, index).every(({ kind, privilege }) =>
      ["read", "write"].includes(index.rules.privilegeClass(kind, privilege)),
    );
    const rare = this.#reached(unit).flatMap((role) => rules.rare.get(role)?.days ?? []);
    return Math.max(rules.minAgeDays * (single && !this.#isRare(unit) ? 1 : 2), ...rare);
  }

  #isRare(unit: Unit): boolean {
    const { actors, watch } = this.#in;
    return this.#reached(unit).some((role) => {
      const days = actors.get(role)?.days.size ?? 0;
      return days > 0 && watch.days >= RARE_ONE_DAY_IN && days * RARE_ONE_DAY_IN <= watch.days;
    });
  }

  #subjects({ what }: Unit): readonly RoleName[] {
    return what.kind === "grant" ? what.grantees : what.members;
  }

  #reached(unit: Unit): readonly RoleName[] {
    return sortedText(this.#subjects(unit).flatMap((role) => this.holders(role)));
  }

  /** The roles whose use says whether the unit is needed. */
  reached(unit: Unit): readonly RoleName[] {
    return this.#reached(unit);
  }

  /** The first thing that stands in the way; null: nothing does. */
  of(unit: Unit): Obstacle | null {
    return unit.fixed ?? this.#ofRoles(unit) ?? this.#ofMembership(unit) ?? this.#ofEvidence(unit) ?? this.#ofAge(unit);
  }

  #ofRoles(unit: Unit): Obstacle | null {
    for (const role of this.#subjects(unit)) {
      if (!this.#in.managed(role)) return { kind: "not-managed" };
      if (this.#owners.has(role)) return { kind: "owner", role };
    }
    for (const role of [...this.#subjects(unit), ...this.#reached(unit)]) {
      const found = this.#protected.get(role);
      if (found !== undefined) return found;
    }
    return null;
  }

  #ofMembership({ what }: Unit): Obstacle | null {
    if (what.kind !== "membership") return null;
    const { index } = this.#in;
    const rows = [...index.recorded.memberships.values()].filter(
      (each) => what.members.includes(each.member) && each.role === what.role,
    );
    if (rows.some((each) => each.admin)) return { kind: "admin" };
    const origin = index.recorded.roles.get(what.role)?.origin;
    if (origin !== "user" && !index.rules.builtinRights.some((right) => right.role === what.role)) {
      return { kind: "built-in" };
    }
    const policies = this.#policies.get(what.role);
    return policies === undefined ? null : { kind: "row-policy", policies };
  }

  #ofEvidence(unit: Unit): Obstacle | null {
    const { actors, rules, watch, index } = this.#in;
    const reached = this.#reached(unit).filter((role) => !this.#hasAnyway(role, unit));
    const unseen = reached.filter((role) => !actors.has(role));
    if (this.#reached(unit).length === 0 || unseen.length > 0) return { kind: "no-evidence", roles: unseen };
    const third = watch.to === null ? "" : new Date(Date.parse(watch.to) - (watch.days * 86_400_000) / 3).toISOString();
    const kinds = new Set(rightsIn(unit, index).map(({ kind }) => kind));
    for (const role of reached) {
      const actor = actors.get(role) as Actor;
      const observed = actor.pairs.length;
      const tooFew = (part: number, whole: number): boolean => part < whole * ENOUGH_DECIDED;
      if (tooFew(actor.decided, observed) || tooFew(actor.decidedCalls, actor.calls)) {
        return { kind: "coverage", role, decided: actor.decided, observed };
      }
      const open = actor.open.find(({ openKinds }) => openKinds === null || openKinds.some((kind) => kinds.has(kind)));
      if (open !== undefined) {
        return { kind: "unknown", role, reason: open.open ?? "", statement: open.statement.text };
      }
      const since = rules.since.get(role) ?? actor.firstSeen;
      if (since > third) return { kind: "young", role, since };
    }
    return null;
  }

  /** Whether a role beside those that are granted something has all of it without that too, by what is left: then its access stays what it is, whatever of its use is not known. An administrator who made the role, say. */
  #hasAnyway(role: RoleName, unit: Unit): boolean {
    const { what } = unit;
    if (what.kind !== "grant" || what.grantees.includes(role)) return false;
    const { ways, index } = this.#in;
    const { graph, rules } = index;
    const id = graph.idOf(role);
    // After SET ROLE it may have nothing else.
    const becomes = ways.climb(id, "set", null);
    if (rules.addsActiveRole !== true && what.grantees.some((each) => becomes.has(graph.idOf(each)))) return false;
    ways.take(unit);
    const has = what.resources.every((resource) =>
      what.privileges.every((privilege) => ways.met(ways.held(id, privilege, resource))),
    );
    ways.giveBack(unit);
    return has;
  }

  #ofAge(unit: Unit): Obstacle | null {
    const { watch, rules } = this.#in;
    const needed = this.neededDays(unit);
    if (watch.days < needed) {
      const rare = this.#reached(unit).flatMap((role) => rules.rare.get(role)?.because ?? []);
      const why =
        rare[0] ??
        (this.#isRare(unit)
          ? "its roles are seldom seen"
          : needed > rules.minAgeDays
            ? "what is used and run is needed more seldom than what is read and written"
            : "");
      return { kind: "age", days: watch.days, needed, why };
    }
    if (!rules.calendar) return null;
    if (!watch.monthEnd) return { kind: "no-month-end" };
    return watch.quarterEnd ? null : { kind: "no-quarter-end" };
  }
}

/** What a unit is about; of a membership, all that it gives. */
function rightsIn(
  { what }: Unit,
  { graph, recorded }: AccessIndex,
): readonly { readonly kind: ResourceKind; readonly privilege: Privilege }[] {
  if (what.kind === "grant") {
    return what.resources.flatMap(({ kind }) => what.privileges.map((privilege) => ({ kind, privilege })));
  }
  const given = new Set([graph.idOf(what.role)]);
  for (const from of given) for (const edge of graph.up[from] ?? []) given.add(edge.to);
  const names = new Set([...given].map((id) => graph.names[id]));
  const rights = new Map<string, { readonly kind: ResourceKind; readonly privilege: Privilege }>();
  for (const { resource, list } of recorded.holdings.values()) {
    for (const { grantee, privileges } of list.entries) {
      if (!names.has(grantee)) continue;
      for (const privilege of privileges)
        rights.set(`${resource.kind} ${privilege}`, { kind: resource.kind, privilege });
    }
  }
  return [...rights.values()];
}

function protectedRoles({ index, declared, target }: ObstacleInput): ReadonlyMap<RoleName, Obstacle> {
  const found = new Map<RoleName, Obstacle>();
  for (const role of index.recorded.roles.values()) {
    if (role.attributes["replication"] === true && !index.rules.superuser(role)) {
      found.set(role.name, { kind: "attribute", role: role.name, attribute: "replication" });
    }
  }
  for (const { name, purpose } of declared.roles.values()) {
    if (purpose !== null && PROTECTED.has(purpose)) found.set(name, { kind: "purpose", role: name, purpose });
  }
  for (const { name, logins, breakGlass, eligible = [] } of declared.identities) {
    for (const each of eligible) {
      if (each.target === null || each.target === target) {
        found.set(each.role, { kind: "eligible", role: each.role, identity: name });
      }
    }
    if (breakGlass !== true) continue;
    for (const role of logins.get(target) ?? []) found.set(role, { kind: "break-glass", role, identity: name });
  }
  return found;
}

/** A membership that a row policy asks for changes which rows are seen, without any error. */
function policyRoles(index: AccessIndex): ReadonlyMap<RoleName, readonly string[]> {
  const found = new Map<RoleName, string[]>();
  for (const { roles, name } of index.recorded.rowPolicies.values()) {
    for (const role of roles) {
      if (role === PUBLIC) continue;
      // Whoever is in a role that is in the named one is meant too.
      const { graph } = index;
      const id = graph.idOf(role);
      const above = graph.names.filter(
        (other, at) => other === role || (id >= 0 && graph.up[at]?.some((e) => e.to === id)),
      );
      for (const each of above) found.set(each, [...(found.get(each) ?? []), name]);
    }
  }
  return new Map([...found].map(([role, names]) => [role, sortedText(names)]));
}
