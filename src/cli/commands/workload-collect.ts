import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { shortDigest } from "../../base/digest.ts";
import { EXIT } from "../../base/error.ts";
import { loadEngine } from "../../engine/registry.ts";
import type { Evidence } from "../../model/workload.ts";
import { evidenceOf } from "../../simulation/evidence/aggregate.ts";
import { collectLogs } from "../../simulation/evidence/collect.ts";
import { evidenceBytes, evidenceDigest } from "../../simulation/evidence/file.ts";
import { neutralLog } from "../../simulation/evidence/jsonl.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import { findManifest } from "../files.ts";
import type { Input } from "../input.ts";
import { namesUrl } from "../url-source.ts";
import { usageError } from "../usage.ts";
import { evidencePage, evidenceSummary } from "../workload/evidence-page.ts";

/** Reads logs and counters into a file of evidence. */
export const workloadCollect: Action = async (context, input) => {
  const out = input.text("out");
  if (out === null)
    throw usageError("RW004", "there is no `--out`", "say where the evidence is written: `--out evidence.json`");
  if (input.given.length === 0) throw usageError("RW004", "there is nothing to read", "name the files of a log");
  const engine = await loadEngine(await engineName(context, input));
  const simulation = await engine.simulation();
  const collected = await collectLogs(
    input.given.map((path) => resolve(context.cwd, path)),
    {
      formats: [...simulation.logs, neutralLog(simulation.grammar)],
      ...texts(input),
      signal: context.signal,
      onProgress: (step) => context.progress.step(step),
    },
  );
  const evidence = evidenceOf(engine.name, null, collected);
  context.progress.step("writing the evidence");
  await writeFile(resolve(context.cwd, out), await evidenceBytes(evidence, out));
  context.progress.clear();
  context.show(evidencePage(evidence, { listed: 0, now: context.clock.now() }), () => document(evidence, out));
  return EXIT.done;
};

function document(evidence: Evidence, out: string): Record<string, unknown> {
  return {
    file: out,
    digest: evidenceDigest(evidence),
    short_digest: shortDigest(evidenceDigest(evidence)),
    ...evidenceSummary(evidence),
  };
}

/** `--engine`, or the engine of the chosen target of a manifest. */
async function engineName(context: CliContext, input: Input): Promise<string> {
  const named = input.text("engine");
  if (named !== null) return named;
  if (!namesUrl(input) && (await findManifest(context)) !== null) {
    const { chooseTarget, readManifest } = await import("../target.ts");
    const { manifest } = await readManifest(context);
    return manifest.targets?.[chooseTarget(manifest, context)]?.engine ?? "";
  }
  const { ENGINE_NAMES } = await import("../../model/engine-name.ts");
  throw usageError(
    "RW004",
    "it is not known of which engine the logs are",
    `name it with \`--engine\`: ${ENGINE_NAMES.join(", ")}`,
  );
}

function texts(input: Input): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [option, field] of [
    ["format", "format"],
    ["line-prefix", "linePrefix"],
    ["time-zone", "timeZone"],
  ] as const) {
    const value = input.text(option);
    if (value !== null) found[field] = value;
  }
  for (const name of ["since", "until"] as const) {
    const value = input.text(name);
    if (value !== null) found[name] = instant(name, value);
  }
  return found;
}

function instant(name: string, text: string): string {
  const time = /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/u.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw usageError(
    "RW004",
    `option \`--${name}\` takes a time, not \`${text}\``,
    "such as 2026-11-22 or 2026-11-22T10:00:00Z",
  );
}
