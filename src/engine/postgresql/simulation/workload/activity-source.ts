import type { LiveSource } from "../../../simulation.ts";
import type { PostgresqlGrammar } from "./grammar.ts";
import { asTime, CLOCK, liveWindow, poll, withSession } from "./live.ts";

const KIND = "pg_stat_activity";
const EVERY_SECONDS = 1;
const HIDDEN = "<insufficient privilege>";

const ACTIVITY = `
  select a.pid::text, a.datname, a.usename, a.application_name, a.query, ${asTime("a.query_start")},
    (octet_length(a.query) >= (select s.setting::int from pg_settings s where s.name = 'track_activity_query_size') - 4)::text, ${CLOCK}
  from pg_stat_activity a
  where a.backend_type = 'client backend' and a.pid <> pg_backend_pid() and a.query_start is not null and a.query <> ''`;

type ActivityRow = readonly [
  pid: string,
  database: string | null,
  login: string | null,
  application: string | null,
  query: string,
  start: string,
  cut: string,
  now: string,
];

/** What runs now, looked at once a second: what is fast is missed. For servers where nothing else may be read. */
export function activitySource(grammar: PostgresqlGrammar): LiveSource {
  return {
    kind: KIND,
    summary: "what runs now, looked at once a second with `--for`: fast statements are missed",
    read: async (options, onUse) => {
      await grammar.load();
      return await withSession(options, "pg_stat_activity", async (session) => {
        const [clock] = await session.rows<readonly [string]>(`select ${CLOCK}`);
        const from = clock?.[0] ?? "";
        let to = from;
        let records = 0;
        const hidden = new Set<string>();
        const seen = new Map<string, string>();
        let cuts = 0;
        await poll(options, EVERY_SECONDS, async () => {
          const rows = await session.rows<ActivityRow>(ACTIVITY);
          const open = new Set<string>();
          for (const [pid, database, login, application, query, start, cut, now] of rows) {
            records++;
            open.add(pid);
            to = now > to ? now : to;
            if (query === HIDDEN) hidden.add(pid);
            if (query === HIDDEN || seen.get(pid) === start) continue;
            seen.set(pid, start);
            if (cut === "true") cuts++;
            // A text that was cut is never taken for the statement that it begins.
            const statements = cut === "true" ? grammar.read(`${query}\n/*`) : grammar.read(query);
            for (const statement of statements) {
              const use = {
                statement,
                database,
                login,
                role: null,
                searchPath: null,
                application: application === "" ? null : application,
              };
              onUse({ ...use, calls: 1, firstSeen: start, lastSeen: start, result: { kind: "ok" } });
            }
          }
          for (const pid of seen.keys()) if (!open.has(pid)) seen.delete(pid);
        });
        return liveWindow(options, {
          kind: KIND,
          from,
          to,
          lacks: ["role", "searchPath", "calls", "failures", "text"],
          losses: [
            "looked at once a second: what ran in between was missed",
            cuts > 0
              ? `${cuts} statements were longer than \`track_activity_query_size\`: their text was not kept`
              : null,
            hidden.size > 0
              ? `the statements of ${hidden.size} sessions may not be seen: grant \`pg_read_all_stats\``
              : null,
          ],
          records,
          unread: hidden.size,
        });
      });
    },
  };
}
