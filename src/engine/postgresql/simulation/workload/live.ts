import { waitUnless } from "../../../../base/wait.ts";
import type { EvidenceWindow, ObservedField } from "../../../../model/workload.ts";
import type { LiveReading } from "../../../simulation.ts";
import { openSession, type Session } from "../../client.ts";
import { parseDsn } from "../../dsn.ts";
import { readingError } from "../../errors.ts";

/** Why a source cannot be read here. */
export interface Unavailable {
  readonly unavailable: string;
  readonly help?: string;
}

/** The server's clock, as every time that comes from it. */
export const CLOCK = `to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** A time of the server in a form that sorts as text. */
export function asTime(expression: string): string {
  return `to_char(${expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** A source that is asked over one session, closed whatever happens. Errors are RW5xx. */
export async function withSession<T>(
  options: Pick<LiveReading, "url" | "signal">,
  what: string,
  work: (session: Session, major: number) => Promise<T>,
): Promise<T> {
  const dsn = parseDsn(options.url);
  await using session = await openSession(dsn, dsn.database, {
    applicationName: "rolewright workload",
    connectTimeoutSeconds: 10,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  try {
    const [row] = await session.rows<readonly [string]>("select current_setting('server_version_num')");
    return await work(session, Math.floor(Number(row?.[0] ?? 0) / 10_000));
  } catch (error) {
    throw readingError(error, what);
  }
}

/** Asks now, every `everySeconds`, and once more at the end; `forSeconds` 0 asks once. */
export async function poll(options: LiveReading, everySeconds: number, ask: () => Promise<void>): Promise<void> {
  const end = performance.now() + options.forSeconds * 1000;
  for (;;) {
    const left = options.enough?.aborted === true ? 0 : end - performance.now();
    await ask();
    if (left <= 0) return;
    await waitUnless(Math.min(everySeconds * 1000, left), options);
  }
}

/** The window of a live source. */
export function liveWindow(
  options: LiveReading,
  window: {
    readonly kind: string;
    readonly from: string;
    readonly to: string;
    readonly lacks: readonly ObservedField[];
    readonly gaps?: EvidenceWindow["gaps"];
    readonly losses: readonly (string | null)[];
    readonly records: number;
    readonly unread: number;
  },
): EvidenceWindow {
  return {
    gaps: [],
    ...window,
    source: options.source,
    lacks: window.lacks.toSorted(),
    losses: window.losses.filter((loss) => loss !== null).toSorted(),
  };
}
