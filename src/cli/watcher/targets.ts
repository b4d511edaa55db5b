import type { Run } from "../../apply/outcome.ts";
import type { ReadManifest } from "../target.ts";

/** The target of the manifest that a run was for: by its name, or the only one, whatever it was called then; null where it is not there any more. */
export function targetOf(run: Run, read: ReadManifest): string | null {
  const names = Object.keys(read.manifest.targets ?? {});
  if (names.includes(run.target)) return run.target;
  const [only] = names;
  return names.length === 1 && only !== undefined ? only : null;
}
