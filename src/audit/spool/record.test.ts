import { expect, test } from "vitest";
import { digestBytes, digestText } from "../../base/digest.ts";
import { RolewrightError } from "../../base/error.ts";
import type { AuditEvent } from "../entry/event.ts";
import { beginningLine, readSpool, recordLine, type SpoolBeginning, type SpoolLine } from "./record.ts";

const BEGINNING: SpoolBeginning = {
  at: "2026-11-22T10:00:00.000Z",
  cause: "asked",
  error: "RW601",
  reason: 'the "laptop" was stolen\nünï',
  holder: "alice@laptop",
  after: null,
};
const EVENT: AuditEvent = {
  type: "snapshot.taken",
  actor: { name: "alice", kind: "person", authn: null },
  fingerprint: digestText("x"),
};

/** A spool of so many records after its beginning, line by line. */
function spool(records: number): readonly SpoolLine[] {
  const lines = [beginningLine(BEGINNING)];
  for (let number = 1; number <= records; number++) {
    const previous = lines.at(-1)?.digest ?? digestText("");
    lines.push(recordLine({ number, id: `id ${number}`, at: BEGINNING.at, event: EVENT }, previous));
  }
  return lines;
}

const join = (lines: readonly { readonly bytes: Uint8Array }[]): Uint8Array =>
  Buffer.concat(lines.map(({ bytes }) => bytes));

test("what was written is read back, with the digest after each record", () => {
  const lines = spool(3);
  const read = readSpool(join(lines));
  expect(read.beginning).toMatchObject(BEGINNING);
  expect(read.records.map(({ number, id, event }) => [number, id, event])).toEqual([
    [1, "id 1", EVENT],
    [2, "id 2", EVENT],
    [3, "id 3", EVENT],
  ]);
  expect([read.count, read.digest, read.torn, read.damage]).toEqual([4, lines[3]?.digest, false, null]);
  expect(read.digests).toEqual(lines.map(({ bytes }) => digestBytes(bytes)));
});

test("equal records have unequal lines, so a digest tells nothing about a name", () => {
  expect(beginningLine(BEGINNING).digest).not.toBe(beginningLine(BEGINNING).digest);
});

/** Whether a change of a spool is noticed, at a record or at all. */
function isFound(bytes: Uint8Array): boolean {
  try {
    return readSpool(bytes).damage !== null;
  } catch (error) {
    return error instanceof RolewrightError && error.code === "RW608";
  }
}

test("a last line that was cut short anywhere is left out, and every byte before it counts", () => {
  const lines = spool(2);
  const whole = join(lines);
  const two = join(lines.slice(0, 2)).length;
  for (let end = two; end < whole.length; end++) {
    const read = readSpool(whole.subarray(0, end));
    expect([end, read.records.length, read.torn, read.damage]).toEqual([end, 1, end > two, null]);
  }
  const missed: number[] = [];
  for (let at = 0; at < two; at++) {
    const changed = Uint8Array.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    if (!isFound(changed)) missed.push(at);
  }
  expect(missed).toEqual([]);
});

test("a record that is missing, doubled, in another place or from another spool is named", () => {
  const [first, one, two, three] = spool(3);
  const [, other] = spool(1);
  if (!first || !one || !two || !three || !other) throw new Error("no lines");
  const damage = (...lines: readonly SpoolLine[]): unknown => readSpool(join([first, ...lines])).damage;
  expect(damage(one, three)).toEqual({ record: 2, why: "it has another number" });
  expect(damage(one, one)).toEqual({ record: 2, why: "it has another number" });
  expect(damage(two, one)).toEqual({ record: 1, why: "it has another number" });
  expect(damage(other)).toEqual({ record: 1, why: "it does not follow record 0" });
  // What comes after is not looked at: it may be anything.
  expect(readSpool(join([first, one, other, three])).records).toHaveLength(1);
  const loose = { bytes: Buffer.from(Buffer.from(one.bytes).toString("utf8").replace(",", ", ")) };
  expect(readSpool(join([first, loose])).damage).toEqual({ record: 1, why: "it is not written as it was" });
  const list = { bytes: Buffer.from("[]\n") };
  expect(readSpool(join([first, list])).damage).toEqual({ record: 1, why: "it is not written as it was" });
});

test("what does not begin with its beginning cannot be read", () => {
  const [first, one] = spool(1);
  if (!first || !one) throw new Error("no lines");
  const bad = [new Uint8Array(0), first.bytes.subarray(0, -1), one.bytes, Buffer.from("x\n"), Buffer.from("null\n")];
  for (const bytes of bad) expect(() => readSpool(bytes)).toThrow("cannot be read");
  const numbered = Buffer.from(Buffer.from(first.bytes).toString("utf8").replace('"record":0', '"record":1'));
  expect(() => readSpool(numbered)).toThrow("cannot be read");
  const followed = Buffer.from(Buffer.from(first.bytes).toString("utf8").replace('"previous":null', '"previous":"x"'));
  expect(() => readSpool(followed)).toThrow("cannot be read");
});

test("what must not stand in the log does not stand here", () => {
  const event: AuditEvent = { ...EVENT, actor: { ...EVENT.actor, name: "postgresql://a:hunter2@db/x" } };
  expect(() => recordLine({ number: 1, id: "x", at: BEGINNING.at, event }, digestText(""))).toThrow(/looks like/);
});
