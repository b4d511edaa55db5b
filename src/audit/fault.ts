import { RolewrightError } from "../base/error.ts";

/** What is wrong with a log and where: thrown by every check, so that none can be taken for a weaker one. */
export function fault(
  code: string,
  message: string,
  where: Readonly<Record<string, string | number>> = {},
): RolewrightError {
  return new RolewrightError(code, message, { details: where });
}

/** True for what a check of the log found, as opposed to what kept it from looking. */
export function isFault(error: unknown): error is RolewrightError {
  return error instanceof RolewrightError && /^RW6[123]\d$/.test(error.code);
}
