import type { Change } from "../model/change.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Stage } from "../plan/plan.ts";

/** The changes that a stage carries out, in order. */
export function changesOf(stage: Stage, all: readonly Change[]): readonly Change[] {
  const indexes = new Set(stage.statements.flatMap((statement) => statement.changes));
  return all.filter((_, index) => indexes.has(index));
}

const LARGE = 5000;

/**
 * A heavy stage holds back everybody who uses its object. On a large database a reading takes seconds, so there only the server's functions are asked while the lock is held, and the next stage, or the last
 * reading, reads back for it.
 */
export function readsBack(stage: Stage, live: Snapshot): boolean {
  return stage.name !== "heavy" || live.access.holdings.size < LARGE;
}
