import { type ErrorOptions, RolewrightError } from "../../base/error.ts";
import { type Dsn, describeDsn } from "./dsn.ts";

/** The server's codes that we tell apart, and the driver's own for what no server said. https://cassandra.apache.org/doc/latest/cassandra/_attachments/native_protocol_v5.html */
export const CODE = {
  serverError: 0x0000,
  badCredentials: 0x0100,
  unavailable: 0x1000,
  overloaded: 0x1001,
  bootstrapping: 0x1002,
  writeTimeout: 0x1100,
  readTimeout: 0x1200,
  syntax: 0x2000,
  unauthorized: 0x2100,
  invalid: 0x2200,
  config: 0x2300,
} as const;

/** What we read from an error of the driver or of the system below it. */
export interface Cause {
  readonly name: string;
  /** The server's number; a word for errors of the system; absent: the driver's own error. */
  readonly code?: number | string;
  readonly message: string;
}

/** What really happened: the driver hides what a node said in an error about all nodes. */
export function causeOf(error: unknown): Cause {
  const inner = (error as { readonly innerErrors?: Readonly<Record<string, unknown>> } | null)?.innerErrors;
  const first = inner === undefined ? undefined : Object.values(inner)[0];
  if (first !== undefined) return causeOf(first);
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0]);
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message } = error;
  const { code } = error as { readonly code?: number | string };
  return code === undefined ? { name, message } : { name, code, message };
}

/** Whether a node answered with one of these codes. */
export function isServerError(error: unknown, codes: readonly number[]): boolean {
  const { code } = causeOf(error);
  return typeof code === "number" && codes.includes(code);
}

/**
 * Whether the server could not find out what to answer, whatever code it put on that: with too few nodes up it also says that a right is missing (0x2100), or that a login is wrong. Such an answer proves nothing.
 */
export function isTooFewNodes(error: unknown): boolean {
  const { message } = causeOf(error);
  return (
    isServerError(error, [CODE.unavailable]) || /cannot achieve consistency level|not enough replicas/iu.test(message)
  );
}

/** Whether nothing can be said about what a statement did: the way to the node was lost, or the node did not answer in time. */
export function isConnectionLoss(error: unknown): boolean {
  const { name, code = "", message } = causeOf(error);
  return (
    name === "OperationTimedOutError" ||
    name === "NoHostAvailableError" ||
    (typeof code === "string" && (REFUSED.has(code) || UNREACHABLE.has(code))) ||
    /socket was closed|connection (?:was )?closed|client is shut|shutting down|not connected/iu.test(message)
  );
}

/** Whether a node spoke something else than TLS, or closed at once: `prefer` then goes on without. */
export function isTlsNotOffered(error: unknown): boolean {
  const { code = "", message } = causeOf(error);
  return (
    (typeof code === "string" && (code === "EPROTO" || code === "ECONNRESET" || code.startsWith("ERR_SSL_"))) ||
    /wrong version number|packet length too long|before secure TLS connection/iu.test(message)
  );
}

const CERTIFICATE_CODES: ReadonlySet<string> = new Set([
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);
const REFUSED: ReadonlySet<string> = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "EACCES"]);
const UNREACHABLE: ReadonlySet<string> = new Set(["ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"]);

type Fail = (code: string, message: string, help: string) => RolewrightError;

/** Why no connection came about, as an error with a code and help. */
export function connectionError(error: unknown, dsn: Dsn): RolewrightError {
  if (error instanceof RolewrightError) return error;
  const address = describeDsn(dsn);
  const { code = "" } = causeOf(error);
  const fail: Fail = (rw, text, help) =>
    new RolewrightError(rw, text, { help, cause: error, details: { where: address, code: String(code) } });
  return networkError(error, `\`${address}\``, fail) ?? loginError(error, `\`${address}\``, fail);
}

function networkError(error: unknown, where: string, fail: Fail): RolewrightError | null {
  const { name, code = "", message } = causeOf(error);
  const word = typeof code === "string" ? code : "";
  if (CERTIFICATE_CODES.has(word) || /certificate|altnames/iu.test(message)) {
    const help = "give the authority's certificate as `tls-ca=FILE`, or use the name that the certificate is made for";
    return fail("RW506", `the certificate of ${where} is not trusted: ${message}`, help);
  }
  if (word === "ENOTFOUND" || word === "EAI_AGAIN") {
    return fail("RW502", `the host of ${where} was not found: ${message}`, "check the host names in the URL");
  }
  if (word === "EPROTO" || word.startsWith("ERR_SSL_")) {
    return fail("RW505", `TLS with ${where} failed: ${message}`, "check whether the node offers TLS on this port");
  }
  if (REFUSED.has(word)) {
    return fail("RW501", `${where} refused the connection`, "check host and port, and that the node is running");
  }
  if (UNREACHABLE.has(word) || name === "OperationTimedOutError" || /timeout|timed out/iu.test(message)) {
    return fail("RW509", `${where} did not answer in time`, "check the address and the network in between");
  }
  return null;
}

function loginError(error: unknown, where: string, fail: Fail): RolewrightError {
  const { name, message } = causeOf(error);
  if (isTooFewNodes(error)) return fail("RW516", `${where}: ${message}`, TOO_FEW);
  if (/is not permitted to log in/iu.test(message)) {
    return fail("RW515", `${where}: ${message}`, "have a superuser run `alter role ... with login = true`");
  }
  if (name === "AuthenticationError" || isServerError(error, [CODE.badCredentials])) {
    return fail("RW503", `${where} did not accept the login: ${message}`, "check user and password");
  }
  if (isServerError(error, [CODE.bootstrapping, CODE.overloaded])) {
    return fail("RW516", `${where}: ${message}`, "try again in a moment");
  }
  return fail("RW500", `${where}: ${message}`, "`rolewright doctor` tries the connection step by step");
}

const TOO_FEW =
  "start the nodes that are down: roles and grants are read from a quorum of those that keep `system_auth`";

/** Why something could not be read, as an error with a code and help. */
export function readingError(error: unknown, step: string): RolewrightError {
  if (error instanceof RolewrightError) return error;
  const { code = "", message } = causeOf(error);
  const options = (help: string): ErrorOptions => ({ help, cause: error, details: { code: String(code) } });
  if (isTooFewNodes(error)) {
    return new RolewrightError("RW516", `reading ${step} needs more nodes than are up: ${message}`, options(TOO_FEW));
  }
  if (isConnectionLoss(error)) {
    const text = `the connection was lost while reading ${step}: ${message}`;
    return new RolewrightError("RW519", text, options("try again"));
  }
  if (isServerError(error, [CODE.unauthorized])) {
    const help = "have a superuser run: grant select on keyspace system_auth to us, and the same for system_views";
    return new RolewrightError("RW517", `${step} may not be read: ${message}`, options(help));
  }
  return new RolewrightError("RW500", `reading ${step} failed: ${message}`, options("read the server's own words"));
}
