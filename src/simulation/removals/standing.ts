import type { Digest } from "../../base/digest.ts";
import { compareBy, sorted } from "../../base/order.ts";
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
      /** What goes does much harm where it is needed: it is watched over the turn of a month. */
      readonly highRisk: boolean;
    }
  /** A role that nobody is holds the same, so that the audit log names each statement that uses it. */
  | { readonly kind: "canary"; readonly at: string; readonly by: string; readonly items: readonly Digest[] }
  /** The audit log does not name uses any more. */
  | { readonly kind: "canary-ended"; readonly at: string; readonly by: string }
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

/** A plan that was applied and stands, and what it took. It is no event of the record: the records of runs tell. */
export interface Taken {
  /** When it was applied. */
  readonly at: string;
  readonly plan: Digest;
  readonly items: readonly RemovalItem[];
}

/** How long each step takes. */
export interface RemovalTimes {
  /** Days between telling people and watching. @default 7 */
  readonly announcedDays: number;
  /** Days of watching; twice as many for what the canary does not see. @default 14 */
  readonly canaryDays: number;
  /** Watch what is of high risk over the turn of a month, however long that takes. @default true */
  readonly monthEnd: boolean;
}

export const DEFAULT_REMOVAL_TIMES: RemovalTimes = { announcedDays: 7, canaryDays: 14, monthEnd: true };

/** `proposed → announced → canary → ready → revoked`, or `cancelled`. `proposed`: the manifest takes it, and nobody was told. `revoked`: it is gone. */
export type RemovalState = "proposed" | "announced" | "canary" | "ready" | "revoked" | "cancelled";

/** Where one item stands. */
export interface ItemStanding {
  readonly item: RemovalItem;
  readonly state: RemovalState;
  /** Null: it was not announced. */
  readonly announcedAt: string | null;
  readonly highRisk: boolean;
  /** Null: it does not stand in the canary. */
  readonly canaryAt: string | null;
  /** Evidence was looked through up to here. */
  readonly watchedUntil: string | null;
  /** The first moment at which it can be ready; null: it is, or it never will be. */
  readonly readyAt: string | null;
  /** Null: it was not taken, or not by a plan that was applied from here. */
  readonly revokedAt: string | null;
  /** Why it is cancelled: the statement that used it, or what somebody said. Else what is odd about it. */
  readonly because: string | null;
}

const DAY = 86_400_000;

/** An item of which nothing is known but that it is to go. */
export function proposed(item: RemovalItem): ItemStanding {
  const nothing = { canaryAt: null, watchedUntil: null, readyAt: null, revokedAt: null, because: null };
  return { item, state: "proposed", announcedAt: null, highRisk: false, ...nothing };
}

/** Where each item stands that was ever announced, by id. The last announcement of an item counts; what was taken since is over, also where it was given again. */
export function standings(
  events: readonly RemovalEvent[],
  given: { readonly times: RemovalTimes; readonly taken: readonly Taken[]; readonly now: Date },
): ReadonlyMap<Digest, ItemStanding> {
  const found = new Map<Digest, ItemStanding>();
  const change = (id: Digest, more: Partial<ItemStanding>): void => {
    const standing = found.get(id);
    if (standing !== undefined && !isOver(standing)) found.set(id, { ...standing, ...more });
  };
  for (const event of withTaken(events, given.taken)) {
    switch (event.kind) {
      case "announced":
        for (const item of event.items) {
          const known = found.get(item.id);
          if (known !== undefined && !isOver(known)) continue;
          const { at: announcedAt, highRisk } = event;
          found.set(item.id, { ...proposed(item), state: "announced", announcedAt, highRisk });
        }
        break;
      case "canary":
        for (const id of event.items) if (found.get(id)?.canaryAt === null) change(id, { canaryAt: event.at });
        break;
      case "canary-ended":
        // What was seen through to the end was seen; the rest is watched like what never stood in a canary.
        for (const [id, standing] of found) {
          const { state } = settled(standing, given.times, new Date(event.at));
          if (state !== "ready") change(id, { canaryAt: null });
        }
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
      case "revoked":
        for (const { id } of event.items) {
          const known = found.get(id);
          if (known === undefined || known.state === "revoked") continue;
          const { state, because } = settled(known, given.times, new Date(event.at));
          const odd = state === "ready" ? null : `it was ${state} then${because === null ? "" : `: ${because}`}`;
          found.set(id, { ...known, state: "revoked", readyAt: null, revokedAt: event.at, because: odd });
        }
        break;
    }
  }
  return new Map([...found].map(([id, standing]) => [id, settled(standing, given.times, given.now)]));
}

/** The events in the order of their numbers, with what was taken between them by its time. */
function withTaken(
  events: readonly RemovalEvent[],
  taken: readonly Taken[],
): readonly (RemovalEvent | ({ readonly kind: "revoked" } & Taken))[] {
  const rest = sorted(
    taken.map((each) => ({ kind: "revoked" as const, ...each })),
    compareBy(({ at }) => Date.parse(at)),
  );
  let next = 0;
  const found = events.flatMap((event) => {
    const from = next;
    while (next < rest.length && Date.parse(rest[next]?.at ?? "") <= Date.parse(event.at)) next += 1;
    return [...rest.slice(from, next), event];
  });
  return [...found, ...rest.slice(next)];
}

/** What becomes of it is decided; only another announcement begins anew. */
export function isOver({ state }: ItemStanding): boolean {
  return state === "cancelled" || state === "revoked";
}

function settled(standing: ItemStanding, times: RemovalTimes, now: Date): ItemStanding {
  if (isOver(standing) || standing.announcedAt === null) return standing;
  const announcedUntil = Date.parse(standing.announcedAt) + times.announcedDays * DAY;
  const watchFrom = Date.parse(standing.canaryAt ?? standing.announcedAt);
  const isSeen = standing.canaryAt !== null && isObservable(standing.item);
  const monthEnd = standing.highRisk && times.monthEnd ? monthTurned(watchFrom) : 0;
  const readyAt = Math.max(announcedUntil, watchFrom + times.canaryDays * (isSeen ? 1 : 2) * DAY, monthEnd);
  const watched = standing.watchedUntil === null ? 0 : Date.parse(standing.watchedUntil);
  if (watched >= readyAt && now.getTime() >= readyAt) return { ...standing, state: "ready", readyAt: null };
  const state = standing.canaryAt === null ? "announced" : "canary";
  return { ...standing, state, readyAt: new Date(readyAt).toISOString() };
}

/** When, from a moment on, the last day of a month and the first of the next one have passed whole, in UTC: jobs of once a month run on one of them. */
function monthTurned(from: number): number {
  const start = new Date(from);
  const turn = (months: number): number => Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + months, 1);
  return (from <= turn(1) - DAY ? turn(1) : turn(2)) + DAY;
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
