import { compareText, sorted } from "../../../base/order.ts";
import type { Danger, Fix } from "../../../model/check-finding.ts";
import type { Holding, RowPolicy } from "../../../model/access-state.ts";
import { describeName, type Resource, type ResourceKey, resourceKey } from "../../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../../model/role.ts";
import type { Check, CheckContext } from "../check.ts";
import { distinct, isJudged, what } from "./given.ts";
import { handsOf, named, said } from "./strength.ts";

/** PGE-18. Restrictive policies that somebody declared to be needed cannot be looked for: nothing declares them yet. */
export const openPolicies: Check = {
  id: "PGE-18",
  title: "row security is on, and does not do what it seems to",
  why: "A table without a policy shows nobody but its owner a row. A policy whose condition is `true` shows all of them. A policy for everybody also applies to roles that are made later. And to the owner no policy applies unless it is forced.",
  fix: "Write policies with a condition and for named roles, FORCE row security, and let applications log in as a role that does not own the tables.",
  example: "alter table sales.orders force row level security;",
  danger: "medium",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.7"],
  *find(context) {
    const byTable = Map.groupBy(context.index.state.rowPolicies.values(), (policy) => resourceKey(policy.table));
    const groups = new Map<string, Fault & { readonly tables: Resource[] }>();
    for (const [key, holding] of context.index.state.holdings) {
      if (holding.rowSecurity?.enabled !== true) continue;
      for (const fault of faultsOf(context, key, holding, byTable.get(key) ?? [])) {
        const group = [fault.about, ...holding.resource.path.slice(0, 2), ...fault.principals].join("\0");
        const known = groups.get(group);
        if (known === undefined) groups.set(group, { ...fault, tables: [holding.resource] });
        else known.tables.push(holding.resource);
      }
    }
    for (const [, { message, principals, about, danger, fix, tables }] of sorted(groups, ([a], [b]) =>
      compareText(a, b),
    )) {
      const resources = distinct(tables);
      yield {
        message: message(what(resources)),
        principals,
        resources,
        about,
        ...(danger === undefined ? {} : { danger }),
        fix: fix(context, resources),
      };
    }
  },
};

interface Fault {
  /** Kind of fault, and the policy where it is about one. */
  readonly about: string;
  readonly message: (tables: string) => string;
  readonly principals: readonly RoleName[];
  readonly danger?: Danger;
  readonly fix: (context: CheckContext, tables: readonly Resource[]) => Fix;
}

function* faultsOf(
  context: CheckContext,
  _key: ResourceKey,
  { owner, rowSecurity }: Holding,
  policies: readonly RowPolicy[],
): Generator<Fault> {
  if (policies.length === 0) {
    yield {
      about: "no policy",
      message: (tables) => `row security is on for ${tables}, and no policy lets anybody see a row`,
      principals: [],
      fix: () => ({ text: "write a policy, or turn row security off" }),
    };
  }
  for (const policy of policies) {
    const name = describeName(policy.name);
    if (policy.permissive && isAlways(policy)) {
      yield {
        about: `true ${policy.name}`,
        message: (tables) => `the policy \`${name}\` lets ${whom(policy)} have every row of ${tables}`,
        principals: policy.roles,
        fix: () => ({ text: "give the policy a condition", changes: [{ kind: "drop-policy", policy }] }),
      };
    }
    if (policy.permissive && policy.roles.includes(PUBLIC)) {
      yield {
        about: `public ${policy.name}`,
        message: (tables) => `the policy \`${name}\` of ${tables} is for everybody, also for roles that are made later`,
        principals: [PUBLIC],
        danger: "low",
        fix: () => ({ text: "write TO with the roles that it is for" }),
      };
    }
  }
  if (rowSecurity?.forced === true || owner === null || !isJudged(context, owner)) return;
  const hands = handsOf(context, owner);
  if (hands.length === 0) return;
  yield {
    about: "not forced",
    message: (tables) => `no policy of ${tables} applies to ${named(hands)}, acting as the owner ${said(owner)}`,
    principals: hands,
    fix: (_, tables) => ({
      text: "force row security, and let applications log in as a role that does not own the tables",
      changes: tables.map((table) => ({
        kind: "set-row-security",
        table,
        before: { enabled: true, forced: false },
        after: { enabled: true, forced: true },
      })),
    }),
  };
}

/** Whether nothing that it says keeps any row away. */
function isAlways({ using, check, command }: RowPolicy): boolean {
  const open = (expression: string | null): boolean => expression === null || /^\(*true\)*$/u.test(expression);
  return command === "INSERT" ? open(check) && check !== null : using !== null && open(using) && open(check);
}

function whom({ roles }: RowPolicy): string {
  return roles.includes(PUBLIC) ? "everybody" : named(roles);
}
