import { type ErrorOptions, RolewrightError } from "../../base/error.ts";
import { CERTIFICATE_CODES, REFUSED, UNREACHABLE } from "../network-errors.ts";
import { type Dsn, describeDsn } from "./dsn.ts";

/** What we read from an error of the driver or of the system below it. */
interface DriverError {
  readonly code?: string;
  readonly message: string;
  readonly detail?: string;
  readonly severity?: string;
}

/** Whether the driver gave up TLS because the server does not offer it: `prefer` then goes on without. */
export function isTlsNotOffered(error: unknown): boolean {
  return asDriverError(error).message === "The server does not support SSL connections";
}

/** Why no connection came about, as an error with a code and help. */
export function connectionError(error: unknown, dsn: Dsn, database: string): RolewrightError {
  if (error instanceof RolewrightError) return error;
  const { code = "", message } = asDriverError(error);
  const where = `\`${describeDsn(dsn, database)}\``;
  const fail = (rw: string, text: string, help: string): RolewrightError =>
    new RolewrightError(rw, text, { help, cause: error, details: { where: describeDsn(dsn, database), code } });

  if (REFUSED.has(code)) {
    return fail("RW501", `${where} refused the connection`, "check host and port, and that the server is running");
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return fail("RW502", `the host \`${dsn.host}\` was not found`, "check the host name in the URL");
  }
  if (UNREACHABLE.has(code) || message === "timeout expired") {
    return fail("RW509", `${where} did not answer in time`, "check the address and the network in between");
  }
  if (message.startsWith("SASL") && message.includes("must be a")) {
    return fail("RW503", `${where} asks for a password, and none was given`, "put one into the URL, or set PGPASSWORD");
  }
  if (CERTIFICATE_CODES.has(code)) {
    return fail(
      "RW506",
      `the certificate of ${where} is not trusted: ${message}`,
      "give the authority's certificate as `sslrootcert=FILE`, or use the name that the certificate is made for",
    );
  }
  if (isTlsNotOffered(error)) {
    return fail("RW505", `${where} does not offer TLS, and the URL demands it`, "have TLS set up on the server");
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL_")) {
    return fail("RW505", `TLS with ${where} failed: ${message}`, "check which TLS versions the server speaks");
  }
  switch (code) {
    case "28P01":
      return fail(
        "RW503",
        `${where} did not accept the password`,
        "check the user and the password of the target's URL",
      );
    case "28000":
      return authorizationError(message, where, fail);
    case "3D000":
      return fail("RW507", `there is no database \`${database}\` on ${where}`, "check the name: names are exact");
    case "42501":
    case "55000":
      return fail("RW515", `${where}: ${message}`, `have somebody run \`grant connect on database ... to ...\``);
    case "53300":
      return fail("RW512", `${where} has no free connection: ${message}`, "try again later, or raise the limit");
    case "57P03":
      return fail("RW516", `${where}: ${message}`, "try again in a moment");
    case "08P01":
      return fail("RW511", `${where}: ${message}`, "point the target at the server itself instead of a pooler");
    default:
      return fail("RW500", `${where}: ${message}`, "`rolewright doctor` tries the connection step by step");
  }
}

/** Why the catalog could not be read, as an error with a code and help. */
export function readingError(error: unknown, step: string): RolewrightError {
  if (error instanceof RolewrightError) return error;
  const { code, message } = asDriverError(error);
  const options = (help: string): ErrorOptions => ({ help, cause: error, details: { code: code ?? "" } });
  if (isConnectionLoss(error)) {
    return new RolewrightError(
      "RW519",
      `the connection was lost while reading ${step}: ${message}`,
      options("try again"),
    );
  }
  if (code === "42501") {
    const help = "PostgreSQL lets everybody read this by default; have an administrator grant it back";
    return new RolewrightError("RW517", `${step} may not be read: ${message}`, options(help));
  }
  return new RolewrightError("RW500", `reading ${step} failed: ${message}`, options("read the server's own words"));
}

/** Why a statement of a transaction failed. RW410 and RW411 may be tried again from the start. */
export function statementError(error: unknown, statement: string): RolewrightError {
  if (error instanceof RolewrightError) return error;
  const { code = "", message, detail } = asDriverError(error);
  const options: ErrorOptions = {
    cause: error,
    details: { sqlstate: code, statement, ...(detail === undefined ? {} : { detail }) },
  };
  if (isConnectionLoss(error)) {
    return new RolewrightError("RW413", `the connection was lost: ${message}`, {
      ...options,
      help: "ask for the status of the transaction: without a commit nothing of it remains",
    });
  }
  if (code === "55P03") {
    return new RolewrightError("RW410", `waiting for a lock took too long: ${message}`, {
      ...options,
      help: "somebody else holds it; try again when that transaction has ended",
    });
  }
  if (isConcurrentChange(code, message)) {
    return new RolewrightError("RW411", `somebody else changed the same thing: ${message}`, {
      ...options,
      help: "try again from the start",
    });
  }
  const explained = detail === undefined ? message : `${message} (${detail})`;
  return new RolewrightError("RW412", `the server refused \`${statement}\`: ${explained}`, {
    ...options,
    help: code === "42501" ? "the connection's role lacks the right to do this" : "nothing of the transaction remains",
  });
}

/** Whether the session is gone, as opposed to a statement that failed in it. */
export function isConnectionLoss(error: unknown): boolean {
  const { code = "", message } = asDriverError(error);
  return (
    code.startsWith("08") ||
    code === "57P01" ||
    code === "57P02" ||
    code === "57P05" ||
    code === "25P03" ||
    REFUSED.has(code) ||
    UNREACHABLE.has(code) ||
    message.startsWith("Connection terminated") ||
    message.startsWith("Client has encountered a connection error") ||
    message.includes("not queryable") ||
    message === "This socket has been ended by the other party" ||
    message === "Client was closed and is not queryable"
  );
}

// "tuple concurrently updated" has no code of its own: two GRANTs on one object, of which the second fails (PostgreSQL 13 to 18).
function isConcurrentChange(code: string, message: string): boolean {
  if (code === "40001" || code === "40P01") return true;
  if (code === "XX000") return message.startsWith("tuple concurrently ");
  return code === "23505" && /"pg_[a-z_]+"/.test(message);
}

type Fail = (code: string, message: string, help: string) => RolewrightError;

function authorizationError(message: string, where: string, fail: Fail): RolewrightError {
  if (message.includes("pg_hba.conf")) {
    // The same words for an address that nobody may come from and for a missing TLS; only the end differs.
    return /no encryption|SSL off/.test(message)
      ? fail("RW504", `${where}: ${message}`, "if the server demands TLS, set `sslmode=require` or stronger in the URL")
      : fail("RW504", `${where}: ${message}`, "have an administrator add a matching line to `pg_hba.conf` and reload");
  }
  if (message.includes("is not permitted to log in")) {
    return fail("RW515", `${where}: ${message}`, "have an administrator run `alter role ... login`");
  }
  return fail("RW503", `${where}: ${message}`, "check the user of the target's URL");
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
