import type { Client } from "pg";
import type { Secret } from "../../../../base/secret.ts";
import { connectClient, type Notice } from "../../client.ts";
import { parseDsn } from "../../dsn.ts";

/** What the server refused with. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

export interface Reply {
  /** Of the last statement of the message, as text. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** The names of their columns. */
  readonly columns: readonly string[];
  /** Rows that the last statement returned or changed; null: it does not say. */
  readonly count: number | null;
  readonly failure: Failure | null;
  readonly notices: readonly Notice[];
}

/** A session in which many questions are under way at once; answers come in the order of the questions. */
export interface Wire extends AsyncDisposable {
  /** Sends at once. Whatever the server says is a Reply; it rejects with SessionLost only when the session is gone. */
  ask(
    text: string,
    options?: { readonly extended?: boolean; readonly values?: readonly (string | null)[] },
  ): Promise<Reply>;
  readonly lost: boolean;
  destroy(): void;
}

/** The session ended before it answered. */
export class SessionLost extends Error {}

const CONNECT_TIMEOUT_SECONDS = 10;

export async function openWire(url: Secret, database: string, signal?: AbortSignal): Promise<Wire> {
  const client = await connectClient(parseDsn(url), database, {
    applicationName: "rolewright replay",
    connectTimeoutSeconds: CONNECT_TIMEOUT_SECONDS,
    pipeline: true,
    ...(signal === undefined ? {} : { signal }),
  });
  return wrap(client);
}

const AS_TEXT = { getTypeParser: () => (value: string) => value };

interface Answered {
  readonly rows: readonly (readonly (string | null)[])[];
  readonly fields: readonly { readonly name: string }[];
  readonly rowCount: number | null;
}

function wrap(client: Client): Wire {
  let lost = false;
  const waiting: { readonly notices: Notice[]; readonly lose: (cause: unknown) => void }[] = [];
  const lose = (cause: unknown): void => {
    lost = true;
    for (const each of waiting.splice(0)) each.lose(cause);
  };
  client.on("end", () => lose(null));
  client.on("error", lose);
  // INVARIANT: the server answers in order, so a remark belongs to the oldest question without an answer.
  client.on("notice", ({ severity = "", code = "", message = "" }) => {
    waiting[0]?.notices.push({ severity, code, message });
  });
  return {
    get lost() {
      return lost;
    },
    ask(text, options = {}) {
      return new Promise((resolve, reject) => {
        if (lost) return reject(new SessionLost("the session is gone"));
        const notices: Notice[] = [];
        const entry = { notices, lose: (cause: unknown) => reject(new SessionLost("the session ended", { cause })) };
        waiting.push(entry);
        const asked = {
          text,
          rowMode: "array",
          types: AS_TEXT,
          ...(options.extended === true ? { queryMode: "extended" } : {}),
          ...(options.values === undefined ? {} : { values: [...options.values] }),
        } as const;
        client.query(asked as never, (error: Error | null, result: unknown) => {
          const place = waiting.indexOf(entry);
          if (place === -1) return;
          waiting.splice(place, 1);
          const failure = error === null ? null : asFailure(error);
          if (error !== null && failure === null) {
            entry.lose(error);
            return lose(error);
          }
          const last = (Array.isArray(result) ? result.at(-1) : result) as Answered | undefined;
          const columns = last?.fields.map(({ name }) => name) ?? [];
          resolve({ rows: last?.rows ?? [], columns, count: last?.rowCount ?? null, failure, notices });
        });
      });
    },
    destroy() {
      lose(null);
      (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    },
    async [Symbol.asyncDispose]() {
      if (lost) return this.destroy();
      await client.end();
    },
  };
}

/** Null: not an answer to the statement but the end of the session. */
function asFailure(error: Error): Failure | null {
  const { code, severity } = error as { readonly code?: unknown; readonly severity?: unknown };
  if (typeof code !== "string" || !/^[0-9A-Z]{5}$/u.test(code)) return null;
  return severity === "FATAL" || severity === "PANIC" ? null : { code, message: error.message };
}
