import { type ErrorOptions, RolewrightError } from "../../base/error.ts";
import { CERTIFICATE_CODES, REFUSED, UNREACHABLE } from "../network-errors.ts";
import { type Dsn, describeDsn } from "./dsn.ts";

/** What we read from an error of the driver or of the system below it. */
interface DriverError {
  readonly code?: string;
  /** The server's own number. */
  readonly errno?: number;
  readonly message: string;
  readonly fatal?: boolean;
}

/** The server's numbers that we tell apart. https://mariadb.com/kb/en/mariadb-error-code-reference/ */
export const ER = {
  accountLocked: [4151, 3118],
  accessDenied: [1045, 1698],
  hostBlocked: [1129],
  hostNotAllowed: [1130],
  tooManyConnections: [1040, 1203, 1226],
  tlsRequired: [3159],
  passwordExpired: [1820, 1862],
  skipGrantTables: [1290],
  noRight: [1044, 1142, 1143, 1227, 1370],
  shutdown: [1053, 1077, 1079],
  killed: [1927, 1317, 3169],
} as const;

/** Whether the error is one of the server's with one of these numbers. */
export function isServerError(error: unknown, numbers: readonly number[]): boolean {
  const { errno } = asDriverError(error);
  return errno !== undefined && numbers.includes(errno);
}

/** Whether the driver gave up TLS because the server does not offer it: `prefer` then goes on without. */
export function isTlsNotOffered(error: unknown): boolean {
  return asDriverError(error).code === "HANDSHAKE_NO_SSL_SUPPORT";
}

type Fail = (code: string, message: string, help: string) => RolewrightError;

/** Why no connection came about, as an error with a code and help. */
export function connectionError(error: unknown, dsn: Dsn): RolewrightError {
  if (error instanceof RolewrightError) return error;
  const { code = "" } = asDriverError(error);
  const address = describeDsn(dsn);
  const fail: Fail = (rw, text, help) =>
    new RolewrightError(rw, text, { help, cause: error, details: { where: address, code } });
  return networkError(error, dsn, fail) ?? loginError(error, `\`${address}\``, fail);
}

function networkError(error: unknown, dsn: Dsn, fail: Fail): RolewrightError | null {
  const { code = "", message, errno } = asDriverError(error);
  const where = `\`${describeDsn(dsn)}\``;
  if (REFUSED.has(code)) {
    return fail("RW501", `${where} refused the connection`, "check host and port, and that the server is running");
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return fail("RW502", `the host \`${dsn.host}\` was not found`, "check the host name in the URL");
  }
  if (UNREACHABLE.has(code) || code === "PROTOCOL_SEQUENCE_TIMEOUT") {
    return fail("RW509", `${where} did not answer in time`, "check the address and the network in between");
  }
  if (isTlsNotOffered(error)) {
    return fail("RW505", `${where} does not offer TLS, and the URL demands it`, "have TLS set up on the server");
  }
  // The driver wraps what happened during TLS and keeps the words only.
  if (CERTIFICATE_CODES.has(code) || /certificate|altnames/iu.test(message)) {
    const help = "give the authority's certificate as `tls-ca=FILE`, or use the name that the certificate is made for";
    return fail("RW506", `the certificate of ${where} is not trusted: ${message}`, help);
  }
  if (errno === undefined && (code === "EPROTO" || code === "HANDSHAKE_SSL_ERROR" || code.startsWith("ERR_SSL_"))) {
    return fail("RW505", `TLS with ${where} failed: ${message}`, "check which TLS versions the server speaks");
  }
  return null;
}

function loginError(error: unknown, where: string, fail: Fail): RolewrightError {
  const { message, code = "" } = asDriverError(error);
  const is = (numbers: readonly number[]): boolean => isServerError(error, numbers);
  if (is(ER.accessDenied)) {
    return fail("RW503", `${where} did not accept the login`, "check user, password and client host of the account");
  }
  if (is(ER.hostNotAllowed) || is(ER.hostBlocked)) {
    return fail("RW504", `${where}: ${message}`, "have an administrator make an account for this client's host");
  }
  if (is(ER.accountLocked) || is(ER.passwordExpired)) {
    return fail("RW515", `${where}: ${message}`, "have an administrator unlock the account or renew its password");
  }
  if (is(ER.tooManyConnections)) {
    return fail("RW512", `${where} has no free connection: ${message}`, "try again later, or raise the limit");
  }
  if (is(ER.tlsRequired)) {
    return fail("RW505", `${where} demands TLS: ${message}`, "set `tls=require` or stronger in the URL");
  }
  if (is(ER.shutdown)) return fail("RW516", `${where}: ${message}`, "try again in a moment");
  if (code === "AUTH_SWITCH_PLUGIN_ERROR") {
    return fail("RW503", `${where}: ${message}`, "give the account a way to sign in that the driver knows");
  }
  return fail("RW500", `${where}: ${message}`, "`rolewright doctor` tries the connection step by step");
}

/** Why something could not be read, as an error with a code and help. */
export function readingError(error: unknown, step: string): RolewrightError {
  if (error instanceof RolewrightError) return error;
  const { code = "", message } = asDriverError(error);
  const options = (help: string): ErrorOptions => ({ help, cause: error, details: { code } });
  if (isConnectionLoss(error)) {
    const text = `the connection was lost while reading ${step}: ${message}`;
    return new RolewrightError("RW519", text, options("try again"));
  }
  if (isServerError(error, ER.noRight)) {
    const help = "have an administrator run the grants that `rolewright doctor` prints";
    return new RolewrightError("RW517", `${step} may not be read: ${message}`, options(help));
  }
  return new RolewrightError("RW500", `reading ${step} failed: ${message}`, options("read the server's own words"));
}

/** Whether the session is gone, as opposed to a statement that failed in it. */
export function isConnectionLoss(error: unknown): boolean {
  const { code = "", message } = asDriverError(error);
  return (
    code === "PROTOCOL_CONNECTION_LOST" ||
    REFUSED.has(code) ||
    UNREACHABLE.has(code) ||
    isServerError(error, [...ER.shutdown, 1927, 3169]) ||
    message.includes("connection is in closed state") ||
    message.includes("Connection lost")
  );
}

function asDriverError(error: unknown): DriverError {
  if (error instanceof AggregateError) {
    const first: unknown = error.errors[0];
    const code = (error as { code?: string }).code;
    const message = first instanceof Error ? first.message : error.message;
    return code === undefined ? { message } : { code, message };
  }
  if (error instanceof Error) return error;
  return { message: String(error) };
}
