import { expect, test } from "vitest";
import { WireError, wireReader, wireString } from "./wire.ts";

const read = (...bytes: readonly number[]): Buffer => wireReader(wireString(Buffer.from(bytes))).integer();

test("a whole number loses its leading zeros, and is never negative", () => {
  expect([...read(0, 0x80, 1)]).toEqual([0x80, 1]);
  expect([...read(0, 0, 5)]).toEqual([5]);
  expect([...read(0)]).toEqual([]);
  expect(() => read(0x80, 1)).toThrow(WireError);
});

test("a field that claims more bytes than there are is none, and a text holds no NUL", () => {
  expect(() => wireReader(Buffer.from([0, 0, 0, 5, 1])).string()).toThrow(WireError);
  expect(() => wireReader(Buffer.from([0xff, 0xff, 0xff, 0xff])).string()).toThrow(WireError);
  expect(() => wireReader(Buffer.from([0, 0])).uint32()).toThrow(WireError);
  expect(() => wireReader(wireString("a\0b")).text()).toThrow(WireError);
  expect(() => wireReader(Buffer.from([1])).end()).toThrow(WireError);
});
