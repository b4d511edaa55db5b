import { RolewrightError } from "../../base/error.ts";
import type { ApplierLock } from "../engine.ts";
import type { Session } from "./client.ts";

/** The server keeps a name until its session ends, which it does only after the statement that runs in it. */
const NAME = "'rolewright applier'";

const TAKE = `select get_lock(${NAME}, ?)`;
const RELEASE = `select release_lock(${NAME})`;
/** A session that waits for somebody is not ended for it. */
const STAY = "set session wait_timeout = 604800";

const HOLDER = `
  select used.id, p.USER, p.HOST
  from (select is_used_lock(${NAME}) as id) used
  left join information_schema.PROCESSLIST p on p.ID = used.id`;
type HolderRow = readonly [id: number | null, user: string | null, host: string | null];

/** How long a lock is waited for that was ours: the session that had it may still be at work on its last statement. */
const RETAKE_SECONDS = 1;

/** The lock that one applier of a server holds, and the session that holds it: statements run in that one, so that a second applier waits for one which outlives its client. */
export class HeldLock implements ApplierLock {
  readonly #open: () => Promise<Session>;
  #session: Session;
  #isLent = false;
  #isReleased = false;

  private constructor(session: Session, open: () => Promise<Session>) {
    this.#session = session;
    this.#open = open;
  }

  /** Throws RW405, naming the holder, when another one has it. */
  static async take(open: () => Promise<Session>): Promise<HeldLock> {
    return new HeldLock(await lockedSession(open, 0), open);
  }

  get lost(): boolean {
    return this.#session.lost;
  }

  /** The session, for one who runs statements; null while somebody else does, or when the lock was given back. Where it was lost, the lock is taken anew: only after what ran in it. */
  async borrow(): Promise<Session | null> {
    if (this.#isLent || this.#isReleased) return null;
    this.#isLent = true;
    try {
      if (this.#session.lost) this.#session = await lockedSession(this.#open, RETAKE_SECONDS);
      return this.#session;
    } catch (error) {
      this.#isLent = false;
      throw error;
    }
  }

  async giveBack(): Promise<void> {
    this.#isLent = false;
    if (this.#isReleased) await this.#session[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    if (this.#isLent) return;
    try {
      if (!this.#session.lost) await this.#session.rows(RELEASE);
    } catch {
      // It ends with the session.
    }
    await this.#session[Symbol.asyncDispose]();
  }
}

async function lockedSession(open: () => Promise<Session>, seconds: number): Promise<Session> {
  const session = await open();
  try {
    await session.run(STAY);
    const [taken] = await session.rows<readonly [number | null]>(TAKE, [seconds]);
    if (taken?.[0] === 1) return session;
    const [holder] = await session.rows<HolderRow>(HOLDER);
    throw heldByAnother(holder);
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

function heldByAnother(holder: HolderRow | undefined): RolewrightError {
  const [id = null, user = null, host = null] = holder ?? [];
  return new RolewrightError("RW405", `another apply is running on this server: ${describe(id, user, host)}`, {
    help: "wait until it ends; if it hangs, have its session ended",
    details: id === null ? {} : { session: id, account: user, host },
  });
}

function describe(id: number | null, user: string | null, host: string | null): string {
  if (id === null) return "its session ended just now, so try again";
  if (user === null) return `held by session ${id}, which only an account with PROCESS sees`;
  return `held by session ${id} of \`${user}\` from \`${host ?? ""}\``;
}
