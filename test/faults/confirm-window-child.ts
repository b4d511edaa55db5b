import { applyPlan } from "../../src/apply/apply.ts";
import type { RunStore } from "../../src/apply/outcome.ts";
import type { WindowStore } from "../../src/apply/window.ts";
import { applyOptions } from "../../src/cli/applying.ts";
import { DEFAULT_GLOBALS, processContext } from "../../src/cli/context.ts";
import { Input } from "../../src/cli/input.ts";
import { proposalFor } from "../../src/cli/proposing.ts";
import { openTarget, readManifest, type ReadManifest } from "../../src/cli/target.ts";
import { watchWindow } from "../../src/cli/watcher/watch.ts";
import type { Digest } from "../../src/base/digest.ts";
import { watcherOf } from "../../src/store/files/window-watcher.ts";
import { intercept } from "../support/intercept.ts";

/**
 * Does what `rolewright apply` or its watcher does, and is killed with SIGKILL before or after one of its writes: `node confirm-window-child.ts apply|watch KILLS MAIN [PLAN]`, where KILLS is `self` or `both`, and the write is told by
 * `KILL_AT=before 3`. `both` kills the watcher first. Without a kill it ends with exit code 7, so that a test of all writes knows when it has seen them.
 */
async function main(): Promise<void> {
  const [what = "", kills = "", program = "", plan = ""] = process.argv.slice(2);
  const [side = "", at = ""] = (process.env["KILL_AT"] ?? "").split(" ");
  process.argv[1] = program; // What a watcher is started from.
  const context = processContext(DEFAULT_GLOBALS, new AbortController().signal);
  const found = await readManifest(context);
  let count = 0;
  const die = async (): Promise<void> => {
    if (kills === "both") {
      for (const run of await found.runs.list()) {
        const watcher = await watcherOf(found.windowsFolder, run.plan);
        if (watcher !== null) process.kill(watcher.pid, "SIGKILL");
      }
    }
    process.kill(process.pid, "SIGKILL");
  };
  const around = async <T>(write: () => Promise<T>): Promise<T> => {
    const isHere = ++count === Number(at);
    if (isHere && side === "before") await die();
    const result = await write();
    if (isHere && side === "after") await die();
    return result;
  };
  const runs: RunStore = intercept(found.runs, {
    save: (run, of) => around(() => found.runs.save(run, of)),
    note: (of, note) => around(() => found.runs.note(of, note)),
  });
  const windows: WindowStore = intercept(found.windows, {
    append: (of, after, event) => around(() => found.windows.append(of, after, event)),
  });
  const read: ReadManifest = { ...found, runs, windows };
  if (what === "apply") await apply(read, context);
  else await watchWindow(plan as Digest, { read, target: "shop", context });
  process.exit(7);
}

async function apply(read: ReadManifest, context: ReturnType<typeof processContext>): Promise<void> {
  const input = new Input(
    [],
    new Map<string, unknown>([
      ["confirm-within", process.env["WITHIN"] ?? "1s"],
      ["yes", true],
    ]),
  );
  await openTarget(read, "shop", {
    context,
    work: async (target) => {
      const proposal = await proposalFor(null, target, { context, input });
      await applyPlan(proposal.report.plan, applyOptions(proposal, context));
    },
  });
}

await main();
