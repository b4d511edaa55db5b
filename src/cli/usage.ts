import { EXIT, RolewrightError } from "../base/error.ts";

/** A mistake on the command line: exit 64, nothing was read or changed. */
export function usageError(code: string, message: string, help?: string): RolewrightError {
  return new RolewrightError(code, message, { exitCode: EXIT.usage, ...(help === undefined ? {} : { help }) });
}
