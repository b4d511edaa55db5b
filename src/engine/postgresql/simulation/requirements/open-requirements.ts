import { RolewrightError } from "../../../../base/error.ts";
import type { StatementRequirements } from "../../../../model/requirements.ts";
import type { Snapshot } from "../../../../model/snapshot.ts";
import type { RequirementOptions, RequirementSource, StatementQuestion } from "../../../simulation.ts";
import { openSession, type Session } from "../../client.ts";
import { type Dsn, parseDsn } from "../../dsn.ts";
import { readingError } from "../../errors.ts";
import { quoteIdentifier } from "../../quote.ts";
import type { Workspace } from "./closure.ts";
import { Extraction, SETTINGS } from "./extraction.ts";
import { readObjects } from "./objects.ts";
import { answerFor, type KnownAnswer, nothingKnown, type PlacedQuestion } from "./questions.ts";
import { openRawSession, type RawSession } from "./raw-session.ts";
import { everybodysRoutines } from "./routine-needs.ts";
import { selfTest } from "./self-test.ts";
import { assumedPath, standing } from "./standing.ts";

const APPLICATION = "rolewright requires";
const CONNECT_SECONDS = 10;
/** Questions that are worked on at once; their statements travel together. */
const AT_ONCE = 64;

/** Opens the analysis of statements on a server. Nothing is executed there. */
export async function openRequirements(options: RequirementOptions): Promise<RequirementSource> {
  const source = new ServerRequirements(options);
  try {
    await source.open();
    return source;
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw readingError(error, "what statements need");
  }
}

/** One database: what exists there, and a session that is asked. */
interface Opened {
  readonly control: Session;
  readonly raw: RawSession;
  readonly extraction: Extraction;
  workspace: Workspace;
  /** By text and filtered path. */
  readonly answers: Map<string, KnownAnswer[]>;
}

class ServerRequirements implements RequirementSource {
  readonly #dsn: Dsn;
  readonly #options: RequirementOptions;
  #snapshot: Snapshot;
  readonly #databases = new Map<string, Promise<Opened>>();
  #tested = false;

  constructor(options: RequirementOptions) {
    this.#dsn = parseDsn(options.url);
    this.#options = options;
    this.#snapshot = options.snapshot;
  }

  /** Reaches the server and proves that its answers are understood. */
  async open(): Promise<void> {
    await this.#database(this.#dsn.database);
  }

  async read(
    questions: readonly StatementQuestion[],
    options: { readonly onProgress?: (done: number) => void; readonly signal?: AbortSignal } = {},
  ): Promise<readonly StatementRequirements[]> {
    const answers: StatementRequirements[] = [];
    const byDatabase = Map.groupBy(questions.keys(), (at) => (questions[at] as StatementQuestion).database);
    let done = 0;
    for (const [database, places] of byDatabase) {
      const opened = await this.#reachable(database);
      if (opened === null) {
        const reason = `the database \`${database}\` could not be reached`;
        for (const at of places) answers[at] = nothingKnown("unreachable", reason);
        continue;
      }
      const { workspace } = opened;
      await workspace.standing.learn(places.map((at) => (questions[at] as StatementQuestion).role));
      const asked = places
        .map((at) => ({ at, question: withPath(workspace, questions[at] as StatementQuestion) }))
        .sort((a, b) => compareKeys(a.question.filtered, b.question.filtered));
      // One after the other in each lane, so that the server always has the next one.
      let next = 0;
      const lane = async (): Promise<void> => {
        for (let each = asked[next++]; each !== undefined; each = asked[next++]) {
          options.signal?.throwIfAborted();
          answers[each.at] = await answerFor(workspace, opened.answers, each.question);
          if (++done % AT_ONCE === 0) options.onProgress?.(done);
        }
      };
      const lanes = Array.from({ length: Math.min(AT_ONCE, asked.length) }, lane);
      try {
        await Promise.all(lanes);
      } finally {
        next = asked.length;
      }
    }
    options.onProgress?.(done);
    return answers;
  }

  async moved(to: Snapshot): Promise<void> {
    this.#snapshot = to;
    for (const each of this.#databases.values()) {
      const opened = await each;
      opened.extraction.forget();
      opened.answers.clear();
      opened.workspace = await this.#workspace(opened);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of await Promise.allSettled(this.#databases.values())) {
      if (each.status === "rejected") continue;
      await each.value.raw[Symbol.asyncDispose]();
      await each.value.control[Symbol.asyncDispose]();
    }
    this.#databases.clear();
  }

  /** Null: there is no such database, or it lets nobody in. */
  async #reachable(database: string): Promise<Opened | null> {
    try {
      return await this.#database(database);
    } catch (error) {
      if (error instanceof RolewrightError && ["RW507", "RW503", "RW504"].includes(error.code)) return null;
      throw error;
    }
  }

  #database(name: string): Promise<Opened> {
    let opened = this.#databases.get(name);
    if (opened === undefined) this.#databases.set(name, (opened = this.#openDatabase(name)));
    return opened;
  }

  async #openDatabase(name: string): Promise<Opened> {
    const how = {
      applicationName: APPLICATION,
      connectTimeoutSeconds: CONNECT_SECONDS,
      signal: this.#options.signal,
    };
    const control = await openSession(this.#dsn, name, how);
    try {
      const raw = await openRawSession(this.#dsn, name, how);
      await this.#prepare(raw);
      const extraction = new Extraction(raw);
      const workspace = await this.#workspace({ control, extraction });
      if (!this.#tested) await selfTest(extraction, workspace.objects);
      this.#tested = true;
      return { control, raw, extraction, workspace, answers: new Map() };
    } catch (error) {
      await control[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The log first: nothing may be printed before it is kept out of there. */
  async #prepare(raw: RawSession): Promise<void> {
    const quiet = await raw.query("set log_min_messages = fatal");
    if (quiet.error !== null) {
      const level = (await raw.query("show log_min_messages")).rows[0]?.[0] ?? "";
      if (!["fatal", "panic"].includes(level) && this.#options.isShadow !== true) {
        throw new RolewrightError(
          "RW551",
          `the server would write each analysis to its log, which is at \`${level}\``,
          { help: this.#quietHelp() },
        );
      }
    }
    for (const setting of SETTINGS) {
      const { error } = await raw.query(setting);
      if (error !== null)
        throw new RolewrightError("RW550", `the server does not take \`${setting}\`: ${error.message}`);
    }
  }

  #quietHelp(): string {
    const { version, actor } = this.#snapshot;
    const others = "ask a shadow of it with `--shadow`, or connect as a superuser";
    if (version.major < 15) return others;
    return `${others}, or have one run: grant set on parameter log_min_messages to ${quoteIdentifier(actor.role)}`;
  }

  async #workspace({ control, extraction }: Pick<Opened, "control" | "extraction">): Promise<Workspace> {
    const { major } = this.#snapshot.version;
    const objects = await readObjects(control, major);
    const [row] = await control.rows<readonly [string]>("select current_user");
    const listed = new Set(this.#snapshot.access.holdings.keys());
    const self = row?.[0] ?? this.#dsn.user;
    const known = standing(control, objects);
    await known.learn([self]);
    extraction.sees((schema) => known.mayUse(self, schema));
    return {
      objects,
      standing: known,
      extraction,
      major,
      isShadow: this.#options.isShadow === true,
      listed,
      everybodys: everybodysRoutines(objects, listed),
      self,
    };
  }
}

function withPath({ objects, standing: known }: Workspace, question: StatementQuestion): PlacedQuestion {
  const { text, role, login = role, searchPath } = question;
  const path = searchPath ?? assumedPath(objects, login);
  const plain = path.map((schema) => (schema === "$user" ? role : schema));
  return { text, role, path, filtered: `${known.filtered(role, path).join("\0")}\0\0${plain.join("\0")}` };
}

function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
