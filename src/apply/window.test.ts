import { expect, test } from "vitest";
import type { Run } from "./outcome.ts";
import {
  confirmWindow,
  decideReversal,
  isUndecided,
  notedProbes,
  stopReversal,
  viewWindow,
  type WindowEvent,
  type WindowStore,
} from "./window.ts";

const START = new Date("2026-11-22T10:00:00Z");

function runWith(over: Partial<Run>): Run {
  return {
    format_version: "1.0",
    plan: `sha256:${"a".repeat(64)}`,
    target: "shop",
    server: "1",
    holder: "alice@laptop",
    started_at: "2026-11-22T10:00:00Z",
    stages: [],
    state: "applied",
    finished_at: "2026-11-22T10:00:05Z",
    reverts: null,
    window: { seconds: 60, deadline: "2026-11-22T10:01:05.000Z" },
    ...over,
  };
}

/** A store as the contract says; `between` runs once before an append, as another process would. */
function storeOf(events: WindowEvent[] = [], between: (() => void) | null = null): WindowStore {
  let meanwhile = between;
  return {
    events: () => Promise.resolve([...events]),
    append(_plan, after, event) {
      meanwhile?.();
      meanwhile = null;
      if (events.length !== after) return Promise.resolve(false);
      events.push(event);
      return Promise.resolve(true);
    },
  };
}

function after(seconds: number): Date {
  return new Date(START.getTime() + seconds * 1000);
}

function deciding(windows: WindowStore, seconds: number) {
  return { windows, by: "bob@desk", now: () => after(seconds) };
}

const CONFIRMED: WindowEvent = { kind: "confirmed", at: "x", by: "carol" };
const REVERT: WindowEvent = { kind: "revert", at: "x", by: "carol", because: "not confirmed" };
const STOPPED: WindowEvent = { kind: "stopped", at: "x", by: "carol", code: "RW340", message: "changed" };

test.each([
  ["open before its deadline", runWith({}), [], 64, "open"],
  ["overdue at its deadline", runWith({}), [], 65, "overdue"],
  [
    "counted from the start where the client did not live to say when it was applied",
    runWith({ window: { seconds: 60, deadline: null } }),
    [],
    60,
    "overdue",
  ],
  ["running while the run is", runWith({ state: "started" }), [], 600, "running"],
  ["unfinished where the run stands in part", runWith({ state: "partial" }), [], 1, "unfinished"],
  ["overdue where the run stands in part for too long", runWith({ state: "partial" }), [], 65, "overdue"],
  ["nothing where nothing remains", runWith({ state: "rolled-back" }), [], 600, "nothing"],
  ["reverted where the run is, whatever was decided", runWith({ state: "reverted" }), [CONFIRMED], 1, "reverted"],
  ["confirmed for ever", runWith({}), [CONFIRMED], 6000, "confirmed"],
  ["reverting from the decision on", runWith({}), [REVERT], 1, "reverting"],
  ["stopped where that stopped", runWith({}), [REVERT, STOPPED], 6000, "stopped"],
  ["confirmed by a person after it stopped", runWith({}), [REVERT, STOPPED, CONFIRMED], 6000, "confirmed"],
] as const)("a window is %s", (_text, run, events, seconds, phase) => {
  expect(viewWindow(run, events, after(seconds))?.phase).toBe(phase);
});

test("a run without a window has none", () => {
  const { window: _window, ...run } = runWith({});
  expect(viewWindow(run, [], START)).toBeNull();
});

test("confirming in time ends the window, and doing it again changes nothing", async () => {
  const events: WindowEvent[] = [];
  const first = await confirmWindow(runWith({}), deciding(storeOf(events), 10));
  expect([first.done, first.view.phase]).toEqual([true, "confirmed"]);
  const second = await confirmWindow(runWith({}), deciding(storeOf(events), 10));
  expect([second.done, second.view.phase, events.length]).toEqual([false, "confirmed", 1]);
  const late = await decideReversal(runWith({}), "not confirmed", deciding(storeOf(events), 100));
  expect([late.done, late.view.phase]).toEqual([false, "confirmed"]);
});

test("confirming is refused from the deadline on, before the run is applied, and once it goes back", async () => {
  const refused = [
    await confirmWindow(runWith({}), deciding(storeOf(), 65)),
    await confirmWindow(runWith({ state: "started" }), deciding(storeOf(), 1)),
    await confirmWindow(runWith({ state: "partial" }), deciding(storeOf(), 1)),
    await confirmWindow(runWith({}), deciding(storeOf([REVERT]), 1)),
  ];
  expect(refused.map(({ done }) => done)).toEqual([false, false, false, false]);
});

test("of a confirmation and a reversal that come at once the one that is written first counts", async () => {
  const events: WindowEvent[] = [];
  const beaten = await confirmWindow(
    runWith({}),
    deciding(
      storeOf(events, () => events.push(REVERT)),
      10,
    ),
  );
  expect([beaten.done, beaten.view.phase, events]).toEqual([false, "reverting", [REVERT]]);
  const others: WindowEvent[] = [];
  const late = await decideReversal(
    runWith({}),
    "probe failed",
    deciding(
      storeOf(others, () => others.push(CONFIRMED)),
      10,
    ),
  );
  expect([late.done, late.view.phase, others]).toEqual([false, "confirmed", [CONFIRMED]]);
});

test("what comes in between and decides nothing does not keep a decision from being made", async () => {
  const events: WindowEvent[] = [];
  const probed: WindowEvent = { kind: "probed", at: "x", by: "carol", passed: 1, failed: [] };
  const decided = await confirmWindow(
    runWith({}),
    deciding(
      storeOf(events, () => events.push(probed)),
      10,
    ),
  );
  expect([decided.done, events.map(({ kind }) => kind)]).toEqual([true, ["probed", "confirmed"]]);
});

test("nobody says that it was not confirmed while there is time; a failed probe and a person need not wait", async () => {
  const done = async (because: "not confirmed" | "probe failed" | "asked", seconds: number): Promise<boolean> =>
    (await decideReversal(runWith({}), because, deciding(storeOf(), seconds))).done;
  expect(await done("not confirmed", 64)).toBe(false);
  expect(await done("not confirmed", 65)).toBe(true);
  expect(await done("probe failed", 1)).toBe(true);
  expect(await done("asked", 1)).toBe(true);
});

test("where it stopped only a person decides", async () => {
  const stopped = (): WindowStore => storeOf([REVERT, STOPPED]);
  expect((await decideReversal(runWith({}), "not confirmed", deciding(stopped(), 100))).done).toBe(false);
  expect((await decideReversal(runWith({}), "asked", deciding(stopped(), 100))).done).toBe(true);
  expect((await confirmWindow(runWith({}), deciding(stopped(), 100))).done).toBe(true);
});

test("only what goes back can stop, and what the probes said is written once", async () => {
  const why = { code: "RW340", message: "changed" };
  expect((await stopReversal(runWith({}), why, deciding(storeOf(), 1))).done).toBe(false);
  expect((await stopReversal(runWith({}), why, deciding(storeOf([REVERT]), 1))).done).toBe(true);
  const events: WindowEvent[] = [];
  const result = { passed: 2, failed: [] };
  expect((await notedProbes(runWith({}), result, deciding(storeOf(events), 1))).done).toBe(true);
  expect((await notedProbes(runWith({}), result, deciding(storeOf(events), 1))).done).toBe(false);
});

test("what is confirmed, reverted or nothing is decided; everything else is not", () => {
  const phases = [
    "running",
    "open",
    "unfinished",
    "overdue",
    "reverting",
    "stopped",
    "confirmed",
    "reverted",
    "nothing",
  ] as const;
  const view = viewWindow(runWith({}), [], START);
  const undecided = phases.filter((phase) => view !== null && isUndecided({ ...view, phase }));
  expect(undecided).toEqual(["running", "open", "unfinished", "overdue", "reverting", "stopped"]);
});
