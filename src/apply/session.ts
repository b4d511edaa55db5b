import { RolewrightError } from "../base/error.ts";
import type { Transaction } from "../engine/engine.ts";
import type { ResolvedOptions } from "./apply-options.ts";
import { pause } from "./failure.ts";

/** A way to run statements that each stand at once; where it is lost, another one is opened. */
export interface Session extends AsyncDisposable {
  readonly transaction: Transaction;
  /** A new transaction for the one that was lost. Throws RW423 when the server cannot be reached in time. */
  reopen(cause: unknown): Promise<Transaction>;
}

const PATIENCE: AbortSignal = new AbortController().signal;

/** An interruption is looked for between the statements: one that runs is waited for, since ending it would leave its effect unknown. */
export async function openSession(
  database: string,
  options: Pick<ResolvedOptions, "connection" | "lockTimeoutMs" | "statementTimeoutMs" | "reconnectMs">,
): Promise<Session> {
  const { connection, lockTimeoutMs, statementTimeoutMs, reconnectMs } = options;
  const begin = (): Promise<Transaction> => connection.begin(database, { lockTimeoutMs, statementTimeoutMs });
  let transaction = await begin();
  return {
    get transaction() {
      return transaction;
    },
    async reopen(cause) {
      const deadline = performance.now() + reconnectMs;
      for (;;) {
        try {
          const next = await begin();
          await close(transaction);
          transaction = next;
          return next;
        } catch {
          if (performance.now() >= deadline) throw unknown(cause);
          await pause(100, PATIENCE);
        }
      }
    },
    [Symbol.asyncDispose]: () => transaction[Symbol.asyncDispose](),
  };
}

/** One that was lost may not be closed any more, which matters to nobody. */
async function close(transaction: Transaction): Promise<void> {
  try {
    await transaction[Symbol.asyncDispose]();
  } catch {
    // It is gone.
  }
}

function unknown(cause: unknown): RolewrightError {
  return new RolewrightError(
    "RW423",
    "the connection was lost and it is not known yet how the apply ended: the server cannot be reached",
    { cause, help: "run `rolewright status` when the server is back; it settles what became of this run" },
  );
}
