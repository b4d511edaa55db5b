import type { ExitCode } from "../../base/error.ts";
import { proposeAndApply } from "../applying.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import type { Input } from "../input.ts";
import { findPlan } from "../plan-files.ts";
import { acceptedLosses } from "../plan-options.ts";
import { proposalFor } from "../proposing.ts";
import { applySeveral } from "../several/apply.ts";
import { isFolder } from "../several/bundle.ts";
import { severalTargets } from "../several/choose.ts";
import { chooseTarget, chosenFor, openTarget, readManifest } from "../target.ts";
import { usageError } from "../usage.ts";
import { settleWindows } from "../watcher/settle-windows.ts";

/** Applies a saved plan exactly, or makes one and asks; or those of several targets, one after the other. */
export const apply: Action = async (context, input) => {
  const rotate = input.list("rotate-password");
  const [named, ...others] = input.given;
  if (named !== undefined && (rotate.length > 0 || input.count("allow-removals") !== null)) {
    throw usageError(
      "RW004",
      "--rotate-password and --allow-removals shape a plan, and a saved plan is applied as it is",
      "give it to `rolewright plan --out`",
    );
  }
  acceptedLosses(input);
  const names = await severalTargets(context, input);
  const isSeveral = names !== null || others.length > 0 || (named !== undefined && (await isFolder(named, context)));
  return isSeveral ? await applySeveral(names, { context, input }) : await applyOne(named, { context, input });
};

async function applyOne(
  named: string | undefined,
  { context, input }: { readonly context: CliContext; readonly input: Input },
): Promise<ExitCode> {
  const read = await readManifest(context);
  await settleWindows(read, context);
  const found = named === undefined ? null : await findPlan(named, read.runs, context);
  const name = found === null ? chooseTarget(read.manifest, context) : chosenFor(found.plan, read.manifest, context);
  return await openTarget(read, name, {
    context,
    work: async (target) => proposeAndApply(await proposalFor(found, target, { context, input }), context),
  });
}
