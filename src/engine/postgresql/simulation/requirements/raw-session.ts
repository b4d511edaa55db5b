import type { Client } from "pg";
import type { Dsn } from "../../dsn.ts";
import { connectClient, type SessionOptions } from "../../client.ts";

/** What the server printed of one statement that it was given to parse. */
export interface ParsedTree {
  /** PostgreSQL's node format. */
  readonly text: string;
  /** The function whose body it is; null: the statement itself. */
  readonly inFunction: boolean;
}

export interface RawAnswer {
  readonly trees: readonly ParsedTree[];
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly rows: readonly (readonly (string | null)[])[];
}

/**
 * A session on which much is asked before the first answer is there. Statements are only parsed: the server analyses and rewrites them, and executes nothing. Each question ends with a Sync of its own, so that
 * the error of one does not reach the next.
 */
export interface RawSession extends AsyncDisposable {
  readonly lost: boolean;
  /** Sends `Parse` without `Bind`. `types`: oids of the placeholders' types, 0 where the server is to find out. */
  parse(text: string, types?: readonly number[]): Promise<RawAnswer>;
  /** Runs our own text over the simple protocol. */
  query(text: string): Promise<RawAnswer>;
}

/** The part of the driver's connection that is used; its types do not know it. */
interface Wire {
  parse(query: { readonly text: string; readonly name: string; readonly types: readonly number[] }): void;
  sync(): void;
  query(text: string): void;
  end(): void;
  removeAllListeners(event: string): void;
  on(event: string, take: (message: never) => void): void;
  readonly stream: { destroy(): void; cork(): void; uncork(): void };
}

interface Pending {
  readonly trees: ParsedTree[];
  readonly rows: (readonly (string | null)[])[];
  error: RawAnswer["error"];
  resolve(answer: RawAnswer): void;
  reject(error: unknown): void;
}

const DRIVER_EVENTS = [
  "errorMessage",
  "readyForQuery",
  "notice",
  "rowDescription",
  "dataRow",
  "portalSuspended",
  "emptyQuery",
  "commandComplete",
  "parseComplete",
  "copyInResponse",
  "copyData",
  "notification",
];

/** Opens a raw session: the driver connects and signs in, and then its connection is ours. */
export async function openRawSession(dsn: Dsn, database: string, options: SessionOptions): Promise<RawSession> {
  const client = await connectClient(dsn, database, options);
  return new PipelinedSession(client);
}

const TREE = "rewritten parse tree:";

class PipelinedSession implements RawSession {
  readonly #wire: Wire;
  readonly #pending: Pending[] = [];
  #lost = false;
  #corked = false;

  constructor(client: Client) {
    const wire = (client as unknown as { readonly connection: Wire }).connection;
    this.#wire = wire;
    for (const event of DRIVER_EVENTS) wire.removeAllListeners(event);
    wire.on("notice", (notice: { message?: string; detail?: string; where?: string }) => {
      if (notice.message !== TREE) return;
      this.#pending[0]?.trees.push({
        text: notice.detail ?? "",
        inFunction: notice.where?.includes("SQL function ") === true,
      });
    });
    wire.on("errorMessage", (error: { code?: string; message?: string }) => {
      const asked = this.#pending[0];
      if (asked === undefined) return this.#fail(error);
      asked.error ??= { code: error.code ?? "", message: error.message ?? "" };
    });
    wire.on("dataRow", (row: { fields: (string | null)[] }) => {
      this.#pending[0]?.rows.push(row.fields);
    });
    wire.on("readyForQuery", () => {
      const asked = this.#pending.shift();
      asked?.resolve({ trees: asked.trees, rows: asked.rows, error: asked.error });
    });
    client.on("error", (error) => this.#fail(error));
    client.on("end", () => this.#fail(new Error("the server ended the session")));
  }

  get lost(): boolean {
    return this.#lost;
  }

  parse(text: string, types: readonly number[] = []): Promise<RawAnswer> {
    return this.#ask(() => {
      this.#wire.parse({ text, name: "", types });
      this.#wire.sync();
    });
  }

  query(text: string): Promise<RawAnswer> {
    return this.#ask(() => this.#wire.query(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#lost) return;
    this.#lost = true;
    this.#wire.end();
    await Promise.resolve();
  }

  #ask(send: () => void): Promise<RawAnswer> {
    if (this.#lost) return Promise.reject(new Error("the session is closed"));
    return new Promise((resolve, reject) => {
      this.#pending.push({ trees: [], rows: [], error: null, resolve, reject });
      // What is asked in one turn travels together.
      if (!this.#corked) {
        this.#corked = true;
        this.#wire.stream.cork();
        process.nextTick(() => {
          this.#corked = false;
          this.#wire.stream.uncork();
        });
      }
      send();
    });
  }

  #fail(error: unknown): void {
    this.#lost = true;
    for (const asked of this.#pending.splice(0)) asked.reject(error);
    this.#wire.stream.destroy();
  }
}
