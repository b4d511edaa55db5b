import { sha256, EMPTY_ROOT } from "../tree/hashing.ts";
import { checkConsistency } from "../tree/proof.ts";
import { encodeBase64 } from "../note/base64.ts";
import { type Checkpoint, parseCheckpointBody } from "../note/checkpoint.ts";
import { cosign, parseNote, type SignedNote, verifyNote } from "../note/signed-note.ts";
import type { Signer } from "../note/signer.ts";
import type { VerifierKey } from "../note/verifier-key.ts";
import type { Clock } from "../../base/clock.ts";
import { RolewrightError } from "../../base/error.ts";
import { parseWitnessRequest } from "./request.ts";

/**
 * What a witness must never forget: the newest checkpoint of each log that it let pass. The contract:
 *
 * - `replace` is a compare-and-swap: of all that are made for one `before`, one gives true. When it does, the note is durable. When it throws, it is unknown whether it is there.
 * - `newest` throws RW641 for what cannot be read, which is never taken for nothing.
 */
export interface WitnessStore {
  newest(origin: string): Promise<Witnessed | null>;
  replace(origin: string, before: Witnessed | null, note: Uint8Array): Promise<boolean>;
  /** Keeps what shows that a log has two histories. */
  keepEvidence(origin: string, note: Uint8Array): Promise<void>;
}

/** A checkpoint that a witness let pass, with its log's signatures. */
export interface Witnessed {
  /** Counts from 1. */
  readonly generation: number;
  readonly note: Uint8Array;
}

/** An answer as it goes over HTTP. */
export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly type: string;
  readonly body: string;
}

export interface WitnessOptions {
  /** Its key, of the kind `cosignatureEd25519`. */
  readonly signer: Signer;
  /** The logs that it looks at, by their keys; several of one name while a log's key is being replaced. */
  readonly logs: readonly VerifierKey[];
  readonly store: WitnessStore;
  readonly clock: Clock;
  /** Told when a log's own key has signed two roots for one size. */
  readonly onFork?: (origin: string, size: number) => void;
}

/** Signs that it saw a checkpoint, and never two histories of one log. Any number of processes may use one store. */
export interface Witness {
  addCheckpoint(body: Uint8Array): Promise<WitnessAnswer>;
  /** The newest checkpoint of a log with the witness's signature, by the SHA-256 of its origin in lower-case hexadecimal. */
  checkpoint(originHash: string): Promise<WitnessAnswer>;
}

const TEXT = "text/plain; charset=utf-8";
/** Of two requests for one log that come at once, one finds the other's checkpoint. */
const ATTEMPTS = 5;

/** A witness by C2SP tlog-witness, with cosignatures of version 1. */
export function createWitness(options: WitnessOptions): Witness {
  const { store, signer, clock, logs } = options;
  const origins = new Map(logs.map(({ name }) => [hexOf(name), name]));
  const newestOf = async (origin: string): Promise<Known> => {
    const witnessed = await store.newest(origin);
    if (witnessed === null) return { witnessed, size: 0, root: EMPTY_ROOT };
    const note = parseNote(witnessed.note);
    const checkpoint = typeof note === "string" ? note : firstLines(note.body);
    if (typeof checkpoint === "string" || checkpoint.origin !== origin) throw damaged(origin);
    return { witnessed, ...checkpoint };
  };
  /** Null where somebody else was faster. */
  const sign = async (asked: Asked): Promise<WitnessAnswer | null> => {
    const { checkpoint, old, proof } = asked;
    const { origin, size, root } = checkpoint;
    const known = await newestOf(origin);
    if (old !== known.size) return { status: 409, type: "text/x.tlog.size", body: `${known.size}\n` };
    const wrong = checkConsistency({ first: known, second: checkpoint, proof });
    if (wrong !== null) {
      if (old === size && known.witnessed !== null && !Buffer.from(root).equals(known.root)) {
        await store.keepEvidence(origin, asked.kept);
        options.onFork?.(origin, size);
      }
      return plain(422, `the proof does not show that the log goes on from what was seen: ${wrong}`);
    }
    if (known.witnessed === null || old < size) {
      // INVARIANT: what is signed was durable before, so no crash lets a second history of the same entries pass.
      if (!(await store.replace(origin, known.witnessed, asked.kept))) return null;
    }
    const line = await cosign(asked.body, signer, clock.now());
    // The signature says that nothing larger was seen by then.
    return (await newestOf(origin)).size === size ? { status: 200, type: TEXT, body: line } : null;
  };
  return {
    async addCheckpoint(bytes) {
      const asked = readAsked(bytes, logs);
      if ("status" in asked) return asked;
      for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
        const answer = await sign(asked);
        if (answer !== null) return answer;
      }
      return { status: 409, type: "text/x.tlog.size", body: `${(await newestOf(asked.checkpoint.origin)).size}\n` };
    },
    async checkpoint(originHash) {
      const origin = origins.get(originHash);
      const { witnessed } = origin === undefined ? { witnessed: null } : await newestOf(origin);
      const note = witnessed === null ? null : parseNote(witnessed.note);
      if (witnessed === null || note === null || typeof note === "string") return plain(404, "no such log was seen");
      const line = await cosign(note.body, signer, clock.now());
      return { status: 200, type: TEXT, body: `${Buffer.from(witnessed.note).toString("utf8")}${line}` };
    },
  };
}

interface Known {
  readonly witnessed: Witnessed | null;
  readonly size: number;
  readonly root: Uint8Array;
}

interface Asked {
  readonly old: number;
  readonly proof: readonly Uint8Array[];
  readonly checkpoint: Checkpoint;
  readonly body: string;
  /** The note with the signatures of its log, and no others. */
  readonly kept: Uint8Array;
}

/** What is asked, by a log that is known and signed it; everything else has its answer already. */
function readAsked(bytes: Uint8Array, logs: readonly VerifierKey[]): Asked | WitnessAnswer {
  const request = parseWitnessRequest(bytes);
  if (typeof request === "string") return plain(400, `no request: ${request}`);
  const note = parseNote(request.note);
  if (typeof note === "string") return plain(400, `no signed note: ${note}`);
  const checkpoint = firstLines(note.body);
  if (typeof checkpoint === "string") return plain(400, `no checkpoint: ${checkpoint}`);
  const keys = logs.filter(({ name }) => name === checkpoint.origin);
  if (keys.length === 0) return plain(404, "this log is not known here");
  const { by, failed } = verifyNote(note, keys);
  if (by.length === 0 || failed.length > 0) return plain(403, "it is not signed by the log's key");
  if (request.old > checkpoint.size) return plain(400, "the old size is above the new one");
  const { old, proof } = request;
  return { old, proof, checkpoint, body: note.body, kept: keepSignatures(note, keys) };
}

/** The checkpoint in the first three lines. Other logs may have lines after them, which are signed with the rest and mean nothing to a witness. */
function firstLines(body: string): Checkpoint | string {
  const lines = body.split("\n");
  if (lines.slice(3, -1).includes("")) return "it has an empty line";
  return parseCheckpointBody(`${lines.slice(0, 3).join("\n")}\n`);
}

function keepSignatures({ body, signatures }: SignedNote, keys: readonly VerifierKey[]): Uint8Array {
  const lines = signatures
    .filter(({ name, id }) => keys.some((key) => key.name === name && key.id === id))
    .map(({ name, id, bytes }) => `— ${name} ${encodeBase64(Buffer.concat([Buffer.from(id, "hex"), bytes]))}\n`);
  return Buffer.from(`${body}\n${lines.join("")}`, "utf8");
}

/** How a log is named in the address of its newest checkpoint. */
export function hexOf(origin: string): string {
  return Buffer.from(sha256(Buffer.from(origin, "utf8"))).toString("hex");
}

function plain(status: WitnessAnswer["status"], text: string): WitnessAnswer {
  return { status, type: TEXT, body: `${text}\n` };
}

function damaged(origin: string): RolewrightError {
  return new RolewrightError("RW641", `what the witness saw of the log \`${origin}\` cannot be read`);
}
