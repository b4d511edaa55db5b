import { compareBy, sorted, sortedText } from "../base/order.ts";
import type { Evidence, Use } from "../model/workload.ts";
import type { RoleName } from "../model/role.ts";

/** One statement as one role runs it in one database: what a change is tried on. */
export interface Pair {
  readonly database: string;
  readonly role: RoleName;
  /** Where no source tells it, `role`. */
  readonly login: RoleName;
  readonly loginTold: boolean;
  /** Null: what the settings of the role and the database say. */
  readonly searchPath: readonly string[] | null;
  readonly fingerprint: string;
  readonly text: string;
  readonly command: string;
  readonly calls: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** `YYYY-MM-DD`, sorted. */
  readonly days: readonly string[];
  readonly applications: readonly string[];
  /** It was only ever seen to be denied: a hint, and nothing that can break. */
  readonly deniedOnly: boolean;
}

/** Uses that cannot be tried: who, where or what is not known, or they are of a database that was not read. */
export interface Untold {
  readonly reason: "who" | "where" | "what" | "elsewhere";
  readonly statements: number;
  readonly calls: number;
}

const REASONS = ["who", "where", "elsewhere", "what"] as const satisfies readonly Untold["reason"][];

/**
 * What evidence says was done on a target, each distinct pair once. Of sources that overlap the larger count is taken, never the sum: they saw the same calls. Sorted by calls, the most used first, then by a total
 * order. `databases`: those that were read; null: there are none to tell apart.
 */
export function pairsOf(
  evidence: Evidence,
  databases: readonly string[] | null = null,
): { readonly pairs: readonly Pair[]; readonly untold: readonly Untold[] } {
  const groups = new Map<string, Use[]>();
  const untold = REASONS.map((reason) => ({ reason, statements: 0, calls: 0 }));
  for (const use of evidence.uses) {
    const lacking = untold.find(({ reason }) => reason === lackingOf(use, databases));
    if (lacking !== undefined) {
      lacking.statements += 1;
      lacking.calls += use.calls;
      continue;
    }
    const key = JSON.stringify([use.database, use.role, use.statement.fingerprint]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [use]);
    else group.push(use);
  }
  const order = compareBy<Pair>(
    (pair) => -pair.calls,
    (pair) => pair.database,
    (pair) => pair.role,
    (pair) => pair.login,
    (pair) => (pair.searchPath ?? []).join("\0"),
    (pair) => pair.fingerprint,
  );
  return {
    pairs: sorted([...groups.values()].flatMap(bySession).map(pairOf), order),
    untold: untold.filter(({ statements }) => statements > 0),
  };
}

function lackingOf(use: Use, databases: readonly string[] | null): Untold["reason"] | null {
  if (use.role === null) return "who";
  if (use.database === null) return "where";
  if (databases !== null && !databases.includes(use.database)) return "elsewhere";
  return use.statement.text === "" ? "what" : null;
}

/** Apart by who logged in and by search path. What a source does not tell is not another session: it goes with the most used of those that are told. */
function bySession(uses: readonly Use[]): readonly (readonly Use[])[] {
  const told = new Map<string, Use[]>();
  const rest: Use[] = [];
  for (const use of uses) {
    if (use.login === null && use.searchPath === null) {
      rest.push(use);
      continue;
    }
    const key = JSON.stringify([use.login, use.searchPath]);
    told.set(key, [...(told.get(key) ?? []), use]);
  }
  const groups = sorted(
    told.values(),
    compareBy(
      (group) => -callsOf(group),
      ([first]) => JSON.stringify([first?.login, first?.searchPath]),
    ),
  );
  const [most, ...others] = groups;
  return most === undefined ? [rest] : [[...most, ...rest], ...others];
}

function pairOf(uses: readonly Use[]): Pair {
  const [first] = uses;
  if (first === undefined) throw new TypeError("a pair is made of uses");
  const { statement, role, login, database, searchPath } = first;
  const done = uses.filter(({ result }) => result.kind !== "denied");
  return {
    database: database ?? "",
    role: role ?? "",
    login: login ?? role ?? "",
    loginTold: login !== null,
    searchPath,
    fingerprint: statement.fingerprint,
    text: statement.text,
    command: statement.command,
    calls: callsOf(done.length > 0 ? done : uses),
    firstSeen: earliest(uses.map((use) => use.firstSeen)),
    lastSeen: latest((done.length > 0 ? done : uses).map((use) => use.lastSeen)),
    days: sortedText(uses.flatMap(({ days }) => days)),
    applications: sortedText(uses.flatMap(({ application }) => application ?? [])),
    deniedOnly: done.length === 0,
  };
}

function callsOf(uses: readonly Use[]): number {
  const bySource = new Map<string, number>();
  for (const { source, calls } of uses) bySource.set(source, (bySource.get(source) ?? 0) + calls);
  return Math.max(...bySource.values());
}

function earliest(times: readonly string[]): string {
  return times.reduce((a, b) => (b < a ? b : a));
}

function latest(times: readonly string[]): string {
  return times.reduce((a, b) => (b > a ? b : a));
}
