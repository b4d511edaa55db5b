import { RolewrightError } from "../base/error.ts";
import type { Progress, ResolvedOptions } from "./apply-options.ts";

/**
 * Tells the listener where the apply stands, before anything is committed. What it throws ends the apply like an interruption, so that a broken screen cannot leave a transaction open.
 */
export async function tell(options: Pick<ResolvedOptions, "onProgress">, progress: Progress): Promise<void> {
  try {
    await options.onProgress(progress);
  } catch (cause) {
    throw new RolewrightError("RW414", "the apply was stopped by whoever watches its progress", { cause });
  }
}

/** Tells the listener what can no longer be stopped: after a commit, and while committed stages are taken back. What it throws changes nothing. */
export async function tellOnly(options: Pick<ResolvedOptions, "onProgress">, progress: Progress): Promise<void> {
  try {
    await options.onProgress(progress);
  } catch {
    // What was committed stands, whatever the screen does.
  }
}
