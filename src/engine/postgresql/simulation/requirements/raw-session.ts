import type { Duplex } from "node:stream";
import type { Client } from "pg";
import type { Dsn } from "../../dsn.ts";
import { connectClient, type SessionOptions } from "../../client.ts";
import { columnsOf, eachField, MessageReader, parseMessage, queryMessage, SYNC } from "./messages.ts";

/** What the server printed of one statement that it was given to parse. */
export interface ParsedTree {
  /** PostgreSQL's node format, in UTF-8. A part of what arrived: it is read at once, and not kept. */
  readonly text: Uint8Array;
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
  end(): void;
  readonly stream: Duplex;
}

interface Pending {
  readonly trees: ParsedTree[];
  readonly rows: (readonly (string | null)[])[];
  error: RawAnswer["error"];
  resolve(answer: RawAnswer): void;
  reject(error: unknown): void;
}

/** Opens a raw session: the driver connects and signs in, and then its connection is ours. */
export async function openRawSession(dsn: Dsn, database: string, options: SessionOptions): Promise<RawSession> {
  const client = await connectClient(dsn, database, options);
  return new PipelinedSession(client);
}

const TREE = Buffer.from("rewritten parse tree:");

class PipelinedSession implements RawSession {
  readonly #wire: Wire;
  readonly #pending: Pending[] = [];
  /** What is not sent yet, and how many questions that is. */
  #unsent: Buffer[] = [];
  #held = 0;
  #lost = false;

  constructor(client: Client) {
    const wire = (client as unknown as { readonly connection: Wire }).connection;
    this.#wire = wire;
    // The driver makes strings of everything; trees are read as they arrive.
    wire.stream.removeAllListeners("data");
    const reader = new MessageReader((type, body) => this.#take(type, body));
    wire.stream.on("data", (chunk: Buffer) => {
      try {
        reader.feed(chunk);
      } catch (error) {
        this.#fail(error);
      }
    });
    client.on("error", (error) => this.#fail(error));
    client.on("end", () => this.#fail(new Error("the server ended the session")));
  }

  get lost(): boolean {
    return this.#lost;
  }

  parse(text: string, types: readonly number[] = []): Promise<RawAnswer> {
    return this.#ask(parseMessage(text, types), SYNC);
  }

  query(text: string): Promise<RawAnswer> {
    return this.#ask(queryMessage(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#lost) return;
    this.#lost = true;
    this.#wire.end();
    await Promise.resolve();
  }

  #ask(...messages: readonly Buffer[]): Promise<RawAnswer> {
    if (this.#lost) return Promise.reject(new Error("the session is closed"));
    return new Promise((resolve, reject) => {
      this.#pending.push({ trees: [], rows: [], error: null, resolve, reject });
      // What is asked in one turn travels together.
      if (this.#held++ === 0) process.nextTick(() => this.#send());
      this.#unsent.push(...messages);
    });
  }

  /** Sends what is waiting, unless the server still has enough to do: many small pieces would only wake it more often. */
  #send(): void {
    if (this.#lost || this.#held === 0 || this.#pending.length - this.#held > ENOUGH) return;
    this.#wire.stream.write(Buffer.concat(this.#unsent));
    this.#unsent = [];
    this.#held = 0;
  }

  #take(type: number, body: Buffer): void {
    const asked = this.#pending[0];
    switch (type) {
      case NOTICE: {
        const tree = treeIn(body);
        if (tree !== null) asked?.trees.push(tree);
        return;
      }
      case READY: {
        this.#pending.shift();
        asked?.resolve({ trees: asked.trees, rows: asked.rows, error: asked.error });
        this.#send();
        return;
      }
      case ERROR: {
        const error = errorIn(body);
        if (asked === undefined) this.#fail(Object.assign(new Error(error.message), { code: error.code }));
        else asked.error ??= error;
        return;
      }
      case ROW:
        asked?.rows.push(columnsOf(body));
        return;
      default:
        if (!OF_NO_INTEREST.has(type)) throw new Error(`the server sent a message \`${String.fromCharCode(type)}\``);
    }
  }

  #fail(error: unknown): void {
    this.#lost = true;
    for (const asked of this.#pending.splice(0)) asked.reject(error);
    this.#wire.stream.destroy();
  }
}

/** So many questions keep the server busy until more arrive. */
const ENOUGH = 16;

const NOTICE = 0x4e;
const READY = 0x5a;
const ERROR = 0x45;
const ROW = 0x44;

/** ParseComplete, RowDescription, CommandComplete, EmptyQueryResponse, ParameterStatus, NotificationResponse. */
const OF_NO_INTEREST: ReadonlySet<number> = new Set(Buffer.from("1TCISA"));

const CODE_FIELD = 0x43;
const MESSAGE_FIELD = 0x4d;
const DETAIL_FIELD = 0x44;
const WHERE_FIELD = 0x57;

function treeIn(body: Buffer): ParsedTree | null {
  let isTree = false;
  let text: Buffer = NOTHING;
  let inFunction = false;
  eachField(body, (letter, value) => {
    if (letter === MESSAGE_FIELD) isTree = value.equals(TREE);
    else if (letter === DETAIL_FIELD) text = value;
    else if (letter === WHERE_FIELD) inFunction = value.includes("SQL function ");
  });
  return isTree ? { text, inFunction } : null;
}

const NOTHING = Buffer.alloc(0);

function errorIn(body: Buffer): { readonly code: string; readonly message: string } {
  const error = { code: "", message: "" };
  eachField(body, (letter, value) => {
    if (letter === CODE_FIELD) error.code = value.toString("utf8");
    else if (letter === MESSAGE_FIELD) error.message = value.toString("utf8");
  });
  return error;
}
