import { RolewrightError } from "../../base/error.ts";
import type { Session } from "./client.ts";

const PROCESS = "select pg_backend_pid()";

/**
 * Throws RW511 when a pooler in transaction mode stands in between. A pooler gives its clients process numbers of its own; if the number that we were given at login is not
 * the one of the process that answers, there is one. It is in transaction mode when a second session gets the process that the first one, idle, has just used.
 */
export async function refuseTransactionPooler(session: Session, openAnother: () => Promise<Session>): Promise<void> {
  const first = await processOf(session);
  if (first === session.processId) return;
  await using other = await openAnother();
  await other.run("begin");
  const second = await processOf(other);
  await other.run("rollback");
  if (first !== second) return;
  throw new RolewrightError("RW511", "a connection pooler in transaction mode stands before the server", {
    help: "point the target at the server itself, or at a pool in session mode",
  });
}

async function processOf(session: Session): Promise<number> {
  const [row] = await session.rows<readonly [string]>(PROCESS);
  return Number(row?.[0]);
}
