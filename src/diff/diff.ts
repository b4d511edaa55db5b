import { compareText, sorted } from "../base/order.ts";
import type { AccessState, DefaultPrivilege, Holding, RowPolicy } from "../model/access-state.ts";
import type { Change } from "../model/change.ts";
import { compareChanges } from "./change-order.ts";
import type { DiffOptions } from "./diff-options.ts";
import { diffHoldings } from "./diff-holdings.ts";
import { diffMemberships, diffRoles } from "./diff-roles.ts";
import { listDelta } from "./list-delta.ts";
import { absentDefault } from "./predict.ts";
import { forgetRoles, renameInState } from "./role-names.ts";

/**
 * What has to change for `live` to become `desired`, sorted. A plain set difference of normal forms: it knows no engine, no clock, and no intention. Roles that `desired`
 * lacks are dropped, and with them every tuple that names them, as changes of their own. Objects that only one side knows are left alone.
 */
export function diff(live: AccessState, desired: AccessState, options: DiffOptions): Change[] {
  const renames = options.renames ?? [];
  const named = renameInState(live, renames);
  const gone = new Set([...named.roles.keys()].filter((role) => !desired.roles.has(role)));
  const wanted = forgetRoles(desired, gone);
  const changes: Change[] = [
    ...renames.map(({ from, to }): Change => ({ kind: "rename-role", from, to })),
    ...diffRoles(named, wanted, options),
    ...diffMemberships(named, wanted, options.rules),
    ...diffHoldings(named, wanted, options.rules),
    ...diffDefaults(named, wanted, options),
    ...diffPolicies(named, wanted),
    ...diffRowSecurity(named, wanted),
  ];
  return sorted(changes, compareChanges);
}

function* diffDefaults(live: AccessState, desired: AccessState, { rules }: DiffOptions): Generator<Change> {
  const keys = new Set([...live.defaultPrivileges.keys(), ...desired.defaultPrivileges.keys()]);
  for (const key of keys) {
    const before = live.defaultPrivileges.get(key);
    const after = desired.defaultPrivileges.get(key);
    const entry = before ?? after;
    if (entry === undefined) continue;
    const target = defaultTarget(entry);
    const absent = absentDefault(target, rules);
    for (const delta of listDelta(before?.list ?? absent, after?.list ?? absent)) {
      const { grantee, privileges, grantable } = delta;
      yield { kind: DEFAULT_KINDS[delta.kind], target, privileges, grantee, grantable };
    }
  }
}

const DEFAULT_KINDS = {
  "add-grant": "add-default",
  "remove-grant": "remove-default",
  "add-grant-option": "add-default-option",
  "remove-grant-option": "remove-default-option",
} as const;

function defaultTarget({ creator, database, schema, kind }: DefaultPrivilege): Omit<DefaultPrivilege, "list"> {
  return { creator, database, schema, kind };
}

function* diffPolicies(live: AccessState, desired: AccessState): Generator<Change> {
  for (const [key, after] of desired.rowPolicies) {
    const before = live.rowPolicies.get(key);
    if (before === undefined) yield { kind: "create-policy", policy: after };
    else if (policyText(before) !== policyText(after)) {
      if (alterable(before, after)) yield { kind: "alter-policy", before, after };
      else yield* [{ kind: "drop-policy", policy: before } as const, { kind: "create-policy", policy: after } as const];
    }
  }
  for (const [key, before] of live.rowPolicies) {
    if (!desired.rowPolicies.has(key)) yield { kind: "drop-policy", policy: before };
  }
}

/** An expression can be replaced in place, but not taken away. */
function alterable(before: RowPolicy, after: RowPolicy): boolean {
  return (
    before.command === after.command &&
    before.permissive === after.permissive &&
    (before.using === null || after.using !== null) &&
    (before.check === null || after.check !== null)
  );
}

function policyText({ command, permissive, roles, using, check }: RowPolicy): string {
  return JSON.stringify([command, permissive, [...roles].sort(compareText), using, check]);
}

function* diffRowSecurity(live: AccessState, desired: AccessState): Generator<Change> {
  for (const [key, after] of desired.holdings) {
    const before = live.holdings.get(key);
    if (before === undefined || before === after) continue;
    if (before.rowSecurity === undefined && after.rowSecurity === undefined) continue;
    const [was, is] = [rowSecurity(before), rowSecurity(after)];
    if (was.enabled !== is.enabled || was.forced !== is.forced) {
      yield { kind: "set-row-security", table: after.resource, before: was, after: is };
    }
  }
}

function rowSecurity(holding: Holding): { readonly enabled: boolean; readonly forced: boolean } {
  return holding.rowSecurity ?? { enabled: false, forced: false };
}
