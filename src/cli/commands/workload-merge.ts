import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { EXIT } from "../../base/error.ts";
import { evidenceBytes, evidenceDigest, readEvidence } from "../../simulation/evidence/file.ts";
import { forget, RETENTION_DAYS, retain } from "../../simulation/evidence/keep.ts";
import { mergeEvidence } from "../../simulation/evidence/merge.ts";
import type { Action } from "../command-spec.ts";
import { usageError } from "../usage.ts";
import { evidencePage, evidenceSummary } from "../workload/evidence-page.ts";

/** Joins files of evidence, lets go what is too old, and takes out what somebody did. */
export const workloadMerge: Action = async (context, input) => {
  const out = input.text("out");
  if (out === null)
    throw usageError("RW004", "there is no `--out`", "say where the evidence is written: `--out all.json`");
  const days = input.count("keep-days") ?? RETENTION_DAYS;
  const [first, ...others] = await Promise.all(input.given.map((path) => readEvidence(resolve(context.cwd, path))));
  if (first === undefined) throw usageError("RW004", "there is nothing to join", "name files of evidence");
  const merged = forget(mergeEvidence([first, ...others]), input.list("forget"));
  const evidence = retain(merged, { now: context.clock.now(), days });
  await writeFile(resolve(context.cwd, out), await evidenceBytes(evidence, out));
  context.show(evidencePage(evidence, { listed: 0, now: context.clock.now() }), () => ({
    file: out,
    digest: evidenceDigest(evidence),
    ...evidenceSummary(evidence),
  }));
  return EXIT.done;
};
