import { type ErrorOptions, RolewrightError } from "../../base/error.ts";
import type { Secret } from "../../base/secret.ts";
import { causeOf, CODE, isConnectionLoss, isServerError, isTooFewNodes } from "./errors.ts";

/** A statement as it stands in a plan, and what was put into it. */
export interface Failed {
  readonly text: string;
  readonly secret?: Secret | undefined;
}

/** Why a statement failed. RW410 may be tried again; after RW413 it is not known whether it was done; RW412 says that the server refused it. What was put into it is never repeated. */
export function statementError(error: unknown, { text, secret }: Failed): RolewrightError {
  const { code = "", message } = causeOf(error);
  const words = secret === undefined ? message : message.replaceAll(secret.reveal(), "[secret]");
  const options: ErrorOptions = {
    // The driver's error has the text that was sent.
    cause: secret === undefined ? error : new Error(words),
    details: { code: String(code), statement: text },
  };
  if (isServerError(error, [CODE.overloaded]) && /can only be changed every/iu.test(message)) {
    const help = "try again in a moment";
    return new RolewrightError("RW410", `the server wants a pause: ${words}`, { ...options, help });
  }
  if (isConnectionLoss(error)) {
    const help = "the statement may have been done: what it is about has to be read back";
    return new RolewrightError("RW413", `the connection was lost: ${words}`, { ...options, help });
  }
  if (isTooFewNodes(error) || isServerError(error, UNKNOWN)) {
    const help = "start the nodes that are down; what the statement is about has to be read back";
    return new RolewrightError("RW413", `it is not known whether \`${text}\` was done: ${words}`, { ...options, help });
  }
  const help = isServerError(error, [CODE.unauthorized])
    ? "the connection's role lacks the right to do this"
    : "somebody may have changed what the statement is about: plan again";
  return new RolewrightError("RW412", `the server refused \`${text}\`: ${words}`, { ...options, help });
}

/** Some copies may have been written. */
const UNKNOWN: readonly number[] = [
  CODE.unavailable,
  CODE.overloaded,
  CODE.bootstrapping,
  CODE.writeTimeout,
  CODE.readTimeout,
  0x1300, // read failure
  0x1500, // write failure
];
