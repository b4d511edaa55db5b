import { sortedText } from "../base/order.ts";
import type { Change } from "../model/change.ts";
import { alterations, rowAlterations, settingAlterations } from "./alteration.ts";
import type { Answer, Answers } from "./ask.ts";
import { causeOf } from "./cause.ts";
import type { DecidedPair } from "./coverage.ts";
import { decide } from "./decide.ts";
import { needKey, outcomeOf, type OutcomeWord, type Verdict } from "./outcome.ts";
import type { Pair } from "./pairs.ts";
import { sayAbsent, sayRefusal, sayRequirement, sayUnknown } from "./say.ts";
import { enteringNeeds, shutOut } from "./session.ts";
import type { Effect } from "./simulation.ts";
import { untouchedBy } from "./untouched.ts";
import { type Contradiction, verdictOf } from "./verdict.ts";
import type { SimulationInput, World } from "./world.ts";

/** One pair with what becomes of it. */
export interface JudgedPair extends DecidedPair {
  readonly effect: Effect | null;
  readonly contradiction: string | null;
}

/** Who asks, and where. */
export type Asker = Pick<Pair, "role" | "login" | "loginTold" | "database">;

/** One question judged in both states. */
export interface Judged {
  readonly before: Verdict;
  readonly after: Verdict;
  readonly altered: readonly string[];
  readonly contradiction: Contradiction | null;
  readonly confirmed: boolean;
}

/** Decides questions in both states; what both share is worked out once. */
export class Judge {
  readonly #input: SimulationInput;
  readonly #world: World;
  readonly #answers: Answers;
  readonly #changes: readonly Change[];
  readonly #untouched: (role: string) => boolean;

  constructor(input: SimulationInput, world: World, changes: readonly Change[], answers: Answers) {
    this.#input = input;
    this.#world = world;
    this.#answers = answers;
    this.#changes = changes;
    this.#untouched = untouchedBy(changes, world);
  }

  #database(at: number): string {
    return this.#answers.databases[at] ?? "";
  }

  question(at: number, who: Asker): Judged {
    const [was, is] = [this.#answers.before[at], this.#answers.after[at]];
    if (was === undefined || is === undefined) throw new TypeError("every question has its answers");
    const before = this.#judged(was, who, this.#world.before);
    const after = this.#judged(is, who, this.#world.after);
    return {
      before: before.verdict,
      after: after.verdict,
      altered: [
        ...alterations(was.requirements, is.requirements),
        ...rowAlterations(was.tried, is.tried),
        ...settingAlterations(this.#changes, who.login, this.#database(at)),
      ],
      contradiction: before.contradiction ?? after.contradiction,
      confirmed: [was, is].every(({ tried }) => tried !== null && tried.verdict !== "not-confirmed"),
    };
  }

  #judged({ requirements, tried }: Answer, who: Asker, index: World["before"]): ReturnType<typeof verdictOf> {
    const session = { login: who.login, told: who.loginTold, database: who.database };
    const allOf = [...enteringNeeds(session, index), ...requirements.allOf];
    const found = verdictOf(decide({ ...requirements, allOf }, index, who), tried);
    // A trial runs in a session of ours, whoever it is that may not begin one.
    const shut = shutOut(session, { index, before: this.#world.before, now: this.#input.live.takenAt });
    const { verdict, contradiction } = found;
    if (shut.missing.length > 0) {
      const missing = [...shut.missing, ...verdict.missing];
      return { verdict: { ...verdict, state: "no", missing }, contradiction: null };
    }
    if (shut.maybe.length === 0) return found;
    const state = verdict.state === "yes" ? "maybe" : verdict.state;
    return { verdict: { ...verdict, state, maybe: [...shut.maybe, ...verdict.maybe] }, contradiction };
  }

  pair(pair: Pair, at: number): JudgedPair {
    const found = this.question(at, pair);
    const { before, after, altered, confirmed } = found;
    const requirements = this.#answers.before[at]?.requirements;
    const approximate = requirements?.approximate === true;
    const computed = this.#word(pair, found);
    // The text alone never says that nothing changes.
    const word = approximate && computed === "unchanged" ? "unknown" : computed;
    const decided = {
      pair,
      decided: word !== "unknown",
      confirmed,
      approximate,
      unchanged: word === "unchanged",
      repaired: requirements?.repaired === true,
      requirements,
    };
    const contradiction = found.contradiction === null ? null : sayContradiction(pair, found.contradiction);
    if (word === "unchanged") return { ...decided, effect: null, contradiction };
    const lost = [...after.missing, ...after.maybe].filter((each) => !had(before, each));
    const come = [...before.missing, ...before.maybe].filter((each) => !had(after, each));
    const given = { plan: this.#input.plan, before: this.#world.before };
    const causes = (word === "gained" || word === "maybe-gained" ? [] : lost).map((each) =>
      causeOf(each, pair.role, given),
    );
    const effect: Effect = {
      outcome: word,
      ...identityOf(pair),
      why: sortedText(reasons(word, { before, after, altered, lost, come, role: pair.role })),
      mend: sortedText(causes.flatMap(({ mend }) => (mend === "" ? [] : mend))),
      changes: [...new Set(causes.flatMap((each) => each.changes))].sort((a, b) => a - b),
      confirmed,
      approximate,
    };
    return { ...decided, effect, contradiction };
  }

  /** An unknown part that no change can reach is the same before and after. What the server never took cannot be told. */
  #word(pair: Pair, { before, after, altered }: Judged): OutcomeWord {
    const word = outcomeOf(before, after, altered.length > 0);
    if (pair.deniedOnly && word === "unknown" && before.refusal !== null) return "already-denied";
    const wasRefused = before.missing.length === 0 && before.absent === null;
    if (word === "already-denied" && !pair.deniedOnly && wasRefused) {
      const isTaken = after.absent !== null || after.missing.some((each) => !had(before, each));
      return isTaken ? "revoked" : "unknown";
    }
    const same = word === "unknown" && before.state === after.state && altered.length === 0;
    const known = before.refusal === null && after.refusal === null;
    if (same && known && this.#untouched(pair.role) && this.#untouched(pair.login)) return "unchanged";
    return word;
  }
}

function had({ missing, maybe }: Verdict, requirement: Verdict["missing"][number]): boolean {
  const key = needKey(requirement);
  return [...missing, ...maybe].some((each) => needKey(each) === key);
}

function identityOf(pair: Pair): Omit<Effect, "outcome" | "why" | "mend" | "changes" | "confirmed" | "approximate"> {
  const { database, role, login, fingerprint, text, calls, firstSeen, lastSeen, days, applications } = pair;
  return { database, role, login, fingerprint, text, calls, firstSeen, lastSeen, days, applications };
}

interface Reasoned {
  readonly before: Verdict;
  readonly after: Verdict;
  readonly altered: readonly string[];
  readonly lost: Verdict["missing"];
  readonly come: Verdict["missing"];
  readonly role: string;
}

function reasons(word: OutcomeWord, { before, after, altered, lost, come, role }: Reasoned): readonly string[] {
  switch (word) {
    case "unchanged":
      return [];
    case "revoked":
    case "maybe-revoked":
      if (after.absent !== null) return [sayAbsent(after.absent)];
      if (lost.length > 0) return lost.map((each) => sayRequirement(each, role));
      return after.refusal === null ? after.unknown.map(sayUnknown) : [sayRefusal(after.refusal)];
    case "altered":
      return altered;
    case "gained":
    case "maybe-gained":
      return come.length > 0 ? come.map((each) => sayRequirement(each, role)) : ["a name is in reach that was not"];
    case "already-denied":
      if (before.absent !== null) return [sayAbsent(before.absent)];
      return before.missing.length > 0
        ? before.missing.map((each) => sayRequirement(each, role))
        : before.refusal === null
          ? []
          : [sayRefusal(before.refusal)];
    case "unknown": {
      const parts = [...before.unknown, ...after.unknown].map(sayUnknown);
      const refusal = before.refusal ?? after.refusal;
      return refusal === null ? parts : [...parts, sayRefusal(refusal)];
    }
  }
}

function sayContradiction(pair: Pair, { computed, tried, code, message }: Contradiction): string {
  const said = code === null ? "" : ` (${code}${message === null ? "" : ` ${message}`})`;
  return `\`${pair.role}\`: computed ${computed}, tried ${tried}${said}: ${pair.text}`;
}
