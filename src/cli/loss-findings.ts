import { buildAccessIndex } from "../analysis/access-index.ts";
import { recentlyUsed } from "../analysis/checks/availability/recently-used.ts";
import { checkContext } from "../analysis/checks/context.ts";
import { runChecks } from "../analysis/checks/run-checks.ts";
import type { ObservedLoss } from "../analysis/checks/usage.ts";
import { compareBy, sorted } from "../base/order.ts";
import type { CheckFinding } from "../model/check-finding.ts";
import type { Effect, Simulation } from "../simulation/simulation.ts";
import type { Planned } from "./pipeline.ts";
import type { OpenTarget } from "./target.ts";

/** What the check of losses (AVL-10) says of a plan that was simulated, as the manifest wants it counted; what is accepted is information. */
export function lossFindings(
  { plan, report, live, declared }: Planned,
  simulation: Simulation,
  { connection, name, environment }: Pick<OpenTarget, "connection" | "name" | "environment">,
): readonly CheckFinding[] {
  const dialect = connection.engine.dialect(live);
  const before = buildAccessIndex(live.access, live.catalog, dialect.accessRules);
  const { days } = simulation.coverage;
  const usage = { days, unused: [], unclear: [], lastSeen: new Map(), loss: lossOf(simulation) };
  const change = { plan, delta: report.delta, before };
  const given = { target: name, environment, now: live.takenAt, index: before, live, dialect, declared, usage, change };
  const { findings, accepted } = runChecks(checkContext(given), [recentlyUsed]);
  return [...findings, ...accepted];
}

const LOSING: ReadonlySet<string> = new Set(["revoked", "maybe-revoked", "altered"]);

function lossOf({ effects, coverage }: Simulation): ObservedLoss {
  const by = Map.groupBy(
    effects.filter(({ outcome }) => LOSING.has(outcome)),
    ({ login }) => login,
  );
  const used = [...by].map(([login, own]) => ({
    login,
    statements: own.length,
    lastSeen: own.reduce((last, each) => (each.lastSeen > last ? each.lastSeen : last), ""),
    why: mostUsed(own)?.why[0] ?? "",
  }));
  return {
    used: sorted(
      used,
      compareBy(({ login }) => login),
    ),
    unobserved: coverage.rolesUnobserved,
    from: coverage.from,
    to: coverage.to,
  };
}

function mostUsed(effects: readonly Effect[]): Effect | undefined {
  const [first] = sorted(
    effects,
    compareBy(({ calls }) => -calls),
  );
  return first;
}
