import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Run } from "../../apply/outcome.ts";
import { RolewrightError } from "../../base/error.ts";
import { Secret } from "../../base/secret.ts";
import { resolveReference, resolveUrl } from "../../config/load.ts";
import type { CommandProbeEntry, SqlProbeEntry } from "../../config/manifest-judging.ts";
import { parseSeconds } from "../../config/seconds.ts";
import { engineOfUrl, loadEngine } from "../../engine/registry.ts";
import { shortDigest } from "../../base/digest.ts";
import type { CliContext } from "../context.ts";
import { judgePlan } from "../pipeline.ts";
import { openTarget, readLive, type ReadManifest } from "../target.ts";

/** A probe of the manifest with its login looked up. */
export interface Probe {
  readonly entry: SqlProbeEntry | CommandProbeEntry;
  readonly url: Secret | null;
}

export interface ProbeResult {
  readonly passed: number;
  /** What did not pass and why, as sentences. */
  readonly failed: readonly string[];
}

const DEFAULT_SECONDS = 30;
/** So many times the access tests are tried when the server cannot be read. */
const ATTEMPTS = 3;

/** The probes for a target. Throws where the login of one is missing: before anything is changed. */
export function probesFor(read: ReadManifest, target: string, context: CliContext): readonly Probe[] {
  return (read.manifest.probes ?? []).flatMap((entry, index): Probe[] => {
    if ("denials" in entry || (entry.targets !== undefined && !entry.targets.includes(target))) return [];
    const url =
      entry.url !== undefined
        ? resolveReference(read.loaded, entry.url, ["probes", index, "url"], context.env)
        : "sql" in entry
          ? resolveUrl(read.loaded, target, context.env)
          : null;
    if (url === null || url instanceof Secret) return [{ entry, url }];
    const help = url.help === undefined ? {} : { help: url.help };
    throw new RolewrightError(url.code, `probe \`${entry.name}\`: ${url.message}`, help);
  });
}

/** Runs the access tests on the state as it is now, and every probe. Whatever could not be asked has failed. */
export async function runProbes(
  run: Run,
  probes: readonly Probe[],
  given: { readonly read: ReadManifest; readonly target: string; readonly context: CliContext },
): Promise<ProbeResult> {
  const failed: string[] = [...(await failingTests(run, given))];
  let passed = failed.length === 0 && (given.read.manifest.tests ?? []).length > 0 ? 1 : 0;
  for (const { entry, url } of probes) {
    const signal = AbortSignal.any([
      given.context.signal,
      AbortSignal.timeout(1000 * (parseSeconds(entry.timeout ?? "") ?? DEFAULT_SECONDS)),
    ]);
    const problem =
      "sql" in entry ? await askSql(entry, url, signal) : await runCommand(entry, url, { run, signal, ...given });
    // A watcher that is told to end says nothing about the server.
    given.context.signal.throwIfAborted();
    if (problem === null) passed += 1;
    else failed.push(`probe \`${entry.name}\`: ${problem}`);
  }
  return { passed, failed };
}

async function failingTests(
  run: Run,
  { read, target, context }: { readonly read: ReadManifest; readonly target: string; readonly context: CliContext },
): Promise<readonly string[]> {
  if ((read.manifest.tests ?? []).length === 0) return [];
  const stored = await read.runs.load(run.plan);
  if (stored === null) return ["the record of the run vanished"];
  for (let attempt = 1; ; attempt++) {
    try {
      return await openTarget(read, target, {
        context,
        work: async (open) => {
          const live = await readLive(open, context);
          const failing = judgePlan(stored.plan, open, live).guards.failingTests(live, live.access);
          return failing
            .filter(({ severity }) => severity === "error")
            .map(({ code, message }) => `${code} ${message}`);
        },
      });
    } catch (error) {
      context.signal.throwIfAborted();
      if (attempt >= ATTEMPTS) return [`the access tests could not be run: ${textOf(error)}`];
    }
  }
}

/** Null when it is as it must be. Where statements take part in transactions, nothing of it remains. */
async function askSql(entry: SqlProbeEntry, url: Secret | null, signal: AbortSignal): Promise<string | null> {
  if (url === null) return "it has no login";
  const denied = await abortable(execute(entry.sql, url, signal), signal).catch((error: unknown) =>
    signal.aborted ? new Error("it took too long") : error,
  );
  const mustWork = (entry.must ?? "allow") === "allow";
  if (denied === null) return mustWork ? null : "it was allowed, and must be denied";
  if (mustWork) return textOf(denied);
  return /denied|unauthori[sz]ed|no .{0,60}permission/iu.test(textOf(denied)) ? null : textOf(denied);
}

async function execute(text: string, url: Secret, signal: AbortSignal): Promise<null> {
  const engine = await loadEngine(engineOfUrl(url));
  await using connection = await engine.connect({ url, signal });
  const { databases } = await connection.identify();
  await using transaction = await connection.begin(databases[0] ?? "", {
    lockTimeoutMs: 10_000,
    statementTimeoutMs: 600_000,
    signal,
  });
  await transaction.execute({ text });
  await transaction.rollback();
  return null;
}

/** A driver that does not look at the signal is left alone when the time is up. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const ended = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("it took too long")), { once: true });
  });
  work.catch(() => undefined);
  return await Promise.race([work, ended]);
}

async function runCommand(
  entry: CommandProbeEntry,
  url: Secret | null,
  given: {
    readonly run: Run;
    readonly signal: AbortSignal;
    readonly read: ReadManifest;
    readonly target: string;
    readonly context: CliContext;
  },
): Promise<string | null> {
  const { run, signal, read, target, context } = given;
  const [program = "", ...args] = entry.run;
  const child = spawn(program, args, {
    cwd: read.loaded.root,
    env: {
      ...context.env,
      ROLEWRIGHT_TARGET: target,
      ROLEWRIGHT_PLAN: shortDigest(run.plan),
      ...(url === null ? {} : { ROLEWRIGHT_PROBE_URL: url.reveal() }),
    },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
    killSignal: "SIGKILL",
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-500)));
  }
  try {
    const [code, killed] = (await once(child, "exit")) as [number | null, string | null];
    if (code === 0) return null;
    const last = said.trim().split("\n").at(-1) ?? "";
    return `it ended with ${killed ?? `exit code ${code}`}${last === "" ? "" : `: ${last}`}`;
  } catch (error) {
    return signal.aborted ? "it took too long" : textOf(error);
  }
}

function textOf(error: unknown): string {
  return error instanceof RolewrightError
    ? `${error.code} ${error.message}`
    : error instanceof Error
      ? error.message
      : String(error);
}
