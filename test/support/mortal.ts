import type { RunStore } from "../../src/apply/outcome.ts";
import type { Connection, Transaction } from "../../src/engine/engine.ts";
import { intercept } from "./intercept.ts";

/** A client that can die: around everything that it does to the server and to the disk. */
export interface Mortal {
  readonly connection: Connection;
  readonly runs: RunStore;
  /** What it did, in order: `before note 3`, `after execute 3`. */
  readonly deeds: readonly string[];
  /** Gives the store's locks back, as those of a process that is gone are taken over. */
  buried(): Promise<void>;
}

/** Calls `fate` before and after each deed; a fate that never returns is a death, since nothing that comes after happens. */
export function mortal(connection: Connection, runs: RunStore, fate: (deed: number) => Promise<void>): Mortal {
  const deeds: string[] = [];
  const locks: AsyncDisposable[] = [];
  const counts = new Map<string, number>();
  const around = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    await meet(`before ${name} ${count}`);
    const result = await work();
    await meet(`after ${name} ${count}`);
    return result;
  };
  const meet = async (deed: string): Promise<void> => {
    deeds.push(deed);
    await fate(deeds.length - 1);
  };
  return {
    deeds,
    async buried() {
      for (const lock of locks) await lock[Symbol.asyncDispose]();
    },
    runs: {
      ...runs,
      save: (run, plan) => around("save", () => runs.save(run, plan)),
      note: (plan, note) => around("note", () => runs.note(plan, note)),
      async lock(options) {
        const lock = await runs.lock(options);
        locks.push(lock);
        return lock;
      },
    },
    connection: intercept(connection, {
      async begin(database, options) {
        const transaction = await connection.begin(database, options);
        return intercept<Transaction>(transaction, {
          execute: (statement) => around("execute", () => transaction.execute(statement)),
        });
      },
    }),
  };
}
