import type { CheckReport, FailedTarget } from "../../analysis/checks/report.ts";
import { reviewFindings } from "../../approval/review.ts";
import { EXIT, type ExitCode, RolewrightError } from "../../base/error.ts";
import { unneededAcceptances } from "../../config/declared/unneeded.ts";
import { sortFindings } from "../../config/report.ts";
import { type Finding, hasErrors } from "../../model/finding.ts";
import { readSnapshot } from "../../model/snapshot-json.ts";
import { tally } from "../../report/checks/tally.ts";
import { checkOutput, tellChecks } from "../check-output.ts";
import { selectChecks } from "../check-selection.ts";
import {
  checkAll,
  type CheckedTarget,
  checkSnapshot,
  type CheckOptions,
  type Judged,
  readForChecks,
} from "../checking.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import { findManifest } from "../files.ts";
import { FindingsError } from "../findings-error.ts";
import type { Input } from "../input.ts";
import { manifestFindings } from "../manifest-findings.ts";
import { NO_SOURCES } from "../output/frame.ts";
import { readText } from "../questions/source.ts";
import { countedFindings } from "../counted-findings.ts";
import { goneApprovals } from "../missing-approvals.ts";
import { recordWhereBegun } from "../recording.ts";
import { readOpenReviews } from "../reviews.ts";
import {
  chooseTarget,
  chooseTargets,
  manifestError,
  type OpenTarget,
  openTarget,
  type ReadManifest,
  readManifest,
} from "../target.ts";
import { usageError } from "../usage.ts";

/** Runs checks, policies and access tests on what is live, or on a snapshot, and says what stands, what is accepted and what could not be evaluated. Changes nothing. */
export const check: Action = async (context, input) => {
  const output = checkOutput(input, context);
  const options: CheckOptions = { checks: selectChecks(input.text("only")), ...(await comparison(context, input)) };
  const asked =
    input.text("snapshot") === null
      ? await liveRun(context, input, options)
      : await snapshotRun(context, input, options);
  const signed = asked.read === null ? [] : await signedFindings(asked.read, context);
  const report = reportOf(asked, signed);
  const view = {
    sources: asked.read?.sources ?? NO_SOURCES,
    detail: input.flag("detail"),
    frames: input.count("frames") ?? 1,
    next: nextCommands(report, input),
  };
  await recordChecks(report, context);
  context.progress.clear();
  await tellChecks(report, output, { view, context, root: asked.read?.loaded.root ?? context.cwd });
  return exitOf(report);
};

/** What was applied without approvals and nobody looked at since, and what was signed and is gone. */
async function signedFindings(read: ReadManifest, context: CliContext): Promise<readonly Finding[]> {
  return [...reviewFindings(await readOpenReviews(read, context)), ...(await goneApprovals(read, context))];
}

/** What was found on live targets, by code: where there is an audit log already, it is told. */
async function recordChecks({ targets }: CheckReport, context: CliContext): Promise<void> {
  for (const { target, environment, engine, source, findings } of targets) {
    if (source !== "live") continue;
    const refused = findings.some((each) => each.severity === "error");
    await recordWhereBegun(
      {
        type: "check.evaluated",
        target: { engine, name: target, environment },
        plan: null,
        outcome: refused ? "refused" : "passed",
        findings: countedFindings(findings),
      },
      context,
    );
  }
}

/** What `--no-new-access` asks for. */
async function comparison(context: CliContext, input: Input): Promise<Pick<CheckOptions, "newAccess">> {
  const base = input.text("base");
  if (input.flag("no-new-access") !== (base !== null)) {
    throw usageError(
      "RW004",
      "--no-new-access and --base belong together",
      "such as `rolewright check --no-new-access --base origin/main`",
    );
  }
  if (base === null) return {};
  const { newAccess, readBase } = await import("../new-access/new-access.ts");
  const read = await readManifest(context);
  const from = await readBase(base, (await findManifest(context)) ?? "", context);
  return { newAccess: (judged) => newAccess(from, read, judged) };
}

/** What was asked, before it is put together. */
interface Asked {
  readonly read: ReadManifest | null;
  readonly checked: readonly CheckedTarget[];
  readonly failed: readonly FailedTarget[];
}

async function liveRun(context: CliContext, input: Input, options: CheckOptions): Promise<Asked> {
  const read = await readManifest(context);
  const all = input.flag("all-targets");
  const names =
    all || context.globals.targets.length > 1
      ? chooseTargets(read.manifest, context, { all })
      : [chooseTarget(read.manifest, context)];
  const evidence = input.list("evidence");
  if (evidence.length > 0 && names.length > 1) {
    throw usageError("RW004", "evidence is of one target", "choose it with `--target`");
  }
  const judged: Judged[] = [];
  const failed: FailedTarget[] = [];
  for (const name of names) {
    try {
      judged.push(await openTarget(read, name, { context, work: (target) => readJudged(target, context, evidence) }));
    } catch (error) {
      // What is wrong with the files is wrong for all targets; and of one target the failure is the answer.
      const known = error instanceof RolewrightError && !(error instanceof FindingsError);
      if (!known || names.length === 1 || context.signal.aborted) throw error;
      const { code, message, help } = error;
      failed.push({ target: name, code, message, ...(help === undefined ? {} : { help }) });
    }
  }
  context.progress.step("checking");
  return { read, checked: await checkAll(judged, options), failed };
}

async function readJudged(target: OpenTarget, context: CliContext, evidence: readonly string[]): Promise<Judged> {
  const judged = await readForChecks(target, context);
  if (evidence.length === 0) return judged;
  const { readUsage } = await import("../usage-of.ts");
  return { ...judged, usage: await readUsage(judged, target, context, evidence) };
}

async function snapshotRun(context: CliContext, input: Input, options: CheckOptions): Promise<Asked> {
  if (input.flag("all-targets")) {
    throw usageError("RW004", "a snapshot is of one target", "choose it with `--target`");
  }
  const live = readSnapshot(await readText(context, input.text("snapshot") ?? ""));
  const read = (await findManifest(context)) === null ? null : await readManifest(context);
  const wrong = read === null ? [] : manifestFindings(read.loaded);
  if (read !== null && hasErrors(wrong)) throw manifestError(wrong, read.sources);
  const name = read === null ? "snapshot" : chooseTarget(read.manifest, context);
  const environment = read?.manifest.targets?.[name]?.environment ?? "development";
  context.progress.step("checking");
  return { read, checked: [await checkSnapshot(live, { name, environment, read }, options)], failed: [] };
}

/** `signed`: what is wrong with what was signed, or not. */
function reportOf({ read, checked, failed }: Asked, signed: readonly Finding[]): CheckReport {
  const targets = checked.map(({ report }) => report);
  const uses = new Map(targets.map(({ target, acceptances }) => [target, acceptances]));
  const diagnostics =
    read === null ? [] : [...manifestFindings(read.loaded), ...unneededAcceptances(read.loaded, uses)];
  return {
    targets,
    failed,
    diagnostics: distinct([...diagnostics, ...signed, ...checked.flatMap(({ findings }) => findings)]),
  };
}

/** What is wrong in the files is said once, however many targets say it. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  const known = new Map<string, Finding>();
  for (const each of findings) {
    const { file = "", line = 0, column = 0 } = each.location ?? {};
    known.set([each.code, each.message, file, line, column].join("\0"), each);
  }
  return sortFindings([...known.values()]);
}

/** What could not be read wins: nothing is known about it. */
function exitOf(report: CheckReport): ExitCode {
  const { failed, errors } = tally(report);
  if (failed > 0) return EXIT.failed;
  return errors > 0 ? EXIT.refused : EXIT.done;
}

function nextCommands(report: CheckReport, input: Input): readonly string[] {
  const { refusedBy } = tally(report);
  const [first] = [...report.failed.map((each) => each.code), ...refusedBy];
  if (first === undefined) return ["rolewright plan"];
  const detail = input.flag("detail")
    ? []
    : ["rolewright check --detail     every finding with everything that it is about"];
  return [`rolewright explain ${first}`, ...detail];
}
