import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseCheckpointBody } from "../../audit/note/checkpoint.ts";
import { type Policy, quorumReached } from "../../audit/note/policy.ts";
import { parseNote, verifyNote } from "../../audit/note/signed-note.ts";
import { parseVerifierKey, type VerifierKey } from "../../audit/note/verifier-key.ts";
import type { Anchor } from "../../audit/verify/anchors.ts";
import { openTree } from "../../audit/verify/authentic.ts";
import { witnessKeys } from "../../audit/verify/witnessed.ts";
import { collectCosignatures, withCosignatures } from "../../audit/witness/client.ts";
import { RolewrightError } from "../../base/error.ts";
import { writeFileDurably } from "../../store/files/write-durably.ts";
import type { LogView } from "../../audit/log/reader.ts";
import type { LogPlace } from "../auditing.ts";
import type { CliContext } from "../context.ts";
import type { Input } from "../input.ts";
import { readBytes } from "../reading.ts";
import { usageError } from "../usage.ts";
import { askOver } from "./ask.ts";

/** The witnesses that a command was told to ask, and whose signatures count. */
export interface WitnessesGiven {
  readonly urls: readonly string[];
  readonly keys: readonly VerifierKey[];
  readonly policy: Policy | null;
}

/** What `--witness` and `--witness-key` name, else the witnesses of the policy that it has an address of. */
export async function witnessesGiven(
  context: CliContext,
  input: Input,
  policy: Policy | null,
): Promise<WitnessesGiven> {
  const named = input.list("witness");
  const urls = named.length > 0 ? named : [...(policy?.urls.values() ?? [])];
  const keys = [...witnessKeys(policy)];
  for (const given of input.list("witness-key")) {
    const text = given.includes("+") ? given : (await readBytes(given, context)).toString("utf8").trim();
    const key = parseVerifierKey(text);
    if (key === null) throw new RolewrightError("RW631", `\`${given}\` is no public key of a witness`);
    keys.push(key);
  }
  if (urls.length > 0 && keys.length === 0) {
    throw usageError(
      "RW004",
      "give the witness's public key with `--witness-key`, or a `--policy` that has it",
      "the witness prints it when it starts",
    );
  }
  return { urls, keys, policy };
}

/** A checkpoint with the signatures of witnesses under it. */
export interface Cosigned {
  readonly note: Uint8Array;
  /** Those that signed. */
  readonly by: readonly string[];
  /** Those that did not, and why. */
  readonly failed: readonly { readonly url: string; readonly why: string }[];
}

/**
 * Asks all witnesses at once. One that is down is told and does no harm, as long as anybody signs and the quorum of the policy is reached: else RW640 or RW625. One that has seen more of the log, or another history, ends it: RW642.
 */
export async function askWitnesses(
  { checkpoint, note }: Pick<LogView, "checkpoint" | "note">,
  given: WitnessesGiven,
  { place, context }: { readonly place: LogPlace; readonly context: CliContext },
): Promise<Cosigned> {
  const tree = await openTree((path) => place.store.get(path), checkpoint);
  const what = { checkpoint, note, subtree: tree.subtree, witnesses: given.keys };
  const answers = await Promise.allSettled(
    given.urls.map(async (url) => await collectCosignatures(askOver(url, context.signal), what)),
  );
  const lines = new Set<string>();
  const failed: { url: string; why: string }[] = [];
  for (const [at, answer] of answers.entries()) {
    if (answer.status === "fulfilled") for (const line of answer.value) lines.add(line);
    else failed.push({ url: given.urls[at] ?? "", why: reasonFor(answer.reason) });
  }
  const cosigned = withCosignatures(note, [...lines]);
  const parsed = parseNote(cosigned);
  const by = typeof parsed === "string" ? [] : verifyNote(parsed, given.keys).by;
  if (by.length === 0)
    throw new RolewrightError(
      "RW640",
      `no witness has signed: ${failed.map(({ url, why }) => `${url}: ${why}`).join("; ")}`,
    );
  if (given.policy !== null && !quorumReached(given.policy, by)) {
    throw new RolewrightError("RW625", `the quorum \`${given.policy.quorum ?? ""}\` of the policy was not reached`, {
      help: failed.map(({ url, why }) => `${url}: ${why}`).join("; ") || "ask more of its witnesses",
    });
  }
  return { note: cosigned, by: by.map(({ key }) => key.name), failed };
}

function reasonFor(error: unknown): string {
  if (error instanceof RolewrightError && error.code === "RW640") return error.message;
  throw error; // What a witness has seen and the log has not is not passed over.
}

const FILE = "witnessed";

/** Keeps the checkpoint that witnesses signed beside the log, unless a newer one is there. */
export async function keepWitnessed(place: LogPlace, note: Uint8Array): Promise<void> {
  const there = await readWitnessed(place);
  if (there !== null && sizeOf(there.note) > sizeOf(note)) return;
  await writeFileDurably(join(place.folder, FILE), Buffer.from(note).toString("utf8"), { mode: 0o600 });
}

/** The newest checkpoint beside the log that witnesses signed; null for none. It shows nothing without their signatures. */
export async function readWitnessed(place: LogPlace): Promise<Anchor | null> {
  const file = join(place.folder, FILE);
  try {
    return { name: "what witnesses signed", note: await readFile(file) };
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR")) return null;
    throw new RolewrightError("RW805", `\`${file}\` cannot be read`, { cause });
  }
}

function sizeOf(note: Uint8Array): number {
  const parsed = parseNote(note);
  const checkpoint = typeof parsed === "string" ? parsed : parseCheckpointBody(parsed.body);
  return typeof checkpoint === "string" ? -1 : checkpoint.size;
}
