import type { Evidence } from "../model/workload.ts";
import { readEvidence } from "../simulation/evidence/file.ts";
import { mergeEvidence } from "../simulation/evidence/merge.ts";

/** Reads files of evidence as one; what two of them saw of the same source is counted once. */
export async function readEvidenceFiles(paths: readonly string[]): Promise<Evidence> {
  const [first, ...others] = await Promise.all(paths.map(readEvidence));
  if (first === undefined) throw new TypeError("there is a file at least");
  return mergeEvidence([first, ...others]);
}
