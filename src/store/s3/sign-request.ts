import { createHash, createHmac } from "node:crypto";
import type { Secret } from "../../base/secret.ts";

/** Who asks: the pair that the storage gave out, and the token that goes with a short-lived one. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret | null;
}

/** One request before it is signed. */
export interface S3Request {
  readonly method: "GET" | "PUT" | "DELETE";
  /** Scheme, host and port. */
  readonly endpoint: string;
  /** Not encoded, without a slash in front. */
  readonly path: string;
  /** Not encoded. @default none */
  readonly query?: Readonly<Record<string, string>>;
  /** In lower case. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A request as it is sent. */
export interface SignedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Signs a request with AWS Signature Version 4, body and all headers included. */
export function signRequest(
  request: S3Request,
  { credentials, region, now }: { readonly credentials: S3Credentials; readonly region: string; readonly now: Date },
): SignedRequest {
  const time = now.toISOString().replaceAll(/[-:]|\.\d{3}/gu, "");
  const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`;
  const path = `/${request.path.split("/").map(encode).join("/")}`;
  const query = Object.entries(request.query ?? {})
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
  const token = credentials.sessionToken;
  const headers: Record<string, string> = {
    ...request.headers,
    host: new URL(request.endpoint).host,
    "x-amz-content-sha256": sha256(request.body),
    "x-amz-date": time,
    ...(token === null ? {} : { "x-amz-security-token": token.reveal() }),
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    request.method,
    path,
    query,
    ...names.map((name) => `${name}:${headers[name]?.trim() ?? ""}`),
    "",
    names.join(";"),
    headers["x-amz-content-sha256"],
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  let key: Uint8Array = Buffer.from(`AWS4${credentials.secretAccessKey.reveal()}`, "utf8");
  for (const part of scope.split("/")) key = createHmac("sha256", key).update(part).digest();
  const signature = createHmac("sha256", key).update(toSign).digest("hex");
  const { host: _, ...sent } = headers; // The one that is sent follows from the address.
  return {
    url: `${request.endpoint}${path}${query === "" ? "" : `?${query}`}`,
    headers: {
      ...sent,
      authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
    },
  };
}

/** As RFC 3986 has it: the language's own function leaves five more characters as they are. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
