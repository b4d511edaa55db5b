import { describe, inject } from "vitest";
import type { OptionalServer } from "./optional-servers.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Why a server cannot be had on this machine, by its name; nothing for those that can. */
    readonly missingServers: Readonly<Record<string, string>>;
  }
}

/** A suite on a server that this machine may not have: it is skipped then, and its name says why. Null: every machine has it. */
export function describeOn(server: OptionalServer | null, name: string, suite: () => void): void {
  const reason = server === null ? undefined : inject("missingServers")[server];
  const isThere = reason === undefined;
  const define: (title: string, suite: () => void) => void = isThere ? describe : describe.skip;
  if (!isThere) process.stderr.write(`skipped: ${name}: ${reason}\n`); // Reporters show no names of what was skipped.
  define(isThere ? name : `${name} (skipped: ${reason})`, suite);
}
