import { dirname, join } from "node:path";
import { formatTime } from "../../base/clock.ts";
import { type Digest, digestJson } from "../../base/digest.ts";
import type { Manifest } from "../../config/manifest.ts";
import { itemsOf } from "../../simulation/removals/item.ts";
import {
  DEFAULT_REMOVAL_TIMES,
  type ItemStanding,
  type RemovalEvent,
  type RemovalStore,
  type RemovalTimes,
  standings,
  type Taken,
} from "../../simulation/removals/standing.ts";
import { fileRemovalStore } from "../../store/files/removal-store.ts";
import type { CliContext } from "../context.ts";
import { holder } from "../doer.ts";
import type { ReadManifest } from "../target.ts";

/** The record of removals beside the records of runs. */
export function removalStore({ runsFolder }: Pick<ReadManifest, "runsFolder">): RemovalStore {
  return fileRemovalStore({ folder: join(dirname(runsFolder), "removals") });
}

/** Under which a server's removals are kept. */
function serverKey(server: string): Digest {
  return digestJson(["removals", server]);
}

/** What was announced on a server, and where each item stands. */
export interface RemovalRecord {
  readonly key: Digest;
  readonly standing: ReadonlyMap<Digest, ItemStanding>;
  /** A canary was noted to be on, and not noted to have ended. */
  readonly canaryOn: boolean;
}

/** Reads the record of one server, with what plans have taken since. */
export async function readRemovals(
  target: Pick<ReadManifest, "runsFolder" | "runs" | "manifest">,
  server: string,
  context: Pick<CliContext, "clock">,
): Promise<RemovalRecord> {
  const key = serverKey(server);
  const events = await removalStore(target).events(key);
  const taken = await takenSince(events[0]?.at ?? null, server, target);
  const times = removalTimes(target.manifest);
  return {
    key,
    standing: standings(events, { times, taken, now: context.clock.now() }),
    canaryOn: events.findLast(({ kind }) => kind.startsWith("canary"))?.kind === "canary",
  };
}

/** What plans took that were applied since the first announcement, and stand. */
async function takenSince(
  since: string | null,
  server: string,
  { runs }: Pick<ReadManifest, "runs">,
): Promise<readonly Taken[]> {
  if (since === null) return [];
  const found: Taken[] = [];
  for (const run of await runs.list()) {
    const { finished_at: at, plan } = run;
    if (run.server !== server || run.state !== "applied" || at === null || Date.parse(at) < Date.parse(since)) continue;
    const changes = (await runs.load(plan))?.plan.changes ?? [];
    found.push({ at, plan, items: itemsOf(changes.map(({ change }) => change)) });
  }
  return found;
}

/** How long each step takes here. */
function removalTimes({ removals }: Pick<Manifest, "removals">): RemovalTimes {
  return {
    announcedDays: removals?.announced_days ?? DEFAULT_REMOVAL_TIMES.announcedDays,
    canaryDays: removals?.canary_days ?? DEFAULT_REMOVAL_TIMES.canaryDays,
    monthEnd: removals?.month_end ?? DEFAULT_REMOVAL_TIMES.monthEnd,
  };
}

/** Appends an event behind whatever stands there by then. */
export async function appendRemoval(store: RemovalStore, server: Digest, event: RemovalEvent): Promise<void> {
  while (!(await store.append(server, (await store.events(server)).length, event)));
}

/** When and by whom an event is told. */
export function stamp(context: Pick<CliContext, "clock">): { readonly at: string; readonly by: string } {
  return { at: formatTime(context.clock.now()), by: holder() };
}
