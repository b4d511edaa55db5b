import { type AccessIndex, mayDoEverything } from "../../analysis/access-index.ts";
import { compareText, sorted, sortedText } from "../../base/order.ts";
import type { Declared } from "../../model/declared.ts";
import type { StatementRequirements } from "../../model/requirements.ts";
import type { RoleName } from "../../model/role.ts";
import type { Evidence } from "../../model/workload.ts";
import { type Actor, actorsOf, judgePairs } from "./actors.ts";
import type { Advice, Obstacle, Removal, Unit } from "./advice.ts";
import { Clauses } from "./clauses.ts";
import { narrowings } from "./narrow.ts";
import { Obstacles, type AdviseRules } from "./obstacles.ts";
import { observedPairs, watchOf } from "./observed.ts";
import { identityUses, roleUses, splitsOf, unusedRolesOf } from "./summaries.ts";
import { unitsOf, type Bundle } from "./units.ts";
import { grantKey, Ways } from "./ways.ts";

export interface AdviseInput {
  /** Who may do what now. */
  readonly index: AccessIndex;
  readonly evidence: Evidence;
  /** What each pair of the evidence needs, by `pairKey`. A pair that is not in it could need anything. */
  readonly requirements: ReadonlyMap<string, StatementRequirements>;
  readonly declared: Declared;
  /** The target's name in the manifest. */
  readonly target: string;
  readonly rules: AdviseRules;
  /** What is taken as a whole since one place of the manifest says it. @default each grant and membership is by itself */
  readonly bundles?: readonly Bundle[];
  /** The roles that may be changed here. @default all */
  readonly managed?: (role: RoleName) => boolean;
  /** Only what this role is granted, and its memberships either way. @default all roles */
  readonly only?: RoleName;
}

/**
 * Least privilege from what was really used: takes one unit after the other out of the state as long as everything that was observed, and every access test, still finds what it needs. What is left is enough by
 * construction; and since more grants never take access away, nothing that was kept for use could go afterwards, so it is the least there is in this order.
 */
export function advise(input: AdviseInput): Advice {
  const { index, evidence, declared, target, rules, managed = () => true, only } = input;
  const watch = watchOf(evidence);
  const pairs = judgePairs(observedPairs(evidence), index, input.requirements);
  const actors = actorsOf(pairs);
  const units = unitsOf(index, input.bundles ?? []);
  const ways = new Ways(index);
  const clauses = new Clauses(ways, { pairs, declared });
  const obstacles = new Obstacles({ index, declared, target, actors, watch, rules, managed, ways });

  // Superusers need no grants, and nothing about grants is learned from them.
  const judged = pairs.filter(({ role }) => !mayDoEverything(index, role));
  const removals: Removal[] = [];
  const withheld: { unit: Unit; obstacle: Obstacle }[] = [];
  const needed: Unit[] = [];
  const shared = sharing(units);
  for (const unit of inOrder(units, clauses, index)) {
    if (only !== undefined && !isAbout(unit, only)) continue;
    const isUsed = clauses.isUsed(unit);
    const obstacle = obstacles.of(unit);
    if (obstacle !== null) {
      if (!isUsed) withheld.push({ unit, obstacle });
      continue;
    }
    const taken = shared.takes(unit);
    ways.take(taken);
    if (!clauses.hold(taken)) {
      ways.giveBack(taken);
      shared.giveBack(unit);
      needed.push(unit);
      continue;
    }
    removals.push(removalOf(unit, { isUsed, actors, obstacles, days: watch.days }));
  }

  const narrowed = narrowings({ index, ways, clauses, units: needed, declared });
  // A column that takes the place of its table, and that is granted already, stays.
  const columns = new Set(
    narrowed.flatMap(({ grantee, privilege, table, columns: names }) =>
      names.map((name) => grantKey(grantee, privilege, { kind: "column", path: [...table.path, name] })),
    ),
  );
  const stays = ({ unit }: Removal): boolean => unit.grants.some((key) => columns.has(key));
  needed.push(...removals.filter(stays).map(({ unit }) => unit));

  const use = { index, actors, clauses, units, declared, target, obstacles };
  return {
    watch,
    observed: judged.length,
    decided: judged.filter((each) => each.decided).length,
    removals: sorted(
      removals.filter((each) => !stays(each)),
      (a, b) => compareText(a.unit.id, b.unit.id),
    ),
    narrowings: narrowed,
    withheld: sorted(withheld, (a, b) => compareText(a.unit.id, b.unit.id)),
    needed: sorted(needed, (a, b) => compareText(a.id, b.id)),
    roles: roleUses(use),
    identities: identityUses(use),
    splits: splitsOf(use),
    unusedRoles: unusedRolesOf(use),
  };
}

/** A grant that two units hold goes with the last of them. */
function sharing(units: readonly Unit[]): {
  takes: (unit: Unit) => { readonly grants: readonly string[]; readonly members: readonly string[] };
  giveBack: (unit: Unit) => void;
} {
  const left = new Map<string, number>();
  const keys = ({ grants, members }: Unit): readonly string[] => [...grants, ...members];
  for (const unit of units) for (const key of keys(unit)) left.set(key, (left.get(key) ?? 0) + 1);
  const change = (unit: Unit, by: number): void => {
    for (const key of keys(unit)) left.set(key, (left.get(key) ?? 0) + by);
  };
  return {
    takes: (unit) => {
      change(unit, -1);
      const gone = (key: string): boolean => left.get(key) === 0;
      return { grants: unit.grants.filter(gone), members: unit.members.filter(gone) };
    },
    giveBack: (unit) => change(unit, 1),
  };
}

/** What nobody uses goes first; then what logins hold themselves, so that roles stay; memberships last. */
function inOrder(units: readonly Unit[], clauses: Clauses, index: AccessIndex): readonly Unit[] {
  const rank = (unit: Unit): number => {
    if (!clauses.isUsed(unit)) return 0;
    if (unit.what.kind === "membership") return 3;
    const isLogin = (role: RoleName): boolean => index.recorded.roles.get(role)?.attributes["login"] === true;
    return unit.what.grantees.every(isLogin) ? 1 : 2;
  };
  return sorted(units, (a, b) => rank(a) - rank(b) || compareText(a.id, b.id));
}

function isAbout({ what }: Unit, role: RoleName): boolean {
  return what.kind === "grant" ? what.grantees.includes(role) : what.members.includes(role) || what.role === role;
}

function removalOf(
  unit: Unit,
  of: {
    readonly isUsed: boolean;
    readonly actors: ReadonlyMap<RoleName, Actor>;
    readonly obstacles: Obstacles;
    readonly days: number;
  },
): Removal {
  const reached = of.obstacles.reached(unit);
  const own = reached.flatMap((role) => of.actors.get(role)?.pairs ?? []);
  const pairs = [...new Map(own.map((pair) => [pair.key, pair])).values()];
  return {
    unit,
    kind: of.isUsed ? "redundant" : "unused",
    logins: reached.length,
    statements: sortedText(pairs.map((pair) => pair.statement.fingerprint)).length,
    calls: pairs.reduce((sum, pair) => sum + pair.calls, 0),
    days: of.days,
    // Unused in n independent periods: the true rate is at most about 3/n (95 %).
    atMostOneDayIn: Math.max(1, Math.floor(of.days / 3)),
    neededDays: of.obstacles.neededDays(unit),
  };
}
