import { type AccessIndex, buildAccessIndex } from "../../analysis/access-index.ts";
import type { SmallRoles, SuperuserUse } from "../../analysis/checks/usage.ts";
import { predict } from "../../diff/predict.ts";
import type { Dialect } from "../../engine/engine.ts";
import type { Change } from "../../model/change.ts";
import type { Need, StatementRequirements } from "../../model/requirements.ts";
import { resourceKey, tableOf } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { decide, needsOf } from "../decide.ts";
import type { ObservedPair } from "./observed.ts";

/** Of each superuser that was seen, whether all it did could be done by a login with some of these roles and without the attribute, and by which. */
export function superuserUses(given: {
  readonly live: Snapshot;
  readonly dialect: Dialect;
  readonly pairs: readonly ObservedPair[];
  readonly requirements: ReadonlyMap<string, StatementRequirements>;
  readonly small: SmallRoles;
}): readonly SuperuserUse[] {
  const { live, small } = given;
  const there = small.roles.filter((role) => live.access.roles.has(role));
  return [...live.access.roles.values()].flatMap((role): SuperuserUse[] => {
    const { name, origin, attributes } = role;
    if (origin !== "user" || attributes["superuser"] !== true || attributes["login"] !== true) return [];
    const own = given.pairs.filter((pair) => (pair.login ?? pair.role) === name);
    if (own.length === 0) return [];
    const asked = own.map((pair) => {
      const needs = given.requirements.get(pair.key);
      return { pair, needs: needs === undefined ? null : withoutSignals(needs, small) };
    });
    const isOpen = (needs: StatementRequirements | null): boolean =>
      needs === null || needs.approximate || needs.unknown.length > 0;
    const known = asked.flatMap(({ pair, needs }) => (needs === null || isOpen(needs) ? [] : { pair, needs }));
    const isEnough = (roles: readonly RoleName[]): boolean => {
      const index = indexWith(name, roles, given);
      return known.every(({ pair, needs }) => suffices(needs, pair, index));
    };
    const use = { role: name, statements: own.length, open: 0, enough: null };
    // One that needs more decides, whatever the others need.
    if (!isEnough(there)) return [use];
    if (known.length < own.length) return [{ ...use, open: own.length - known.length }];
    const fixed = known.some(({ pair }) => small.quiet.asked.test(pair.statement.text)) ? [small.quiet.role] : [];
    const signals = asked.some(({ pair }) => isSignal(given.requirements.get(pair.key), small));
    if (signals) fixed.push(small.byArguments.role);
    if (fixed.some((each) => !there.includes(each))) return [use];
    const enough = there.reduce<readonly RoleName[]>((kept, each) => {
      const less = kept.filter((other) => other !== each);
      return fixed.includes(each) || !isEnough(less) ? kept : less;
    }, there);
    return [{ ...use, enough }];
  });
}

/** Whether a login without the attribute would get the same answer. Where rows are filtered, it would get another one. */
function suffices(needs: StatementRequirements, pair: ObservedPair, index: AccessIndex): boolean {
  const { role, login } = pair;
  const who = { role, ...(login === null ? {} : { login }) };
  return (
    decide(needs, index, who).state === "yes" && !needs.allOf.flatMap(needsOf).some((need) => isFiltered(need, index))
  );
}

function isFiltered({ right, of }: Need, { state }: AccessIndex): boolean {
  if (right.kind !== "privilege" || of !== "caller") return false;
  const table = right.resource.kind === "column" ? tableOf(right.resource) : right.resource;
  return state.holdings.get(resourceKey(table))?.rowSecurity?.enabled === true;
}

/** The state with the superuser a login like others, in these roles. */
function indexWith(
  login: RoleName,
  into: readonly RoleName[],
  { live, dialect }: { readonly live: Snapshot; readonly dialect: Dialect },
): AccessIndex {
  const { rules } = dialect;
  const given = { admin: false, inherit: true, set: true, implied: false };
  const changes: readonly Change[] = [
    { kind: "alter-role", role: login, attributes: [{ name: "superuser", before: true, after: false }] },
    ...into.map((role) => ({
      kind: "add-membership" as const,
      membership: rules.normalMembership({ role, member: login, grantor: rules.membershipGrantor(role), ...given }),
    })),
  ];
  return buildAccessIndex(predict(live.access, changes, rules), live.catalog, dialect.accessRules);
}

function isSignal(needs: StatementRequirements | undefined, { byArguments }: SmallRoles): boolean {
  return needs?.unknown.some(({ reason }) => byArguments.reason.test(reason)) ?? false;
}

function withoutSignals(needs: StatementRequirements, { byArguments }: SmallRoles): StatementRequirements {
  return { ...needs, unknown: needs.unknown.filter(({ reason }) => !byArguments.reason.test(reason)) };
}
