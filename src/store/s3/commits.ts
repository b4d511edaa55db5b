import type { Head } from "../../audit/log/audit-store.ts";
import { openFrame, type SealedFrame } from "../../audit/log/frame.ts";
import { decodeUtf8 } from "../../audit/note/base64.ts";
import { equalBytes } from "../../audit/tree/hashing.ts";
import { RolewrightError } from "../../base/error.ts";
import type { Bucket } from "./bucket.ts";

/** Up to where everything that was committed is readable: earlier frames need not be looked at again. */
export interface Settled {
  readonly generation: number;
  /** The digest of that frame, in hexadecimal. */
  readonly digest: string;
}

export const NOTHING_SETTLED: Settled = { generation: 0, digest: "" };
const SETTLED = "state/settled";
const COMMITS = "state/commit/";

/** Collecting leaves at least so many. Whoever wins a number that is so far behind the newest has won one that was free again. */
export const FEWEST_FRAMES = 8;

/** The key of a commit; those of later ones come after it in a list. */
export function commitKey(generation: number): string {
  return `${COMMITS}${String(generation).padStart(12, "0")}`;
}

/** The generations after one, oldest first, with when they were written. */
export async function generationsAfter(
  bucket: Bucket,
  generation: number,
): Promise<readonly { readonly generation: number; readonly writtenAt: number }[]> {
  const found: { generation: number; writtenAt: number }[] = [];
  for await (const { key, writtenAt } of bucket.list(COMMITS, commitKey(generation))) {
    const name = key.slice(COMMITS.length);
    if (/^\d{12}$/u.test(name)) found.push({ generation: Number(name), writtenAt });
  }
  return found;
}

/** Commits a frame: a key that is taken is a race that was lost, unless it is this very frame that is there. */
export async function commitFrame(bucket: Bucket, frame: SealedFrame): Promise<"won" | "lost"> {
  const key = commitKey(frame.generation);
  if (!(await bucket.put(key, frame.bytes, "absent"))) {
    // A request that was sent twice on the way finds itself.
    const there = await bucket.get(key);
    if (there === null || !equalBytes(there.bytes, frame.bytes)) return "lost";
  }
  const newest = (await generationsAfter(bucket, frame.generation)).at(-1)?.generation ?? frame.generation;
  if (newest - frame.generation < FEWEST_FRAMES) return "won";
  // Others went on meanwhile: over this frame, or after it was collected. The log itself tells which.
  throw new RolewrightError("RW601", "the audit log went on far beyond what was written", {
    help: "the log is read anew, and what was to be written is looked for in it",
  });
}

/** The frames after what is settled, oldest first, each following the one before. Throws RW604 where one is missing, damaged or follows another. */
export async function readChain(bucket: Bucket, settled: Settled): Promise<readonly SealedFrame[]> {
  const generations = (await generationsAfter(bucket, settled.generation)).map(({ generation }) => generation);
  const chain: SealedFrame[] = [];
  let before = settled;
  for (const generation of generations) {
    if (generation !== before.generation + 1) throw damaged(`commit ${before.generation + 1} is missing`);
    const frame = await readFrame(bucket, generation);
    const follows = frame.previous === null ? "" : Buffer.from(frame.previous).toString("hex");
    if (follows !== before.digest) throw damaged(`commit ${generation} does not follow ${before.generation}`);
    chain.push(frame);
    before = { generation, digest: Buffer.from(frame.digest).toString("hex") };
  }
  return chain;
}

/** One frame. Throws RW604 where it is missing or not itself. */
export async function readFrame(bucket: Bucket, generation: number): Promise<SealedFrame> {
  const object = await bucket.get(commitKey(generation));
  if (object === null) throw damaged(`commit ${generation} is missing`);
  const frame = openFrame(object.bytes);
  if (typeof frame === "string") throw damaged(`commit ${generation}: ${frame}`);
  if (frame.generation !== generation) throw damaged(`commit ${generation} says that it is ${frame.generation}`);
  return frame;
}

/** The end that a frame makes. */
export function headOf({ generation, size, root, digest }: SealedFrame): Head {
  return { generation, size, root, digest };
}

/** What was settled last, with the etag of where that stands. Frames before it may be gone, so it is not passed over where it cannot be read. */
export async function readSettled(bucket: Bucket): Promise<Settled & { readonly etag: string | null }> {
  const object = await bucket.get(SETTLED);
  if (object === null) return { ...NOTHING_SETTLED, etag: null };
  const [, generation = "", digest = ""] = /^(\d{1,15}) ([0-9a-f]{64})\n$/u.exec(decodeUtf8(object.bytes) ?? "") ?? [];
  if (digest === "") throw damaged("where it was settled cannot be read");
  return { generation: Number(generation), digest, etag: object.etag };
}

/** Says that everything up to here is readable, unless somebody says more. */
export async function writeSettled(bucket: Bucket, settled: Settled): Promise<void> {
  for (;;) {
    const there = await readSettled(bucket);
    if (there.generation >= settled.generation) return;
    const bytes = Buffer.from(`${settled.generation} ${settled.digest}\n`, "utf8");
    if (await bucket.put(SETTLED, bytes, there.etag === null ? "absent" : { etag: there.etag })) return;
  }
}

export function damaged(why: string): RolewrightError {
  return new RolewrightError("RW604", `the audit log is damaged: ${why}`, {
    help: "nothing was written; `rolewright audit verify --full` says what is wrong where",
  });
}
