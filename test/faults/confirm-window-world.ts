import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Run } from "../../src/apply/outcome.ts";
import { viewWindow, type WindowView } from "../../src/apply/window.ts";
import { fileRunStore } from "../../src/store/files/run-store.ts";
import { fileWindowStore } from "../../src/store/files/window-store.ts";
import { type Watcher, watcherOf } from "../../src/store/files/window-watcher.ts";

/** A window as the files in a folder of a manifest tell it, read without the program. */
export interface SeenWindow {
  readonly run: Run;
  readonly view: WindowView;
  readonly watcher: Watcher | null;
}

/** The windows under a folder, newest first. */
export async function windowsIn(folder: string): Promise<readonly SeenWindow[]> {
  const home = join(folder, ".rolewright");
  const windows = fileWindowStore({ folder: join(home, "windows") });
  const seen: SeenWindow[] = [];
  for (const run of await fileRunStore({ folder: join(home, "runs") }).list()) {
    const view = viewWindow(run, await windows.events(run.plan), new Date());
    if (view !== null) seen.push({ run, view, watcher: await watcherOf(join(home, "windows"), run.plan) });
  }
  return seen;
}

/** The newest window; fails where there is none. */
export async function windowIn(folder: string): Promise<SeenWindow> {
  const [first] = await windowsIn(folder);
  if (first === undefined) throw new Error("there is no window");
  return first;
}

/** Kills whatever still watches under a folder. */
export async function endWatchers(folder: string): Promise<void> {
  for (const { watcher } of await windowsIn(folder).catch(() => []))
    if (watcher?.lives === true) await kill(watcher.pid);
}

/** Kills a process and waits until it is gone. */
export async function kill(pid: number | undefined, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
  if (pid === undefined) throw new Error("there is nobody to kill");
  process.kill(pid, signal);
  await until(() => Promise.resolve(!isAlive(pid)));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until something is true, and fails when that takes too long. */
export async function until(what: () => Promise<boolean>, seconds = 20): Promise<void> {
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await wait(50)) {
    if (await what()) return;
  }
  throw new Error("it did not come to that in time");
}
