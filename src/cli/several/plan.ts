import { EXIT, RolewrightError, type ExitCode } from "../../base/error.ts";
import type { CliContext } from "../context.ts";
import { doerOf } from "../doer.ts";
import { failureDocument, failurePage } from "../failure.ts";
import type { Input } from "../input.ts";
import type { Sources } from "../output/frame.ts";
import type { Page } from "../output/page.ts";
import { shellWord } from "../output/shell-word.ts";
import { planTarget, type Planned } from "../pipeline.ts";
import { planView } from "../plan-options.ts";
import { planDocument, planResult } from "../render/plan-document.ts";
import { planPage, type PlanSurroundings } from "../render/plan-page.ts";
import { planChecked, planCreated } from "../plan-events.ts";
import { record } from "../recording.ts";
import { saveReport } from "../report-files.ts";
import { openTarget, readManifest, type ReadManifest } from "../target.ts";
import { saveBundle } from "./bundle.ts";
import { dangerOrder, dangerTable, planDanger } from "./danger.ts";

/** What became of one target: its plan, or why there is none. */
export type PlannedTarget =
  | { readonly kind: "planned"; readonly name: string; readonly planned: Planned; readonly around: PlanSurroundings }
  | { readonly kind: "failed"; readonly name: string; readonly error: RolewrightError };

/**
 * Plans each of these targets, in the order in which they would be applied. A target that cannot be planned is told in its place, and the others are planned all the same; then no bundle is saved, since it would
 * not be whole.
 */
export async function planSeveral(
  names: readonly string[],
  { context, input }: { readonly context: CliContext; readonly input: Input },
): Promise<ExitCode> {
  const read = await readManifest(context);
  const results: PlannedTarget[] = [];
  for (const name of names) results.push(await planOne(name, read, { context, input }));
  const saved = await save(results, read, { context, input });
  context.progress.clear();
  const next = nextCommands(results, { names, saved, all: input.flag("all-targets") });
  context.show(severalPage(results, { input, sources: read.sources, next }), () => severalDocument(results, next));
  return severalExit(results, input.flag("detailed-exitcode"));
}

async function planOne(
  name: string,
  read: ReadManifest,
  { context, input }: { readonly context: CliContext; readonly input: Input },
): Promise<PlannedTarget> {
  try {
    return await openTarget(read, name, {
      context,
      work: async (target): Promise<PlannedTarget> => {
        const planned = await planTarget(target, context, {
          rotate: input.list("rotate-password"),
          allowRemovals: input.count("allow-removals"),
        });
        const { capabilities } = target.connection.engine;
        const { live, unchangedRoles } = planned;
        return {
          kind: "planned",
          name,
          planned,
          around: { readAt: live.takenAt, unchangedRoles, next: [], capabilities },
        };
      },
    });
  } catch (error) {
    if (!(error instanceof RolewrightError) || context.signal.aborted) throw error;
    return { kind: "failed", name, error };
  }
}

/** The folder that the bundle is in now; null where none was asked for, or where it would not be whole. */
async function save(
  results: readonly PlannedTarget[],
  read: ReadManifest,
  { context, input }: { readonly context: CliContext; readonly input: Input },
): Promise<string | null> {
  const out = input.text("out");
  const made = results.flatMap((each) => (each.kind === "planned" ? [each.planned] : []));
  if (out === null || made.length < results.length) return null;
  const made_by = await doerOf(read.manifest, input.text("as"), context);
  const plans = made.map(({ plan }) => ({ ...plan, made_by }));
  await saveBundle(plans, out, context);
  for (const { report } of made) await saveReport(report, read.runsFolder);
  for (const planned of made) {
    const { identity, name, environment } = planned.plan.target;
    const target = { engine: identity.engine, name, environment, server: identity.server };
    await record({ ...planCreated(planned), target }, context);
    await record({ ...planChecked(planned), target }, context);
  }
  return out;
}

function severalPage(
  results: readonly PlannedTarget[],
  { input, sources, next }: { readonly input: Input; readonly sources: Sources; readonly next: readonly string[] },
): Page {
  const pages = results.flatMap((each, index): Page => {
    const heading = { kind: "line" as const, label: "TARGET", text: `${index + 1} of ${results.length}: ${each.name}` };
    const page =
      each.kind === "planned"
        ? planPage(each.planned.report, planView(input, sources), each.around)
        : failurePage(each.error);
    return [heading, ...page];
  });
  const lines = next.map((text, index) => ({ kind: "line" as const, label: index === 0 ? "NEXT" : "", text }));
  return [...pages, dangerTable(results), ...lines];
}

function severalDocument(results: readonly PlannedTarget[], next: readonly string[]): Record<string, unknown> {
  return {
    result: results.some((each) => each.kind === "failed")
      ? "failed"
      : results.some((each) => each.kind === "planned" && planResult(each.planned.report) === "refused")
        ? "refused"
        : results.some((each) => each.kind === "planned" && each.planned.plan.changes.length > 0)
          ? "ready"
          : "no-changes",
    order: results.map(({ name }) => name),
    most_dangerous_first: dangerOrder(results).map(({ name }) => name),
    targets: results.map((each) => ({
      format_version: "1.0",
      ...(each.kind === "planned"
        ? { ...planDocument(each.planned.report, each.around), name: each.name }
        : { result: "failed", name: each.name, ...failureDocument(each.error) }),
    })),
    next,
  };
}

/** What failed wins, then what is refused, then "changes are present". */
function severalExit(results: readonly PlannedTarget[], detailed: boolean): ExitCode {
  if (results.some((each) => each.kind === "failed")) return EXIT.failed;
  const plans = results.flatMap((each) => (each.kind === "planned" ? [each.planned] : []));
  if (plans.some(({ report }) => report.verdict.refusedBy.length > 0)) return EXIT.refused;
  return detailed && plans.some(({ plan }) => plan.changes.length > 0) ? EXIT.changes : EXIT.done;
}

function nextCommands(
  results: readonly PlannedTarget[],
  { names, saved, all }: { readonly names: readonly string[]; readonly saved: string | null; readonly all: boolean },
): string[] {
  const refused = results.flatMap((each) => (each.kind === "planned" ? each.planned.report.verdict.refusedBy : []));
  const failed = results.flatMap((each) => (each.kind === "failed" ? [each.error.code] : []));
  const [first] = [...failed, ...refused];
  if (first !== undefined) return [`rolewright explain ${first}`];
  if (results.every((each) => planDanger(each).changes === 0)) return [];
  const accepted = results.flatMap((each) => {
    const loss = each.kind === "planned" ? each.planned.report.verdict.acceptLoss : null;
    return loss === null ? [] : [` --accept-access-loss=${shellWord(`${each.name}=${loss}`)}`];
  });
  const what =
    saved === null
      ? all
        ? " --all-targets"
        : names.map((name) => ` --target ${shellWord(name)}`).join("")
      : ` ${shellWord(saved)}`;
  return [`rolewright apply${what}${accepted.join("")}`];
}
