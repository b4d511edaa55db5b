import type { AccessDelta } from "../analysis/access-delta.ts";
import { sortedText } from "../base/order.ts";
import type { RoleName } from "../model/role.ts";
import type { StatementRequirements } from "../model/requirements.ts";
import type { Evidence } from "../model/workload.ts";
import { exercisedOf } from "./exercised.ts";
import type { Pair, Untold } from "./pairs.ts";
import type { Coverage } from "./simulation.ts";

/** How one pair was decided. */
export interface DecidedPair {
  readonly pair: Pair;
  readonly decided: boolean;
  readonly confirmed: boolean;
  readonly approximate: boolean;
  readonly unchanged: boolean;
  readonly repaired: boolean;
  /** What it needs before the change. */
  readonly requirements: StatementRequirements | undefined;
}

/** What of the evidence was decided, and what the evidence does not cover. */
export function coverageOf(
  decided: readonly DecidedPair[],
  given: {
    readonly untold: readonly Untold[];
    readonly evidence: Pick<Evidence, "windows">;
    readonly delta: AccessDelta;
  },
): Coverage {
  const counted = decided.filter(({ pair }) => !pair.deniedOnly);
  const sum = (of: readonly DecidedPair[]): number => of.reduce((total, { pair }) => total + pair.calls, 0);
  const known = counted.filter((each) => each.decided);
  const seen = new Set(decided.flatMap(({ pair }) => [pair.role, pair.login]));
  const changed = sortedText(loginsOf(given.delta));
  const unobserved = changed.filter((role) => !seen.has(role));
  const calls = given.untold.reduce((total, each) => total + each.calls, 0);
  const statements = given.untold.reduce((total, each) => total + each.statements, 0);
  return {
    // What cannot even be tried is not decided: it stands in the whole and not in the part.
    pairs: counted.length + statements,
    decided: known.length,
    calls: sum(counted) + calls,
    callsDecided: sum(known),
    confirmed: counted.filter((each) => each.confirmed).length,
    approximate: counted.filter((each) => each.approximate).length,
    unchanged: decided.filter((each) => each.unchanged).length,
    rolesChanged: changed.length,
    rolesObserved: changed.length - unobserved.length,
    rolesUnobserved: unobserved,
    privileges: exercisedOf(given.delta, decided),
    ...span(given.evidence),
    repaired: counted.filter((each) => each.repaired).length,
    untold: given.untold,
  };
}

/** The logins that gain or lose anything: a role that nobody can become is never observed. */
function loginsOf(delta: AccessDelta): readonly RoleName[] {
  return [...delta.losses, ...delta.gains].flatMap(({ subjects }) =>
    subjects.flatMap(({ kind, login }) => (kind === "role" || kind === "public" ? [] : [login])),
  );
}

function span({
  windows,
}: Pick<Evidence, "windows">): Pick<Coverage, "from" | "to" | "days" | "monthEnd" | "quarterEnd"> {
  const froms = windows.map(({ from }) => from).sort();
  const tos = windows.map(({ to }) => to).sort();
  const [from = null] = froms;
  const to = tos.at(-1) ?? null;
  if (from === null || to === null) return { from, to, days: 0, monthEnd: false, quarterEnd: false };
  const ends = monthEnds(from, to);
  return {
    from,
    to,
    days: Math.floor((Date.parse(to) - Date.parse(from)) / 86_400_000),
    monthEnd: ends.length > 0,
    quarterEnd: ends.some((month) => month % 3 === 2),
  };
}

/** The months (0 to 11) whose last day lies wholly between two instants. */
function monthEnds(from: string, to: string): readonly number[] {
  const found: number[] = [];
  const start = new Date(from);
  const month = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth(), 1));
  for (;;) {
    const next = new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1, 1));
    if (next.getTime() > Date.parse(to)) return found;
    if (next.getTime() - 86_400_000 >= start.getTime()) found.push(month.getUTCMonth());
    month.setTime(next.getTime());
  }
}
