import { setTimeout as sleep } from "node:timers/promises";

/** Waits so many milliseconds, less when `enough` says so. Throws when `signal` does. */
export async function waitUnless(
  milliseconds: number,
  { enough, signal }: { readonly enough?: AbortSignal; readonly signal?: AbortSignal },
): Promise<void> {
  const signals = [enough, signal].filter((each) => each !== undefined);
  await sleep(milliseconds, undefined, { signal: AbortSignal.any(signals) }).catch(() => signal?.throwIfAborted());
}
