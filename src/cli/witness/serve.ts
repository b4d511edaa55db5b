import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Witness, WitnessAnswer } from "../../audit/witness/witness.ts";
import { RolewrightError } from "../../base/error.ts";

/** A request is a proof of at most 63 lines and a note; a longer one is none. */
const MAX_BODY_BYTES = 128 * 1024;
const TIMEOUT_MS = 10_000;

export interface ServeOptions {
  /** @default 127.0.0.1: nobody but this machine */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Told what went wrong on our side while a request was answered; whoever asked is only told that something did. */
  readonly onError: (error: unknown) => void;
}

/** A witness that answers over HTTP until it is disposed of. */
export interface ServedWitness extends AsyncDisposable {
  readonly url: string;
}

/** Serves `POST /add-checkpoint` and `GET /HASH/checkpoint`. Throws RW640 where the address cannot be had. */
export async function serveWitness(witness: Witness, options: ServeOptions): Promise<ServedWitness> {
  const server = createServer({ requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS }, (request, response) => {
    answer(witness, request).then(
      (found) => send(response, found.status, found),
      (error: unknown) => {
        options.onError(error);
        send(response, 500, { type: "text/plain; charset=utf-8", body: "the witness cannot answer\n" });
      },
    );
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options.port, options.host, resolve);
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RolewrightError("RW640", `the witness cannot listen on ${options.host}:${options.port}: ${why}`, {
      cause,
    });
  }
  const address = server.address();
  const port = address === null || typeof address === "string" ? options.port : address.port;
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await closed;
    },
  };
}

interface Answer {
  readonly status: WitnessAnswer["status"] | 405 | 413;
  readonly type: string;
  readonly body: string;
}

async function answer(witness: Witness, request: IncomingMessage): Promise<Answer> {
  const path = (request.url ?? "").split("?")[0] ?? "";
  const plain = (status: Answer["status"], body: string): Answer => ({
    status,
    type: "text/plain; charset=utf-8",
    body,
  });
  if (path === "/add-checkpoint") {
    if (request.method !== "POST") return plain(405, "POST only\n");
    const body = await readBody(request);
    return body === null ? plain(413, "it is too long\n") : await witness.addCheckpoint(body);
  }
  const found = /^\/([0-9a-f]{64})\/checkpoint$/.exec(path);
  if (found === null) return plain(404, "there is nothing here\n");
  return request.method === "GET" ? await witness.checkpoint(found[1] ?? "") : plain(405, "GET only\n");
}

async function readBody(request: IncomingMessage): Promise<Uint8Array | null> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_BODY_BYTES) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function send(response: ServerResponse, status: number, { type, body }: Pick<Answer, "type" | "body">): void {
  // Who sent too much is cut off, or the rest would be read as the next request.
  if (status === 413) response.shouldKeepAlive = false;
  response.writeHead(status, {
    "content-type": type,
    "cache-control": "no-store",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}
