import { randomUUID } from "node:crypto";
import type { Secret } from "../../base/secret.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { About, PrivilegeQuestion, Transaction, TransactionOptions } from "../engine.ts";
import type { Remark, Session } from "./client.ts";
import { isConnectionLoss, readingError } from "./errors.ts";
import { introspect, readerOf } from "./introspect.ts";
import type { Product } from "./product.ts";
import * as sql from "./queries.ts";
import { quoteLiteral } from "./quote.ts";
import { readBack } from "./read-back.ts";
import { notDone, statementError } from "./statement-errors.ts";
import type { Reader } from "./normalize.ts";
import { serverVersion } from "./version.ts";

export interface OpenTransaction extends TransactionOptions {
  readonly product: Product;
  readonly address: string;
  /** What becomes of the session afterwards. */
  readonly end: () => Promise<void>;
}

/** Where a secret stands in the text of a statement. */
const SECRET_PLACE = /\$secret\b/g;

/** Starts a sequence of statements, each of which stands at once, in a session that is used for nothing else until its end. */
export async function beginTransaction(session: Session, options: OpenTransaction): Promise<Transaction> {
  try {
    options.signal?.throwIfAborted();
    await session.run(limits(options));
    const [server] = await session.rows<sql.ServerRow>(sql.SERVER);
    const reader = readerOf(serverVersion(session.banner, options.product), options.product);
    return new MysqlTransaction(session, options, { reader, actor: server?.[1] ?? "" });
  } catch (error) {
    await options.end();
    throw statementError(error, { text: "begin" });
  }
}

/** Locks are waited for in whole seconds. */
function limits({ product, lockTimeoutMs, statementTimeoutMs }: OpenTransaction): string {
  const seconds = Math.max(1, Math.ceil(lockTimeoutMs / 1000));
  const { name, unitsPerSecond } = product.statementTimeout;
  return `set session lock_wait_timeout = ${seconds}, innodb_lock_wait_timeout = ${seconds}, ${name} = ${(statementTimeoutMs * unitsPerSecond) / 1000}`;
}

class MysqlTransaction implements Transaction {
  /** An id of ours: the server knows none. */
  readonly id: string = randomUUID();
  readonly #session: Session;
  readonly #options: OpenTransaction;
  readonly #reading: { readonly reader: Reader; readonly actor: RoleName };
  #isOpen = true;

  constructor(
    session: Session,
    options: OpenTransaction,
    reading: { readonly reader: Reader; readonly actor: RoleName },
  ) {
    this.#session = session;
    this.#options = options;
    this.#reading = reading;
  }

  async execute(statement: { readonly text: string; readonly as?: RoleName; readonly secret?: Secret }): Promise<void> {
    this.#options.signal?.throwIfAborted();
    const { text, as, secret } = statement;
    if (as !== undefined) throw new TypeError("no statement runs as somebody else here");
    // A function as replacement: `$&` in a secret must not mean anything.
    const complete = secret === undefined ? text : text.replace(SECRET_PLACE, () => quoteLiteral(secret.reveal()));
    const told = secret === undefined ? { text } : { text, secret };
    let remarks: readonly Remark[];
    try {
      remarks = await this.#session.run(complete);
    } catch (error) {
      throw statementError(error, told);
    }
    const refusal = notDone(remarks, told);
    if (refusal !== null) throw refusal;
  }

  /** Readings of a large server take longer than a statement may. */
  async introspect(): Promise<Snapshot> {
    const { product, address, signal } = this.#options;
    try {
      await this.#session.run(`set session ${product.statementTimeout.name} = 0`);
      const reading = { product, address, ...(signal === undefined ? {} : { signal }) };
      const snapshot = await introspect(this.#session, reading);
      await this.#session.run(limits(this.#options));
      return snapshot;
    } catch (error) {
      throw this.#readFailure(error);
    }
  }

  async readBack(about: About): Promise<Snapshot["access"]> {
    try {
      return await readBack(this.#session, about, this.#reading);
    } catch (error) {
      throw this.#readFailure(error);
    }
  }

  /** No function of the server answers for another account. */
  ask(questions: readonly PrivilegeQuestion[]): Promise<readonly null[]> {
    return Promise.resolve(questions.map(() => null));
  }

  async commit(): Promise<void> {
    await this.#end();
  }

  async rollback(): Promise<void> {
    await this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }

  async #end(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#options.end();
  }

  /** A reading that finds the connection lost says so as a statement does: it can be asked again over a new one. */
  #readFailure(error: unknown): unknown {
    this.#options.signal?.throwIfAborted();
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return isConnectionLoss(cause)
      ? statementError(cause, { text: "read the state back" })
      : readingError(error, "the state back");
  }
}
