import { expect, test } from "vitest";
import { decodeBundle, encodeBundle } from "./bundle.ts";
import { decodeTile, edgeOf, hashesAt, parseTilePath, tilePath } from "./tiles.ts";

test("paths are those of the specification", () => {
  expect(tilePath({ level: 0, index: 0, width: 256 })).toBe("tile/0/000");
  expect(tilePath({ level: 0, index: 999, width: 256 })).toBe("tile/0/999");
  expect(tilePath({ level: 1, index: 1000, width: 3 })).toBe("tile/1/x001/000.p/3");
  expect(tilePath({ level: "entries", index: 1_234_067, width: 256 })).toBe("tile/entries/x001/x234/067");
});

test("every path reads back as its tile, and no other way of writing it does", () => {
  for (const level of ["entries", 0, 9, 63] as const)
    for (const index of [0, 7, 999, 1000, 123_456_789])
      for (const width of [1, 255, 256]) {
        const tile = { level, index, width };
        expect(parseTilePath(tilePath(tile))).toEqual(tile);
      }
  for (const path of [
    "tile/00/000",
    "tile/64/000",
    "tile/0/0000",
    "tile/0/x000/001",
    "tile/0/001/000",
    "tile/0/x001/x000",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/01",
    "tile/-1/000",
    "tile/0/../000",
    "checkpoint",
  ])
    expect([path, parseTilePath(path)]).toEqual([path, null]);
});

test("the tiles at the right edge are those of the specification", () => {
  const edge = (size: number) => edgeOf(size).map(({ level, index, width }) => [level, index, width]);
  expect(edge(0)).toEqual([]);
  expect(edge(256)).toEqual([
    [0, 1, 0],
    [1, 0, 1],
  ]);
  expect(edge(65_536)).toEqual([
    [0, 256, 0],
    [1, 1, 0],
    [2, 0, 1],
  ]);
  expect(edge(70_000)).toEqual([
    [0, 273, 112],
    [1, 1, 17],
    [2, 0, 1],
  ]);
  expect(hashesAt(2, 16_777_217)).toBe(256);
});

test("a bundle reads back, and one that ends too early or goes on is seen", () => {
  const entries = ["", "a", "b".repeat(65_535)].map((text) => Buffer.from(text));
  const bytes = encodeBundle(entries);
  expect(decodeBundle(bytes, 3)).toEqual({ entries, left: 0 });
  expect(decodeBundle(bytes, 2)?.left).toBe(65_537);
  expect(decodeBundle(bytes.subarray(0, -1), 3)).toBeNull();
  expect(decodeBundle(bytes, 4)).toBeNull();
  expect(decodeBundle(Uint8Array.of(0), 1)).toBeNull();
  expect(() => encodeBundle([new Uint8Array(65_536)])).toThrow(RangeError);
});

test("a tile has the length that its width says", () => {
  expect(decodeTile(new Uint8Array(64), 2)).toHaveLength(2);
  expect(decodeTile(new Uint8Array(63), 2)).toBeNull();
  expect(decodeTile(new Uint8Array(96), 2)).toBeNull();
});
