import type { EvidenceWindow, Observation } from "../../../../model/workload.ts";
import type { LiveReading, LiveSource } from "../../../simulation.ts";
import type { Session } from "../../client.ts";
import { quoteIdentifier } from "../../quote.ts";
import type { PostgresqlGrammar } from "./grammar.ts";
import { asTime, CLOCK, liveWindow, poll, type Unavailable, withSession } from "./live.ts";

const KIND = "pg_stat_statements";
const EVERY_SECONDS = 60;
/** What stands for the text of a statement of somebody whose statements we may not see. */
const HIDDEN = "<insufficient privilege>";

/** Statements that change who one is are counted for whom they lead to, who may well be unable to run them. */
const BECOMES = /^\s*(?:re)?set\s+(?:session\s+|local\s+)?(?:role|session\s+authorization)\b/iu;

const EXTENSION = `
  select n.nspname, (select s.setting from pg_settings s where s.name = 'shared_preload_libraries')
  from (select 1) one left join pg_extension e on e.extname = 'pg_stat_statements'
  left join pg_namespace n on n.oid = e.extnamespace`;

/** The counters of the server's statements: who they ran as, after SET ROLE. */
export function statementsSource(grammar: PostgresqlGrammar): LiveSource {
  return {
    kind: KIND,
    summary:
      "the counters of statements by the role that they ran as: totals, or with `--for` what was added meanwhile",
    read: async (options, onUse) => {
      await grammar.load();
      return await withSession(options, "pg_stat_statements", async (session, major) => {
        const [found] = await session.rows<readonly [string | null, string | null]>(EXTENSION);
        const reason = unavailable(found?.[0] ?? null, found?.[1] ?? null);
        if (reason !== null) return reason;
        const view = viewOf(found?.[0] ?? "", major);
        try {
          return await readCounters({ grammar, session, view, options, onUse });
        } catch (error) {
          // 55000: in the catalog, but its library is not loaded.
          if ((error as { code?: string }).code === "55000") return NOT_LOADED;
          throw error;
        }
      });
    },
  };
}

const NOT_LOADED: Unavailable = {
  unavailable: "pg_stat_statements is not in `shared_preload_libraries`",
  help: "add it there and restart the server; then `create extension pg_stat_statements`",
};

/** The setting may not be seen by everybody: then only the view itself tells. */
function unavailable(schema: string | null, libraries: string | null): Unavailable | null {
  if (libraries?.includes("pg_stat_statements") === false) return NOT_LOADED;
  if (schema !== null) return null;
  return {
    unavailable: "the extension pg_stat_statements is not in this database",
    help: "`create extension pg_stat_statements` in it, or name a database that has it: it counts those of all databases",
  };
}

/** What this major's view has. */
interface View {
  readonly counters: string;
  /** Evictions and the time of the last reset; null: 13 does not tell. */
  readonly state: string | null;
  readonly toplevel: boolean;
}

function viewOf(schema: string, major: number): View {
  const name = `${quoteIdentifier(schema)}.`;
  const counters = `
    select s.userid::text, s.dbid::text, s.queryid::text, r.rolname, d.datname, s.query, s.calls::text,
      ${major >= 14 ? "s.toplevel::text" : "'true'"}, ${major >= 17 ? asTime("s.stats_since") : "null"}
    from ${name}pg_stat_statements s left join pg_roles r on r.oid = s.userid left join pg_database d on d.oid = s.dbid
    where s.calls > 0`;
  const state = `select dealloc::text, ${asTime("stats_reset")}, ${CLOCK} from ${name}pg_stat_statements_info`;
  return { counters, state: major >= 14 ? state : null, toplevel: major >= 14 };
}

type CounterRow = readonly [
  userid: string,
  dbid: string,
  queryid: string | null,
  role: string | null,
  database: string | null,
  query: string | null,
  calls: string,
  toplevel: string,
  since: string | null,
];

interface Counter {
  readonly role: string | null;
  readonly database: string | null;
  readonly query: string | null;
  readonly queryId: string;
  readonly since: string | null;
  /** As it was last read. */
  last: number;
  /** Of the window. */
  calls: number;
}

interface State {
  readonly evictions: number | null;
  readonly reset: string | null;
  readonly now: string;
}

async function readCounters(given: {
  readonly grammar: PostgresqlGrammar;
  readonly session: Session;
  readonly view: View;
  readonly options: LiveReading;
  readonly onUse: (use: Observation) => void;
}): Promise<EvidenceWindow> {
  const { grammar, session, view, options, onUse } = given;
  const isDifference = options.forSeconds > 0;
  const counters = new Map<string, Counter>();
  const seen = { nested: 0, records: 0 };
  const gaps: { from: string; to: string; reason: string }[] = [];
  const first = await readState(session, view);
  let last = first;
  let isFirst = true;
  await poll(options, EVERY_SECONDS, async () => {
    const state = await readState(session, view);
    if (state.reset !== null && state.reset !== last.reset) {
      gaps.push({ from: last.now, to: state.reset, reason: "the counters were reset" });
    }
    last = state;
    seen.nested = 0;
    await session.each(view.counters, (row) => {
      seen.records++;
      count(row as CounterRow, { counters, seen, counts: !isFirst || !isDifference });
    });
    isFirst = false;
  });
  const from = isDifference ? first.now : (first.reset ?? first.now);
  let unread = 0;
  for (const counter of counters.values()) {
    if (counter.calls === 0) continue;
    const firstSeen = !isDifference && counter.since !== null && counter.since > from ? counter.since : from;
    const use = { database: counter.database, login: null, role: counter.role, searchPath: null, application: null };
    const times = { firstSeen, lastSeen: last.now < firstSeen ? firstSeen : last.now, calls: counter.calls };
    if (counter.query === null || counter.query === HIDDEN) {
      unread++;
      const statement = { fingerprint: `queryid-${counter.queryId}`, text: "", command: "UNKNOWN" };
      onUse({ ...use, ...times, statement, result: { kind: "ok" } });
      continue;
    }
    if (BECOMES.test(counter.query)) continue;
    for (const statement of grammar.read(counter.query)) onUse({ ...use, ...times, statement, result: { kind: "ok" } });
  }
  const evicted =
    first.evictions === null || last.evictions === null ? 0 : last.evictions - (isDifference ? first.evictions : 0);
  return liveWindow(options, {
    kind: KIND,
    from,
    to: last.now,
    lacks: isDifference
      ? ["login", "searchPath", "application", "failures"]
      : ["login", "searchPath", "application", "failures", "times"],
    losses: [
      evicted > 0 ? `statements were evicted ${evicted} times (\`dealloc\`): the rare ones are missing first` : null,
      view.state === null
        ? "PostgreSQL 13 does not tell evictions, resets, nor which statements ran inside functions"
        : null,
      seen.nested > 0
        ? `${seen.nested} statements that ran inside functions were left out: the function's call stands for them`
        : null,
      unread > 0 ? `the texts of ${unread} statements may not be seen: grant \`pg_read_all_stats\`` : null,
      isDifference || first.reset !== null ? null : "it is not known since when the counters count",
    ],
    gaps,
    records: seen.records,
    unread,
  });
}

function count(
  row: CounterRow,
  to: {
    readonly counters: Map<string, Counter>;
    readonly seen: { nested: number };
    /** False: the reading that differences start from. */
    readonly counts: boolean;
  },
): void {
  const [userid, dbid, queryid, role, database, query, callsText, toplevel, since] = row;
  if (toplevel === "false") {
    to.seen.nested++;
    return;
  }
  const calls = Number(callsText);
  const key = `${userid} ${dbid} ${queryid ?? query ?? ""}`;
  const known = to.counters.get(key);
  if (known === undefined) {
    const counter = {
      role,
      database,
      query,
      queryId: queryid ?? "0",
      since,
      last: calls,
      calls: to.counts ? calls : 0,
    };
    to.counters.set(key, counter);
    return;
  }
  // Fewer than before: it was evicted or reset in between, and counts from zero.
  known.calls += calls >= known.last ? calls - known.last : calls;
  known.last = calls;
}

async function readState(session: Session, view: View): Promise<State> {
  if (view.state === null) {
    const [row] = await session.rows<readonly [string]>(`select ${CLOCK}`);
    return { evictions: null, reset: null, now: row?.[0] ?? "" };
  }
  const [row] = await session.rows<readonly [string, string | null, string]>(view.state);
  return { evictions: Number(row?.[0] ?? 0), reset: row?.[1] ?? null, now: row?.[2] ?? "" };
}
