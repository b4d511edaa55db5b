import type { Evidence } from "../../model/workload.ts";
import type { RoleName } from "../../model/role.ts";

/** A full year plus a month end. */
export const RETENTION_DAYS = 400;

const DAY_MS = 24 * 60 * 60 * 1000;

/** What was seen last before so many days is let go. Windows begin where what is kept begins; what lies before is not claimed to be covered. */
export function retain(evidence: Evidence, { now, days }: { readonly now: Date; readonly days: number }): Evidence {
  const limit = new Date(now.getTime() - days * DAY_MS).toISOString();
  const day = limit.slice(0, 10);
  const windows = evidence.windows
    .filter(({ to }) => to >= limit)
    .map((window) => ({
      ...window,
      from: window.from < limit ? limit : window.from,
      gaps: window.gaps
        .filter(({ to }) => to >= limit)
        .map((gap) => ({ ...gap, from: gap.from < limit ? limit : gap.from })),
    }));
  const sources = new Set(windows.map(({ source }) => source));
  const uses = evidence.uses
    .filter(({ lastSeen, source }) => lastSeen >= limit && sources.has(source))
    .map((use) => ({
      ...use,
      firstSeen: use.firstSeen < limit ? limit : use.firstSeen,
      days: use.days.filter((each) => each >= day),
    }));
  return { ...evidence, windows, uses };
}

/** Takes out everything that a login or role did. Each window that it was in says that something was taken out, and not whose it was. */
export function forget(evidence: Evidence, names: readonly RoleName[]): Evidence {
  const gone = new Set(names);
  const isGone = ({ login, role }: Evidence["uses"][number]): boolean =>
    (login !== null && gone.has(login)) || (role !== null && gone.has(role));
  const touched = new Set(evidence.uses.filter(isGone).map(({ source }) => source));
  return {
    ...evidence,
    uses: evidence.uses.filter((use) => !isGone(use)),
    windows: evidence.windows.map((window) =>
      touched.has(window.source)
        ? { ...window, losses: [...new Set([...window.losses, TAKEN_OUT])].toSorted() }
        : window,
    ),
  };
}

const TAKEN_OUT = "what somebody did was taken out on request";
