import { sortedText } from "../../base/order.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { HealthFact } from "../engine.ts";
import type { Session, Transport } from "./client.ts";
import type { Dsn } from "./dsn.ts";
import { accountFacts, listed, sqlNames } from "./health-account.ts";
import { DATABASES, type DatabaseRow } from "./queries.ts";
import { quoteIdentifier } from "./quote.ts";
import { supportFact } from "./version.ts";

/** How far apart the clocks may be before the times in plans, runs and drift mislead. */
const MAX_SKEW_MS = 5000;

/** The server's clock, whether it is a standby, whether it keeps the time of commits, and the process that answers. */
export const HEALTH = `
  select (extract(epoch from clock_timestamp()) * 1000)::bigint, pg_is_in_recovery(), current_setting('track_commit_timestamp'), pg_backend_pid()`;
export type HealthRow = readonly [string, "t" | "f", string, string];

export interface Examination {
  readonly session: Session;
  readonly dsn: Dsn;
}

/** Looks at the server, the way to it and our account, and says of each how it is and what would fix it. A transaction pooler was refused before, by `connect`. */
export async function examine(live: Snapshot, { session, dsn }: Examination): Promise<readonly HealthFact[]> {
  const sent = Date.now();
  const [row] = await session.rows<HealthRow>(HEALTH);
  const received = Date.now();
  const [clock, standby, tracking, processId] = row ?? ["", "f", "off", ""];
  return [
    supportFact(live.version.major, new Date(received).toISOString().slice(0, 10)),
    clockFact({ sent, received, server: Number(clock) }),
    transportFact(session.transport, dsn),
    poolerFact(Number(processId) !== session.processId),
    standbyFact(standby === "t"),
    trackingFact(tracking === "on"),
    ...accountFacts(live),
    databaseFact(live, await session.rows<DatabaseRow>(DATABASES)),
  ];
}

/** Three moments in milliseconds: when we asked, when the server answered by its own clock, and when we had the answer. What the way took is in doubt, and not held against it. */
export function clockFact(moments: {
  readonly sent: number;
  readonly received: number;
  readonly server: number;
}): HealthFact {
  const { sent, received, server } = moments;
  const ahead = server - (sent + received) / 2;
  const certain = Math.abs(ahead) - (received - sent) / 2;
  if (certain <= MAX_SKEW_MS) {
    return { name: "clock", result: "ok", text: "the server's clock and ours are within 5 seconds" };
  }
  return {
    name: "clock",
    result: "warn",
    text: `the server's clock is ${Math.round(Math.abs(ahead) / 1000)} seconds ${ahead > 0 ? "ahead of" : "behind"} ours`,
    fix: "set both clocks by NTP: the times in plans, runs and drift are of both",
  };
}

/** How what we send travels, and whether the server has proved who it is. */
export function transportFact(transport: Transport, dsn: Pick<Dsn, "sslMode" | "sslRootCert">): HealthFact {
  const { address, tls } = transport;
  const name = "tls";
  if (address === null) return { name, result: "ok", text: "none, over the server's Unix socket" };
  const here = isLoopback(address);
  if (tls === null) {
    if (here) return { name, result: "ok", text: `none, and ${address} is this machine` };
    const text = `none: what we send to ${address} can be read and changed on the way`;
    return { name, result: "warn", text, fix: `${VERIFY}; the server needs \`ssl = on\` and a certificate` };
  }
  if (dsn.sslMode === "verify-full") {
    return { name, result: "ok", text: `${tls}, and the server has proved its name` };
  }
  if (dsn.sslMode === "verify-ca" || (dsn.sslMode === "require" && dsn.sslRootCert !== null)) {
    return { name, result: "ok", text: `${tls}; the certificate is checked, the name in it is not` };
  }
  const text = `${tls}, but nothing proves who the server is (\`sslmode=${dsn.sslMode}\`)`;
  return here ? { name, result: "ok", text } : { name, result: "warn", text, fix: VERIFY };
}

const VERIFY = "set `sslmode=verify-full` in the target's URL, and `sslrootcert=FILE` where the authority is your own";

function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\./i.test(address) || address === "::1";
}

function poolerFact(between: boolean): HealthFact {
  const text = between ? "one in session mode stands before the server" : "none is to be seen before the server";
  return { name: "pooler", result: "ok", text };
}

function standbyFact(standby: boolean): HealthFact {
  if (!standby) return { name: "primary", result: "ok", text: "the server takes changes" };
  return {
    name: "primary",
    result: "warn",
    text: "the server is a standby: it can be read, and nothing can be applied",
    fix: "point the target at the primary",
  };
}

function trackingFact(tracking: boolean): HealthFact {
  if (tracking) return { name: "times", result: "ok", text: "the server keeps when things were changed, for `drift`" };
  return {
    name: "times",
    result: "ok",
    text: "the server does not keep when things were changed, so `drift` cannot say it",
    fix: "to have it: alter system set track_commit_timestamp = on; then restart the server",
  };
}

/** Roles are shared by all databases: what they hold in one that we cannot connect to is not seen, whether the target names it or not. */
function databaseFact(live: Snapshot, rows: readonly DatabaseRow[]): HealthFact {
  const name = "connect";
  const hidden = sortedText(
    rows.flatMap(([, database, , accepts, template, mayConnect]) =>
      accepts === "t" && template === "f" && mayConnect === "f" ? [database] : [],
    ),
  );
  if (hidden.length === 0) return { name, result: "ok", text: "every database of the server may be connected to" };
  return {
    name,
    result: "warn",
    text: `no CONNECT on ${listed(hidden)}: what roles hold there is not seen`,
    fix: `have an administrator run: grant connect on database ${sqlNames(hidden, "DATABASE")} to ${quoteIdentifier(live.actor.role)}`,
  };
}
