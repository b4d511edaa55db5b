import { describe, expect, test } from "vitest";
import type { Run, RunStore, StepNote } from "../../src/apply/outcome.ts";
import type { Digest } from "../../src/base/digest.ts";
import { digestText } from "../../src/base/digest.ts";
import type { Plan } from "../../src/plan/plan.ts";

/** What every RunStore must do, whatever it stands on. `open` gives a new empty one; `reopen` another one on the same storage, as the next process would see it. */
export function runStoreConformance(
  name: string,
  open: () => Promise<{ readonly store: RunStore; readonly reopen: () => RunStore }>,
): void {
  describe(`${name} as a store of runs`, () => {
    test("an unknown digest has no run, and that is no error", async () => {
      const { store } = await open();
      expect(await store.load(digestText("nobody"))).toBeNull();
      expect(await store.list()).toEqual([]);
    });

    test("what was saved is there for the next process, plan and record", async () => {
      const { store, reopen } = await open();
      const plan = samplePlan('hostile \u202e "names" \\ \' \n ünï');
      await store.save(sampleRun(plan, { state: "started" }), plan);
      expect(await reopen().load(plan.digest)).toEqual({ run: sampleRun(plan, { state: "started" }), plan });
    });

    test("a later save replaces the record and keeps the plan", async () => {
      const { store, reopen } = await open();
      const plan = samplePlan("one");
      await store.save(sampleRun(plan, { state: "started" }), plan);
      await store.save(sampleRun(plan, { state: "applied", finished_at: "2026-11-22T09:00:05Z" }), plan);
      expect((await reopen().load(plan.digest))?.run.state).toBe("applied");
      expect(await reopen().list()).toHaveLength(1);
    });

    test("runs are listed newest first", async () => {
      const { store, reopen } = await open();
      for (const [label, at] of [
        ["b", "2026-11-22T09:00:01Z"],
        ["c", "2026-11-22T09:00:02Z"],
        ["a", "2026-11-22T09:00:00Z"],
      ] as const) {
        const plan = samplePlan(label);
        await store.save(sampleRun(plan, { started_at: at, holder: label }), plan);
      }
      expect((await reopen().list()).map((run) => run.holder)).toEqual(["c", "b", "a"]);
    });

    test("many saves of one run, one after the other, end with the last", async () => {
      const { store, reopen } = await open();
      const plan = samplePlan("many");
      for (let i = 0; i < 30; i++) await store.save(sampleRun(plan, { holder: `writer ${i}` }), plan);
      expect((await reopen().load(plan.digest))?.run.holder).toBe("writer 29");
    });

    test("a run without a journal has no lines, and that is no error", async () => {
      const { store } = await open();
      expect(await store.notes(digestText("nobody"))).toEqual([]);
    });

    test("the lines of a journal are there for the next process, in their order and as they were", async () => {
      const { store, reopen } = await open();
      const [plan, other] = [samplePlan("noted"), samplePlan("beside")];
      await store.save(sampleRun(plan), plan);
      const notes = Array.from({ length: 20 }, (_, statement) => sampleNote(statement));
      for (const note of notes.slice(0, 12)) await store.note(plan.digest, note);
      await store.note(other.digest, sampleNote(99));
      for (const note of notes.slice(12)) await reopen().note(plan.digest, note);
      expect(await reopen().notes(plan.digest)).toEqual(notes);
      expect(await reopen().list()).toHaveLength(1);
    });

    test("one applier of a server at a time holds the lock, and the next one is told who", async () => {
      const { store, reopen } = await open();
      const first = await store.lock({ server: "one", holder: "alice@laptop" });
      await expect(reopen().lock({ server: "one", holder: "bob" })).rejects.toMatchObject({
        code: "RW405",
        message: expect.stringContaining("alice@laptop"),
      });
      await using _elsewhere = await reopen().lock({ server: "two", holder: "bob" });
      expect(first.lost).toBe(false);
      await first[Symbol.asyncDispose]();
      await using second = await reopen().lock({ server: "one", holder: "bob" });
      expect(second.lost).toBe(false);
    });

    test("of appliers that come at once, one at most gets the lock", async () => {
      const { reopen } = await open();
      for (let round = 0; round < 5; round++) {
        const tries = Array.from({ length: 6 }, (_, i) => reopen().lock({ server: "one", holder: `applier ${i}` }));
        const results = await Promise.allSettled(tries);
        const taken = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
        expect(taken.length).toBeLessThanOrEqual(1);
        for (const lock of taken) await lock[Symbol.asyncDispose]();
      }
      await using _free = await reopen().lock({ server: "one", holder: "afterwards" });
    });
  });
}

/** A line of a journal as a store sees it. */
export function sampleNote(statement: number): StepNote {
  const text = `grant select on "t\n\u2028${statement}" to 'ünï' -- \\ "`;
  return { at: "2026-11-22T09:00:00Z", part: "apply", stage: 0, statement, text, changes: [] };
}

/** A plan as a store sees it: text that must come back byte for byte. */
export function samplePlan(label: string): Plan {
  const digest: Digest = digestText(label);
  return {
    format_version: "1.0",
    tool: "0.0.0",
    target: {
      name: label,
      environment: "test",
      identity: { engine: "postgresql", server: "1", databases: ["shop"] },
      version: { product: "PostgreSQL", major: 18, minor: 4, text: "18.4" },
      actor: "postgres",
    },
    manifest_digest: null,
    fingerprint: { before: digest, after: digest },
    basis: {},
    changes: [],
    stages: [{ name: "all", database: "shop", statements: [{ text: `-- ${label}`, changes: [] }] }],
    inverse_changes: [],
    inverse: [],
    irreversible: [],
    budget: { statements: 1, locks: 0, max_locks: 6400, removals: 0 },
    findings: [],
    digest,
  };
}

export function sampleRun(plan: Plan, over: Partial<Run> = {}): Run {
  return {
    format_version: "1.0",
    plan: plan.digest,
    target: plan.target.name,
    server: plan.target.identity.server,
    holder: "somebody",
    started_at: "2026-11-22T09:00:00Z",
    stages: [{ name: "all", database: "shop", transaction: "771", state: "running" }],
    state: "started",
    finished_at: null,
    reverts: null,
    ...over,
  };
}
