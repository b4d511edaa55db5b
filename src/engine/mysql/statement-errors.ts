import { type ErrorOptions, RolewrightError } from "../../base/error.ts";
import type { Secret } from "../../base/secret.ts";
import type { Remark } from "./client.ts";
import { ER, isConnectionLoss, isServerError } from "./errors.ts";
import { quoteLiteral } from "./quote.ts";

/** A statement as errors may tell of it: with `$secret` where a secret stands. */
export interface Told {
  readonly text: string;
  readonly secret?: Secret;
}

/** Waiting for a lock took too long; MariaDB's grant tables wait for whoever holds `flush tables with read lock`. */
const LOCK_WAIT = [1205];
/** A deadlock, or a row that changed under us. */
const CONCURRENT = [1213, 1020];
/** Ended by a limit or by somebody, or by a disk that is full: some of the tables that the statement writes may be written. */
const HALF_DONE = [1317, 1969, 3024, 1021, 1026, 1030, 1034, 1114, 1194, 1195, 1269];
const READ_ONLY = [1290, 1836];
const NEEDS_ADMIN_OPTION = [1698];
const NEEDS_PRIVILEGE_AND_OPTION = [1044, 1045, 1142, 1143, 1370, 1410];

/** IF EXISTS, IF NOT EXISTS and IGNORE UNKNOWN USER turn these into remarks: the statement succeeds and did nothing. */
const NOT_DONE: ReadonlySet<number> = new Set([1973, 1974, 1975, 1976, 3162, 3163, 1133, 1141, 1147, 1396, 1403]);

/** Why a statement failed that stands at once. RW410 and RW411 did nothing and may be tried again; RW429 may have done a part; RW413 leaves open what was done. */
export function statementError(error: unknown, told: Told): RolewrightError {
  if (error instanceof RolewrightError) return error;
  const words = wordsOf(error, told.secret);
  const details = { number: (error as { errno?: number }).errno ?? 0, statement: told.text };
  // The driver's error holds the whole statement, and so the secret.
  const options = (help: string): ErrorOptions =>
    told.secret === undefined ? { help, details, cause: error } : { help, details };
  if (isConnectionLoss(error)) {
    return new RolewrightError(
      "RW413",
      `the connection was lost: ${words}`,
      options("whether the statement was done shows when it is read back"),
    );
  }
  if (isServerError(error, LOCK_WAIT)) {
    const help = "somebody else holds it, perhaps for a backup; try again when that has ended";
    return new RolewrightError("RW410", `waiting for a lock took too long: ${words}`, options(help));
  }
  if (isServerError(error, CONCURRENT)) {
    return new RolewrightError("RW411", `somebody else changed the same thing: ${words}`, options("try again"));
  }
  if (isServerError(error, HALF_DONE) || isRevokeOfAll(error, told.text)) {
    const text = `\`${told.text}\` ended early and may have been done in part: ${words}`;
    return new RolewrightError("RW429", text, options("what stands shows when it is read back"));
  }
  return new RolewrightError("RW412", `the server refused \`${told.text}\`: ${words}`, options(helpFor(error)));
}

/** The first remark that says that a statement which succeeded did nothing. */
export function notDone(remarks: readonly Remark[], told: Told): RolewrightError | null {
  const remark = remarks.find(({ errno }) => NOT_DONE.has(errno));
  if (remark === undefined) return null;
  return new RolewrightError("RW412", `the server did not do \`${told.text}\`: ${wordsOf(remark, told.secret)}`, {
    help: "somebody else made or dropped it in the meantime: plan again",
    details: { number: remark.errno, statement: told.text },
  });
}

/** It takes roles away too, and where that is all there was it does so and fails. */
function isRevokeOfAll(error: unknown, text: string): boolean {
  return isServerError(error, [1141]) && /^\s*revoke\s+all\s+privileges\s*,/iu.test(text);
}

/** A syntax error quotes the statement from where it was not understood on, so with a secret its words are left out. */
function wordsOf(error: unknown, secret: Secret | undefined): string {
  const { message } = error as { readonly message: string };
  if (secret === undefined) return message;
  if (isServerError(error, [1064])) return "it does not understand the statement";
  const value = secret.reveal();
  if (value === "") return message;
  return message.replaceAll(quoteLiteral(value), "$secret").replaceAll(value, "$secret");
}

function helpFor(error: unknown): string {
  if (isServerError(error, NEEDS_ADMIN_OPTION)) return "the connection's account lacks the role's ADMIN OPTION";
  if (isServerError(error, NEEDS_PRIVILEGE_AND_OPTION)) {
    return "the connection's account lacks the privilege itself, or GRANT OPTION, on this level";
  }
  if (isServerError(error, READ_ONLY)) return "the server takes no changes: point the target at the primary";
  if (isServerError(error, ER.noRight)) return "the message names the privilege that the connection's account lacks";
  return "the server did nothing";
}
