import type { DeclaredPolicy, PolicyEffect } from "../../model/declared.ts";
import type { CelPolicyEntry, RequiredSimulation } from "../manifest-judging.ts";
import { parseSeconds } from "../seconds.ts";
import type { DeclaredContext } from "./declared.ts";

/** The manifest's own policies that count on this target. One that says not exactly one effect is a finding. */
export function policiesOf(context: DeclaredContext): readonly DeclaredPolicy[] {
  const { manifest, target, environment, locate, findings } = context;
  const names = new Set<string>();
  return (manifest.policies ?? []).flatMap((entry, index): DeclaredPolicy[] => {
    if ("check" in entry) return [];
    if (names.has(entry.name)) {
      findings.add("RW176", ["policies", index, "name"], `there are two policies called \`${entry.name}\``, {
        help: "answers are told apart by the name",
      });
    }
    names.add(entry.name);
    const effect = effectOf(entry);
    if (effect === null) {
      const message = `policy \`${entry.name}\` says exactly one of \`deny\`, \`warn\`, \`require_approvals\` and \`require_simulation\``;
      findings.add("RW175", ["policies", index], message);
      return [];
    }
    if (entry.targets !== undefined && !entry.targets.includes(target)) return [];
    if (entry.environments !== undefined && !entry.environments.includes(environment)) return [];
    const location = locate(["policies", index, "when"]);
    return [{ name: entry.name, when: entry.when, effect, ...(location === undefined ? {} : { location }) }];
  });
}

/** What a policy does, or null where it does not say exactly one thing. */
export function effectOf(
  entry: Pick<CelPolicyEntry, "name" | "deny" | "warn" | "require_approvals" | "require_simulation">,
): PolicyEffect | null {
  const { deny, warn, require_approvals: approvals, require_simulation: simulation } = entry;
  if ([deny, warn, approvals, simulation].filter((each) => each !== undefined).length !== 1) return null;
  if (deny !== undefined) return { kind: "deny", message: deny };
  if (warn !== undefined) return { kind: "warn", message: warn };
  if (simulation !== undefined) return simulationOf(simulation);
  const { count = 1, from = [], message } = approvals ?? {};
  const people = count === 1 ? "one person" : `${count} people`;
  return { kind: "require-approvals", count, from, message: message ?? `${people} must approve this` };
}

function simulationOf(entry: RequiredSimulation): PolicyEffect {
  const { coverage = 95, evidence_days: evidenceDays = 7, max_age: age, evidence_age: evidenceAge = "168h" } = entry;
  return {
    kind: "require-simulation",
    wanted: {
      coverage,
      evidenceDays,
      maxAgeSeconds: age === undefined ? null : parseSeconds(age),
      evidenceAgeSeconds: parseSeconds(evidenceAge) ?? 0,
    },
    message: entry.message ?? "a simulation with what is really run must show what breaks",
  };
}
