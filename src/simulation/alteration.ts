import type { ReplayAnswer } from "../engine/simulation.ts";
import type { Change } from "../model/change.ts";
import type { RoleName } from "../model/role.ts";
import type { ResolvedName, StatementRequirements } from "../model/requirements.ts";

/** What the same statement reads or writes otherwise after a change, one sentence each; empty: nothing. */
export function alterations(before: StatementRequirements, after: StatementRequirements): readonly string[] {
  if (before.approximate || after.approximate || before.refused !== null || after.refused !== null) return [];
  const [had, has] = [before, after].map((each) => countNames(each.resolved));
  const gone = [...(had ?? [])].filter(([name, count]) => (has?.get(name) ?? 0) < count).map(([name]) => name);
  const come = [...(has ?? [])].filter(([name, count]) => (had?.get(name) ?? 0) < count).map(([name]) => name);
  const names = gone.length + come.length === 0 ? [] : [`it uses ${list(come)} in place of ${list(gone)}`];
  return [...names, ...rows(before.resolved, after.resolved)];
}

/** Other rows from the same rows, where a shadow holds any that people know. */
export function rowAlterations(before: ReplayAnswer | null, after: ReplayAnswer | null): readonly string[] {
  const [had, has] = [before?.rows, after?.rows];
  if (had === undefined || has === undefined || had.digest === has.digest) return [];
  return [had.count === has.count ? "it returns other rows" : `it returns ${has.count} rows in place of ${had.count}`];
}

/** Settings that decide what a statement does without an error that names them. The search path is not among them: what it leads to is compared by name. */
const DECISIVE = new Set([
  "default_transaction_read_only",
  "role",
  "row_security",
  "session_replication_role",
  "statement_timeout",
]);

/** Settings of a login that its sessions will start with otherwise. */
export function settingAlterations(changes: readonly Change[], login: RoleName, database: string): readonly string[] {
  return changes.flatMap((change) => {
    if (change.kind !== "set-role-setting" || change.role !== login || !DECISIVE.has(change.name)) return [];
    if (change.database !== null && change.database !== database) return [];
    const said = (value: string | null): string => (value === null ? "unset" : `\`${value}\``);
    return [`its session starts with \`${change.name}\` ${said(change.after)} in place of ${said(change.before)}`];
  });
}

function countNames(names: readonly ResolvedName[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { name } of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : names.map((name) => `\`${name}\``).join(", ");
}

function rows(before: readonly ResolvedName[], after: readonly ResolvedName[]): readonly string[] {
  const had = new Map(before.map((each) => [each.name, each.rowPolicies ?? []]));
  return after.flatMap(({ name, rowPolicies = [] }) => {
    const was = had.get(name);
    if (was === undefined || was.join("\0") === rowPolicies.join("\0")) return [];
    if (was.length === 0) return [`row policies now filter \`${name}\`: ${rowPolicies.join(" and ")}`];
    if (rowPolicies.length === 0) return [`no row policy filters \`${name}\` any more`];
    return [`other row policies filter \`${name}\`: ${rowPolicies.join(" and ")} in place of ${was.join(" and ")}`];
  });
}
