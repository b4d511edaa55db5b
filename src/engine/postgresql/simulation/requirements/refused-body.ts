import type { Closure, Refusal, Running } from "./closure.ts";

/** A body that the server does not take fails when it runs; that it is for want of a right is only certain where it is so for a name. */
export function bodyRefused(closure: Closure, answer: Refusal, running: Running): void {
  closure.dependsOn.usage = true;
  const reason =
    answer.kind === "refused"
      ? `the server does not take its body: ${answer.message}`
      : `its body could not be read: ${answer.reason}`;
  const kind = answer.kind === "blind" ? "blind" : "unparsed";
  closure.found.unknown({ kind, reason, origin: running.origin });
}
