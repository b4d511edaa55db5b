import { SessionLost, type Wire } from "./wire.ts";

/** How batches of questions are worked off in several sessions. */
export interface Crew<Batch> {
  readonly open: () => Promise<Wire>;
  /** Sessions at once. */
  readonly sessions: number;
  readonly work: (wire: Wire, batch: Batch) => Promise<void>;
  /** What remains of a batch whose session ended: smaller batches, or none. Throws where the end was asked for. */
  readonly afterLoss: (batch: Batch) => readonly Batch[];
}

/** Works off batches, in whatever order sessions come free. Every session that was opened is closed at the end. */
export async function workOff<Batch>(batches: readonly Batch[], crew: Crew<Batch>): Promise<void> {
  const queue = [...batches];
  const worker = async (): Promise<void> => {
    let wire: Wire | null = null;
    try {
      for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
        if (wire === null || wire.lost) wire = await crew.open();
        try {
          await crew.work(wire, batch);
        } catch (error) {
          if (!(error instanceof SessionLost)) throw error;
          wire.destroy();
          queue.push(...crew.afterLoss(batch));
        }
      }
    } finally {
      await wire?.[Symbol.asyncDispose]();
    }
  };
  const workers = Array.from({ length: Math.min(crew.sessions, batches.length) }, worker);
  const ended = await Promise.allSettled(workers);
  for (const each of ended) if (each.status === "rejected") throw each.reason;
}

/** Asks for each, with at most `width` under way. */
export async function inWindow<Item>(
  items: readonly Item[],
  width: number,
  ask: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const lane = async (): Promise<void> => {
    for (const item of rest) await ask(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
}
