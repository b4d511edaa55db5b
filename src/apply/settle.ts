import type { Connection } from "../engine/engine.ts";
import { pause } from "./failure.ts";

/** How a transaction ended, or why that is not known. `unreachable`: the server could not be asked in time. */
export type Ending = "committed" | "aborted" | "in progress" | "unknown" | "unreachable";

/** Asks the server how a transaction ended, until it can be reached and the transaction is over, or the time is up. */
export async function endingOf(
  connection: Connection,
  transaction: string,
  options: { readonly withinMs: number },
): Promise<Ending> {
  const patience = new AbortController().signal;
  const deadline = performance.now() + options.withinMs;
  for (;;) {
    const ending = await ask(connection, transaction);
    if (ending !== "unreachable" && ending !== "in progress") return ending;
    if (performance.now() >= deadline) return ending;
    await pause(100, patience);
  }
}

async function ask(connection: Connection, transaction: string): Promise<Ending> {
  try {
    return await connection.transactionStatus(transaction);
  } catch {
    // The reason does not matter here: until the server answers, nothing is known.
    return "unreachable";
  }
}
