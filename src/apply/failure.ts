import { RolewrightError } from "../base/error.ts";

/** Why a stage did not stand. */
export interface Failure {
  readonly code: string;
  /** One sentence for people. */
  readonly because: string;
  /** The error as it was thrown. */
  readonly error: unknown;
}

/** What an error means for the run; an error that arrives after the signal was aborted is the interruption. Defects of ours keep their own text under RW412's neighbour RW499. */
export function failureOf(error: unknown, signal: AbortSignal): Failure {
  // Whatever else happened: how it ended is not known, and nothing may be claimed.
  if (error instanceof RolewrightError && error.code === "RW423")
    return { code: error.code, because: error.message, error };
  if (signal.aborted) return { code: "RW414", because: "the apply was interrupted", error };
  if (error instanceof RolewrightError) return { code: error.code, because: error.message, error };
  return { code: "RW499", because: error instanceof Error ? error.message : String(error), error };
}

/** True for failures that another attempt from the start can overcome. */
export function isRetryable(failure: Failure): boolean {
  return failure.code === "RW410" || failure.code === "RW411";
}

/** Waits; ends at once when the signal is aborted. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });
}

/** How long to wait before the next attempt: doubles with each of the first five, and is shortened at random so that two appliers do not meet again. */
export function backoff(attempt: number, firstMs: number, random: number = Math.random()): number {
  return Math.round(firstMs * 2 ** Math.min(attempt - 1, 4) * (0.5 + random / 2));
}
