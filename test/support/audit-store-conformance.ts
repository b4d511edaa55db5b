import { describe, expect, test } from "vitest";
import type { Receipt } from "../../src/audit/log/audit-log.ts";
import type { AuditStore } from "../../src/audit/log/audit-store.ts";
import { stageBatch } from "../../src/audit/log/batch.ts";
import { sealFrame, type SealedFrame } from "../../src/audit/log/frame.ts";
import { equalBytes, leafHash } from "../../src/audit/tree/hashing.ts";
import { rangeHash } from "../../src/audit/tree/merkle.ts";
import { openTree } from "../../src/audit/verify/authentic.ts";
import { openTestLog, sampleEvent, testKey } from "./audit-samples.ts";

const utf8 = (text: string): Uint8Array => Buffer.from(text, "utf8");

/** The frame of a first batch. */
function firstFrame(text: string): SealedFrame {
  const { root, files } = stageBatch({ edge: { size: 0, levels: [] }, tail: [] }, [utf8(text)]);
  return sealFrame({ generation: 1, previous: null, sizeBefore: 0, size: 1, root, files });
}

/** What every AuditStore must do. `open` gives a new empty one; `reopen` another one on the same storage, as the next process would see it. */
export function auditStoreConformance(
  name: string,
  open: () => Promise<{ readonly store: AuditStore; readonly reopen: () => AuditStore }>,
): void {
  describe(`${name} as a store of the audit log`, () => {
    test("an empty one has no end, and no file", async () => {
      const { store } = await open();
      expect(await store.open()).toBeNull();
      expect(await store.newest()).toBe(0);
      expect(await store.get("checkpoint")).toBeNull();
    });

    test("of two frames for one end the first wins, also against a process that started later", async () => {
      const { store, reopen } = await open();
      await store.open();
      const [one, two] = [firstFrame("one"), firstFrame("two")];
      expect(await store.commit(null, one)).toBe("won");
      expect(await store.commit(null, two)).toBe("lost");
      const other = reopen();
      const head = await other.open();
      expect(head && { generation: head.generation, size: head.size, same: equalBytes(head.root, one.root) }).toEqual({
        generation: 1,
        size: 1,
        same: true,
      });
      expect(await other.commit(null, two)).toBe("lost");
    });

    test("many that come at once have one winner", async () => {
      const { store, reopen } = await open();
      await store.open();
      const frames = Array.from({ length: 8 }, (_, at) => firstFrame(`frame ${at}`));
      const results = await Promise.all(frames.map((frame) => reopen().commit(null, frame)));
      expect(results.filter((result) => result === "won")).toHaveLength(1);
      const winner = frames[results.indexOf("won")];
      expect((await reopen().open())?.digest).toEqual(winner && Buffer.from(winner.digest));
    });

    test("what was committed and never applied is readable after the next opening", async () => {
      const { store, reopen } = await open();
      await store.open();
      const frame = firstFrame("one");
      await store.commit(null, frame);
      const other = reopen();
      await other.open();
      for (const { path, bytes } of frame.files) expect(await other.get(path)).toEqual(Buffer.from(bytes));
    });

    test("a checkpoint is never replaced by one of fewer entries", async () => {
      const { store } = await open();
      await store.open();
      const note = (size: number): Uint8Array => utf8(`log.example\n${size}\nroot\n\n— log.example AAAAAAAA\n`);
      await store.publish(note(5));
      await store.publish(note(4));
      expect(await store.get("checkpoint")).toEqual(Buffer.from(note(5)));
      await store.publish(note(6));
      expect(await store.get("checkpoint")).toEqual(Buffer.from(note(6)));
    });

    test("every acknowledged entry is at its index, after any number of writers in turn", async () => {
      const { reopen } = await open();
      const { signer } = testKey();
      const receipts: Receipt[] = [];
      for (const count of [1, 3, 300, 1, 256, 210]) {
        await using log = await openTestLog(reopen(), signer);
        const events = Array.from({ length: count }, (_, at) => sampleEvent(at));
        receipts.push(...(await log.appendAll(events)));
      }
      expect(await countReceipts(reopen(), receipts)).toBe(receipts.length);
      expect(receipts.at(-1)?.checkpoint.size).toBe(772);
    });

    test("two writers at once lose nothing, and no two entries have one index", async () => {
      const { reopen } = await open();
      const { signer } = testKey();
      const logs = [await openTestLog(reopen(), signer), await openTestLog(reopen(), signer)];
      const all = await Promise.all(
        logs.flatMap((log, at) =>
          Array.from({ length: 25 }, (_, number) => log.append(sampleEvent(at * 100 + number))),
        ),
      );
      const more: Receipt[] = [];
      for (let round = 0; round < 6; round++) {
        more.push(...(await Promise.all(logs.map((log) => log.append(sampleEvent(round))))));
      }
      for (const log of logs) await log.close();
      const receipts = [...all, ...more];
      expect(new Set(receipts.map(({ index }) => index)).size).toBe(receipts.length);
      expect(await countReceipts(reopen(), receipts)).toBe(receipts.length);
    });

    test("an event that is appended again under its id stands once", async () => {
      const { reopen } = await open();
      const { signer } = testKey();
      const id = "01a204b7-7511-743c-8882-54b983a1012a";
      await using log = await openTestLog(reopen(), signer);
      const first = await log.append(sampleEvent(1), { id });
      await using later = await openTestLog(reopen(), signer);
      expect((await later.append(sampleEvent(1), { id })).index).toBe(first.index);
      expect((await later.append(sampleEvent(2))).index).toBe(first.index + 1);
    });

    test("openings are found by their entry, and a person who is erased is gone everywhere", async () => {
      const { store, reopen } = await open();
      await store.open();
      const [alice, bob] = [await store.openings.refer('al"ice'), await store.openings.refer("bob")];
      expect(await reopen().openings.refer('al"ice')).toBe(alice);
      expect(alice).not.toBe(bob);
      const opening = (entry: string, subject: string | null) => ({ entry, path: "p", salt: "s", value: "v", subject });
      await store.openings.keep([opening("a", alice), opening("a", bob), opening("b", bob)]);
      await store.openings.keep([opening("c", alice), opening("d", null)]);
      const ids = new Set(["a", "b", "c", "d", "e"]);
      const found = await reopen().openings.find(ids);
      expect([...ids].map((id) => found.get(id)?.length)).toEqual([2, 1, 1, 1, undefined]);
      expect(await store.openings.erase('al"ice')).toEqual({ reference: alice, openings: 2 });
      expect(await store.openings.erase('al"ice')).toBeNull();
      const left = await reopen().openings.find(ids);
      expect(["a", "c"].map((id) => left.get(id)?.length)).toEqual([1, 0]);
      expect(await reopen().openings.refer('al"ice')).not.toBe(alice);
      // Whoever never did anything is named all the same: in changes and statements.
      const named = (entry: string, path: string, value: string) => ({ entry, path, salt: "s", value, subject: null });
      await store.openings.keep([
        named("f", "changes.0.subject", 'readers, c"arol'),
        named("f", "changes.1.subject", 'c"arol2'),
        named("f", "statement", 'grant a to "c"arol"'),
        named("f", "statement", 'grant a to "xc"arol"'),
        // Why a removal was cancelled may be a statement.
        named("f", "because", 'grant a to "c"arol"'),
        named("f", "title", 'c"arol'),
      ]);
      expect(await store.openings.erase('c"arol')).toEqual({ reference: null, openings: 3 });
      expect((await reopen().openings.find(new Set(["f"]))).get("f")?.map(({ value }) => value)).toEqual([
        'c"arol2',
        'grant a to "xc"arol"',
        'c"arol',
      ]);
      expect(await store.openings.erase('c"arol')).toBeNull();
    });

    test("a blob comes back by its address, and equal ones have unequal addresses", async () => {
      const { store, reopen } = await open();
      await store.open();
      const content = utf8('{"plan":"ünï"}');
      const address = await store.blobs.put(content);
      expect(address).toMatch(/^[0-9a-f]{64}$/);
      expect(await store.blobs.put(content)).not.toBe(address);
      expect(await reopen().blobs.get(address)).toEqual(Buffer.from(content));
      await store.blobs.remove(address);
      expect(await reopen().blobs.get(address)).toBeNull();
    });

    test("what is collected is not needed", async () => {
      const { reopen } = await open();
      const { signer } = testKey();
      const receipts: Receipt[] = [];
      const store = reopen();
      await using log = await openTestLog(store, signer);
      for (let number = 0; number < 40; number++) receipts.push(await log.append(sampleEvent(number)));
      receipts.push(...(await log.appendAll(Array.from({ length: 300 }, (_, at) => sampleEvent(at)))));
      for (let number = 0; number < 20; number++) receipts.push(await log.append(sampleEvent(number)));
      await log.close();
      await store.collect({ frames: 8, ageMs: 0 });
      expect(await countReceipts(reopen(), receipts)).toBe(receipts.length);
      await using later = await openTestLog(reopen(), signer);
      receipts.push(await later.append(sampleEvent(0)));
      await later.close();
      expect(await countReceipts(reopen(), receipts)).toBe(receipts.length);
    });
  });
}

/** How many of these were found. Reads every acknowledged entry back under the committed root, and sees that every checkpoint that was given out is a beginning of it. */
export async function countReceipts(store: AuditStore, receipts: readonly Receipt[]): Promise<number> {
  const head = await store.open();
  if (head === null) throw new Error("the log is empty");
  const tree = await openTree((path) => store.get(path), head);
  const bundles = new Map<number, readonly Uint8Array[]>(); // Each is read once, or a storage over a network takes minutes.
  for (const { index, leaf } of receipts) {
    const bundle = Math.floor(index / 256);
    const entries = bundles.get(bundle) ?? (await tree.entries(bundle));
    bundles.set(bundle, entries);
    const entry = entries[index % 256];
    if (entry === undefined || !equalBytes(leafHash(entry), leaf)) throw new Error(`entry ${index} is another one`);
  }
  const seen = new Map<number, Uint8Array>();
  for (const { checkpoint } of receipts) {
    const known = seen.get(checkpoint.size);
    if (known !== undefined && !equalBytes(known, checkpoint.root)) throw new Error(`two roots for ${checkpoint.size}`);
    seen.set(checkpoint.size, checkpoint.root);
  }
  for (const [size, root] of seen) {
    if (!equalBytes(await rangeHash(0, size, tree.subtree), root)) throw new Error(`another history at ${size}`);
  }
  return receipts.length;
}
