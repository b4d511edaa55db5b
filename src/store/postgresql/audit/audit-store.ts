import type { AuditStore } from "../../../audit/log/audit-store.ts";
import { type TileName, tilePath } from "../../../audit/tree/tiles.ts";
import { commitFrame, lockHead, READ_GENERATION } from "./commits.ts";
import { blobRows, openingRows, type Use } from "./openings.ts";
import { hasTables, prepareTables } from "./prepare.ts";
import { type LogSession, turns } from "./session.ts";
import { READ_WRITER, type WriterRow } from "./tables.ts";
import { collectTiles, getFile, putCheckpoint, tilesAfter } from "./tiles.ts";

export interface AuditRowsOptions {
  /** Opens a session in the database that holds the log: one that is not managed. Several stores and processes may write to one log. */
  readonly connect: () => Promise<LogSession>;
}

/**
 * Keeps a log as rows in the schema `rolewright_audit` of a PostgreSQL database; the tables are made when the log begins. A commit is one transaction that locks the one row of the log's end: that is the compare-and-swap, and what it
 * brings is readable at once. So there is nothing to apply, and after a commit whose answer was lost, whoever asks for the end waits until it is decided.
 */
export function postgresqlAuditStore(options: AuditRowsOptions): AuditStore {
  const turn = turns(options.connect);
  const prepared = new WeakSet<LogSession>();
  const use: Use = (work) =>
    turn(async (session) => {
      if (!prepared.has(session)) await prepareTables(session);
      prepared.add(session);
      return await work(session);
    });
  let isBegun = false;
  /** For whoever only looks: a log that has not begun is empty, and is not begun. */
  const look = <T>(otherwise: T, work: (session: LogSession) => Promise<T>): Promise<T> =>
    turn(async (session) => {
      isBegun ||= await hasTables(session);
      return isBegun ? await work(session) : otherwise;
    });
  const openings = openingRows(use, look);
  const blobs = blobRows(use, look);
  return {
    open: () => use(lockHead),
    commit: (before, frame) => use((session) => commitFrame(session, { before, frame })),
    apply: () => Promise.resolve(),
    newest: () =>
      look(0, async (session) => {
        const [row] = await session.rows<readonly [string]>(READ_GENERATION);
        return Number(row?.[0] ?? 0);
      }),
    publish: (note) => use((session) => putCheckpoint(session, note)),
    get: (path) => look(null, (session) => getFile(session, path)),
    async *list() {
      if ((await look(null, (session) => getFile(session, "checkpoint"))) !== null) yield "checkpoint";
      const pageAfter = (after: TileName | null): Promise<readonly TileName[]> =>
        look([], (session) => tilesAfter(session, after));
      for (let page = await pageAfter(null); page.length > 0; page = await pageAfter(page.at(-1) ?? null)) {
        yield* page.map(tilePath);
      }
    },
    collect: (policy) => use((session) => collectTiles(session, policy)),
    openings,
    blobs,
    warnings: () =>
      look([], async (session) => {
        const [[name, superuser, owner] = ["", "", ""]] = await session.rows<WriterRow>(READ_WRITER);
        if (superuser !== "true" && owner !== "true") return [];
        const why = superuser === "true" ? "is a superuser" : "owns its tables, or may become who does";
        return [
          `the writer \`${name}\` of the audit log's database ${why}, and so can take the triggers away that keep entries from being changed; write as a role with the rights that docs/audit.md lists`,
        ];
      }),
  };
}
