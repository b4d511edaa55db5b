import { describe, expect, it } from "vitest";
import { logLines } from "./log-lines.ts";

// oxlint-disable-next-line typescript/require-await -- a log comes in pieces
async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function linesOf(text: string, size: number): Promise<string[]> {
  const found: string[] = [];
  for await (const line of logLines(pieces(text, size))) found.push(line.text);
  return found;
}

describe("the lines of a log", () => {
  it.each([1, 2, 3, 1000])("are the same in pieces of %i bytes", async (size) => {
    expect(await linesOf("häß\r\nb\n\nlast", size)).toEqual(["häß", "b", "", "last"]);
  });

  it("are cut where one does not end, and the next one is whole", async () => {
    const found: [number, boolean][] = [];
    for await (const { text, cut } of logLines(pieces(`${"x".repeat(9_000_000)}\nnext\n`, 1 << 20)))
      found.push([text.length, cut]);
    expect(found).toEqual([
      [4_194_304, true],
      [4, false],
    ]);
  });

  it("end where the reading is ended", async () => {
    const aborting = new AbortController();
    const reading = async (): Promise<void> => {
      for await (const _ of logLines(pieces("a\nb\n", 2), { signal: aborting.signal })) aborting.abort();
    };
    await expect(reading()).rejects.toThrow(/abort/u);
  });
});
