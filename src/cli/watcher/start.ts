import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { type Digest, shortDigest } from "../../base/digest.ts";
import { RolewrightError } from "../../base/error.ts";
import { watcherLog, watcherOf } from "../../store/files/window-watcher.ts";
import type { CliContext } from "../context.ts";
import { findManifest } from "../files.ts";
import type { ReadManifest } from "../target.ts";

const START_TIMEOUT_MS = 30_000;

/**
 * Starts a process that watches over a window: in a session of its own, so that neither the end of this process nor of its terminal reaches it, and with its output in a file. Returns when it has proved that it reaches the server, and
 * throws RW694 where it does not.
 */
export async function startWatcher(
  plan: Digest,
  { read, target, context }: { readonly read: ReadManifest; readonly target: string; readonly context: CliContext },
): Promise<void> {
  const folder = read.windowsFolder;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = watcherLog(folder, plan);
  const output = openSync(file, "a", 0o600);
  const manifest = await findManifest(context);
  const named = manifest === null ? [] : ["--manifest", manifest];
  const program = process.argv[1];
  if (program === undefined) throw failed(plan, "this process does not know its own program", file);
  const child = spawn(
    process.execPath,
    [...process.execArgv, program, "watch", plan, ...named, "--target", target, "--color", "never"],
    { cwd: context.cwd, env: { ...context.env }, detached: true, stdio: ["ignore", output, output] },
  );
  closeSync(output);
  let problem: string | null = null;
  child.once("error", (error) => (problem = error.message));
  child.once("exit", (code, signal) => (problem ??= `it ended with ${signal ?? `exit code ${code}`}`));
  child.unref();
  for (const end = performance.now() + START_TIMEOUT_MS; performance.now() < end; await wait(25)) {
    if (problem !== null) throw failed(plan, `${String(problem)}: ${await lastLine(file)}`, file);
    const watcher = await watcherOf(folder, plan);
    if (watcher !== null && watcher.pid === child.pid && watcher.lives) return;
  }
  child.kill("SIGTERM");
  throw failed(plan, `it was not ready within ${START_TIMEOUT_MS / 1000} s`, file);
}

async function lastLine(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.trim().split("\n").slice(-3).join(" ").slice(0, 600);
}

function failed(plan: Digest, why: string, file: string): RolewrightError {
  return new RolewrightError("RW694", `nobody watches over plan ${shortDigest(plan)}: ${why}`, {
    help: `read \`${file}\`, and run it again`,
    details: { log: file },
  });
}
