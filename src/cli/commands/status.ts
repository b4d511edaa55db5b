import { lockApplier } from "../../apply/lock.ts";
import { reconcile } from "../../apply/reconcile.ts";
import type { Run } from "../../apply/outcome.ts";
import { shortDigest } from "../../base/digest.ts";
import { EXIT, RolewrightError } from "../../base/error.ts";
import { describeName } from "../../model/resource.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import { holder } from "../applying.ts";
import { findPlan } from "../plan-files.ts";
import { escapeLine } from "../output/escape.ts";
import type { Tone } from "../output/look.ts";
import type { Page } from "../output/page.ts";
import { stageItem } from "../render/outcome-page.ts";
import { readManifest, withTarget, type ReadManifest } from "../target.ts";

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
  const settled = await settleOpenRuns(read, context);
  const named = input.argument(0);
  const runs = named === null ? await read.runs.list() : await runsOf(named, read, context);
  const page = named === null ? listPage(runs) : runs.flatMap(runPage);
  const notes: Page = settled.map((run) => ({
    kind: "line",
    label: "SETTLED",
    tone: "warn",
    text: `the run of plan ${shortDigest(run.plan)} was cut off; by the database's own account it was ${run.state}`,
  }));
  context.progress.clear();
  context.show([...notes, ...page], () => ({ runs, settled: settled.map((run) => run.plan) }));
  return runs.some((run) => run.state === "started" || run.state === "partial") ? EXIT.failed : EXIT.done;
};

/** Asks the database how runs ended whose client did not live to say so. One that is still running holds the lock, and is shown as it is. */
async function settleOpenRuns(read: ReadManifest, context: CliContext): Promise<readonly Run[]> {
  if (!(await read.runs.list()).some((run) => run.state === "started")) return [];
  try {
    return await withTarget(context, async ({ connection, runs }) => {
      await using _lock = await lockApplier({ connection, runs, holder: holder() });
      return (await reconcile(runs, connection, { clock: context.clock })).map((settled) => settled.run);
    });
  } catch (error) {
    if (error instanceof RolewrightError && error.code === "RW405") return [];
    throw error;
  }
}

async function runsOf(named: string, read: ReadManifest, context: CliContext): Promise<readonly Run[]> {
  const { run, plan } = await findPlan(named, read.runs, context);
  if (run !== null) return [run];
  throw new RolewrightError("RW424", `plan ${shortDigest(plan.digest)} was not applied from here`, {
    help: "records are kept beside the manifest, in .rolewright/runs, by whoever applied",
  });
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

function runPage(run: Run): Page {
  const name = shortDigest(run.plan);
  const next =
    run.state === "applied" && run.reverts === null
      ? [{ kind: "line" as const, label: "NEXT", text: `to undo: rolewright revert ${name}` }]
      : [];
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
    { kind: "section", title: "STAGES", items: run.stages.map(stageItem) },
    {
      kind: "line",
      label: run.state.toUpperCase().replace("-", " "),
      tone: TONES[run.state],
      text:
        run.finished_at === null
          ? "it has not ended"
          : `at ${run.finished_at}${run.reverts === null ? "" : `; it took plan ${shortDigest(run.reverts)} back`}`,
    },
    ...next,
  ];
}
