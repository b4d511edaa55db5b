import { describe, expect, it } from "vitest";
import { MOST_RECORD, textOf } from "./log-bytes.ts";
import { Lines } from "./log-lines.ts";

function linesOf(text: string, size: number): [string, boolean][] {
  const found: [string, boolean][] = [];
  const lines = new Lines((bytes, start, end, cut) => void found.push([textOf(bytes, start, end), cut]));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) lines.push(bytes.subarray(at, at + size));
  lines.end();
  return found;
}

describe("the lines of a log", () => {
  it.each([1, 2, 3, 1000])("are the same in pieces of %i bytes", (size) => {
    expect(linesOf("häß\r\nb\n\nlast", size).map(([text]) => text)).toEqual(["häß", "b", "", "last"]);
  });

  it("are cut where one does not end, and the next one is whole", () => {
    const found = linesOf(`${"x".repeat(12_000_000)}\nnext\n`, 1 << 20);
    expect(found.map(([, cut]) => cut)).toEqual([true, false]);
    expect(found[0]?.[0].length).toBeGreaterThan(MOST_RECORD);
    expect(found[1]?.[0]).toBe("next");
  });
});
