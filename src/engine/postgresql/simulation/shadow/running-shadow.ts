import { RolewrightError } from "../../../../base/error.ts";
import type { Secret } from "../../../../base/secret.ts";
import type { Snapshot } from "../../../../model/snapshot.ts";
import type { Shadow, ShadowGap, ShadowOptions, ShadowStatement } from "../../../simulation.ts";
import { openSession, type Session } from "../../client.ts";
import { parseDsn } from "../../dsn.ts";
import { statementError } from "../../errors.ts";
import { quoteIdentifier } from "../../quote.ts";
import { type Baseline, readBaseline, restore } from "./baseline.ts";
import type { ShadowServer } from "./server.ts";
import { keep, type Made } from "./warm.ts";
import { readShadow, sessionOptions } from "./read-shadow.ts";

/** Under which name a shadow is kept, and what is kept with it. */
export type Keeping = { readonly key: string } & Omit<Made, "gaps">;

export interface Running extends ShadowOptions {
  readonly server: ShadowServer;
  readonly snapshot: Snapshot;
  readonly gaps: readonly ShadowGap[];
  /** How it is kept for the next time; null: not at all. */
  readonly keeping: Keeping | null;
}

/** What stands for a password in a plan's statement: nobody can log in to a shadow with it. */
const SECRET_PLACE = /\$secret\b/gu;
const NO_SECRET =
  "'SCRAM-SHA-256$4096:AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='";

const LIMITS = "set statement_timeout = '60s'; set lock_timeout = '10s'";

/** A shadow that stands. */
export class RunningShadow implements Shadow {
  readonly gaps: readonly ShadowGap[];
  readonly snapshot: Snapshot;
  readonly #running: Running;
  #baseline: Baseline | null = null;

  constructor(running: Running) {
    this.#running = running;
    this.gaps = running.gaps;
    this.snapshot = running.snapshot;
  }

  get url(): Secret {
    return this.#running.server.url(parseDsn(this.#running.url).database);
  }

  get otherMajor(): boolean {
    return this.#running.server.major !== this.#running.live.version.major;
  }

  /** Each unbroken run of statements of one database is one transaction, as the role that read the target: what it may not do there, it may not do here. */
  async run(statements: readonly ShadowStatement[]): Promise<Snapshot> {
    const { live, signal } = this.#running;
    this.#baseline ??= await readBaseline(live.identity.databases, {
      ...this.#reach,
      open: (name) => this.#open(name),
    });
    for (let at = 0; at < statements.length; ) {
      const { database } = statements[at] as ShadowStatement;
      const end = statements.findIndex((one, index) => index > at && one.database !== database);
      const some = statements.slice(at, end < 0 ? statements.length : end);
      await using session = await this.#open(database);
      await runTogether(session, some, live.actor.role);
      at += some.length;
    }
    return await readShadow(this.#running.server, live, signal);
  }

  async reset(): Promise<void> {
    if (this.#baseline === null) return;
    const { live, server, signal } = this.#running;
    await restore(this.#baseline, { ...this.#reach, open: (name) => this.#open(name) });
    const read = await readShadow(server, live, signal);
    if (read.fingerprint === this.snapshot.fingerprint) return;
    throw new RolewrightError("RW564", "the shadow could not be brought back to the state that it was built with", {
      help: "start another shadow",
    });
  }

  /** It is kept for the next time where that is possible; whatever prevents it, nothing remains. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { server, keeping, signal } = this.#running;
    try {
      if (keeping === null || server.handOver === null || signal?.aborted === true) return;
      await this.reset();
      await keep(keeping.key, { ...keeping, gaps: this.gaps }, server.handOver);
    } catch {
      // A shadow that cannot be brought back is not kept.
    } finally {
      await server[Symbol.asyncDispose]();
    }
  }

  get #reach(): Pick<ShadowServer, "major" | "borrowed"> {
    const { major, borrowed } = this.#running.server;
    return { major, borrowed };
  }

  #open(database: string): Promise<Session> {
    const { server, signal } = this.#running;
    return openSession(parseDsn(server.url(database)), database, sessionOptions(signal));
  }
}

async function runTogether(session: Session, statements: readonly ShadowStatement[], actor: string): Promise<void> {
  let current = "begin";
  try {
    await session.run(`${LIMITS}; set session authorization ${quoteIdentifier(actor)}; begin`);
    for (const { text, as, secret } of statements) {
      current = text;
      if (as !== undefined) await session.rows("select set_config('role', $1, true)", [as]);
      await session.run(secret === true ? text.replace(SECRET_PLACE, () => NO_SECRET) : text);
      if (as !== undefined) await session.run("reset role");
    }
    current = "commit";
    await session.run("commit");
  } catch (error) {
    await session.run("rollback").catch(() => {});
    throw statementError(error, current);
  }
}
