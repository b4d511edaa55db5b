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
