import type { Digest } from "../../base/digest.ts";
import type { RemovalItem } from "./item.ts";

/** What happened to removals on one server, in order. */
export type RemovalEvent =
  /** Whoever loses something was told; from here on it is watched by what is observed anyway. */
  | {
      readonly kind: "announced";
      readonly at: string;
      readonly by: string;
      readonly plan: Digest;
      readonly items: readonly RemovalItem[];
    }
  /** A role that nobody is holds the same, so that the audit log names each statement that uses it. */
  | { readonly kind: "canary"; readonly at: string; readonly by: string; readonly items: readonly Digest[] }
  /** Evidence up to this time was looked through. */
  | {
      readonly kind: "watched";
      readonly at: string;
      readonly by: string;
      readonly until: string;
      readonly evidence: Digest;
    }
  | {
      readonly kind: "used";
      readonly at: string;
      readonly by: string;
      readonly item: Digest;
      readonly role: string;
      readonly statement: string;
      readonly lastSeen: string;
    }
  | {
      readonly kind: "cancelled";
      readonly at: string;
      readonly by: string;
      readonly item: Digest;
      readonly because: string;
    };

/**
 * Keeps what happened. Contract: `append` makes the event durable as the one after the first `after` events and gives true, or gives false and writes nothing where there is such an event already; `events` gives them in
 * order. Both throw where the folder cannot be used.
 */
export interface RemovalStore {
  events(server: Digest): Promise<readonly RemovalEvent[]>;
  append(server: Digest, after: number, event: RemovalEvent): Promise<boolean>;
}

/** How long each step takes. */
export interface RemovalTimes {
  /** Days between telling people and watching. @default 7 */
  readonly announcedDays: number;
  /** Days of watching; twice as many for what the canary does not see. @default 14 */
  readonly canaryDays: number;
}

export const DEFAULT_REMOVAL_TIMES: RemovalTimes = { announcedDays: 7, canaryDays: 14 };

/** `announced → canary → ready`, or `cancelled`. What was removed stands in the database and in the audit log. */
export interface ItemStanding {
  readonly item: RemovalItem;
  readonly state: "announced" | "canary" | "ready" | "cancelled";
  readonly announcedAt: string;
  /** Null: it does not stand in the canary. */
  readonly canaryAt: string | null;
  /** Evidence was looked through up to here. */
  readonly watchedUntil: string | null;
  /** The first moment at which it can be ready; null: it is, or it is cancelled. */
  readonly readyAt: string | null;
  /** Why it is cancelled: the statement that used it, or what somebody said. */
  readonly because: string | null;
}

const DAY = 86_400_000;

/** Where each item stands that was ever announced, by id. The last announcement of an item counts. */
export function standings(
  events: readonly RemovalEvent[],
  times: RemovalTimes,
  now: Date,
): ReadonlyMap<Digest, ItemStanding> {
  const found = new Map<Digest, ItemStanding>();
  const change = (id: Digest, more: Partial<ItemStanding>): void => {
    const standing = found.get(id);
    if (standing !== undefined && standing.state !== "cancelled") found.set(id, { ...standing, ...more });
  };
  for (const event of events) {
    switch (event.kind) {
      case "announced":
        for (const item of event.items) {
          const known = found.get(item.id);
          if (known !== undefined && known.state !== "cancelled") continue;
          const nothing = { canaryAt: null, watchedUntil: null, readyAt: null, because: null };
          found.set(item.id, { item, state: "announced", announcedAt: event.at, ...nothing });
        }
        break;
      case "canary":
        for (const id of event.items) if (found.get(id)?.canaryAt === null) change(id, { canaryAt: event.at });
        break;
      case "watched":
        for (const [id, { watchedUntil }] of found) {
          if (watchedUntil === null || watchedUntil < event.until) change(id, { watchedUntil: event.until });
        }
        break;
      case "used":
        change(event.item, { state: "cancelled", because: `\`${event.role}\` used it: ${event.statement}` });
        break;
      case "cancelled":
        change(event.item, { state: "cancelled", because: event.because });
        break;
    }
  }
  return new Map([...found].map(([id, standing]) => [id, settled(standing, times, now)]));
}

function settled(standing: ItemStanding, times: RemovalTimes, now: Date): ItemStanding {
  if (standing.state === "cancelled") return standing;
  const announcedUntil = Date.parse(standing.announcedAt) + times.announcedDays * DAY;
  const watchFrom = Date.parse(standing.canaryAt ?? standing.announcedAt);
  const isSeen = standing.canaryAt !== null && isObservable(standing.item);
  const readyAt = Math.max(announcedUntil, watchFrom + times.canaryDays * (isSeen ? 1 : 2) * DAY);
  const watched = standing.watchedUntil === null ? 0 : Date.parse(standing.watchedUntil);
  if (watched >= readyAt && now.getTime() >= readyAt) return { ...standing, state: "ready", readyAt: null };
  const state = standing.canaryAt === null ? "announced" : "canary";
  return { ...standing, state, readyAt: new Date(readyAt).toISOString() };
}

/** What pgAudit's object log tells of: reading and changing rows of tables. TRUNCATE, EXECUTE and USAGE it does not. */
const SEEN: ReadonlySet<string> = new Set(["SELECT", "INSERT", "UPDATE", "DELETE"]);

/** Whether a canary sees the use of it. Memberships are seen by what they give, which is more than tables. */
export function isObservable(item: RemovalItem): boolean {
  return (
    item.kind === "grant" &&
    SEEN.has(item.privilege) &&
    (item.resource.kind === "table" || item.resource.kind === "column")
  );
}

/** The items of a plan that may not be taken yet, and where they stand; null: never announced. */
export function notReady(
  items: readonly RemovalItem[],
  standing: ReadonlyMap<Digest, ItemStanding>,
): readonly { readonly item: RemovalItem; readonly standing: ItemStanding | null }[] {
  return items.flatMap((item) => {
    const found = standing.get(item.id) ?? null;
    return found?.state === "ready" ? [] : [{ item, standing: found }];
  });
}
