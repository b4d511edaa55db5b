import { lockApplier } from "../../apply/lock.ts";
import { reconcile } from "../../apply/reconcile.ts";
import { isUndecided } from "../../apply/window.ts";
import type { Run } from "../../apply/outcome.ts";
import { shortDigest } from "../../base/digest.ts";
import { EXIT, RolewrightError } from "../../base/error.ts";
import { sortedText } from "../../base/order.ts";
import { loadEngine } from "../../engine/registry.ts";
import { describeName } from "../../model/resource.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import { holder } from "../doer.ts";
import { findPlan, type NamedPlan } from "../plan-files.ts";
import { escapeLine } from "../output/escape.ts";
import type { Tone } from "../output/look.ts";
import type { Block, Page } from "../output/page.ts";
import { type ApprovalView, approvalBlocks, approvalDocument, usedBlocks } from "../render/approvals.ts";
import { approvalCase, decideNow, nowOf, readApprovals, targetHere } from "../approvals.ts";
import { shellWord } from "../output/shell-word.ts";
import { reportFor } from "./show.ts";
import { logPlace } from "../auditing.ts";
import { missingApprovals, missingBlocks } from "../missing-approvals.ts";
import { waitingPage, waitingSpools } from "../waiting-spools.ts";
import { failureDocument } from "../failure.ts";
import type { EngineWords } from "../render/plan-page.ts";
import { stageItem } from "../render/outcome-page.ts";
import { openTarget, readManifest, type OpenTarget, type ReadManifest } from "../target.ts";
import { simulationDigest } from "../simulation-files.ts";
import { settleWindows, standingWindows } from "../watcher/settle-windows.ts";
import { windowBlocks, windowCommands, windowDocument } from "../watcher/status.ts";

const TONES: Readonly<Record<Run["state"], Tone>> = {
  started: "warn",
  applied: "good",
  "rolled-back": "dim",
  partial: "bad",
  reverted: "dim",
};

/** Shows what was applied from here. A run that was cut off is settled first, from the database's own truth. */
export const status: Action = async (context, input) => {
  const read = await readManifest(context);
  await settleWindows(read, context);
  const settled = await settleOpenRuns(read, context);
  const named = input.argument(0);
  const about = named === null ? null : await findPlan(named, read.runs, context);
  const runs = about === null ? await read.runs.list() : about.run === null ? [] : [about.run];
  // Of a plan that stands it is said by whose word; of one that does not, who has to agree.
  const approvals = about === null || stands(about.run) ? null : await approvalsOf(about, read, context);
  const page: Block[] = named === null ? [...listPage(runs)] : [];
  const next: string[] = [];
  for (const run of runs) {
    if (named === null && run.state !== "partial") continue;
    const words = await engineOf(run, read);
    if (named !== null) page.push(...runPage(run, words));
    next.push(...nextCommands(run, words));
  }
  const windows = (await standingWindows(read, context)).filter(({ run, view }) =>
    named === null ? isUndecided(view) : runs.some((each) => each.plan === run.plan),
  );
  for (const window of windows) {
    page.push(...windowBlocks(window, context));
    next.push(...windowCommands(window));
  }
  if (approvals !== null) {
    page.push(...approvalBlocks(approvals), ...missingBlocks(approvals.missing ?? []));
    next.push(...nextOfApprovals(named ?? "", approvals));
  }
  const waiting = await waitingSpools(await logPlace(context, null));
  const notes: Page = settled.runs.map((run) => ({
    kind: "line",
    label: "SETTLED",
    tone: "warn",
    text: `the run of plan ${shortDigest(run.plan)} was cut off; by the database's own account it was ${run.state}`,
  }));
  const unknown: Page = settled.unknown.map(({ target, error }) => ({
    kind: "line",
    label: "UNKNOWN",
    tone: "bad",
    text: `how the open runs on ${describeName(target)} ended: ${error.code} ${escapeLine(error.message)}`,
  }));
  const lines: Page = next.map((text, index) => ({ kind: "line", label: index === 0 ? "NEXT" : "", text }));
  context.progress.clear();
  context.show([...waitingPage(waiting), ...notes, ...page, ...unknown, ...lines], () => ({
    runs,
    ...(approvals === null ? {} : { approvals: { ...approvalDocument(approvals), gone: approvals.missing } }),
    windows: windows.map((window) => windowDocument(window, context)),
    settled: settled.runs.map((run) => run.plan),
    spools: waiting,
    ...(settled.unknown.length === 0
      ? {}
      : { unknown: settled.unknown.map(({ target, error }) => ({ target, ...failureDocument(error) })) }),
    next,
  }));
  if (runs.some((run) => run.state === "started" || run.state === "partial")) return EXIT.failed;
  if (windows.some(({ view }) => view.phase !== "open" && isUndecided(view))) return EXIT.failed;
  if (approvals === null) return EXIT.done;
  const isGone = approvals.missing?.some(({ decision, isLatest }) => decision === "refuse" && isLatest) === true;
  return approvals.decision.approved && !isGone ? EXIT.done : EXIT.approvalNeeded;
};

function stands(run: Run | null): boolean {
  return run !== null && run.state !== "rolled-back";
}

/** Who approved a plan that is not applied, and who is missing. Whoever asks is not yet who applies it. */
async function approvalsOf(found: NamedPlan, read: ReadManifest, context: CliContext): Promise<ApprovalView> {
  const approvals = await readApprovals(read);
  const { report, accessRules } = await reportFor(found, read.runsFolder, context);
  const now = nowOf(context);
  const asked = approvalCase(report, read, {
    approvals,
    target: targetHere(found.plan, read.manifest, context),
    accessRules,
    applier: null,
    simulation: await simulationDigest(found.plan.digest, read.runsFolder),
    now,
  });
  const missing = await missingApprovals(found.plan.digest, await approvals.store.list(found.plan.digest), context);
  return { decision: await decideNow(asked, approvals, now), risk: asked.risk, author: asked.author, missing };
}

function nextOfApprovals(named: string, { decision }: ApprovalView): readonly string[] {
  if (decision.approved) return [`rolewright apply ${shellWord(named)}`];
  const who = [...decision.refusals.map(({ person }) => person), ...decision.requirements.flatMap(({ open }) => open)];
  return [`rolewright approve ${shellWord(named)}     by ${sortedText(who).map(describeName).join(" or ")}`];
}

interface Settled {
  readonly runs: readonly Run[];
  /** Targets that could not be asked, so that their open runs are shown as they were recorded. */
  readonly unknown: readonly { readonly target: string; readonly error: RolewrightError }[];
}

/** Asks the databases how runs ended whose client did not live to say so. One that is still running holds the lock, and is shown as it is. */
async function settleOpenRuns(read: ReadManifest, context: CliContext): Promise<Settled> {
  const open = (await read.runs.list()).filter((run) => run.state === "started");
  const known = Object.keys(read.manifest.targets ?? {});
  const [only] = known;
  const targets =
    known.length === 1 && only !== undefined && open.length > 0
      ? [only]
      : sortedText(open.map((run) => run.target)).filter((name) => known.includes(name));
  const chosen = context.globals.targets;
  const runs: Run[] = [];
  const unknown: { readonly target: string; readonly error: RolewrightError }[] = [];
  for (const target of targets.filter((name) => chosen.length === 0 || chosen.includes(name))) {
    try {
      const work = async ({
        connection,
        runs: records,
      }: Pick<OpenTarget, "connection" | "runs">): Promise<readonly Run[]> => {
        await using _lock = await lockApplier({ connection, runs: records, holder: holder() });
        return (await reconcile(records, connection, { clock: context.clock })).map((settled) => settled.run);
      };
      runs.push(...(await openTarget(read, target, { context, work })));
    } catch (error) {
      if (!(error instanceof RolewrightError)) throw error;
      if (error.code === "RW405") continue;
      if (targets.length === 1) throw error;
      unknown.push({ target, error });
    }
  }
  return { runs, unknown };
}

function listPage(runs: readonly Run[]): Page {
  return [
    {
      kind: "table",
      title: "RUNS",
      columns: ["RUNS", "target", "state", "started", "by"],
      rows: runs.map((run) => ({
        tone: TONES[run.state],
        cells: [
          `plan ${shortDigest(run.plan)}`,
          describeName(run.target),
          run.state,
          run.started_at,
          escapeLine(run.holder),
        ],
      })),
      empty: "nothing was applied from here yet",
    },
  ];
}

/** Where it is not known what engine a run was for, its plan being gone, nothing is left out. */
async function engineOf(run: Run, read: ReadManifest): Promise<EngineWords> {
  const stored = await read.runs.load(run.plan);
  if (stored === null) return { transactionalGrants: true, databases: "many" };
  return (await loadEngine(stored.plan.target.identity.engine)).capabilities;
}

function nextCommands(run: Run, { transactionalGrants }: EngineWords): string[] {
  const name = shortDigest(run.plan);
  if (run.state === "applied" && run.reverts === null) return [`to undo: rolewright revert ${name}`];
  if (run.state !== "partial") return [];
  return transactionalGrants
    ? [`rolewright plan           shows what is left to do; to undo: rolewright revert ${name}`]
    : [`to finish: rolewright apply ${name}; to undo: rolewright revert ${name}`];
}

function runPage(run: Run, words: EngineWords): Page {
  const name = shortDigest(run.plan);
  return [
    {
      kind: "facts",
      facts: [
        { label: "plan", value: name },
        { label: "target", value: describeName(run.target), bare: true },
        { label: "started", value: run.started_at },
        { label: "by", value: escapeLine(run.holder) },
      ],
    },
    { kind: "section", title: "STAGES", items: run.stages.map((stage) => stageItem(stage, words)) },
    ...usedBlocks(run.approvals),
    ...(run.spooled === undefined
      ? []
      : [
          {
            kind: "line",
            label: "PAST THE LOG",
            tone: "warn",
            text: escapeLine(
              `it was announced in a spool, the audit log being down (${run.spooled.error}); ${run.spooled.cause}${run.spooled.reason === null ? "" : `: ${run.spooled.reason}`}`,
            ),
          } as const,
        ]),
    {
      kind: "line",
      label: run.state.toUpperCase().replace("-", " "),
      tone: TONES[run.state],
      text:
        run.finished_at === null
          ? "it has not ended"
          : `at ${run.finished_at}${run.reverts === null ? "" : `; it took plan ${shortDigest(run.reverts)} back`}`,
    },
  ];
}
