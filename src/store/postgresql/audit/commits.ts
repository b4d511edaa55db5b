import type { Head } from "../../../audit/log/audit-store.ts";
import type { SealedFrame } from "../../../audit/log/frame.ts";
import { equalBytes } from "../../../audit/tree/hashing.ts";
import { bytesOf, damaged, inTransaction, type LogSession } from "./session.ts";
import { putTiles } from "./tiles.ts";

/**
 * The end of the log, once whoever is committing has ended: a plain look would show the end before a commit whose answer was lost. The lock is also written, so that ending the transaction waits for what it saw to be where commits
 * must be.
 */
export const LOCK_TIP = `
  select generation::text, size::text, root::text, digest::text from rolewright_audit.tip for update`;
export type TipRow = readonly [generation: string, size: string, root: string, digest: string];

/** Ordered by the column: the text of it that is given back has the same name, and another order. */
export const NEWEST_FRAME = `
  select f.generation::text, f.size::text, f.root::text, f.digest::text
  from rolewright_audit.frame f order by f.generation desc limit 1`;

export const READ_GENERATION = `select generation::text from rolewright_audit.tip`;

export const ADD_FRAME = `
  insert into rolewright_audit.frame (generation, previous, size_before, size, root, digest) values ($1, $2, $3, $4, $5, $6)`;

export const MOVE_TIP = `
  update rolewright_audit.tip set generation = $1, size = $2, root = $3, digest = $4
  where generation = $5 and digest = $6 returning generation::text`;

/** The committed end, read under the lock that every commit takes. */
export function lockHead(session: LogSession): Promise<Head | null> {
  return inTransaction(session, async () => {
    const [tip] = await session.rows<TipRow>(LOCK_TIP);
    if (tip === undefined) throw damaged("it has no end");
    const [newest] = await session.rows<TipRow>(NEWEST_FRAME);
    if (newest === undefined && tip[0] === "0") return null;
    if (newest === undefined || newest.some((value, at) => value !== tip[at]))
      throw damaged(`its end is commit ${tip[0]}, and the newest commit is ${newest?.[0] ?? "missing"}`);
    const [generation, size, root, digest] = tip;
    return { generation: Number(generation), size: Number(size), root: bytesOf(root), digest: bytesOf(digest) };
  });
}

/** Puts a frame after the end that it was made for, all of it or nothing. Throws where it is unknown which. */
export async function commitFrame(
  session: LogSession,
  { before, frame }: { readonly before: Head | null; readonly frame: SealedFrame },
): Promise<"won" | "lost"> {
  const { generation, previous, sizeBefore, size, root, digest, files } = frame;
  const [expected, expectedDigest] = [before?.generation ?? 0, before?.digest ?? new Uint8Array(0)];
  return await inTransaction(session, async () => {
    const [tip] = await session.rows<TipRow>(LOCK_TIP);
    if (tip === undefined) throw damaged("it has no end");
    const isSame = Number(tip[0]) === expected && equalBytes(bytesOf(tip[3]), expectedDigest);
    if (!isSame) return "lost";
    await session.rows(ADD_FRAME, [generation, previous, sizeBefore, size, root, digest]);
    await putTiles(session, generation, files);
    const moved = await session.rows(MOVE_TIP, [generation, size, root, digest, expected, expectedDigest]);
    if (moved.length !== 1) throw damaged("its end moved under a lock");
    return "won";
  });
}
