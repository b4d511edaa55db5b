/** A time as a clock on the wall shows it. Months begin with 1. */
export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** @default 0 */
  readonly millisecond?: number;
}

/** Times without a zone as RFC 3339 in UTC. An hour that the clock shows twice is taken for the first, one that it leaves out for the one after. Throws RangeError for a zone that does not exist. */
export function zonedTimes(timeZone = "UTC"): (time: WallTime) => string {
  if (timeZone === "UTC") return (time) => iso(milliseconds(time));
  const shown = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const offsets = new Map<number, number>();
  /** How far the zone is ahead of UTC at that moment. Zones change at whole quarters of an hour. */
  const offsetAt = (moment: number): number => {
    const key = Math.floor(moment / QUARTER_MS);
    let offset = offsets.get(key);
    if (offset === undefined) {
      const parts = new Map(shown.formatToParts(key * QUARTER_MS).map(({ type, value }) => [type, Number(value)]));
      const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
      const wall = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
      offsets.set(key, (offset = wall - key * QUARTER_MS));
    }
    return offset;
  };
  return (time) => {
    const wall = milliseconds(time);
    const [before, after] = [offsetAt(wall - DAY_MS), offsetAt(wall + DAY_MS)];
    const possible = [before, after]
      .map((offset) => wall - offset)
      .filter((moment) => offsetAt(moment) === wall - moment);
    return iso(possible.length === 0 ? wall - before : Math.min(...possible));
  };
}

const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;

function milliseconds({ year, month, day, hour, minute, second, millisecond = 0 }: WallTime): number {
  return Date.UTC(year, month - 1, day, hour, minute, second, millisecond);
}

function iso(moment: number): string {
  return new Date(moment).toISOString();
}
