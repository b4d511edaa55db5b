import { personal, type Personal } from "../audit/entry/commitment.ts";
import { type LogRow, textAt } from "../audit/export/row.ts";
import type { Input } from "./input.ts";
import { usageError } from "./usage.ts";

/** Which entries are wanted. */
export interface LogFilter {
  readonly from: number;
  matches(row: LogRow): boolean;
  /** The filter in words, for the record; null where everything is wanted. */
  readonly words: Personal | null;
}

/** The filter of the command line. */
export function readFilter(input: Input): LogFilter {
  const types = (input.text("type") ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  const [actor, about] = [input.text("actor"), input.text("about")];
  const [since, until] = [timeOf(input, "since"), timeOf(input, "until")];
  const words = ["type", "actor", "about", "since", "until", "from"].flatMap((name) => {
    const value = input.text(name);
    return value === null ? [] : [`${name}=${value}`];
  });
  return {
    from: input.count("from") ?? 0,
    words: words.length === 0 ? null : personal(words.join(" "), actor),
    matches(row) {
      const { type, time } = row.entry;
      const isWantedType =
        types.length === 0 || types.some((wanted) => type === wanted || type.startsWith(`${wanted}.`));
      return (
        isWantedType &&
        (actor === null || textAt(row, "actor.name") === actor) &&
        (about === null || textAt(row, "target.name") === about) &&
        (since === null || Date.parse(time) >= since) &&
        (until === null || Date.parse(time) < until)
      );
    },
  };
}

function timeOf(input: Input, name: string): number | null {
  const text = input.text(name);
  if (text === null) return null;
  const time = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    throw usageError(
      "RW004",
      `option \`--${name}\` takes a time, not \`${text}\``,
      "such as 2026-11-22 or 2026-11-22T10:00:00Z",
    );
  }
  return time;
}
