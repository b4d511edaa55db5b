import { RolewrightError } from "../../../base/error.ts";
import { SET_UP_SESSION } from "./tables.ts";

/** What the store needs of a session in the log's database. Every value arrives as text, as the server prints it. */
export interface LogSession extends AsyncDisposable {
  /** True once the connection is gone. */
  readonly lost: boolean;
  rows<Row extends readonly (string | null)[]>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Runs statements without rows and gives back what the server remarked. */
  run(text: string): Promise<readonly { readonly severity: string; readonly message: string }[]>;
  /** Drops the connection without a word. */
  destroy(): void;
}

/** Does something alone in the one session that a store has. After any error the session is given up: what it was in the middle of is known to nobody. */
export type Turn = <T>(work: (session: LogSession) => Promise<T>) => Promise<T>;

/** A session that nobody needed for so long is closed: it must not keep a process from ending. */
const IDLE_MS = 250;

/** Opens a session when there is something to do, and closes it when there is nothing more. */
export function turns(connect: () => Promise<LogSession>): Turn {
  let session: LogSession | null = null;
  let idle: NodeJS.Timeout | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  const opened = async (): Promise<LogSession> => {
    if (session !== null && !session.lost) return session;
    session = null;
    const fresh = await connect();
    try {
      await fresh.rows(SET_UP_SESSION);
    } catch (error) {
      fresh.destroy();
      throw error;
    }
    session = fresh;
    return fresh;
  };
  const close = (): void => {
    const closing = session;
    session = null;
    closing?.[Symbol.asyncDispose]().then(undefined, () => closing.destroy());
  };
  const alone = async <T>(work: (session: LogSession) => Promise<T>): Promise<T> => {
    if (idle !== null) clearTimeout(idle);
    idle = null;
    try {
      return await work(await opened());
    } catch (error) {
      session?.destroy();
      session = null;
      throw explained(error);
    } finally {
      waiting -= 1;
      if (waiting === 0 && session !== null) idle = setTimeout(close, IDLE_MS);
    }
  };
  return (work) => {
    waiting += 1;
    const mine = last.then(() => alone(work));
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** Runs statements as one transaction. When it throws, it is unknown whether that was committed. */
export async function inTransaction<T>(session: LogSession, work: () => Promise<T>): Promise<T> {
  await session.run("begin isolation level read committed read write");
  const result = await work();
  const remarks = await session.run("commit");
  // A wait for a standby that somebody canceled ends with a warning, and with a commit that may be on one machine only.
  const warning = remarks.find(({ severity }) => severity === "WARNING");
  if (warning !== undefined) throw new Error(`the commit ended with a warning: ${warning.message}`);
  return result;
}

/** The bytes of a `bytea` as the server prints it. */
export function bytesOf(hex: string): Uint8Array {
  return Buffer.from(hex.slice("\\x".length), "hex");
}

/** The SQLSTATE of an error of the server; empty for every other. */
export function stateOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** What the server refused, in our words. */
function explained(error: unknown): unknown {
  if (error instanceof RolewrightError && error.code.startsWith("RW6")) return error;
  const reason = error instanceof Error ? error.message : String(error);
  if (stateOf(error) === "55P03") {
    return new RolewrightError("RW648", "another writer holds the audit log, and did not let go of it in 30 seconds", {
      cause: error,
      help: "what it was to announce was not done; run it again, and look for who holds it in `pg_stat_activity`",
    });
  }
  return new RolewrightError("RW601", `the audit log could not be written or read: ${reason}`, {
    cause: error,
    help: "what it was to announce was not done; have the log's database answer, and run it again",
  });
}

/** What is stored does not fit together. */
export function damaged(why: string): RolewrightError {
  return new RolewrightError("RW604", `the audit log is damaged: ${why}`, {
    help: "nothing was written; `rolewright audit verify --full` says what is wrong where",
  });
}
