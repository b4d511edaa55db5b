import type { CliContext } from "../context.ts";
import type { Input } from "../input.ts";
import { chooseTargets, readManifest } from "../target.ts";

/** The targets of a command that was given several, or `--all-targets`, in the order of the manifest; null where it is about one. */
export async function severalTargets(context: CliContext, input: Input): Promise<readonly string[] | null> {
  const all = input.flag("all-targets");
  if (!all && context.globals.targets.length < 2) return null;
  const { manifest } = await readManifest(context);
  return chooseTargets(manifest, context, { all });
}
