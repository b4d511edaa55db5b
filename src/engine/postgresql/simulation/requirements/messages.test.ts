import { expect, test } from "vitest";
import { columnsOf, eachField, MessageReader, parseMessage, queryMessage } from "./messages.ts";

const NOTICE = message("N", Buffer.from("SLOG\0Mrewritten parse tree:\0D({QUERY})\0\0"));
const ROW = message(
  "D",
  Buffer.concat([Buffer.from([0, 2, 0, 0, 0, 2]), Buffer.from("é"), Buffer.from([255, 255, 255, 255])]),
);
const STREAM = Buffer.concat([NOTICE, message("1"), ROW, message("Z", Buffer.from("I")), NOTICE]);

test("messages are the same wherever the pieces that they come in are cut", () => {
  const whole = taken([STREAM]);
  expect(whole.map(([type]) => type)).toEqual(["N", "1", "D", "Z", "N"]);
  for (let first = 0; first <= STREAM.length; first++) {
    for (let second = first; second <= STREAM.length; second++) {
      const pieces = [STREAM.subarray(0, first), STREAM.subarray(first, second), STREAM.subarray(second)];
      expect(taken(pieces)).toEqual(whole);
    }
  }
  expect(taken([...STREAM].map((byte) => Buffer.from([byte])))).toEqual(whole);
});

test("fields and columns are what the server put there", () => {
  const fields: (readonly [number, string])[] = [];
  eachField(NOTICE.subarray(5), (letter, value) => fields.push([letter, value.toString()]));
  expect(fields).toEqual([
    [83, "LOG"],
    [77, "rewritten parse tree:"],
    [68, "({QUERY})"],
  ]);
  expect(columnsOf(ROW.subarray(5))).toEqual(["é", null]);
});

test("what is no message ends the reading", () => {
  expect(() => taken([Buffer.from([78, 0, 0, 0, 1, 0])])).toThrow("no message");
  expect(() => eachField(Buffer.from("Mwithout an end"), () => {})).toThrow("does not end");
});

test("questions are framed by their length in bytes", () => {
  expect(parseMessage("select 'é'", [23, 0]).toString("latin1")).toBe(
    "P\0\0\0\x1b\0select '\xc3\xa9'\0\0\x02\0\0\0\x17\0\0\0\0",
  );
  expect(queryMessage("é").toString("latin1")).toBe("Q\0\0\0\x07\xc3\xa9\0");
});

function message(type: string, body: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function taken(pieces: readonly Buffer[]): readonly (readonly [string, string])[] {
  const found: (readonly [string, string])[] = [];
  const reader = new MessageReader((type, body) => found.push([String.fromCharCode(type), body.toString("latin1")]));
  for (const piece of pieces) reader.feed(piece);
  return found;
}
