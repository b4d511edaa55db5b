import type { Finding } from "../model/finding.ts";
import type { WantedSimulation } from "../model/declared.ts";
import type { Digest } from "../base/digest.ts";
import { countOutcomes, percent, type Simulation } from "./simulation.ts";

/** A simulation as it is kept: when it was made, and by whom, stands beside it. */
export interface SimulationRecord {
  readonly simulation: Simulation;
  /** RFC 3339 in UTC. */
  readonly made_at: string;
}

/** What a plan asks for before it may be approved or applied. */
export interface SimulationDemand {
  readonly plan: Digest;
  /** By name, what the policies that count on this plan want. */
  readonly wanted: readonly { readonly policy: string; readonly simulation: WantedSimulation }[];
  readonly production: boolean;
  readonly now: Date;
  /** The number of statements whose breaking was accepted; null: none was. */
  readonly acceptBroken: number | null;
}

/** How many statements would break: certainly, perhaps, or by reading something else. */
export function brokenOf(simulation: Pick<Simulation, "effects" | "coverage">): number {
  const counts = countOutcomes(simulation);
  return counts.revoked + counts.altered + counts["maybe-revoked"];
}

/** What stands in the way, errors only; empty: nothing does. A simulation that shows that something breaks counts whether a policy asked for it or not. */
export function simulationFindings(record: SimulationRecord | null, demand: SimulationDemand): readonly Finding[] {
  const { wanted } = demand;
  const policies = wanted.map(({ policy }) => `\`${policy}\``).join(" and ");
  if (record === null || record.simulation.plan_digest !== demand.plan) {
    if (wanted.length === 0) return [];
    return [
      error("RW570", `the plan was not simulated, and policy ${policies} asks for it`, "rolewright simulate PLAN"),
    ];
  }
  const { simulation } = record;
  const failed = simulation.tests.filter(({ passed }) => !passed);
  return [
    ...wanted.flatMap((each) => unmet(record, each, demand)),
    ...(failed.length === 0
      ? []
      : [
          error(
            "RW575",
            `${failed.length === 1 ? "an access test fails" : `${failed.length} access tests fail`} after the plan: ${failed.map(({ as, must, statement }) => `\`${as}\` must ${must === "allow" ? "be able to run" : "not be able to run"} \`${statement}\``).join("; ")}`,
            "change the plan, or the test",
          ),
        ]),
    ...broken(simulation, demand),
  ];
}

function broken(simulation: Simulation, { acceptBroken }: SimulationDemand): readonly Finding[] {
  const count = brokenOf(simulation);
  if (count === 0 && (acceptBroken === null || acceptBroken === 0)) return [];
  if (acceptBroken === count) return [];
  const said = count === 1 ? "1 statement that is really run breaks" : `${count} statements that are really run break`;
  if (acceptBroken !== null) {
    return [
      error("RW574", `${said}, and ${acceptBroken} were accepted`, `look again, then say --accept-broken=${count}`),
    ];
  }
  return [
    error(
      "RW574",
      `${said}: ${whom(simulation)}`,
      `change the plan; or where that is what you want: --accept-broken=${count}`,
    ),
  ];
}

function whom({ effects }: Simulation): string {
  const roles = [
    ...new Set(
      effects.flatMap(({ outcome, role }) =>
        outcome === "revoked" || outcome === "altered" || outcome === "maybe-revoked" ? role : [],
      ),
    ),
  ];
  const shown = roles.slice(0, 3).map((role) => `\`${role}\``);
  return roles.length > 3 ? `${shown.join(", ")} and ${roles.length - 3} more` : shown.join(", ");
}

function unmet(
  { simulation, made_at }: SimulationRecord,
  { policy, simulation: wanted }: SimulationDemand["wanted"][number],
  { production, now }: SimulationDemand,
): readonly Finding[] {
  const { coverage } = simulation;
  const most = wanted.maxAgeSeconds ?? (production ? 4 : 24) * 3600;
  const age = (now.getTime() - Date.parse(made_at)) / 1000;
  const found: Finding[] = [];
  if (age > most || age < -300) {
    found.push(
      error(
        "RW571",
        age < 0
          ? `the simulation was made in the future, at ${made_at}`
          : `the simulation is from ${made_at}, and policy \`${policy}\` takes one of at most ${hours(most)}`,
        "rolewright simulate PLAN",
      ),
    );
  }
  const share = percent(coverage.callsDecided, coverage.calls);
  if (coverage.calls === 0 || share < wanted.coverage) {
    const what = coverage.calls === 0 ? "nothing was observed" : `${share} % of the observed calls were decided`;
    found.push(
      error(
        "RW572",
        `${what}, and policy \`${policy}\` wants ${wanted.coverage} %`,
        "collect more with `rolewright workload collect`; the simulation says what could not be decided",
      ),
    );
  }
  const ended = coverage.to === null ? null : (now.getTime() - Date.parse(coverage.to)) / 1000;
  if (coverage.days < wanted.evidenceDays || ended === null || ended > wanted.evidenceAgeSeconds) {
    const covers =
      coverage.to === null
        ? "there is no evidence"
        : `the evidence covers ${coverage.days} days and ends at ${coverage.to}`;
    found.push(
      error(
        "RW573",
        `${covers}, and policy \`${policy}\` wants ${wanted.evidenceDays} days that end at most ${hours(wanted.evidenceAgeSeconds)} ago`,
        "collect more with `rolewright workload collect` and `rolewright workload merge`",
      ),
    );
  }
  return found;
}

function hours(seconds: number): string {
  return seconds % 3600 === 0 ? `${seconds / 3600} hours` : `${Math.ceil(seconds / 60)} minutes`;
}

function error(code: string, message: string, help: string): Finding {
  return { code, severity: "error", message, help };
}
