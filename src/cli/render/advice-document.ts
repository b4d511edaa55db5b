import { describeTyped } from "../../model/resource.ts";
import type { Unit } from "../../simulation/advise/advice.ts";
import type { Advised } from "../advising.ts";
import type { JsonDocument } from "../context.ts";
import { changeSummary } from "./changes.ts";
import { unifiedDiff } from "../output/unified-diff.ts";
import { snakeCase } from "../output/snake-case.ts";
import { obstacleText } from "./advice-words.ts";
import { reason } from "./advice-page.ts";

/** Advice for programs: everything that the page says, whole. */
export function adviceDocument(
  advised: Advised,
  of: { readonly target: string; readonly sources: ReadonlyMap<string, string> },
): JsonDocument {
  const { advice, basis, files, changes, worse, spare } = advised;
  return {
    target: of.target,
    watched: advice.watch === null ? null : snakeCase(advice.watch),
    needs_read_by: basis,
    losses: advised.evidence.windows.flatMap(({ source, losses }) => losses.map((text) => ({ source, text }))),
    observed: advice.observed,
    decided: advice.decided,
    removals: advice.removals.map((each) => ({
      ...unitDocument(each.unit),
      kind: each.kind,
      reason: reason(each),
      roles: each.logins,
      statements: each.statements,
      calls: each.calls,
      days: each.days,
      needed_days: each.neededDays,
      at_most_one_day_in: each.atMostOneDayIn,
    })),
    columns: advice.narrowings.map(({ grantee, privilege, table, columns, of: all }) => ({
      grantee,
      privilege,
      table: describeTyped(table),
      columns,
      of: all,
    })),
    kept: advice.withheld.map(({ unit, obstacle }) => ({
      ...unitDocument(unit),
      obstacle: obstacle.kind,
      reason: obstacleText(obstacle),
    })),
    needed: advice.needed.length,
    roles: snakeCase(advice.roles),
    identities: snakeCase(advice.identities),
    splits: snakeCase(advice.splits),
    unused_roles: advice.unusedRoles,
    changes: changes.map((change) => changeSummary({ change, origin: { locations: [], by: "declared" } })),
    would_break: worse.map(({ pair }) => ({
      role: pair.role,
      login: pair.login,
      statement: pair.statement.text,
      calls: pair.calls,
    })),
    enough: worse.length === 0,
    least: spare === null ? null : spare.length === 0,
    patch: [...files].flatMap(([name, text]) => unifiedDiff(name, of.sources.get(name) ?? "", text)).join("\n"),
  };
}

function unitDocument({ id, what }: Unit): JsonDocument {
  return what.kind === "membership"
    ? { id, membership: { members: what.members, role: what.role } }
    : {
        id,
        grant: { grantees: what.grantees, privileges: what.privileges, resources: what.resources.map(describeTyped) },
      };
}
