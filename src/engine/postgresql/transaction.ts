import type { AccessState } from "../../model/access-state.ts";
import { RolewrightError } from "../../base/error.ts";
import type { Transaction, TransactionOptions } from "../engine.ts";
import { ask } from "./ask.ts";
import type { Notice, Session } from "./client.ts";
import { isConnectionLoss, readingError, statementError } from "./errors.ts";
import { introspectInside } from "./introspect.ts";
import { quoteLiteral } from "./quote.ts";

export interface OpenTransaction extends TransactionOptions {
  readonly major: number;
  readonly address: string;
  /** Stops what the session runs now; called when the signal fires. */
  cancel(processId: number): Promise<void>;
}

const BEGIN = "begin transaction isolation level read committed, read write";
/** Taking the id writes it into the transaction before any statement runs: it is what a crash is reconciled by. */
const TRANSACTION_ID = "select pg_current_xact_id()";
const TIMEOUTS = "select set_config('lock_timeout', $1, true), set_config('statement_timeout', $2, true)";
// The name of the role is a value here, exact as in the catalog: nothing to quote.
const BECOME = "select set_config('role', $1, true)";

/** Where a secret stands in the text of a statement. */
const SECRET_PLACE = /\$secret\b/g;

// "no privileges were granted", "not all privileges were granted", "no privileges could be revoked", "not all privileges could be revoked", "role ... has not been granted
// membership", "sequence only supports ...": the statement succeeds and did nothing, or only a part.
const NOT_DONE: ReadonlySet<string> = new Set(["01007", "01006", "0LP01", "01000"]);

/** Starts a transaction in a session that is used for nothing else; the session ends with it. */
export async function beginTransaction(session: Session, options: OpenTransaction): Promise<Transaction> {
  let id: string;
  try {
    const [standby] = await session.rows<readonly ["t" | "f"]>("select pg_is_in_recovery()");
    if (standby?.[0] === "t") throw readOnlyServer();
    await session.run(BEGIN);
    await session.rows(TIMEOUTS, [`${options.lockTimeoutMs}ms`, `${options.statementTimeoutMs}ms`]);
    const [row] = await session.rows<readonly [string]>(TRANSACTION_ID);
    id = row?.[0] ?? "";
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw statementError(error, "begin");
  }
  return new PostgresTransaction(id, session, options);
}

class PostgresTransaction implements Transaction {
  readonly id: string;
  readonly #session: Session;
  readonly #options: OpenTransaction;
  readonly #onAbort: () => void;
  #open = true;

  constructor(id: string, session: Session, options: OpenTransaction) {
    this.id = id;
    this.#session = session;
    this.#options = options;
    this.#onAbort = () => {
      void options.cancel(session.processId);
    };
    options.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  async execute(statement: Parameters<Transaction["execute"]>[0]): Promise<void> {
    this.#options.signal?.throwIfAborted();
    const { text, as, secret } = statement;
    // A function as replacement: `$&` in a secret must not mean anything.
    const complete = secret === undefined ? text : text.replace(SECRET_PLACE, () => quoteLiteral(secret.reveal()));
    let notices: readonly Notice[];
    try {
      if (as !== undefined) await this.#session.rows(BECOME, [as]);
      notices = await this.#session.run(complete);
      if (as !== undefined) await this.#session.run("reset role");
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      throw statementError(error, text);
    }
    const warning = notices.find((notice) => notice.severity === "WARNING" && NOT_DONE.has(notice.code));
    if (warning !== undefined) throw notDone(text, warning);
  }

  async introspect(): ReturnType<Transaction["introspect"]> {
    try {
      return await introspectInside(this.#session, this.#options.address);
    } catch (error) {
      throw this.#readFailure(error);
    }
  }

  async ask(questions: Parameters<Transaction["ask"]>[0]): ReturnType<Transaction["ask"]> {
    try {
      return await ask(this.#session, questions, this.#options.major);
    } catch (error) {
      throw this.#readFailure(error);
    }
  }

  /** Stages are read back whole before they are committed. */
  readBack(): Promise<AccessState> {
    throw new TypeError("PostgreSQL reads whole stages back");
  }

  async commit(): Promise<void> {
    this.#options.signal?.throwIfAborted();
    // INVARIANT: from here on the signal changes nothing. A COMMIT on its way is waited for, so that its outcome is known.
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    try {
      const [row] = await this.#session.rows<readonly [string]>(IN_TRANSACTION);
      if (row?.[0] !== this.id) throw new Error("the transaction is not open any more");
      await this.#session.run("commit");
    } catch (error) {
      throw statementError(error, "commit");
    }
    await this.#end();
  }

  async rollback(): Promise<void> {
    if (!this.#open) return;
    try {
      if (!this.#session.lost) await this.#session.run("rollback");
    } catch {
      this.#session.destroy(); // A session that cannot roll back is ended: the server then rolls back by itself.
    }
    await this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rollback();
  }

  async #end(): Promise<void> {
    this.#open = false;
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    await this.#session[Symbol.asyncDispose]();
  }

  #readFailure(error: unknown): unknown {
    this.#options.signal?.throwIfAborted();
    return isConnectionLoss(error)
      ? statementError(error, "read the state back")
      : readingError(error, "the state back");
  }
}

// A COMMIT of a failed transaction answers ROLLBACK and no error. Asked first, a failed one says so.
const IN_TRANSACTION = "select pg_current_xact_id()";

function notDone(text: string, warning: Notice): RolewrightError {
  return new RolewrightError("RW412", `the server did not do \`${text}\`, or only in part: ${warning.message}`, {
    help: "the connection's role lacks the grant option, or the grantor that stands in the catalog is another one",
    details: { sqlstate: warning.code, statement: text },
  });
}

function readOnlyServer(): RolewrightError {
  return new RolewrightError("RW510", "the server is a read-only standby", {
    help: "point the target at the primary",
  });
}
