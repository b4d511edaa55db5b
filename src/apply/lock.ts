import type { ApplierLock, Connection } from "../engine/engine.ts";
import type { RunStore } from "./outcome.ts";

/**
 * Keeps every second applier of the server away. Where the server itself has no lock for that, it is the run store's: weaker, since only appliers with the same store are kept from each other. Throws RW405,
 * naming the holder.
 */
export async function lockApplier(options: {
  readonly connection: Connection;
  readonly runs: RunStore;
  readonly holder: string;
}): Promise<ApplierLock> {
  const { connection, runs, holder } = options;
  if (connection.engine.capabilities.applierLock) return await connection.lockApplier({ holder });
  const { server } = await connection.identify();
  return await runs.lock({ server, holder });
}
