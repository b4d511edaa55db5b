import type { Observation } from "../../../../model/workload.ts";
import type { LiveSource } from "../../../simulation.ts";
import type { Session } from "../../client.ts";
import { quoteIdentifier } from "../../quote.ts";
import type { PostgresqlGrammar } from "./grammar.ts";
import { asTime, CLOCK, liveWindow, poll, withSession } from "./live.ts";

const EVERY_SECONDS = 3600;

/** The least that a use of each kind needs, as a statement; the counters do not tell more. */
const TABLES = `
  select t.schemaname, t.relname, (coalesce(t.seq_scan, 0) + coalesce(t.idx_scan, 0))::text, t.n_tup_ins::text, t.n_tup_upd::text, t.n_tup_del::text
  from pg_stat_user_tables t`;
const FUNCTIONS = `
  select f.schemaname, f.funcname, f.calls::text,
    coalesce((select string_agg('null::' || format_type(a.type, null), ', ' order by a.place)
      from unnest(p.proargtypes) with ordinality a (type, place)), ''), p.prokind
  from pg_stat_user_functions f join pg_proc p on p.oid = f.funcid`;

const SINCE = `select ${asTime("stats_reset")}, ${CLOCK}, current_database() from pg_stat_database where datname = current_database()`;

/** Whether anybody at all touched a table: scans and rows of one database. */
export function tablesSource(grammar: PostgresqlGrammar): LiveSource {
  return countersSource(grammar, {
    kind: "pg_stat_user_tables",
    summary: "whether anybody read or changed a table of this database; not who",
    note: "each stands for the least that such a use needs: `select from` for scans, `insert`, `update` and `delete` for rows",
    query: TABLES,
    counters: ([schema = "", table = "", scans, inserted, updated, deleted]) => {
      const name = `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
      return [
        { text: `select from ${name}`, calls: Number(scans) },
        { text: `insert into ${name} default values`, calls: Number(inserted) },
        { text: `select from ${name} for update`, calls: Number(updated) },
        { text: `delete from ${name}`, calls: Number(deleted) },
      ];
    },
  });
}

/** Whether anybody called a function, where `track_functions` is on. */
export function functionsSource(grammar: PostgresqlGrammar): LiveSource {
  return countersSource(grammar, {
    kind: "pg_stat_user_functions",
    summary: "whether anybody called a function of this database, where `track_functions` is on; not who",
    note: "calls from triggers and other functions count too",
    query: FUNCTIONS,
    counters: ([schema = "", name = "", calls, values = "", kind]) => [
      {
        text: `${kind === "p" ? "call" : "select"} ${quoteIdentifier(schema)}.${quoteIdentifier(name)}(${values})`,
        calls: Number(calls),
      },
    ],
  });
}

interface CounterKind {
  readonly kind: string;
  readonly summary: string;
  readonly note: string;
  readonly query: string;
  readonly counters: (
    row: readonly (string | undefined)[],
  ) => readonly { readonly text: string; readonly calls: number }[];
}

function countersSource(grammar: PostgresqlGrammar, counted: CounterKind): LiveSource {
  return {
    kind: counted.kind,
    summary: counted.summary,
    read: async (options, onUse) => {
      await grammar.load();
      return await withSession(options, counted.kind, async (session) => {
        const isDifference = options.forSeconds > 0;
        const [start] = await session.rows<readonly [string | null, string, string]>(SINCE);
        const now = start?.[1] ?? "";
        const from = isDifference ? now : (start?.[0] ?? now);
        let before: Map<string, number> | null = null;
        let after = new Map<string, number>();
        let records = 0;
        await poll(options, EVERY_SECONDS, async () => {
          after = await readCounters(session, counted);
          records += after.size;
          before ??= after;
        });
        const [end] = await session.rows<readonly [string]>(`select ${CLOCK}`);
        const to = end?.[0] ?? now;
        for (const [text, calls] of after) {
          const known = isDifference ? ((before as Map<string, number> | null)?.get(text) ?? 0) : 0;
          const added = calls >= known ? calls - known : calls;
          if (added === 0) continue;
          for (const statement of grammar.read(text))
            onUse(anybody(statement, { database: start?.[2] ?? null, calls: added, from, to }));
        }
        return liveWindow(options, {
          kind: counted.kind,
          from,
          to,
          lacks: [
            "login",
            "role",
            "searchPath",
            "application",
            "failures",
            "text",
            ...(isDifference ? [] : (["times"] as const)),
          ],
          losses: [
            `only of the database that was connected to; ${counted.note}`,
            isDifference || start?.[0] !== null
              ? null
              : "it is not known since when the counters count: they were never reset",
          ],
          records,
          unread: 0,
        });
      });
    },
  };
}

async function readCounters(session: Session, { query, counters }: CounterKind): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  await session.each(query, (row) => {
    for (const { text, calls } of counters(row.map((value) => value ?? undefined))) {
      if (calls > 0) found.set(text, (found.get(text) ?? 0) + calls);
    }
  });
  return found;
}

function anybody(
  statement: Observation["statement"],
  {
    database,
    calls,
    from,
    to,
  }: { readonly database: string | null; readonly calls: number; readonly from: string; readonly to: string },
): Observation {
  const who = { login: null, role: null, searchPath: null, application: null };
  return { statement, database, ...who, calls, firstSeen: from, lastSeen: to, result: { kind: "ok" } };
}
