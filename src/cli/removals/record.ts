import { dirname, join } from "node:path";
import { type Digest, digestJson } from "../../base/digest.ts";
import type { Manifest } from "../../config/manifest.ts";
import {
  DEFAULT_REMOVAL_TIMES,
  type RemovalEvent,
  type RemovalStore,
  type RemovalTimes,
} from "../../simulation/removals/standing.ts";
import { fileRemovalStore } from "../../store/files/removal-store.ts";
import type { ReadManifest } from "../target.ts";

/** The record of removals beside the records of runs. */
export function removalStore({ runsFolder }: Pick<ReadManifest, "runsFolder">): RemovalStore {
  return fileRemovalStore({ folder: join(dirname(runsFolder), "removals") });
}

/** Under which a server's removals are kept. */
export function serverKey(server: string): Digest {
  return digestJson(["removals", server]);
}

/** How long each step takes here. */
export function removalTimes({ removals }: Pick<Manifest, "removals">): RemovalTimes {
  return {
    announcedDays: removals?.announced_days ?? DEFAULT_REMOVAL_TIMES.announcedDays,
    canaryDays: removals?.canary_days ?? DEFAULT_REMOVAL_TIMES.canaryDays,
  };
}

/** Appends an event behind whatever stands there by then. */
export async function appendRemoval(store: RemovalStore, server: Digest, event: RemovalEvent): Promise<void> {
  while (!(await store.append(server, (await store.events(server)).length, event)));
}
