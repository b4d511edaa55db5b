import { createHash } from "node:crypto";
import type { Digest } from "../../base/digest.ts";
import { RolewrightError } from "../../base/error.ts";
import { personal } from "../entry/commitment.ts";
import { newEntryId } from "../entry/entry-id.ts";
import type { Actor, AuditEvent } from "../entry/event.ts";
import type { AuditLog } from "../log/audit-log.ts";
import type { AuditStore } from "../log/audit-store.ts";
import { findEntriesSince } from "../log/find-entries.ts";
import { type ReadSpool, readSpool, type SpoolRecord } from "./record.ts";
import type { RememberedSpool, SpoolStore, StoredSpool } from "./spool-store.ts";

/** What was taken over into the log. */
export interface Absorbed {
  readonly name: string;
  readonly records: number;
  /** What was wrong with it, and given up; null for nothing. */
  readonly given: string | null;
}

export interface AbsorbOptions {
  readonly log: AuditLog;
  readonly store: AuditStore;
  readonly spools: SpoolStore;
  readonly actor: Actor;
  readonly now: () => Date;
  /** Goes on over spools that were changed, cut or removed: with what is left of them, and why. @default throws RW608 */
  readonly giveUp?: { readonly reason: string };
}

/** Clocks of machines that absorb one after the other may differ by less than this. */
const SKEW_MS = 24 * 3600 * 1000;
const NAMED_RECORDS = 256;

/**
 * Takes over what waits for the log, oldest first: that there was a gap, and then an entry for each record, under the id that it was given when it was written. So it stands in the log once, wherever a process dies. Throws RW608 for a
 * spool that is not what was written.
 */
export async function absorbSpools(options: AbsorbOptions): Promise<readonly Absorbed[]> {
  const absorbed: Absorbed[] = [];
  for (const { name } of await options.spools.list()) {
    await using claim = await options.spools.claim(name);
    if (claim === null) continue;
    // Somebody else may have been faster.
    const stored = (await options.spools.list()).find((each) => each.name === name);
    if (stored !== undefined) absorbed.push(await absorb(stored, options));
  }
  return absorbed;
}

async function absorb(stored: StoredSpool, options: AbsorbOptions): Promise<Absorbed> {
  const { spools, giveUp } = options;
  const { name } = stored;
  const spool = stored.bytes === null ? null : readOrNull(stored.bytes);
  const wrong = wrongWith(spool, stored);
  // A crash in its first write: nothing was announced in it.
  const isNothing = stored.remembered === null && stored.bytes?.includes(10) !== true;
  if (wrong !== null && giveUp === undefined && !isNothing) throw damagedSpool(name, wrong);
  if (spool === null) {
    await options.log.append(
      {
        type: "gap.declared",
        actor: options.actor,
        from: options.now().toISOString(),
        until: options.now().toISOString(),
        reason: "spool lost",
        spool: stored.remembered?.digest ?? null,
        count: 0,
        damage: wrong ?? "",
        ...(giveUp === undefined ? {} : { given_up: personal(giveUp.reason) }),
      },
      { id: gapId(name, stored.remembered?.digest ?? null, options.now()) },
    );
  } else {
    await takeOver(name, spool, { ...options, wrong });
  }
  // What stands in the log now is durable: a crash from here on finds the entries by their ids.
  if (wrong !== null && stored.bytes !== null) await spools.setAside(name);
  await spools.remove(name);
  return { name, records: spool?.records.length ?? 0, given: wrong };
}

async function takeOver(
  name: string,
  spool: ReadSpool,
  { log, store, actor, now, giveUp, wrong }: AbsorbOptions & { readonly wrong: string | null },
): Promise<void> {
  const { beginning, records, digest } = spool;
  const began = new Date(beginning.at);
  const gap = gapId(name, null, began);
  const ids = new Set([gap, ...records.map(({ id }) => id)]);
  const found = await findEntriesSince(store, new Date(began.getTime() - SKEW_MS), ids);
  if (!found.has(gap)) {
    await log.append(
      {
        type: "gap.declared",
        actor,
        from: beginning.at,
        until: now().toISOString(),
        reason: `${beginning.error} ${beginning.cause}`,
        spool: digest,
        count: records.length,
        told: beginning.reason === null ? null : personal(beginning.reason),
        ...(wrong === null ? {} : { damage: `${wrong}; given up` }),
        ...(giveUp === undefined || wrong === null ? {} : { given_up: personal(giveUp.reason) }),
      },
      { id: gap },
    );
  }
  const indexes = new Map<number, number>();
  for (const { number, id } of records) {
    const at = found.get(id);
    if (at !== undefined) indexes.set(number, at.index);
  }
  let group: SpoolRecord[] = [];
  const flush = async (): Promise<void> => {
    const events = group.map((record) => eventOf(record, indexes));
    const receipts = await log.appendAll(events, { ids: group.map(({ id }) => id) });
    for (const [at, { number }] of group.entries()) indexes.set(number, receipts[at]?.index ?? -1);
    group = [];
  };
  for (const record of records) {
    if (indexes.has(record.number)) continue;
    const waitsFor = intentRecord(record);
    if (group.length >= NAMED_RECORDS || group.some(({ number }) => number === waitsFor)) await flush();
    group.push(record);
  }
  await flush();
}

/** The record of the intent that an outcome is of; null for anything else. */
function intentRecord({ event }: SpoolRecord): number | null {
  return event.type === "change.outcome" && event.intent < 0 ? -event.intent : null;
}

function eventOf(record: SpoolRecord, indexes: ReadonlyMap<number, number>): AuditEvent {
  const { event, at, number } = record;
  const spooled = { at, record: number };
  const intent = intentRecord(record);
  if (event.type !== "change.outcome" || intent === null) return { ...event, spooled };
  return { ...event, intent: indexes.get(intent) ?? -1, spooled };
}

/** The same for the same spool, so that a gap is declared once. */
function gapId(name: string, digest: Digest | null, time: Date): string {
  return newEntryId(
    time,
    createHash("sha256")
      .update(`gap ${name} ${digest ?? ""}`)
      .digest(),
  );
}

function readOrNull(bytes: Uint8Array): ReadSpool | null {
  try {
    return readSpool(bytes);
  } catch (error) {
    if (error instanceof RolewrightError && error.code === "RW608") return null;
    throw error;
  }
}

function wrongWith(spool: ReadSpool | null, { bytes, remembered }: StoredSpool): string | null {
  if (bytes === null) return `it is gone, and had ${remembered?.count ?? 0} records`;
  if (spool === null) return "its first record cannot be read";
  if (spool.damage !== null) return `record ${spool.damage.record}: ${spool.damage.why}`;
  return remembered === null ? null : wrongWithEnd(spool, remembered);
}

function wrongWithEnd({ count, digests }: ReadSpool, remembered: RememberedSpool): string | null {
  if (count < remembered.count) return `it ends after ${count} of ${remembered.count} records`;
  const known = digests[remembered.count - 1];
  return known === remembered.digest ? null : `record ${remembered.count - 1} is not the one that was remembered`;
}

function damagedSpool(name: string, why: string): RolewrightError {
  return new RolewrightError("RW608", `the spool \`${name}\` was changed after it was written: ${why}`, {
    help: "restore it; if it is lost, `rolewright audit absorb --give-up --reason TEXT` takes over what is left, and the log says so",
    details: { spool: name, why },
  });
}
