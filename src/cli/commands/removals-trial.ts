import { EXIT, RolewrightError } from "../../base/error.ts";
import { shortDigest } from "../../base/digest.ts";
import { compareBy, sorted } from "../../base/order.ts";
import { predict } from "../../diff/predict.ts";
import { describeName } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import { buildPlan } from "../../plan/build-plan.ts";
import { trialOf } from "../../simulation/removals/trial.ts";
import type { Action } from "../command-spec.ts";
import { doerOf } from "../doer.ts";
import { shellWord } from "../output/shell-word.ts";
import type { Page } from "../output/page.ts";
import { judgePlan, type Planned, untilUnused } from "../pipeline.ts";
import { findPlan, savePlan } from "../plan-files.ts";
import { countChanges, countsText } from "../render/summary.ts";
import { counted, thousands } from "../render/words.ts";
import { loadSimulation } from "../simulation-files.ts";
import { type OpenTarget, readLive, withTarget } from "../target.ts";
import { VERSION } from "../version.ts";

/** Makes the plan that takes from one login what another plan takes from all; without `--login` it says who would be the riskiest to lose. */
export const trial: Action = async (context, input) =>
  await withTarget(context, async (target) => {
    const named = input.argument(0) ?? "";
    const { plan } = await findPlan(named, target.runs, context);
    const live = await readLive(target, context);
    if (live.identity.server !== plan.target.identity.server) {
      throw new RolewrightError("RW403", `plan ${shortDigest(plan.digest)} is for another server`);
    }
    if (live.fingerprint !== plan.fingerprint.before) {
      throw new RolewrightError("RW404", "the database changed since this plan was made", {
        exitCode: EXIT.stale,
        help: "plan again: `rolewright plan --out FILE`",
      });
    }
    const login = input.text("login");
    const planned = judgePlan(plan, target, live);
    if (login === null) {
      const losing = await riskiest(planned, target);
      const [first] = losing;
      context.show(losingPage(losing, named), () => ({
        losing,
        next: first === undefined ? [] : [nextTrial(named, first.login)],
      }));
      return EXIT.done;
    }
    const dialect = target.connection.engine.dialect(live);
    const changes = plan.changes.map(({ change }) => change);
    const after = predict(live.access, changes, dialect.rules);
    const found = trialOf(changes, { live: live.access, after }, login, dialect.rules);
    if (found.kind === "impossible") {
      throw new RolewrightError(
        "RW587",
        `it cannot be tried on \`${describeName(login)}\` alone: ${found.reasons[0] ?? ""}`,
        {
          help: "choose another login; or apply the plan in a confirm window with a `denials` probe",
          details: { reasons: found.reasons },
        },
      );
    }
    const because = `plan ${shortDigest(plan.digest)} is tried on ${login} first`;
    const made = await untilUnused(target.runs, (findings) =>
      buildPlan({
        target: target.name,
        environment: target.environment,
        snapshot: live,
        dialect,
        changes: found.changes.map((change) => ({ change, origin: { locations: [], by: "declared", because } })),
        manifestDigest: plan.manifest_digest,
        tool: VERSION,
        // What goes from the login is what the plan takes from it, and comes back with the trial.
        allowRemovals: Number.MAX_SAFE_INTEGER,
        findings,
        trial: { tries: plan.digest, login },
      }),
    );
    const out = input.text("out") ?? "trial.json";
    const made_by = await doerOf(target.manifest, input.text("as"), context);
    await savePlan({ ...made, made_by }, out, context);
    const next = [
      `rolewright apply ${shellWord(out)} --confirm-within 30m     with a \`denials\` probe it is taken back when something is refused`,
      `rolewright revert ${shortDigest(made.digest)}     ends the trial, whatever it showed`,
      `rolewright apply ${shellWord(named)}     then takes it from all`,
    ];
    context.progress.clear();
    context.show(
      [
        {
          kind: "line",
          label: "SAVED",
          text: `${out}: plan ${shortDigest(made.digest)} takes from \`${describeName(login)}\` alone what plan ${shortDigest(plan.digest)} takes from all (${countsText(countChanges(made.changes))})`,
        },
        ...next.map((text, at) => ({ kind: "line" as const, label: at === 0 ? "NEXT" : "", text })),
      ],
      () => ({ plan_digest: made.digest, tries: plan.digest, login, role: found.role, file: out, next }),
    );
    return EXIT.done;
  });

/** A login that a plan takes something from, and what that puts at risk. */
interface Losing {
  readonly login: RoleName;
  /** Privileges on single things. */
  readonly loses: number;
  /** Calls that break, might break or cannot be told by the plan's simulation; null: it was not simulated. */
  readonly calls_at_risk: number | null;
}

/** Whom to try it on: the riskiest first, by what the simulation says, then by how much goes. */
async function riskiest({ plan, report }: Planned, target: OpenTarget): Promise<readonly Losing[]> {
  const record = await loadSimulation(plan.digest, target.runsFolder);
  const loses = new Map<RoleName, number>();
  for (const { subjects, what } of report.delta.losses) {
    const count = what.kind === "privilege" ? what.privileges.length * what.resources.length : 1;
    for (const { kind, login } of subjects) {
      if (kind !== "role" && kind !== "public") loses.set(login, (loses.get(login) ?? 0) + count);
    }
  }
  const calls = (login: RoleName): number =>
    (record?.simulation.effects ?? [])
      .filter((each) => each.login === login && RISKY.has(each.outcome))
      .reduce((total, each) => total + each.calls, 0);
  const all = [...loses].map(([login, count]) => ({
    login,
    loses: count,
    calls_at_risk: record === null ? null : calls(login),
  }));
  return sorted(
    all,
    compareBy(
      (each) => -(each.calls_at_risk ?? 0),
      (each) => -each.loses,
      (each) => each.login,
    ),
  );
}

const RISKY: ReadonlySet<string> = new Set(["revoked", "maybe-revoked", "altered", "unknown"]);

function losingPage(losing: readonly Losing[], named: string): Page {
  const [first] = losing;
  return [
    {
      kind: "table",
      title: "WHO LOSES",
      columns: ["WHO LOSES", "what goes", "calls at risk"],
      rows: losing.map((each) => ({
        cells: [
          describeName(each.login),
          counted(each.loses, "privilege"),
          each.calls_at_risk === null ? "not simulated" : thousands(each.calls_at_risk),
        ],
      })),
      empty: "nobody",
    },
    ...(first === undefined ? [] : [{ kind: "line" as const, label: "NEXT", text: nextTrial(named, first.login) }]),
  ];
}

function nextTrial(named: string, login: RoleName): string {
  return `rolewright removals trial ${shellWord(named)} --login ${shellWord(login)}`;
}
