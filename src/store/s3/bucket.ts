import { setTimeout as wait } from "node:timers/promises";
import { RolewrightError } from "../../base/error.ts";
import { type S3Credentials, type S3Request, signRequest } from "./sign-request.ts";

export interface BucketOptions {
  /** Scheme, host and port: `https://s3.eu-central-1.amazonaws.com`. Buckets are named in the path. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** What all keys begin with, without slashes at its ends; empty for none. */
  readonly prefix: string;
  /** Asked for each request, so that short-lived ones can be renewed. */
  readonly credentials: () => Promise<S3Credentials>;
  /** How long one request may take. Shorter than the storage needs for a slow one: its outcome is unknown more often. @default 30000 */
  readonly timeoutMs?: number;
}

/** An object with what tells it from an earlier one under the same key. */
export interface StoredObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

/** `absent`: only where nothing has this key. An etag: only over this very object. */
export type Condition = "absent" | { readonly etag: string };

/** The few things that are asked of a storage that speaks S3. What throws RW601 may have been done or not. */
export interface Bucket {
  /** Null where there is none. */
  get(key: string): Promise<StoredObject | null>;
  /** Stores it where the condition holds; false where it does not. */
  put(key: string, bytes: Uint8Array, condition: Condition): Promise<boolean>;
  /** Nothing happens where there is none. */
  remove(key: string): Promise<void>;
  /** The keys that begin with a prefix, in the order of their bytes, after one of them if that is given. */
  list(prefix: string, after?: string): AsyncIterable<ListedObject>;
}

export interface ListedObject {
  readonly key: string;
  readonly writtenAt: number;
}

const TIMEOUT_MS = 30_000;
const ATTEMPTS = 4;

/** Opens a bucket. Nothing is asked yet. */
export function openBucket(options: BucketOptions): Bucket {
  const start = options.prefix === "" ? "" : `${options.prefix}/`;
  const send = async (request: Omit<S3Request, "endpoint">): Promise<Response> => {
    const credentials = await options.credentials();
    const { endpoint, region } = options;
    const signed = signRequest({ ...request, endpoint }, { credentials, region, now: new Date() });
    try {
      return await fetch(signed.url, {
        method: request.method,
        headers: signed.headers,
        body: request.method === "PUT" ? Buffer.from(request.body) : null,
        redirect: "error",
        signal: AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
      });
    } catch (cause) {
      throw failed(request.method, reasonOf(cause), cause);
    }
  };
  /** What only reads or removes can be asked again; what stores under a condition cannot, since the first may have been it that was stored. */
  const sendAgain = async <T>(
    request: Omit<S3Request, "endpoint" | "body">,
    read: (response: Response) => Promise<T>,
  ): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await send({ ...request, body: new Uint8Array(0) });
        if (response.status >= 500 || response.status === 429) throw await refused(request.method, response);
        return await read(response);
      } catch (error) {
        if (attempt >= ATTEMPTS)
          throw error instanceof RolewrightError ? error : failed(request.method, reasonOf(error), error);
        await wait(2 ** attempt * 25 * (0.5 + Math.random()));
      }
    }
  };
  const pathOf = (key: string): string => `${options.bucket}/${start}${key}`;
  return {
    get: (key) =>
      sendAgain({ method: "GET", path: pathOf(key) }, async (response) => {
        const bytes = new Uint8Array(await response.arrayBuffer());
        if (response.status === 404 && !/<Code>NoSuchBucket</u.test(Buffer.from(bytes).toString("latin1"))) return null;
        if (response.status !== 200) throw refusedWith("GET", response.status, Buffer.from(bytes).toString("utf8"));
        return { bytes: Buffer.from(bytes), etag: etagOf(response) };
      }),
    async put(key, bytes, condition) {
      const headers = condition === "absent" ? { "if-none-match": "*" } : { "if-match": condition.etag };
      for (let attempt = 1; ; attempt++) {
        const response = await send({ method: "PUT", path: pathOf(key), headers, body: bytes });
        if (response.status === 200) {
          await response.arrayBuffer().catch(() => undefined);
          return true;
        }
        const error = await refused("PUT", response);
        // What was to be replaced is not there any more: the condition does not hold either.
        if (response.status === 412 || (response.status === 404 && condition !== "absent")) return false;
        // Two came at once, and the storage did neither.
        if (response.status !== 409 || attempt >= ATTEMPTS) throw error;
        await wait(2 ** attempt * 10 * (0.5 + Math.random()));
      }
    },
    remove: (key) =>
      sendAgain({ method: "DELETE", path: pathOf(key) }, async (response) => {
        const text = await response.text();
        if (!response.ok && response.status !== 404) throw refusedWith("DELETE", response.status, text);
      }),
    async *list(prefix, after) {
      let token: string | null = null;
      do {
        const query: Record<string, string> = {
          "list-type": "2",
          prefix: `${start}${prefix}`,
          ...(after === undefined ? {} : { "start-after": `${start}${after}` }),
          ...(token === null ? {} : { "continuation-token": token }),
        };
        const text = await sendAgain({ method: "GET", path: options.bucket, query }, async (response) => {
          const body = await response.text();
          if (response.status !== 200) throw refusedWith("LIST", response.status, body);
          return body;
        });
        for (const [, contents = ""] of text.matchAll(/<Contents>(.*?)<\/Contents>/gsu)) {
          const key = unescape(/<Key>(.*?)<\/Key>/su.exec(contents)?.[1] ?? "");
          const writtenAt = Date.parse(/<LastModified>(.*?)<\/LastModified>/su.exec(contents)?.[1] ?? "");
          yield { key: key.slice(start.length), writtenAt };
        }
        const isCut = /<IsTruncated>true<\/IsTruncated>/u.test(text);
        token = isCut
          ? unescape(/<NextContinuationToken>(.*?)<\/NextContinuationToken>/su.exec(text)?.[1] ?? "")
          : null;
      } while (token !== null);
    },
  };
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescape(text: string): string {
  return text.replaceAll(
    /&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));/gu,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      return ENTITIES[name ?? ""] ?? whole;
    },
  );
}

function etagOf(response: Response): string {
  const etag = response.headers.get("etag");
  if (etag === null) throw failed("GET", "it gave an object without an etag");
  return etag;
}

async function refused(method: string, response: Response): Promise<RolewrightError> {
  return refusedWith(method, response.status, await response.text().catch(() => ""));
}

function refusedWith(method: string, status: number, body: string): RolewrightError {
  const code = /<Code>(\w+)<\/Code>/u.exec(body)?.[1];
  return failed(method, `status ${status}${code === undefined ? "" : ` (${code})`}`);
}

function failed(method: string, why: string, cause?: unknown): RolewrightError {
  return new RolewrightError("RW601", `the storage of the audit log failed at ${method}: ${why}`, {
    help: "what it was to announce was not done; check the address, the bucket and the rights, and run it again",
    ...(cause === undefined ? {} : { cause }),
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
