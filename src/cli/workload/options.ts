import type { Input } from "../input.ts";
import { usageError } from "../usage.ts";

/** `--since` and `--until`, as instants. */
export function readTimes(input: Input): { readonly since?: string; readonly until?: string } {
  const [since, until] = [instant(input, "since"), instant(input, "until")];
  if (since !== null && until !== null && until <= since) {
    throw usageError("RW004", "`--until` is not after `--since`", "give a time that comes later");
  }
  return { ...(since === null ? {} : { since }), ...(until === null ? {} : { until }) };
}

function instant(input: Input, name: string): string | null {
  const text = input.text(name);
  if (text === null) return null;
  const time = /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/u.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw usageError(
    "RW004",
    `option \`--${name}\` takes a time, not \`${text}\``,
    "such as 2026-11-22 or 2026-11-22T10:00:00Z",
  );
}

/** The name of a zone of times, checked. */
export function readZone(input: Input): string | null {
  const zone = input.text("time-zone");
  if (zone === null) return null;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    throw usageError("RW004", `there is no time zone \`${zone}\``, "name one as in `Europe/Zurich` or `+02:00`");
  }
}
