import { applyPlan, exitCodeOf } from "../apply/apply.ts";
import type { ApplyOptions, Progress } from "../apply/apply-options.ts";
import type { Outcome } from "../apply/outcome.ts";
import { refuseWindow } from "../apply/refuse-window.ts";
import { isProduction } from "../analysis/analyze.ts";
import type { Report } from "../analysis/report.ts";
import type { Guards } from "../apply/guards.ts";
import { type Digest, shortDigest } from "../base/digest.ts";
import { EXIT, RolewrightError, type ExitCode } from "../base/error.ts";
import { describeName } from "../model/resource.ts";
import type { AccessRules } from "../model/access-rules.ts";
import { approvalGate, checkApprovals } from "./approval-gate.ts";
import { checkRemovals } from "./removals/gate.ts";
import { checkSimulation } from "./simulation-gate.ts";
import { askText, askYesNoDetails, declined } from "./ask.ts";
import type { CliContext } from "./context.ts";
import type { Page } from "./output/page.ts";
import { shellWord } from "./output/shell-word.ts";
import type { ApplyChoices } from "./plan-options.ts";
import { holder } from "./doer.ts";
import { saveReport } from "./report-files.ts";
import { outcomeDocument, outcomePage } from "./render/outcome-page.ts";
import { planPage, type PlanSurroundings, type PlanView } from "./render/plan-page.ts";
import { spoolPermit } from "./spooling.ts";
import { makeRoom } from "./trail.ts";
import type { OpenTarget } from "./target.ts";
import { awaitWindow, unknownWindow, type WindowEnding } from "./watcher/await-window.ts";
import { startWatcher } from "./watcher/start.ts";

/** A plan that a person is about to have applied, with everything they decide by. */
export interface Proposal {
  readonly target: OpenTarget;
  readonly report: Report;
  readonly guards: Guards;
  readonly view: PlanView;
  readonly around: PlanSurroundings;
  readonly choices: ApplyChoices;
  /** Who counts as what on this server: what the risk is judged by. */
  readonly accessRules: AccessRules;
  /** How somebody comes to approve it, as a sentence for whoever is refused. */
  readonly toApprove: string;
  /** It finishes a run that was cut off, or takes back one that waits to be confirmed: both were approved when that began. @default false */
  readonly finishes?: boolean;
  /** What runs when it is agreed. @default applies the report's plan */
  readonly run?: (options: ApplyOptions) => Promise<Outcome>;
  /** The plan that it takes back. @default none */
  readonly reverts?: Digest;
}

/** Shows the plan, refuses what cannot be applied, asks, applies, and tells how it ended. */
export async function proposeAndApply(proposal: Proposal, context: CliContext): Promise<ExitCode> {
  const { report } = proposal;
  propose(proposal, context);
  if (changesNothing(report)) {
    if (context.globals.json) context.show([], () => ({ result: "no-changes", plan_digest: report.plan.digest }));
    return EXIT.done;
  }
  try {
    const { runs, windows } = proposal.target;
    if (proposal.finishes !== true)
      await refuseWindow(report.plan, proposal.reverts ?? null, { runs, windows, clock: context.clock });
    refuse(report, proposal.choices);
    await checkRemovals(proposal, context);
    await checkSimulation(proposal, context);
    await checkApprovals(proposal, context);
  } catch (error) {
    if (!(error instanceof RolewrightError)) throw error;
    await proposal.target.record({ type: "apply.refused", plan: { digest: report.plan.digest }, error: error.code });
    throw error;
  }
  if (!proposal.choices.yes) await agree(proposal, context);
  const { outcome, page, window } = await carryOut(proposal, context);
  context.show(page, () => ({ ...outcomeDocument(outcome), ...window?.document }));
  return exitCodeOf(outcome) === EXIT.done && window !== null ? window.exit : exitCodeOf(outcome);
}

/** Shows what a person decides by. */
export function propose({ report, view, around }: Proposal, context: CliContext): void {
  context.progress.clear();
  if (context.globals.json) return;
  context.print(planPage(report, view, around));
  context.write("\n");
}

/** Nothing is refused, and there is nothing to do. */
export function changesNothing(report: Report): boolean {
  return report.verdict.refusedBy.length === 0 && report.plan.changes.length === 0;
}

/** Applies what was agreed to. */
export async function carryOut(
  proposal: Proposal,
  context: CliContext,
): Promise<{ readonly outcome: Outcome; readonly page: Page; readonly window: WindowEnding | null }> {
  const { report } = proposal;
  const permit = await spoolPermit(proposal, context);
  proposal.target.permitSpool(permit);
  try {
    await saveReport(report, proposal.target.runsFolder);
  } catch (error) {
    // On a full disk what takes access away goes on in the room that the log kept for it.
    if ("refused" in permit || !(error instanceof RolewrightError) || error.code !== "RW420") throw error;
    await makeRoom(context);
    await saveReport(report, proposal.target.runsFolder);
  }
  const started = performance.now();
  const options = { ...applyOptions(proposal, context), approvals: await approvalGate(proposal, context) };
  const outcome = await (proposal.run ?? ((given) => applyPlan(report.plan, given)))(options);
  context.progress.clear();
  const { capabilities } = proposal.target.connection.engine;
  const page = outcomePage(outcome, { milliseconds: performance.now() - started, capabilities });
  const window = await inWindow(outcome, proposal, context);
  return { outcome, page: window === null ? page : [...page, ...window.page], window };
}

/** What becomes of a change that waits to be confirmed, as far as this process waits for it. */
async function inWindow(
  { run, kind }: Outcome,
  { target, choices }: Proposal,
  context: CliContext,
): Promise<WindowEnding | null> {
  if (run.window === undefined || kind === "rolled-back") return null;
  const how = choices.inWindow === "ask" && !context.canAsk ? "leave" : choices.inWindow;
  try {
    return await awaitWindow(run, { read: target, target: target.name, context, how });
  } catch (error) {
    // The change stands whatever becomes of watching it, and that must be said first.
    if (!(error instanceof RolewrightError)) throw error;
    context.progress.clear();
    return unknownWindow(run, error);
  }
}

/** What apply itself would refuse, before a person is asked to agree to it. `named`: there are several targets, and a loss is accepted with the target's name. */
export function refuse(report: Report, choices: ApplyChoices, named: "named" | "only" = "only"): void {
  const { refusedBy, acceptLoss } = report.verdict;
  const [first] = refusedBy;
  if (first !== undefined) {
    throw new RolewrightError("RW409", `the plan is refused by ${refusedBy.join(", ")}; nothing was changed`, {
      exitCode: EXIT.refused,
      help: `rolewright explain ${first}`,
      details: { refused_by: refusedBy },
    });
  }
  if (acceptLoss === null || acceptLoss === choices.acceptAccessLoss) return;
  const { name, environment } = report.plan.target;
  const given = choices.acceptAccessLoss === null ? "was not accepted" : `is not ${choices.acceptAccessLoss}`;
  throw new RolewrightError(
    "RW407",
    `\`${name}\` is ${environment}, and the number of those who lose access, ${acceptLoss}, ${given}; nothing was changed`,
    {
      exitCode: EXIT.refused,
      help: `if this loss is meant, apply with \`--accept-access-loss=${named === "named" ? shellWord(`${name}=${acceptLoss}`) : acceptLoss}\``,
      details: { accept_loss: acceptLoss },
    },
  );
}

/** Production is agreed to by its name, everything else by yes. */
export async function agree(proposal: Proposal, context: CliContext): Promise<void> {
  const { plan } = proposal.report;
  const { environment, name } = plan.target;
  if (isProduction(environment)) {
    const typed = await askText(context, {
      message: `apply plan ${shortDigest(plan.digest)} to ${describeName(name)}? Type the environment's name to go on:`,
      flag: "--yes",
    });
    if (typed?.trim() !== environment) throw declined();
    return;
  }
  for (;;) {
    const message = `apply plan ${shortDigest(plan.digest)} to ${describeName(name)} (${describeName(environment)})?`;
    const answer = await askYesNoDetails(context, { message, flag: "--yes" });
    if (answer === "yes") return;
    if (answer === "no") throw declined();
    context.tell(planPage(proposal.report, { ...proposal.view, detail: true, sql: true }, proposal.around));
  }
}

/** How apply is told to work, from what was chosen on the command line. */
export function applyOptions(
  { target, choices, guards }: Pick<Proposal, "target" | "choices" | "guards">,
  context: CliContext,
): ApplyOptions {
  return {
    connection: target.connection,
    runs: target.runs,
    guards,
    holder: holder(),
    clock: context.clock,
    signal: context.signal,
    environment: context.env,
    endSessions: choices.endSessions,
    windows: target.windows,
    window: {
      seconds: choices.windowSeconds,
      arm: (run) => startWatcher(run.plan, { read: target, target: target.name, context }),
    },
    onProgress: (progress) => context.progress.step(progressText(progress)),
    ...(choices.acceptAccessLoss === null ? {} : { acceptAccessLoss: choices.acceptAccessLoss }),
    ...(choices.lockTimeoutMs === null ? {} : { lockTimeoutMs: choices.lockTimeoutMs }),
  };
}

function progressText(progress: Progress): string {
  switch (progress.kind) {
    case "reading":
      return `reading: ${progress.what}`;
    case "announced":
      return "recorded what will be done";
    case "stage":
      return `stage ${progress.index + 1} of ${progress.of}`;
    case "statement":
      return `statement ${progress.index + 1} of ${progress.of}`;
    case "verifying":
      return `verifying with ${progress.questions} questions`;
    case "committing":
      return "committing";
    case "committed":
      return "committed";
    case "waiting":
      return `waiting (${progress.code}), attempt ${progress.attempt} of ${progress.of}`;
    case "undoing":
      return `taking back ${progress.stages} stages`;
  }
}
