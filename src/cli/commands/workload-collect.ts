import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { EXIT } from "../../base/error.ts";
import type { Evidence } from "../../model/workload.ts";
import { evidenceOf } from "../../simulation/evidence/aggregate.ts";
import { type Collected, collectLogs } from "../../simulation/evidence/collect.ts";
import { evidenceBytes, evidenceDigest } from "../../simulation/evidence/file.ts";
import { neutralLog } from "../../simulation/evidence/jsonl.ts";
import { evidenceOfTarget } from "../../simulation/evidence/target.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import type { Input } from "../input.ts";
import type { Page } from "../output/page.ts";
import { usageError } from "../usage.ts";
import { evidencePage, evidenceSummary } from "../workload/evidence-page.ts";
import { collectLive, readDuration } from "../workload/live.ts";
import { readTimes, readZone } from "../workload/options.ts";
import { workloadServer, type WorkloadServer } from "../workload/server.ts";

/** Reads logs and counters into a file of evidence. */
export const workloadCollect: Action = async (asked, input) => {
  const out = input.text("out");
  const live = input.text("live");
  if (out === null)
    throw usageError("RW004", "there is no `--out`", "say where the evidence is written: `--out evidence.json`");
  if (input.given.length === 0 && live === null) {
    throw usageError(
      "RW004",
      "there is nothing to read",
      "name the files of a log, or what to ask the server with `--live`",
    );
  }
  const server = await workloadServer(asked, input);
  const times = readTimes(input);
  const forSeconds = input.text("for") === null ? 0 : readDuration("for", input.text("for") ?? "");
  const fromLogs = input.given.length === 0 ? NOTHING : await readLogs(server, { context: asked, input });
  const fromServer =
    live === null ? NOTHING : await collectLive(server, { sources: live, forSeconds, ...times }, asked);
  // An interruption ends the time that was asked for, and what was seen until then is kept.
  const context = forSeconds > 0 && asked.signal.aborted ? { ...asked, signal: new AbortController().signal } : asked;
  const collected = evidenceOf(server.engine.name, null, {
    windows: [...fromLogs.windows, ...fromServer.windows],
    uses: [...fromLogs.uses, ...fromServer.uses],
  });
  const evidence = server.isNamed || live !== null ? await ofTarget(collected, server, context) : collected;
  context.progress.step("writing the evidence");
  await writeFile(resolve(context.cwd, out), await evidenceBytes(evidence, out));
  context.progress.clear();
  if (context !== asked) context.tell([STOPPED]);
  context.show(evidencePage(evidence, { listed: 0, now: context.clock.now() }), () => ({
    file: out,
    digest: evidenceDigest(evidence),
    ...evidenceSummary(evidence),
  }));
  return EXIT.done;
};

const STOPPED: Page[number] = {
  kind: "line",
  label: "STOPPED",
  tone: "warn",
  text: "before its time was over; what was seen until then is in the evidence",
};

const NOTHING: Collected = { windows: [], uses: [] };

async function readLogs(
  server: WorkloadServer,
  { context, input }: { readonly context: CliContext; readonly input: Input },
): Promise<Collected> {
  const simulation = await server.engine.simulation();
  const [format, linePrefix, timeZone] = [input.text("format"), input.text("line-prefix"), readZone(input)];
  return await collectLogs(
    input.given.map((path) => resolve(context.cwd, path)),
    {
      formats: [...simulation.logs, neutralLog(simulation.grammar)],
      ...readTimes(input),
      ...(format === null ? {} : { format }),
      ...(linePrefix === null ? {} : { linePrefix }),
      ...(timeZone === null ? {} : { timeZone }),
      signal: context.signal,
      onProgress: (step) => context.progress.step(step),
    },
  );
}

/** Compares the names in it with the server's, and says of which server it is. */
async function ofTarget(evidence: Evidence, server: WorkloadServer, context: CliContext): Promise<Evidence> {
  context.progress.step("connecting");
  await using connection = await server.engine.connect({
    url: server.url(),
    signal: context.signal,
    ...(server.databases === null ? {} : { databases: server.databases }),
  });
  context.progress.step("reading the names that the server knows");
  const { loginOf } = await server.engine.simulation();
  return evidenceOfTarget(evidence, await connection.introspect({ signal: context.signal }), loginOf);
}
