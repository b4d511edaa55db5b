import { compareText } from "../../../../base/order.ts";
import type {
  EvidenceWindow,
  Observation,
  ObservedField,
  ObservedStatement,
  UseResult,
} from "../../../../model/workload.ts";
import { Remembered } from "../../../remembered.ts";
import type { ReadingOptions } from "../../../simulation.ts";
import { readAudit } from "./audit-line.ts";
import { Continuity, type LineNumber } from "./continuity.ts";
import { type Effect, effectsOf, mayHaveEffects } from "./effects.ts";
import { DENIALS, type LogEntry } from "./entry.ts";
import type { PostgresqlGrammar } from "./grammar.ts";
import { codeOf, whichFailed } from "./failed-statement.ts";
import { preparedText, readMessage, readParameters } from "./message.ts";
import { SessionState } from "./session.ts";

/** Sessions that are followed at once; the ones that were silent longest are forgotten. */
const MOST_SESSIONS = 100_000;
/** Uses that wait until it is known whether the log holds every statement. */
const MOST_WAITING = 5_000;
/** Lines of different processes overtake each other; only more than this is a clock that went back. */
const BACKWARDS_MS = 5_000;
/** Session ids tell seconds, and a login takes a moment. */
const JUST_BEGUN_MS = 2_000;

/** They need no right and decide nothing. */
const IDLE = new Set(
  "BEGIN START COMMIT END ROLLBACK ABORT SAVEPOINT RELEASE DEALLOCATE DISCARD FETCH MOVE CLOSE UNLISTEN SHOW".split(
    " ",
  ),
);
/** Seen only where every statement is logged: `log_statement` of `ddl` and `mod` leaves them out, and so does a threshold of time. */
const EVERYTHING = new Set("SET RESET BEGIN START DISCARD SAVEPOINT SHOW".split(" "));

interface Session {
  startSeen: boolean;
  /** What the line about its login said, where the others do not. */
  who: Pick<LogEntry, "user" | "database" | "application">;
  state: SessionState | null;
  pending: Pending | null;
  /** The number that pgAudit gave to the statement that runs. */
  audit: string | null;
}

/** A statement that has begun; how it ends is told later, or not at all where it ends well. */
interface Pending {
  readonly text: string;
  readonly detail: string | null;
  /** `log_statement` told of it, when it began. */
  readonly isLogged: boolean;
  readonly entry: Pick<LogEntry, "time" | "user" | "database" | "application">;
}

/** Turns the records of one log into observations. The same for every form of log. */
export class LogReading {
  readonly #grammar: PostgresqlGrammar;
  readonly #onUse: (use: Observation) => void;
  readonly #options: ReadingOptions;
  readonly #series: Series;
  readonly #effects = new Remembered<readonly (readonly Effect[])[] | null>(5_000);
  #waiting: Observation[] | null = [];
  #everything = false;

  #from: string | null = null;
  #to: string | null = null;
  #last = "";
  #records = 0;
  #skipped = 0;
  #unread = 0;
  #statements = 0;
  #unparsed = 0;
  #unclear = 0;
  #backwards = 0;
  #backwardsMs = 0;
  #forgotten = 0;
  #sessionless = false;

  constructor(grammar: PostgresqlGrammar, onUse: (use: Observation) => void, options: ReadingOptions) {
    this.#grammar = grammar;
    this.#onUse = onUse;
    this.#options = options;
    this.#series = seriesOf(options.series);
  }

  /** A record that matters to nobody but the window. Gives back how many there were. */
  skip(): number {
    this.#records++;
    return ++this.#skipped;
  }

  unread(count = 1): void {
    this.#records += count;
    this.#unread += count;
  }

  /** That a record of this number is there, for forms of log that number them. */
  line(bytes: Uint8Array, number: LineNumber, time: () => string | null): void {
    this.#series.continuity.line(bytes, number, { now: this.#series.now, time });
  }

  /** Time of a record that was looked at for nothing else. */
  seen(time: string): void {
    if (time === "") return;
    this.#series.now = time;
    const { since, until } = this.#options;
    if ((since !== undefined && time < since) || (until !== undefined && time >= until)) return;
    if (this.#from === null || time < this.#from) this.#from = time;
    if (this.#to === null || time > this.#to) this.#to = time;
    if (time < this.#last) {
      const back = Date.parse(this.#last) - Date.parse(time);
      if (back > BACKWARDS_MS) {
        this.#backwards++;
        this.#backwardsMs = Math.max(this.#backwardsMs, back);
        this.#last = time;
      }
    } else this.#last = time;
  }

  entry(entry: LogEntry): void {
    this.#records++;
    this.seen(entry.time);
    if (entry.session === null) this.#sessionless = true;
    const session = this.#session(entry);
    if (entry.failed) return this.#failure(session, entry);
    const message = readMessage(entry.message);
    if (message === null) return;
    switch (message.kind) {
      case "session-start":
        session.startSeen ||= session.state === null && session.pending === null;
        session.who = message;
        return;
      case "session-end":
        this.#finish(session);
        if (entry.session !== null) this.#series.sessions.delete(entry.session);
        return;
      case "ended":
        return this.#finish(session);
      case "audit":
        return this.#audit(session, entry, message.text);
      case "statement":
        this.#finish(session);
        this.#series.loggedFrom ??= entry.time;
        session.audit = null;
        session.pending = { text: message.text, detail: entry.detail, isLogged: !message.ended, entry };
        if (message.ended) this.#finish(session);
        return;
    }
  }

  /** What was covered. Nothing may be read afterwards. */
  end(window: {
    readonly kind: string;
    readonly lacks?: readonly ObservedField[];
    readonly losses?: readonly string[];
  }): EvidenceWindow {
    for (const session of this.#series.sessions.values()) this.#finish(session);
    this.#release();
    const lacks = new Set<ObservedField>([...(window.lacks ?? []), ...(this.#everything ? [] : (["role"] as const))]);
    return {
      source: this.#options.source,
      kind: window.kind,
      from: this.#from ?? this.#options.since ?? NEVER,
      to: this.#to ?? this.#options.since ?? NEVER,
      gaps: this.#gaps(),
      lacks: [...lacks].toSorted(),
      losses: [...this.#losses(), ...(window.losses ?? [])].toSorted(),
      records: this.#records,
      unread: this.#unread,
    };
  }

  /** What is missing in the log, as far as it was asked for. */
  #gaps(): EvidenceWindow["gaps"] {
    const { since, until } = this.#options;
    return this.#series.continuity
      .take()
      .filter(({ from, to }) => (since === undefined || to >= since) && (until === undefined || from < until))
      .toSorted((a, b) => compareText(a.from, b.from) || compareText(a.to, b.to));
  }

  #losses(): string[] {
    const losses: string[] = [];
    if (this.#statements === 0 && this.#records > 0) {
      losses.push("no record holds a statement: `log_statement` may be off, or `lc_messages` not English");
    } else if (!this.#everything) {
      losses.push(
        "not every statement is logged (`log_statement` is not `all`), so nobody can tell who acted as which role",
      );
    }
    if (this.#unparsed > 0) losses.push(`${this.#unparsed} statements could not be parsed: their text was not kept`);
    if (this.#unclear > 0) losses.push(`${this.#unclear} texts of several statements failed without telling at which`);
    if (this.#forgotten > 0) losses.push(`${this.#forgotten} sessions were too many to follow at once`);
    if (this.#sessionless) losses.push("the records do not tell sessions apart (no `%c` or `%p` in `log_line_prefix`)");
    if (this.#backwards > 0) {
      losses.push(
        `the clock went back ${this.#backwards} times, by up to ${Math.round(this.#backwardsMs / 1000)} seconds`,
      );
    }
    return losses;
  }

  #session(entry: LogEntry): Session {
    const key = entry.session ?? "";
    const known = entry.session === null ? undefined : this.#series.sessions.get(key);
    if (known !== undefined && !entry.first) return known;
    if (known !== undefined) this.#finish(known); // Its number came again.
    const session: Session = {
      startSeen: entry.first && this.#isStart(entry),
      who: NOBODY,
      state: null,
      pending: null,
      audit: null,
    };
    if (entry.session === null) return session;
    if (this.#series.sessions.size >= MOST_SESSIONS) {
      const [[oldest, forgotten] = []] = this.#series.sessions;
      if (oldest !== undefined && forgotten !== undefined) {
        this.#finish(forgotten);
        this.#series.sessions.delete(oldest);
      }
      this.#forgotten++;
    }
    this.#series.sessions.set(key, session);
    return session;
  }

  /**
   * Whether the first record of a session is of its beginning: logging may have been switched on while it was open, and then what it had set before is not known. So it must have begun when statements were logged, or
   * just before the record.
   */
  #isStart(entry: LogEntry): boolean {
    if (entry.message.startsWith("connection ")) return true;
    const start = startOf(entry.session);
    if (start === null) return false;
    const { loggedFrom } = this.#series;
    return Date.parse(entry.time) - start <= JUST_BEGUN_MS || (loggedFrom !== null && start >= Date.parse(loggedFrom));
  }

  #audit(session: Session, entry: LogEntry, text: string): void {
    const audit = readAudit(text);
    if (audit === null) return this.unread(0);
    const isSame = session.audit === audit.statementId && session.pending !== null;
    if (isSame || audit.isNested || audit.statement === null) return;
    if (session.pending !== null && session.pending.text === audit.statement) {
      session.audit = audit.statementId; // log_statement told of it already.
      return;
    }
    this.#finish(session);
    session.audit = audit.statementId;
    session.pending = { text: audit.statement, detail: null, isLogged: false, entry };
  }

  #failure(session: Session, entry: LogEntry): void {
    const { pending } = session;
    const text = entry.query;
    if (pending !== null && (text === null || pending.text === text)) {
      session.pending = null;
      this.#conclude(session, pending, entry);
      return;
    }
    this.#finish(session);
    if (text !== null) this.#conclude(session, { text, detail: entry.detail, isLogged: false, entry }, entry);
    else this.#stateOf(session, { user: entry.user ?? session.who.user }).fail();
  }

  /** What was running ended well: nothing else was said of it. */
  #finish(session: Session): void {
    const { pending } = session;
    if (pending === null) return;
    session.pending = null;
    this.#conclude(session, pending, null);
  }

  #conclude(session: Session, { text, detail, isLogged, entry: told }: Pending, failure: LogEntry | null): void {
    const { who } = session;
    const entry = {
      time: told.time,
      user: told.user ?? who.user,
      database: told.database ?? who.database,
      application: told.application ?? who.application,
    };
    const state = this.#stateOf(session, entry);
    const prepared = preparedText(detail);
    const statements = this.#grammar.read(prepared ?? text);
    this.#statements += statements.length;
    if (!this.#everything && statements.some((each) => showsEverything(each, isLogged))) this.#knowEverything();
    const effects = this.#effectsOf(text, detail, statements.length);
    if (failure !== null) return this.#failed({ state, statements, effects }, entry, failure);
    if (effects === null) {
      for (const statement of statements) this.#use(statement, state, { entry, result: { kind: "ok" } });
      state.forget();
      return;
    }
    const isImplicit =
      statements.length > 1 && !state.inTransaction && !effects.flat().some(({ kind }) => kind === "begin");
    if (isImplicit) state.apply({ kind: "begin" });
    for (const [index, statement] of statements.entries()) {
      this.#use(statement, state, { entry, result: { kind: "ok" } });
      for (const effect of effects[index] ?? []) state.apply(effect);
    }
    if (isImplicit && state.inTransaction) state.apply({ kind: "commit", chain: false });
  }

  #failed(
    done: {
      readonly state: SessionState;
      readonly statements: readonly ObservedStatement[];
      readonly effects: Effects;
    },
    entry: Pending["entry"],
    failure: LogEntry,
  ): void {
    const { state, statements, effects } = done;
    const code = failure.code ?? codeOf(failure.message);
    const result: UseResult = DENIALS.has(code) ? { kind: "denied", code } : { kind: "failed", code };
    const refused = statements.length === 1 ? statements : whichFailed(statements, failure.message);
    if (refused.length === 0) this.#unclear++;
    for (const statement of refused) this.#use(statement, state, { entry, result });
    if (effects?.flat().some(({ kind }) => kind === "begin") === true) state.apply({ kind: "begin" });
    // ROLLBACK TO and ROLLBACK do not fail; a COMMIT that fails has ended its transaction.
    if (effects?.flat().some(({ kind }) => kind === "commit") === true) state.apply({ kind: "rollback", chain: false });
    else state.fail();
  }

  #effectsOf(text: string, detail: string | null, count: number): Effects {
    if (count === 0 || !mayHaveEffects(text)) return NO_EFFECTS;
    const parameters = readParameters(detail);
    const known = parameters.length === 0 && text.length < 2_000 ? this.#effects.get(text) : undefined;
    if (known !== undefined) return known;
    const trees = this.#grammar.trees(text);
    const effects = trees === null || trees.length !== count ? null : effectsOf(trees, parameters);
    if (parameters.length === 0 && text.length < 2_000) this.#effects.set(text, effects);
    return effects;
  }

  #stateOf(session: Session, entry: Pick<LogEntry, "user">): SessionState {
    session.state ??= new SessionState(entry.user, session.startSeen);
    return session.state;
  }

  #use(
    statement: ObservedStatement,
    state: SessionState,
    { entry, result }: { readonly entry: Pending["entry"]; readonly result: UseResult },
  ): void {
    if (IDLE.has(statement.command) && result.kind !== "denied") return;
    if (statement.text === "") this.#unparsed++;
    const { since, until } = this.#options;
    if ((since !== undefined && entry.time < since) || (until !== undefined && entry.time >= until)) return;
    const use: Observation = {
      statement,
      database: entry.database,
      login: entry.user,
      role: state.role,
      searchPath: state.searchPath,
      application: entry.application,
      calls: 1,
      firstSeen: entry.time,
      lastSeen: entry.time,
      result,
    };
    if (this.#everything) this.#onUse(use);
    else if (this.#waiting === null) this.#onUse({ ...use, role: null });
    else if (this.#waiting.push(use) >= MOST_WAITING) this.#release();
  }

  #knowEverything(): void {
    this.#everything = true;
    this.#release();
  }

  #release(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const use of waiting) this.#onUse(this.#everything ? use : { ...use, role: null });
  }
}

/** `log_statement = mod` leaves SELECT out too, unless it makes a table. */
function showsEverything({ command, text }: ObservedStatement, isLogged: boolean): boolean {
  return EVERYTHING.has(command) || (isLogged && command === "SELECT" && text !== "" && !/\binto\b/iu.test(text));
}

type Effects = readonly (readonly Effect[])[] | null;

const NO_EFFECTS: Effects = [];
const NOBODY = { user: null, database: null, application: null } as const;
const NEVER = "1970-01-01T00:00:00.000Z";

/** What the files of one log have in common. */
interface Series {
  readonly sessions: Map<string, Session>;
  readonly continuity: Continuity;
  /** The first statement that was logged at all. */
  loggedFrom: string | null;
  /** The time that was last read; empty: none was. */
  now: string;
}

const SERIES = new WeakMap<object, Series>();

function seriesOf(key: object | undefined): Series {
  const known = key === undefined ? undefined : SERIES.get(key);
  const series: Series = known ?? { sessions: new Map(), continuity: new Continuity(), loggedFrom: null, now: "" };
  if (key !== undefined) SERIES.set(key, series);
  return series;
}

/** When a session began, in milliseconds: PostgreSQL's session ids begin with it, as hexadecimal seconds. Null: this is none. */
function startOf(session: string | null): number | null {
  const seconds = /^([0-9a-f]{8,})\.[0-9a-f]+$/u.exec(session ?? "")?.[1];
  return seconds === undefined ? null : Number.parseInt(seconds, 16) * 1000;
}
