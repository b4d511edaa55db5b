import type { EvidenceWindow } from "../../../../model/workload.ts";
import type { LiveSource } from "../../../simulation.ts";
import { openSession, type Value } from "../../client.ts";
import { parseDsn } from "../../dsn.ts";
import { ER, isServerError, readingError } from "../../errors.ts";
import { GENERAL_LOG_LACKS, Sessions } from "./general-log.ts";
import { Reading } from "./window.ts";

const SETTINGS = "select @@global.general_log, @@global.log_output, @@global.time_zone";
const ROWS =
  "select event_time, user_host, thread_id, command_type, argument from mysql.general_log order by event_time, thread_id";
type Row = readonly [time: string, userHost: string, thread: Value, command: string, argument: string];

/** The general log where it goes into a table (`log_output=TABLE`). */
export const GENERAL_LOG_TABLE: LiveSource = {
  kind: "general_log_table",
  summary: "`mysql.general_log`, where `log_output` has TABLE: who sent which statement, and not how it ended",
  read: async (options, onUse) => {
    await using session = await openSession(parseDsn(options.url), CONNECTING(options.signal));
    try {
      const [settings] = await session.rows(SETTINGS);
      if (Number(settings?.[0]) !== 1 || !String(settings?.[1]).includes("TABLE")) {
        const help =
          "set `log_output` to TABLE and `general_log` to 1; it costs the server something for each statement";
        return { unavailable: "the general log does not go into a table", help };
      }
      return await readTable(session, options, onUse);
    } catch (error) {
      if (isServerError(error, ER.noRight)) {
        return { unavailable: (error as Error).message, help: "grant SELECT on `mysql.general_log`" };
      }
      throw readingError(error, "the general log");
    }
  },
};

const CONNECTING = (signal: AbortSignal | undefined) => ({
  applicationName: "rolewright",
  connectTimeoutSeconds: 10,
  ...(signal === undefined ? {} : { signal }),
});

async function readTable(
  session: Awaited<ReturnType<typeof openSession>>,
  options: Parameters<LiveSource["read"]>[0],
  onUse: Parameters<LiveSource["read"]>[1],
): Promise<EvidenceWindow> {
  const reading = new Reading(options, onUse);
  const sessions = new Sessions(reading);
  let own = 0;
  await session.each(ROWS, (values) => {
    const [stamp, userHost, thread, command, argument] = values as Row;
    if (Number(thread) === session.id) return void own++;
    reading.records++;
    const time = new Date(`${stamp.replace(" ", "T")}Z`).toISOString(); // Our session's zone is UTC.
    sessions.take({ time, connection: String(thread), command, argument }, accountFrom(userHost));
  });
  sessions.tell();
  return reading.window("general_log_table", GENERAL_LOG_LACKS);
}

/** `app[app] @ localhost [127.0.0.2]`: the name that was given, the account's, the host's name and address. */
function accountFrom(userHost: string): string | undefined {
  const [, user, host, address] = /^(.*?)\[.*\] @ (\S*) \[(.*)\]$/u.exec(userHost) ?? [];
  return user === undefined || user === "" ? undefined : `${user}@${host === "" ? address : host}`;
}
