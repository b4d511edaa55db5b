import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { terminalProgress } from "./progress.ts";

describe("progress", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is silent for a second, then names the step, and takes the line away", () => {
    const written: string[] = [];
    const progress = terminalProgress({ write: (text) => written.push(text) });
    progress.step("reading");
    vi.advanceTimersByTime(999);
    expect(written).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(written).toEqual(["reading ..."]);
    progress.clear();
    expect(written).toEqual(["reading ...", "\r\u001b[2K"]);
  });

  test("writes nothing at all where every step is quick", () => {
    const written: string[] = [];
    const progress = terminalProgress({ write: (text) => written.push(text) });
    for (const step of ["reading", "planning", "judging"]) {
      progress.step(step);
      vi.advanceTimersByTime(500);
    }
    progress.clear();
    vi.advanceTimersByTime(5000);
    expect(written).toEqual([]);
  });
});
