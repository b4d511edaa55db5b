import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { RolewrightError } from "../base/error.ts";
import type { CliContext } from "./context.ts";

/** The bytes of a file that was named on the command line. Throws RW805 where it cannot be read. */
export async function readBytes(named: string, context: Pick<CliContext, "cwd">): Promise<Buffer> {
  try {
    return await readFile(resolve(context.cwd, named));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "unknown reason";
    throw new RolewrightError("RW805", `\`${named}\` cannot be read: ${why}`, { cause });
  }
}
