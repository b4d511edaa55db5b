import { Client, Query, type Connection } from "pg";
import type { Tried } from "./replay-world.ts";

/** What really executing a statement comes to. `other`: it fails for a reason that is not a right. */
export type Really =
  | { readonly kind: "yes" }
  | { readonly kind: "no"; readonly code: string; readonly message: string }
  | { readonly kind: "other"; readonly code: string; readonly message: string };

const LOST_NAMES = new Set(["42P01", "42883", "42704", "3F000"]);
/** They cannot stand in a transaction; nothing of what they do reaches another statement. */
const OUTSIDE = /^(?:vacuum|create index concurrently|create database)/u;

export interface OracleOptions {
  readonly url: (user: string) => string;
  readonly superuser: string;
}

/** Logs in as the role, on a server with rows, executes the statement with its real values, and takes it back. */
export async function reallyTry(
  role: string,
  tried: readonly Tried[],
  options: OracleOptions,
): Promise<readonly Really[]> {
  let session: OpenSession;
  try {
    session = await open(options.url(role));
  } catch (error) {
    const { code = "", message } = error as Error & { code?: string };
    if (code !== "42501") throw error;
    return tried.map(() => ({ kind: "no", code, message })); // It may not connect, so it may nothing.
  }
  await using _closing = session;
  await using control = await open(options.url(options.superuser));
  const { rows } = await session.client.query<{ path: string }>("select current_setting('search_path') as path");
  const path = rows[0]?.path ?? "";
  const all: Really[] = [];
  for (const each of tried) {
    const answer = await run(session, each, null);
    if (answer.kind !== "other" || !LOST_NAMES.has(answer.code)) all.push(answer);
    else {
      const wanted = each.searchPath === undefined ? path.replaceAll('"$user"', role) : null;
      all.push((await run(control, each, wanted)).kind === "yes" ? { ...answer, kind: "no" } : answer);
    }
  }
  return all;
}

interface OpenSession extends AsyncDisposable {
  readonly client: Client;
  readonly notices: string[];
}

async function open(connectionString: string): Promise<OpenSession> {
  const client = new Client({ connectionString });
  const notices: string[] = [];
  client.on("notice", ({ message }) => notices.push(message ?? ""));
  await client.connect();
  await client.query("set statement_timeout = '5s'; set lc_messages to default").catch(() => {});
  return { client, notices, [Symbol.asyncDispose]: () => client.end() };
}

async function run(
  { client, notices }: OpenSession,
  { text, values, searchPath, sent, sentAs }: Tried,
  path: string | null,
): Promise<Really> {
  const outside = OUTSIDE.test(text);
  notices.length = 0;
  if (!outside) await client.query("begin read write"); // Some log in for reading only; the question is what they may.
  try {
    const wanted = searchPath?.map((schema) => `"${schema}"`).join(", ") ?? path;
    if (wanted !== null) await client.query("select set_config('search_path', $1, true)", [wanted]);
    if (sent === undefined)
      await client.query({ text: sentAs ?? text, ...(values.length === 0 ? {} : { values: [...values] }) });
    else await copyIn(client, text, sent);
    const refused = notices.find((notice) => /skipping it$|^skipping "|^no privileges/u.test(notice));
    return refused === undefined ? { kind: "yes" } : { kind: "no", code: "01000", message: refused };
  } catch (error) {
    const { code = "", message } = error as Error & { code?: string };
    if (code === "55000" && message.startsWith("currval")) return { kind: "yes" };
    if (code === "42501" && !message.startsWith("new row violates")) return { kind: "no", code, message };
    return { kind: "other", code, message };
  } finally {
    if (outside) await client.query("drop index if exists b.plain_v_idx").catch(() => {});
    else await client.query("rollback");
    await client.query("select pg_advisory_unlock_all()");
  }
}

/** The driver sends no rows by itself. */
function copyIn(client: Client, text: string, rows: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const query = new Query(text);
    const sending = query as unknown as { handleCopyInResponse(connection: CopyConnection): void };
    sending.handleCopyInResponse = (connection) => {
      connection.sendCopyFromChunk(Buffer.from(rows));
      connection.endCopyFrom();
    };
    query.on("error", reject);
    query.on("end", () => resolve());
    client.query(query);
  });
}

interface CopyConnection extends Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}
