import { randomUUID } from "node:crypto";
import { RolewrightError } from "../../base/error.ts";
import type { Secret } from "../../base/secret.ts";
import type { AccessState } from "../../model/access-state.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { About, Transaction, TransactionOptions } from "../engine.ts";
import type { Session } from "./client.ts";
import { isConnectionLoss, readingError } from "./errors.ts";
import { quoteText } from "./quote.ts";
import { statementError } from "./statement-error.ts";
import { refuseThinCopies } from "./thin-copies.ts";
import { standsDespite } from "./half-done.ts";

export interface OpenTransaction extends TransactionOptions {
  /** The whole state, as this session sees it. */
  introspect(session: Session): Promise<Snapshot>;
  /** The part of it that is asked for. */
  readBack(session: Session, about: About): Promise<AccessState>;
}

/** Where a secret stands in the text of a statement: at its end, since a name may read the same. */
const SECRET_PLACE = /\$secret$/;

/**
 * Statements that each stand at once, in a session that is used for nothing else; it ends with them. At which consistency they are written the server decides by itself (`auth_write_consistency_level`). Throws RW317
 * where too few nodes keep `system_auth` for that.
 */
export async function beginTransaction(session: Session, options: OpenTransaction): Promise<Transaction> {
  try {
    await refuseThinCopies(session);
    return new CassandraTransaction(session, options);
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw readFailure(error);
  }
}

class CassandraTransaction implements Transaction {
  readonly id: string = randomUUID();
  readonly #session: Session;
  readonly #options: OpenTransaction;

  constructor(session: Session, options: OpenTransaction) {
    this.#session = session;
    this.#options = options;
  }

  async execute(statement: { readonly text: string; readonly secret?: Secret }): Promise<void> {
    this.#options.signal?.throwIfAborted();
    const { text, secret } = statement;
    // A function as replacement: `$&` in a secret must not mean anything.
    const complete = secret === undefined ? text : text.replace(SECRET_PLACE, () => quoteText(secret.reveal()));
    try {
      // That somebody else was quicker is a warning here, and no harm: what stands is read back.
      await this.#session.run(complete, { timeoutMs: this.#options.statementTimeoutMs });
    } catch (error) {
      const failure = statementError(error, { text, secret });
      if (failure.code !== "RW412") throw failure;
      if (await this.#standsDespite(text, failure)) return;
      throw failure;
    }
  }

  async #standsDespite(text: string, failure: RolewrightError): Promise<boolean> {
    try {
      return await standsDespite(this.#session, { text, failure });
    } catch (error) {
      if (error instanceof RolewrightError) throw error;
      throw statementError(error, { text });
    }
  }

  async introspect(): Promise<Snapshot> {
    try {
      return await this.#options.introspect(this.#session);
    } catch (error) {
      throw readFailure(error);
    }
  }

  async readBack(about: About): Promise<AccessState> {
    try {
      return await this.#options.readBack(this.#session, about);
    } catch (error) {
      throw readFailure(error);
    }
  }

  /** The server has no function that answers. */
  ask(questions: Parameters<Transaction["ask"]>[0]): Promise<readonly null[]> {
    return Promise.resolve(questions.map(() => null));
  }

  async commit(): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  async rollback(): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}

/** A reading that was cut off may be done once more, over another connection. */
function readFailure(error: unknown): unknown {
  const cause = error instanceof RolewrightError ? error.cause : error;
  const lost = isConnectionLoss(cause) || (error instanceof RolewrightError && error.code === "RW519");
  return lost ? statementError(cause, { text: "read the state back" }) : readingError(error, "the state back");
}
