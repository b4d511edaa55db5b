import { createHash } from "node:crypto";
import type { ReplayRows } from "../../../simulation.ts";
import type { Trial } from "./execution.ts";

/** What a statement returned, as a multiset. Null: it returns no rows, or others each time (the clock, chance), so that they say nothing about a change. */
export async function rowsOf(trial: Trial, again: () => Promise<Trial>): Promise<ReplayRows | null> {
  const first = digestOf(trial);
  if (first === null) return null;
  const second = digestOf(await again());
  return second?.digest === first.digest ? first : null;
}

function digestOf({ reply }: Trial): ReplayRows | null {
  if (reply === null || reply.columns.length === 0) return null;
  const lines = reply.rows.map((row) => JSON.stringify(row)).sort();
  const digest = createHash("sha256").update(lines.join("\n")).digest("hex");
  return { count: lines.length, digest };
}
