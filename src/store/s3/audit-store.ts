import { randomBytes } from "node:crypto";
import type { AuditStore, Head } from "../../audit/log/audit-store.ts";
import type { FrameFile, SealedFrame } from "../../audit/log/frame.ts";
import { decodeUtf8 } from "../../audit/note/base64.ts";
import { equalBytes } from "../../audit/tree/hashing.ts";
import { parseTilePath, TILE_WIDTH } from "../../audit/tree/tiles.ts";
import { RolewrightError } from "../../base/error.ts";
import { type Bucket, type BucketOptions, openBucket } from "./bucket.ts";
import {
  commitFrame,
  commitKey,
  damaged,
  FEWEST_FRAMES,
  generationsAfter,
  headOf,
  NOTHING_SETTLED,
  readChain,
  readFrame,
  readSettled,
  type Settled,
  writeSettled,
} from "./commits.ts";
import { bucketBlobs, bucketOpenings } from "./openings.ts";

/** So many frames may wait until it is said that they are readable: opening reads them again. */
const MAX_UNSETTLED = 64;
const CHECKPOINT = "tree/checkpoint";

/**
 * Keeps a log in a bucket of a storage that speaks S3 and stores under conditions. A commit is an object under the key of its generation, stored only where there is none: that is the compare-and-swap. What was answered is durable, so
 * nothing is synced. Every other object is stored where there is none, or over the very one that was read, so a request that arrives late changes nothing.
 */
export function s3AuditStore(options: BucketOptions): AuditStore {
  const bucket = openBucket(options);
  /** Frames up to this one are readable. */
  let seen: Settled = NOTHING_SETTLED;
  let head: Head | null = null;
  let isProbed = false;
  let unsettled = 0;

  const remember = (frame: SealedFrame): void => {
    seen = { generation: frame.generation, digest: Buffer.from(frame.digest).toString("hex") };
    head = headOf(frame);
    unsettled += 1;
  };
  const settle = async (): Promise<void> => {
    if (seen.generation === 0) return;
    await writeSettled(bucket, seen);
    unsettled = 0;
  };
  const recover = async (): Promise<Head | null> => {
    if (!isProbed) await requireConditions(bucket);
    isProbed = true;
    const settled = await readSettled(bucket);
    if (settled.generation > seen.generation) {
      const frame = await readFrame(bucket, settled.generation);
      if (Buffer.from(frame.digest).toString("hex") !== settled.digest)
        throw damaged(`commit ${frame.generation} is another one`);
      seen = settled;
      head = headOf(frame);
      unsettled = 0;
    }
    for (const frame of await readChain(bucket, seen)) {
      await putFiles(bucket, frame.files);
      remember(frame);
    }
    if (unsettled > MAX_UNSETTLED) await settle();
    return head;
  };
  return {
    open: recover,
    commit: (_, frame) => commitFrame(bucket, frame),
    async apply(frame) {
      await putFiles(bucket, frame.files);
      if (frame.generation === seen.generation + 1) remember(frame);
      if (unsettled > MAX_UNSETTLED) await settle();
    },
    newest: async () => (await generationsAfter(bucket, seen.generation)).at(-1)?.generation ?? seen.generation,
    publish: (note) => putCheckpoint(bucket, note),
    get: async (path) => (await bucket.get(`tree/${path}`))?.bytes ?? null,
    async *list() {
      for await (const { key } of bucket.list("tree/")) yield key.slice("tree/".length);
    },
    async collect({ frames, ageMs }) {
      await settle();
      const settled = await readSettled(bucket);
      const known = await generationsAfter(bucket, 0);
      for (const { generation, writtenAt } of known.slice(0, -Math.max(FEWEST_FRAMES, frames))) {
        // Ascending, never what is settled last, and the first for ever: nobody can begin the log a second time.
        if (generation === 1) continue;
        if (generation >= settled.generation || !(Date.now() - writtenAt >= ageMs)) break;
        await removePartials(bucket, (await readFrame(bucket, generation)).files);
        await bucket.remove(commitKey(generation));
      }
    },
    openings: bucketOpenings(bucket),
    blobs: bucketBlobs(bucket),
  };
}

/** Tries on an object of its own whether conditions are honoured: on a storage that takes every write, two writers would both win. */
async function requireConditions(bucket: Bucket): Promise<void> {
  const key = `state/probe/${randomBytes(12).toString("hex")}`;
  const content = Buffer.from("is a second write refused?\n", "utf8");
  const tell = (what: string): RolewrightError =>
    new RolewrightError("RW643", `the storage cannot hold an audit log: ${what}`, {
      help: "it must honour `If-None-Match: *` and `If-Match` when it stores, as Amazon S3 does since 2024",
    });
  try {
    if (!(await bucket.put(key, content, "absent"))) throw tell("it refused a first write");
    if (await bucket.put(key, Buffer.from("no\n", "utf8"), "absent")) throw tell("it stores over what is there");
    if (await bucket.put(key, content, { etag: '"00000000000000000000000000000000"' }))
      throw tell("it does not compare what it replaces");
    const there = await bucket.get(key);
    if (there === null || !equalBytes(there.bytes, content)) throw tell("it does not give back what was stored");
    if (!(await bucket.put(key, content, there))) throw tell("it refused to replace what was read");
  } finally {
    await bucket.remove(key).catch(() => undefined);
  }
}

/** What is there already must be the same: a path has one content for ever. */
async function putFiles(bucket: Bucket, files: readonly FrameFile[]): Promise<void> {
  await Promise.all(
    files.map(async ({ path, bytes }) => {
      const key = `tree/${path}`;
      if (await bucket.put(key, bytes, "absent")) return;
      const there = await bucket.get(key);
      // A partial one may be collected since: then the whole one is there.
      if (there !== null && !equalBytes(there.bytes, bytes))
        throw damaged(`\`${path}\` is there already, and is another one`);
    }),
  );
}

/** Puts the checkpoint in its place, unless one of more entries is there. */
async function putCheckpoint(bucket: Bucket, note: Uint8Array): Promise<void> {
  for (;;) {
    const there = await bucket.get(CHECKPOINT);
    if (there !== null && (sizeIn(there.bytes) > sizeIn(note) || equalBytes(there.bytes, note))) return;
    if (await bucket.put(CHECKPOINT, note, there ?? "absent")) return;
  }
}

/** The size as it stands in a note, believed only to compare two of our own. */
function sizeIn(note: Uint8Array): number {
  const size = Number((decodeUtf8(note) ?? "").split("\n")[1] ?? "");
  return Number.isSafeInteger(size) ? size : 0;
}

/** Removes the partial tiles of those that are whole among these. */
async function removePartials(bucket: Bucket, files: readonly FrameFile[]): Promise<void> {
  for (const { path } of files) {
    if (parseTilePath(path)?.width !== TILE_WIDTH) continue;
    // A commit that came too late may speak of a whole one that is none.
    if ((await bucket.get(`tree/${path}`)) === null) continue;
    for await (const { key } of bucket.list(`tree/${path}.p/`)) await bucket.remove(key);
  }
}
