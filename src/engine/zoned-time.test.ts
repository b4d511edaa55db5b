import { describe, expect, it } from "vitest";
import { zonedTimes } from "./zoned-time.ts";

const at = (zone: string, month: number, day: number, hour: number, minute = 0): string =>
  zonedTimes(zone)({ year: 2026, month, day, hour, minute, second: 5, millisecond: 7 });

describe("times of a zone", () => {
  it("are those of UTC in UTC", () => {
    expect(at("UTC", 3, 29, 2, 30)).toBe("2026-03-29T02:30:05.007Z");
  });

  it("follow the zone's summer", () => {
    expect(at("Europe/Berlin", 1, 1, 12)).toBe("2026-01-01T11:00:05.007Z");
    expect(at("Europe/Berlin", 7, 1, 0)).toBe("2026-06-30T22:00:05.007Z");
    expect(at("Asia/Kolkata", 7, 1, 0)).toBe("2026-06-30T18:30:05.007Z");
  });

  it("are the first of an hour that comes twice, and behind one that is left out", () => {
    expect(at("Europe/Berlin", 10, 25, 2, 30)).toBe("2026-10-25T00:30:05.007Z");
    expect(at("Europe/Berlin", 10, 25, 3, 0)).toBe("2026-10-25T02:00:05.007Z");
    expect(at("Europe/Berlin", 3, 29, 2, 30)).toBe("2026-03-29T01:30:05.007Z");
    expect(at("America/New_York", 11, 1, 1, 30)).toBe("2026-11-01T05:30:05.007Z");
  });

  it("of no zone are an error", () => {
    expect(() => at("Mars/Olympus", 1, 1, 1)).toThrow(RangeError);
  });
});
