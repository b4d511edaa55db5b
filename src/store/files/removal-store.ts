import type { RemovalEvent, RemovalStore } from "../../simulation/removals/standing.ts";
import { fileEvents } from "./window-store.ts";

/** Keeps what happened to removals as files in one folder. */
export function fileRemovalStore(options: {
  /** The folder; made when missing. By convention `.rolewright/removals`. */
  readonly folder: string;
}): RemovalStore {
  return fileEvents<RemovalEvent>(options.folder);
}
