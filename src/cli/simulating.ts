import { resolve } from "node:path";
import { formatTime } from "../base/clock.ts";
import { EXIT, RolewrightError } from "../base/error.ts";
import { resolveUrl } from "../config/load.ts";
import { predict } from "../diff/predict.ts";
import { Secret } from "../base/secret.ts";
import type { Evidence } from "../model/workload.ts";
import { simulationHtml } from "../report/simulation/html.ts";
import { brokenOf, type SimulationRecord } from "../simulation/gate.ts";
import { withLoginsOf } from "../simulation/evidence/target.ts";
import { simulate } from "../simulation/simulate.ts";
import type { SimulationProgress } from "../simulation/world.ts";
import { writeFileDurably } from "../store/files/write-durably.ts";
import { nowOf } from "./approvals.ts";
import type { CliContext } from "./context.ts";
import { readEvidenceFiles } from "./evidence-files.ts";
import type { Input } from "./input.ts";
import type { Planned } from "./pipeline.ts";
import { saveSimulation } from "./simulation-files.ts";
import type { OpenTarget } from "./target.ts";
import { targetUrl } from "./target.ts";
import { VERSION } from "./version.ts";

/** Simulates a plan as the command line asks, keeps the result beside the runs and writes the page that was asked for. */
export async function simulatePlan(
  { plan, report, live, declared }: Planned,
  target: OpenTarget,
  { context, input }: { readonly context: CliContext; readonly input: Input },
): Promise<SimulationRecord> {
  const { engine } = target.connection;
  const dialect = engine.dialect(live);
  const tests = declared.statementTests ?? [];
  const abilities = await engine.simulation();
  const refusal = abilities.untried(live);
  if (refusal !== null) throw refusal;
  const rows = input.text("rows");
  if (rows !== null && !abilities.loadsRows) {
    throw new RolewrightError("RW599", `rows are not loaded into a shadow of ${live.version.product}`, {
      help: "leave out `--rows`: without row policies no statement answers with other rows after a change of rights alone",
      exitCode: EXIT.usage,
    });
  }
  const given = await evidenceFor(target, live.identity.engine, { context, input, tests: tests.length });
  const evidence = withLoginsOf(given, (logged) => abilities.loginOf(logged, live));
  const staging = stagingUrl(target, context);
  const simulation = await simulate({
    plan,
    live,
    after: predict(
      live.access,
      plan.changes.map(({ change }) => change),
      dialect.rules,
    ),
    delta: report.delta,
    dialect,
    evidence,
    tests,
    engine: abilities,
    url: targetUrl(target, context),
    ...(staging === null ? {} : { staging }),
    ...(rows === null ? {} : { rows: resolve(context.cwd, rows) }),
    textOnly: input.flag("text-only"),
    tool: VERSION,
    onProgress: progressOn(context),
    signal: context.signal,
  });
  const record = { simulation, made_at: formatTime(nowOf(context)) };
  await saveSimulation(record, target.runsFolder);
  await target.record({
    type: "plan.simulated",
    plan: { digest: plan.digest, manifest: plan.manifest_digest },
    outcome: isRefused(record) ? "failed" : "passed",
    broken: brokenOf(simulation),
    simulation: simulation.digest,
    evidence: simulation.evidence_digest,
    calls: simulation.coverage.calls,
    calls_decided: simulation.coverage.callsDecided,
  });
  const html = input.text("html");
  if (html !== null) {
    await writeFileDurably(resolve(context.cwd, html), simulationHtml(simulation, { madeAt: record.made_at }));
  }
  context.progress.clear();
  return record;
}

/** Something that works today would not, or an access test fails. */
export function isRefused({ simulation }: SimulationRecord): boolean {
  return brokenOf(simulation) > 0 || simulation.tests.some(({ passed }) => !passed);
}

async function evidenceFor(
  target: OpenTarget,
  engine: string,
  { context, input, tests }: { readonly context: CliContext; readonly input: Input; readonly tests: number },
): Promise<Evidence> {
  const given = input.list("evidence").map((file) => resolve(context.cwd, file));
  const declared = (target.manifest.targets?.[target.name]?.evidence ?? []).map((file) =>
    resolve(target.loaded.root, file),
  );
  const files = given.length > 0 ? given : declared;
  if (input.flag("tests-only")) return nothingObserved(engine);
  if (files.length === 0) {
    throw new RolewrightError("RW576", `nothing says what is really run on \`${target.name}\``, {
      help:
        tests > 0
          ? "collect evidence with `rolewright workload collect`, or try the access tests alone with `--tests-only`"
          : "collect evidence with `rolewright workload collect`, and give it with `--evidence FILE`",
    });
  }
  context.progress.step("reading the evidence");
  const evidence = await readEvidenceFiles(files);
  const wrong =
    evidence.engine !== engine
      ? `it is of ${evidence.engine}, and the target is ${engine}`
      : evidence.target !== null && evidence.target.server !== (await target.connection.identify()).server
        ? "it was collected on another server"
        : null;
  if (wrong === null) return evidence;
  throw new RolewrightError("RW577", `the evidence cannot be used for \`${target.name}\`: ${wrong}`, {
    help: "collect on this target, or leave the file out",
  });
}

function nothingObserved(engine: string): Evidence {
  return { format_version: "1.0", engine, target: null, windows: [], uses: [] };
}

/** The staging server of the target, where the manifest names one. */
function stagingUrl(target: OpenTarget, context: CliContext): Secret | null {
  if (target.manifest.targets?.[target.name]?.shadow === undefined) return null;
  const url = resolveUrl(target.loaded, target.name, context.env, "shadow");
  if (url instanceof Secret) return url;
  throw new RolewrightError(url.code, url.message, url.help === undefined ? {} : { help: url.help });
}

/** One line: the step, how far it is, and how long the rest takes at the pace so far. */
function progressOn(context: CliContext): (progress: SimulationProgress) => void {
  let step = "";
  let began = performance.now();
  return (progress) => {
    if (progress.step !== step) {
      step = progress.step;
      began = performance.now();
    }
    context.progress.step(progressText(progress, performance.now() - began));
  };
}

/** `trying statements before the change: 120 of 2,000, about 12 s left`. Nothing is foretold in the first second. */
export function progressText({ step, done, total }: SimulationProgress, elapsedMs: number): string {
  if (total === 0) return step;
  const far = `${step}: ${done} of ${total}`;
  if (done === 0 || elapsedMs < 1000) return far;
  return `${far}, about ${Math.ceil((elapsedMs / done) * (total - done) * 0.001)} s left`;
}
