import { expect, test } from "vitest";
import { openTestLog, TESTER, testKey } from "../../../test/support/audit-samples.ts";
import { simulatedDisk } from "../../../test/support/simulated-disk.ts";
import { digestText } from "../../base/digest.ts";
import { fileAuditStore } from "../../store/files/audit/audit-store.ts";
import { newEntryId } from "../entry/entry-id.ts";
import type { AuditEvent } from "../entry/event.ts";
import { type Entry, readEntry } from "../entry/read.ts";
import { openTree } from "../verify/authentic.ts";
import { type Absorbed, absorbSpools } from "./absorb.ts";
import { beginningLine, recordLine, type SpoolLine } from "./record.ts";
import type { RememberedSpool, SpoolStore, StoredSpool } from "./spool-store.ts";

const plan = { digest: digestText("the plan") };
const INTENT: AuditEvent = {
  type: "change.intent",
  actor: TESTER,
  plan,
  part: "apply",
  stage: { index: 0, of: 1, name: "all" },
  statements: 1,
  changes: [],
};
const outcome = (intent: number): AuditEvent => ({
  type: "change.outcome",
  actor: TESTER,
  plan,
  intent,
  outcome: "success",
  error: null,
  reconciled: false,
});

function spoolOf(events: readonly AuditEvent[]): readonly SpoolLine[] {
  const now = new Date();
  const lines = [
    beginningLine({ at: now.toISOString(), cause: "asked", error: "RW601", reason: "x", holder: "h", after: null }),
  ];
  for (const [at, event] of events.entries()) {
    const previous = lines.at(-1)?.digest ?? digestText("");
    lines.push(recordLine({ number: at + 1, id: newEntryId(now), at: now.toISOString(), event }, previous));
  }
  return lines;
}

const bytesOf = (lines: readonly SpoolLine[]): Uint8Array => Buffer.concat(lines.map(({ bytes }) => bytes));

/** A log on a disk in memory, and one spool beside it that stays until it is told to go. */
async function world() {
  const { signer } = testKey();
  const store = fileAuditStore({ folder: "/log", disk: simulatedDisk() });
  const log = await openTestLog(store, signer);
  let held: Uint8Array | null = null;
  let remembered: RememberedSpool | null = null;
  let isTaken = false;
  const done: string[] = [];
  const spools: SpoolStore = {
    begin: () => Promise.reject(new Error("nothing is begun here")),
    list: () => Promise.resolve<readonly StoredSpool[]>([{ name: "one", bytes: held, remembered }]),
    claim: () => Promise.resolve(isTaken ? null : { [Symbol.asyncDispose]: () => Promise.resolve() }),
    remove: (name) => Promise.resolve(void done.push(`removed ${name}`)),
    setAside: (name) => Promise.resolve(`${done.push(`kept ${name}`)}`),
  };
  return {
    done,
    take: () => void (isTaken = true),
    hold: (bytes: Uint8Array | null, known: RememberedSpool | null = null): void => {
      [held, remembered] = [bytes, known];
    },
    absorb: (reason?: string): Promise<readonly Absorbed[]> =>
      absorbSpools({
        log,
        store,
        spools,
        actor: TESTER,
        now: () => new Date(),
        ...(reason === undefined ? {} : { giveUp: { reason } }),
      }),
    entries: async (): Promise<readonly Entry[]> => {
      const head = await store.open();
      if (head === null) return [];
      const tree = await openTree((path) => store.get(path), head);
      const entries: Entry[] = [];
      for (let bundle = 0; bundle * 256 < head.size; bundle++) {
        for (const bytes of await tree.entries(bundle)) {
          const entry = readEntry(bytes);
          if (typeof entry !== "string") entries.push(entry);
        }
      }
      return entries.slice(1); // Without the log's own opening.
    },
  };
}

test("a spool is taken over behind its gap, in order, and each outcome names the entry of its intent", async () => {
  const { hold, absorb, entries, done } = await world();
  const many = Array.from({ length: 300 }, () => INTENT);
  hold(bytesOf(spoolOf([INTENT, outcome(-1), ...many, outcome(-301), outcome(-5)])));
  expect(await absorb()).toEqual([{ name: "one", records: 304, given: null }]);
  const all = await entries();
  expect(all[0]).toMatchObject({ type: "gap.declared", fields: { count: 304, reason: "RW601 asked" } });
  expect(all[0]?.fields["damage"]).toBeUndefined();
  const intents = all.flatMap(({ type, fields }, at) =>
    type === "change.outcome" ? [[at + 1, fields["intent"]]] : [],
  );
  // The log's own opening is entry 0, the gap entry 1, record N entry N + 1.
  expect(intents).toEqual([
    [3, 2],
    [304, 302],
    [305, 6],
  ]);
  expect(all.map(({ fields }) => fields["spooled"]).slice(1, 3)).toMatchObject([{ record: 1 }, { record: 2 }]);
  expect(done).toEqual(["removed one"]);
});

test("an outcome of what stands in the log keeps its index", async () => {
  const { hold, absorb, entries } = await world();
  hold(bytesOf(spoolOf([outcome(0)])));
  await absorb();
  expect((await entries())[1]?.fields["intent"]).toBe(0);
});

test("taken over once more, or after a beginning of it, nothing stands twice", async () => {
  const { hold, absorb, entries } = await world();
  const lines = spoolOf([INTENT, outcome(-1), INTENT]);
  hold(bytesOf(lines.slice(0, 2)));
  await absorb();
  hold(bytesOf(lines));
  await absorb();
  await absorb();
  const all = await entries();
  expect(all.map(({ type }) => type)).toEqual(["gap.declared", "change.intent", "change.outcome", "change.intent"]);
  expect(all[2]?.fields["intent"]).toBe(2);
});

test("what is whole is not given up, whatever is said", async () => {
  const { hold, absorb, entries } = await world();
  hold(bytesOf(LINES));
  expect(await absorb("OPS-12")).toMatchObject([{ given: null }]);
  expect((await entries())[0]?.fields["given_up"]).toBeUndefined();
});

test("one that somebody else has is left alone", async () => {
  const { hold, take, absorb, entries, done } = await world();
  hold(bytesOf(spoolOf([INTENT])));
  take();
  expect([await absorb(), await entries(), done]).toEqual([[], [], []]);
});

const LINES = spoolOf([INTENT, outcome(-1)]);
const [FIRST, SECOND, THIRD] = LINES;
const END = { count: 3, digest: THIRD?.digest ?? digestText("") };
const EDITED = Buffer.from(Buffer.from(bytesOf(LINES)).toString("utf8").replace('"success"', '"failure"'));

const WRONG: readonly (readonly [string, Uint8Array | null, RememberedSpool, string, number])[] = [
  ["gone", null, END, "it is gone, and had 3 records", 0],
  ["emptied", new Uint8Array(0), END, "its first record cannot be read", 0],
  ["without a beginning", bytesOf(LINES.slice(1)), END, "its first record cannot be read", 0],
  ["cut", bytesOf(LINES.slice(0, 2)), END, "it ends after 2 of 3 records", 1],
  ["edited at its end", EDITED, END, "record 2 is not the one that was remembered", 2],
  [
    "out of order",
    bytesOf([FIRST, THIRD, SECOND].flatMap((line) => line ?? [])),
    END,
    "record 1: it has another number",
    0,
  ],
];

test.each(WRONG)(
  "one that is %s stops, and is given up with a reason",
  async (_how, bytes, remembered, why, records) => {
    const { hold, absorb, entries, done } = await world();
    hold(bytes, remembered);
    await expect(absorb()).rejects.toMatchObject({ code: "RW608", message: expect.stringContaining(why) });
    expect([await entries(), done]).toEqual([[], []]);
    expect(await absorb("OPS-12")).toEqual([{ name: "one", records, given: why }]);
    const all = await entries();
    expect(all).toHaveLength(records + 1);
    expect(all[0]?.fields["damage"]).toContain(why);
    expect(all[0]?.fields["given_up"]).toBeDefined();
    expect(done).toEqual([...(bytes === null ? [] : ["kept one"]), "removed one"]);
  },
);

test("one that goes on after what was remembered is whole, and a torn end is none", async () => {
  for (const bytes of [bytesOf(LINES), Buffer.concat([bytesOf(LINES), Buffer.from('{"torn')])]) {
    for (const remembered of [null, END, { count: 2, digest: SECOND?.digest ?? digestText("") }]) {
      const { hold, absorb, done } = await world();
      hold(bytes, remembered);
      expect(await absorb()).toMatchObject([{ records: 2, given: null }]);
      expect(done).toEqual(["removed one"]);
    }
  }
});

test("a beginning that a crash cut short needs nobody to give it up, and is told", async () => {
  const { hold, absorb, entries, done } = await world();
  hold(bytesOf(LINES).subarray(0, 20));
  expect(await absorb()).toMatchObject([{ records: 0, given: "its first record cannot be read" }]);
  expect((await entries())[0]).toMatchObject({ type: "gap.declared", fields: { count: 0 } });
  expect((await entries())[0]?.fields["given_up"]).toBeUndefined();
  expect(done).toEqual(["kept one", "removed one"]);
  // With a whole line in it, or remembered, it was more than that.
  hold(Buffer.from("{}\n"));
  await expect(absorb()).rejects.toMatchObject({ code: "RW608" });
});
