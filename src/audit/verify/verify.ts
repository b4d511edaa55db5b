import { RolewrightError } from "../../base/error.ts";
import { fault, isFault } from "../fault.ts";
import type { Checkpoint } from "../note/checkpoint.ts";
import type { Policy } from "../note/policy.ts";
import { rangeHash } from "../tree/merkle.ts";
import { quotient } from "../tree/numbers.ts";
import { TILE_WIDTH } from "../tree/tiles.ts";
import { type Anchor, compareWithKnown, readAnchor } from "./anchors.ts";
import { type AuthenticTree, type GetFile, openTree } from "./authentic.ts";
import { trustCheckpoint, type TrustedCheckpoint } from "./checkpoint-rules.ts";
import { diagnoseEdge } from "./diagnose.ts";
import { entryRules } from "./entry-rules.ts";
import { checkLeftovers } from "./leftovers.ts";
import { NO_ENTRIES, type Trust, type TrustedKey } from "./trust.ts";
import { newestWitnessed, witnessKeys, type Witnessed } from "./witnessed.ts";

/** What a log is verified against. Nothing of it may come from the log itself. */
export interface VerifyOptions {
  readonly get: GetFile;
  /** Every path there is; without it, files that no tree needs are not looked for. */
  readonly list?: () => AsyncIterable<string>;
  readonly keys: readonly TrustedKey[];
  /** Which witnesses must have signed. @default none */
  readonly policy?: Policy | null;
  /** Checkpoints that were kept elsewhere. @default none */
  readonly anchors?: readonly Anchor[];
  /** What was remembered when it was verified before. @default null: for the first time */
  readonly trust?: Trust | null;
  /** Reads every entry again, and not only those after the remembered ones. @default false */
  readonly full?: boolean;
  /** Where an earlier verification of the same kind was interrupted. @default null: from the beginning */
  readonly resume?: Trust | null;
  /** Called now and then with what an interruption would go on from; awaited. */
  readonly onReached?: (reached: Trust) => Promise<void>;
  readonly now: Date;
  readonly onProgress?: (entries: number, of: number) => void;
}

/**
 * How much is shown. `V1`: what is there is what the key signed; its holder may still have rewritten or rolled back all of it. `V2`: it also goes on from at least one checkpoint that was kept elsewhere. `V3`: and the witnesses that the policy
 * asks for have seen it.
 */
export type VerifyLevel = "V1" | "V2" | "V3";

export interface VerifyReport {
  /** Null where anything is wrong. */
  readonly level: VerifyLevel | null;
  /** The checkpoint that was verified; null where it could not be believed. */
  readonly checkpoint: Checkpoint | null;
  /** Everything that is wrong, and where. */
  readonly faults: readonly RolewrightError[];
  /** The entries that were read, from the first to before the last; those before were read by an earlier verification, and are only known to be the same tree. */
  readonly read: { readonly from: number; readonly to: number };
  /** The first entry that this run read itself, and when those before were: by a run that was interrupted; null where it was not. */
  readonly resumed: { readonly at: number; readonly since: string } | null;
  /** The checkpoints that it was compared with, in the order given. */
  readonly compared: readonly { readonly name: string; readonly size: number }[];
  /** The newest checkpoint that the quorum of the policy has signed, and since when all of them had; null where no witness is asked for, or too few signed. */
  readonly witnessed: Witnessed | null;
  /** Announced, and nobody said yet how it ended. */
  readonly openIntents: readonly number[];
  /** Files of entries after the signed ones. */
  readonly ahead: number;
  /** What to remember of it; null where anything is wrong. */
  readonly trust: Trust | null;
}

/** Verifies a log. What is wrong with it is in the report; only what keeps us from looking is thrown. */
export async function verifyLog(options: VerifyOptions): Promise<VerifyReport> {
  const faults: RolewrightError[] = [];
  const compared: { name: string; size: number }[] = [];
  const trust = options.trust ?? null;
  const nothing = {
    witnessed: null,
    compared,
    openIntents: [],
    ahead: 0,
    read: { from: 0, to: 0 },
    resumed: null,
    level: null,
    trust: null,
    faults,
  };
  const trusted = await collecting(faults, () => signedCheckpoint(options));
  if (trusted === null) return { ...nothing, checkpoint: null };
  const { checkpoint } = trusted;
  const { keys, policy = null, anchors = [] } = options;
  const witnessed = policy === null ? null : newestWitnessed(trusted, { keys, policy, anchors });
  if (witnessed === null && policy !== null && policy.quorum !== null) {
    faults.push(fault("RW625", `the quorum \`${policy.quorum}\` of the policy is on no checkpoint of this log`));
  }
  const known = readAnchors(options, checkpoint.origin, faults);
  const tree = await openSigned(options.get, checkpoint, faults);
  if (tree === null) {
    // How long the log is can be compared all the same.
    for (const { size, name } of known) if (size > checkpoint.size) faults.push(behind(name, size, checkpoint.size));
    return { ...nothing, checkpoint };
  }
  for (const { name, ...at } of known) {
    const done = await collecting(faults, async () => {
      await compareWithKnown(tree, at, name);
      return true;
    });
    if (done === true) compared.push({ name, size: at.size });
  }
  const isIncremental = trust !== null && options.full !== true && faults.length === 0;
  const from = isIncremental ? trust.checkpoint.size : 0;
  const resume = await resumable(tree, from, options, faults);
  const before = resume?.entries ?? (isIncremental ? trust.entries : NO_ENTRIES);
  const rules = entryRules(before, checkpoint.origin, resume?.keys ?? options.keys);
  const first = resume?.checkpoint.size ?? from;
  for (let bundle = quotient(first, TILE_WIDTH); bundle * TILE_WIDTH < tree.size; bundle++) {
    const entries = await collecting(faults, () => tree.entries(bundle));
    for (const [at, bytes] of (entries ?? []).entries()) {
      const index = bundle * TILE_WIDTH + at;
      const wrong = index < first ? null : rules.check(bytes, index);
      if (wrong !== null) faults.push(wrong);
    }
    const done = Math.min(tree.size, (bundle + 1) * TILE_WIDTH);
    options.onProgress?.(done, tree.size);
    if (faults.length === 0 && (bundle + 1) % REACHED_EVERY === 0) await reached(done, tree, rules, options);
  }
  let ahead = 0;
  if (options.list !== undefined && faults.length === 0) {
    const left = await checkLeftovers(tree, { get: options.get, list: options.list });
    faults.push(...left.faults);
    ahead = left.ahead;
  }
  const { trace } = rules;
  const isGood = faults.length === 0;
  return {
    checkpoint,
    faults,
    compared,
    witnessed,
    ahead,
    openIntents: trace.openIntents,
    read: { from, to: tree.size },
    resumed: resume === null ? null : { at: first, since: resume.at },
    level: isGood ? levelOf(options, compared) : null,
    trust: isGood ? { keys: rules.keys, checkpoint, at: options.now.toISOString(), entries: trace } : null,
  };
}

/** So many bundles are read between two places that can be gone on from: 16,384 entries, about a second. */
const REACHED_EVERY = 64;

/** Where to go on, where what was read before the interruption is the beginning of this tree. Another beginning is a second history, and no reason to read it all again without a word. */
async function resumable(
  tree: AuthenticTree,
  from: number,
  { resume = null }: VerifyOptions,
  faults: RolewrightError[],
): Promise<Trust | null> {
  if (resume === null || resume.checkpoint.size <= from) return null;
  const { size, root, origin } = resume.checkpoint;
  const good = await collecting(faults, async () => {
    await compareWithKnown(tree, { origin, size, root }, "a verification that was interrupted");
    return true;
  });
  return good === true ? resume : null;
}

async function reached(
  size: number,
  tree: AuthenticTree,
  { keys, trace }: ReturnType<typeof entryRules>,
  { onReached, now, keys: [trusted] }: VerifyOptions,
): Promise<void> {
  if (onReached === undefined || trusted === undefined) return;
  const root = await rangeHash(0, size, tree.subtree);
  await onReached({
    keys,
    checkpoint: { origin: trusted.key.name, size, root },
    at: now.toISOString(),
    entries: trace,
  });
}

async function signedCheckpoint({ get, keys, policy }: VerifyOptions): Promise<TrustedCheckpoint> {
  const note = await get("checkpoint");
  if (note === null) throw fault("RW610", "the checkpoint is missing", { path: "checkpoint" });
  return trustCheckpoint(note, { keys, witnesses: witnessKeys(policy) });
}

interface Known extends Checkpoint {
  readonly name: string;
}

function readAnchors(options: VerifyOptions, origin: string, faults: RolewrightError[]): readonly Known[] {
  const known: Known[] = [];
  const { trust, keys, policy } = options;
  if (trust !== null && trust !== undefined) {
    if (trust.checkpoint.origin === origin) known.push({ ...trust.checkpoint, name: "what was remembered" });
    else faults.push(fault("RW612", `what was remembered is of the log \`${trust.checkpoint.origin}\``));
  }
  for (const anchor of options.anchors ?? []) {
    try {
      const checkpoint = readAnchor(anchor, { keys, witnesses: witnessKeys(policy), origin });
      known.push({ ...checkpoint, name: anchor.name });
    } catch (error) {
      faults.push(asFault(error));
    }
  }
  return known;
}

async function openSigned(
  get: GetFile,
  checkpoint: Checkpoint,
  faults: RolewrightError[],
): Promise<AuthenticTree | null> {
  try {
    return await openTree(get, checkpoint);
  } catch (error) {
    faults.push(...(await diagnoseEdge(get, checkpoint, asFault(error))));
    return null;
  }
}

function behind(name: string, size: number, has: number): RolewrightError {
  return fault("RW620", `the log was rolled back: \`${name}\` covers ${size} entries, and the log has ${has}`, {
    anchor: name,
    size,
  });
}

/** One that was kept elsewhere and covers nothing shows nothing. */
function levelOf({ policy }: VerifyOptions, compared: VerifyReport["compared"]): VerifyLevel {
  if (!compared.some(({ size }) => size > 0)) return "V1";
  return (policy?.quorum ?? null) === null ? "V2" : "V3";
}

async function collecting<T>(faults: RolewrightError[], work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    faults.push(asFault(error));
    return null;
  }
}

function asFault(error: unknown): RolewrightError {
  if (isFault(error)) return error;
  throw error;
}
