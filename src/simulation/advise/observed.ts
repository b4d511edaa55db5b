import { compareText, sorted, sortedText } from "../../base/order.ts";
import type { RoleName } from "../../model/role.ts";
import type { Evidence, EvidenceWindow, ObservedStatement, Use } from "../../model/workload.ts";

/** One statement as one role ran it: the uses of it from all sources, without those that were refused. */
export interface ObservedPair {
  /** Equal for equal questions to whoever says what a statement needs: see `pairKey`. */
  readonly key: string;
  readonly statement: ObservedStatement;
  readonly database: string | null;
  readonly login: RoleName | null;
  /** Whom the server asked for its rights. Where no source tells, the login. */
  readonly role: RoleName;
  /** False: only the login is known, so it may have run as any role that the login can become. */
  readonly roleKnown: boolean;
  readonly searchPath: readonly string[] | null;
  readonly calls: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** Sorted. */
  readonly days: readonly string[];
}

/** What makes two uses one question. */
export function pairKey(
  use: Pick<Use, "database" | "login" | "role" | "searchPath"> & {
    readonly statement: Pick<ObservedStatement, "fingerprint">;
  },
): string {
  return JSON.stringify([use.database, use.login, use.role, use.searchPath, use.statement.fingerprint]);
}

/** The pairs of an Evidence, sorted by key. What was refused was not used; what failed for another reason had passed the checks. A use of nobody known says nothing about roles and is left out. */
export function observedPairs(evidence: Evidence): readonly ObservedPair[] {
  const pairs = new Map<string, ObservedPair>();
  for (const use of evidence.uses) {
    const role = use.role ?? use.login;
    if (role === null || use.result.kind === "denied") continue;
    const key = pairKey(use);
    const { statement, database, login, searchPath } = use;
    const known = pairs.get(key);
    pairs.set(key, {
      key,
      statement,
      database,
      login,
      role,
      searchPath,
      roleKnown: use.role !== null,
      calls: (known?.calls ?? 0) + use.calls,
      firstSeen: known === undefined || use.firstSeen < known.firstSeen ? use.firstSeen : known.firstSeen,
      lastSeen: known === undefined || use.lastSeen > known.lastSeen ? use.lastSeen : known.lastSeen,
      days: sortedText([...(known?.days ?? []), ...use.days]),
    });
  }
  return sorted(pairs.values(), (a, b) => compareText(a.key, b.key));
}

/** For how long somebody watched, so that "not seen" means something. */
export interface Watch {
  /** The first and the last instant of it; null: nothing of use was read. */
  readonly from: string | null;
  readonly to: string | null;
  /** Whole days that were watched, gaps taken off. */
  readonly days: number;
  /** The last day of a month, of a quarter, was watched from its beginning to its end. */
  readonly monthEnd: boolean;
  readonly quarterEnd: boolean;
  /** The windows that do not count: their source does not tell who it was, or only looks now and then. Sorted. */
  readonly left: readonly string[];
}

const DAY = 86_400_000;

/** What all windows of an Evidence cover together. */
export function watchOf(evidence: Evidence): Watch {
  const left = sortedText(evidence.windows.filter((each) => !tellsAll(each)).map((each) => each.source));
  const spans = spansOfEvidence(evidence);
  const [first] = spans;
  const last = spans.at(-1);
  if (first === undefined || last === undefined) {
    return { from: null, to: null, days: 0, monthEnd: false, quarterEnd: false, left };
  }
  const ends = monthEnds(first.from, last.to).filter(({ at }) =>
    spans.some((span) => span.from <= at && at + DAY <= span.to),
  );
  return {
    from: new Date(first.from).toISOString(),
    to: new Date(last.to).toISOString(),
    days: Math.floor(spans.reduce((sum, span) => sum + span.to - span.from, 0) / DAY),
    monthEnd: ends.length > 0,
    quarterEnd: ends.some(({ month }) => month % 3 === 2),
    left,
  };
}

/** When it was watched, in milliseconds, without the gaps. */
export function spansOfEvidence({ windows }: Evidence): readonly Span[] {
  return merge(windows.filter(tellsAll).flatMap(spansOf));
}

/** Whoever neither names the login nor the role, or cannot count calls since it only samples, cannot say that something was not used. */
function tellsAll({ lacks }: EvidenceWindow): boolean {
  return !(lacks.includes("login") && lacks.includes("role")) && !lacks.includes("calls");
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

function spansOf({ from, to, gaps }: EvidenceWindow): readonly Span[] {
  const spans: Span[] = [];
  let start = Date.parse(from);
  for (const gap of sorted(gaps, (a, b) => compareText(a.from, b.from))) {
    spans.push({ from: start, to: Date.parse(gap.from) });
    start = Math.max(start, Date.parse(gap.to));
  }
  spans.push({ from: start, to: Date.parse(to) });
  return spans.filter((span) => span.to > span.from);
}

function merge(spans: readonly Span[]): readonly Span[] {
  const merged: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.from - b.from || a.to - b.to)) {
    const last = merged.at(-1);
    if (last === undefined || last.to < span.from) merged.push(span);
    else merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
  }
  return merged;
}

/** Midnights (UTC) at which a last day of a month begins, from 0 for January. */
function monthEnds(from: number, to: number): readonly { readonly at: number; readonly month: number }[] {
  const ends: { at: number; month: number }[] = [];
  const start = new Date(from);
  for (let month = start.getUTCFullYear() * 12 + start.getUTCMonth(); ; month++) {
    const at = Date.UTC(Math.floor(month / 12), (month % 12) + 1, 0);
    if (at > to) return ends;
    ends.push({ at, month: month % 12 });
  }
}
