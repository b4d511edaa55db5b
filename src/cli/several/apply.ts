import { checkApprovals } from "../approval-gate.ts";
import { checkRemovals } from "../removals/gate.ts";
import { checkSimulation } from "../simulation-gate.ts";
import { exitCodeOf } from "../../apply/apply.ts";
import type { Outcome, Run } from "../../apply/outcome.ts";
import { type Digest, shortDigest } from "../../base/digest.ts";
import { EXIT, RolewrightError, type ExitCode } from "../../base/error.ts";
import { agree, carryOut, changesNothing, propose, refuse, type Proposal } from "../applying.ts";
import type { CliContext } from "../context.ts";
import { failurePage } from "../failure.ts";
import { FindingsError } from "../findings-error.ts";
import type { Input } from "../input.ts";
import { findPlan, type NamedPlan } from "../plan-files.ts";
import { acceptedLosses } from "../plan-options.ts";
import { proposalFor } from "../proposing.ts";
import { openTargets, readManifest, type OpenTarget, type ReadManifest } from "../target.ts";
import { settleWindows } from "../watcher/settle-windows.ts";
import { usageError } from "../usage.ts";
import { isFolder, readBundle } from "./bundle.ts";
import { endingDocument, endingPage, type Ending } from "./ending.ts";

/** One target on its way: the saved plan of it, where there is one. */
interface Step {
  readonly name: string;
  readonly found: NamedPlan | null;
}

/**
 * Applies to several targets, one after the other. All are connected to, shown, checked and agreed to before the first is changed. The first that fails ends it: what was applied before it stands, and nothing after it
 * is started.
 */
export async function applySeveral(
  names: readonly string[] | null,
  { context, input }: { readonly context: CliContext; readonly input: Input },
): Promise<ExitCode> {
  const read = await readManifest(context);
  await settleWindows(read, context);
  const steps = await stepsOf(names, read, { context, input });
  const targets = steps.map(({ name }) => name);
  checkAccepted(targets, input);
  const again = input.given.length > 0 ? input.given : input.flag("all-targets") ? ["--all-targets"] : null;
  return await openTargets(read, targets, {
    context,
    work: async (opened) => {
      const proposals: (Proposal | Run)[] = [];
      for (const [index, target] of opened.entries()) {
        proposals.push(await proposalOrRun(steps[index]?.found ?? null, target, { context, input }));
      }
      showAll(proposals, targets, context);
      for (const each of openProposals(proposals)) refuse(each.report, each.choices, "named");
      for (const each of openProposals(proposals)) await checkRemovals(each, context);
      for (const each of openProposals(proposals)) await checkSimulation(each, context);
      for (const each of openProposals(proposals)) await checkApprovals(each, context);
      for (const each of openProposals(proposals)) if (!each.choices.yes) await agree(each, context);
      const endings = await carryOutAll(proposals, targets, context);
      context.show(endingPage(endings, again), () => endingDocument(endings, again));
      return exitOf(endings);
    },
  });
}

/** What is to be done, in order: the plans as they were named, a folder standing for its bundle, or the targets. */
async function stepsOf(
  names: readonly string[] | null,
  read: ReadManifest,
  { context, input }: { readonly context: CliContext; readonly input: Input },
): Promise<readonly Step[]> {
  if (input.given.length === 0) return (names ?? []).map((name) => ({ name, found: null }));
  if (names !== null) {
    throw usageError("RW004", "saved plans name their targets themselves", "leave out `--target` and `--all-targets`");
  }
  const found: NamedPlan[] = [];
  for (const named of input.given) {
    if (await isFolder(named, context)) {
      for (const plan of await readBundle(named, context)) {
        found.push({ plan, run: (await read.runs.load(plan.digest))?.run ?? null });
      }
    } else found.push(await findPlan(named, read.runs, context));
  }
  const steps = found.map((each) => ({ name: each.plan.target.name, found: each }));
  const [twice] = steps.filter(({ name }, index) => steps.findIndex((other) => other.name === name) < index);
  if (twice !== undefined) {
    throw new RolewrightError(
      "RW816",
      `two of the plans are about \`${twice.name}\`, and the first would make the second stale`,
      {
        help: "apply the one, then plan again",
      },
    );
  }
  const unknown = steps.find(({ name }) => read.manifest.targets?.[name] === undefined);
  if (unknown !== undefined) {
    throw usageError("RW803", `there is no target \`${unknown.name}\` in the manifest, and a plan is for it`);
  }
  return steps;
}

/** A number that was accepted must say for which target, and that must be one of them. */
function checkAccepted(targets: readonly string[], input: Input): void {
  for (const target of acceptedLosses(input).keys()) {
    if (target === null) {
      throw usageError(
        "RW004",
        "with several targets a loss is accepted by the target's name",
        "write `--accept-access-loss=TARGET=N`",
      );
    }
    if (!targets.includes(target)) {
      throw usageError(
        "RW803",
        `--accept-access-loss is about \`${target}\`, which is not one of these targets`,
        `the targets are ${targets.join(", ")}`,
      );
    }
  }
}

/** The run of a plan that was applied before: a bundle that stopped half-way goes on where it stopped. */
async function proposalOrRun(
  found: NamedPlan | null,
  target: OpenTarget,
  given: { readonly context: CliContext; readonly input: Input },
): Promise<Proposal | Run> {
  if (found?.run?.state === "applied") return found.run;
  try {
    return await proposalFor(found, target, given);
  } catch (error) {
    if (!(error instanceof RolewrightError) || error instanceof FindingsError) throw error;
    const { code, message, help, exitCode, details } = error;
    const more = { exitCode, cause: error, details: { ...details, target: target.name } };
    throw new RolewrightError(code, `on target \`${target.name}\`: ${message}`, {
      ...more,
      ...(help === undefined ? {} : { help }),
    });
  }
}

function showAll(proposals: readonly (Proposal | Run)[], targets: readonly string[], context: CliContext): void {
  if (context.globals.json) return;
  for (const [index, each] of proposals.entries()) {
    const place = `${index + 1} of ${targets.length}: ${targets[index] ?? ""}`;
    context.print([{ kind: "line", label: "TARGET", text: "state" in each ? `${place}, applied already` : place }]);
    if (!("state" in each)) propose(each, context);
  }
  context.print([{ kind: "line", label: "ORDER", text: `${targets.join(", then ")}; the first that fails ends it` }]);
}

function openProposals(proposals: readonly (Proposal | Run)[]): readonly Proposal[] {
  return proposals.flatMap((each) => ("state" in each || changesNothing(each.report) ? [] : [each]));
}

async function carryOutAll(
  proposals: readonly (Proposal | Run)[],
  targets: readonly string[],
  context: CliContext,
): Promise<readonly Ending[]> {
  const endings: Ending[] = [];
  for (const [index, each] of proposals.entries()) {
    const name = targets[index] ?? "";
    if (endings.some((ending) => ending.kind === "failed" || stops(ending)))
      endings.push({ kind: "not started", name });
    else if ("state" in each) endings.push({ kind: "applied before", name, run: each });
    else if (changesNothing(each.report)) endings.push({ kind: "no changes", name });
    else endings.push(await carryOutOne(name, each, context));
  }
  return endings;
}

/** Whatever is thrown, what stands on the other targets must still be said; so it becomes an ending. */
async function carryOutOne(name: string, proposal: Proposal, context: CliContext): Promise<Ending> {
  const heading = { kind: "line" as const, label: "TARGET", text: name };
  try {
    const { outcome, page, window } = await carryOut(proposal, context);
    if (!context.globals.json) context.print([heading, ...page]);
    const { digest } = proposal.report.plan;
    if (window !== null && window.exit !== EXIT.done) return { kind: "failed", name, error: takenBack(digest), digest };
    return { kind: "outcome", name, outcome };
  } catch (cause) {
    context.progress.clear();
    const error =
      cause instanceof RolewrightError
        ? cause
        : new RolewrightError("RW899", `this is a defect of rolewright: ${String(cause)}`, {
            cause,
            help: "`rolewright status` tells whether anything was applied",
          });
    context.tell([heading, ...failurePage(error)]);
    return { kind: "failed", name, error, digest: proposal.report.plan.digest };
  }
}

/** Said once more where all targets are listed. */
function takenBack(plan: Digest): RolewrightError {
  const name = shortDigest(plan);
  return new RolewrightError("RW696", `plan ${name} was taken back, or is being taken back`, {
    exitCode: EXIT.reverted,
    help: `rolewright status ${name}`,
  });
}

function stops(ending: Ending): boolean {
  return ending.kind === "outcome" && exitCodeOf(ending.outcome) !== EXIT.done;
}

/** How the failing one ended; but 1 where something stands, since then it was neither refused nor taken back as a whole. */
function exitOf(endings: readonly Ending[]): ExitCode {
  const failing = endings.find((ending) => ending.kind === "failed" || stops(ending));
  if (failing === undefined) return EXIT.done;
  const stands = endings.some((ending) => ending.kind === "outcome" && remains(ending.outcome));
  if (stands) return EXIT.failed;
  return failing.kind === "failed"
    ? failing.error.exitCode
    : failing.kind === "outcome"
      ? exitCodeOf(failing.outcome)
      : EXIT.failed;
}

function remains(outcome: Outcome): boolean {
  return outcome.kind !== "rolled-back";
}
