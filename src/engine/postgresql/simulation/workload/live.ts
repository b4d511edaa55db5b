import { setTimeout as sleep } from "node:timers/promises";
import type { Secret } from "../../../../base/secret.ts";
import type { EvidenceWindow, ObservedField } from "../../../../model/workload.ts";
import type { ReadingOptions } from "../../../simulation.ts";
import { openSession, type Session } from "../../client.ts";
import { parseDsn } from "../../dsn.ts";
import { readingError } from "../../errors.ts";

/** What a live source is given. */
export type LiveOptions = ReadingOptions & { readonly url: Secret; readonly forSeconds: number };

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
  options: Pick<LiveOptions, "url" | "signal">,
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

/** Asks now, every `everySeconds`, and once more at the end; `forSeconds` 0 asks once. The last answer is told apart. */
export async function poll(
  options: LiveOptions,
  everySeconds: number,
  ask: (isLast: boolean) => Promise<void>,
): Promise<void> {
  const end = performance.now() + options.forSeconds * 1000;
  for (;;) {
    const left = end - performance.now();
    await ask(left <= 0);
    if (left <= 0) return;
    await sleep(
      Math.min(everySeconds * 1000, left),
      undefined,
      options.signal === undefined ? {} : { signal: options.signal },
    );
  }
}

/** The window of a live source. */
export function liveWindow(
  options: LiveOptions,
  window: {
    readonly kind: string;
    readonly from: string;
    readonly to: string;
    readonly lacks: readonly ObservedField[];
    readonly losses: readonly (string | null)[];
    readonly records: number;
    readonly unread: number;
  },
): EvidenceWindow {
  return {
    ...window,
    source: options.source,
    gaps: [],
    lacks: window.lacks.toSorted(),
    losses: window.losses.filter((loss) => loss !== null).toSorted(),
  };
}
