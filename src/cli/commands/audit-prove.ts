import { resolve } from "node:path";
import type { Opening } from "../../audit/entry/commitment.ts";
import { openRow } from "../../audit/export/row.ts";
import { fault } from "../../audit/fault.ts";
import { decodeBase64, encodeBase64 } from "../../audit/note/base64.ts";
import { quorumReached } from "../../audit/note/policy.ts";
import { formatTlogProof, parseTlogProof } from "../../audit/note/tlog-proof.ts";
import { leafHash } from "../../audit/tree/hashing.ts";
import { checkInclusion } from "../../audit/tree/proof.ts";
import { trustCheckpoint } from "../../audit/verify/checkpoint-rules.ts";
import { EXIT } from "../../base/error.ts";
import { writeFileDurably } from "../../store/files/write-durably.ts";
import { logPlace, openLogForReading, trustedKeys } from "../auditing.ts";
import type { Action } from "../command-spec.ts";
import { readBytes } from "../reading.ts";
import { indexOf, showRow } from "./audit-show.ts";

/** What goes with a proof: the entry, and what opens it. Believed only as far as the proof and the entry bear it out. */
interface Extra {
  readonly entry: string;
  readonly openings: readonly Opening[];
}

/** Writes the proof of an entry. */
export const auditProve: Action = async (context, input) => {
  const view = await openLogForReading(context, input);
  const index = indexOf(input);
  const row = await view.row(index);
  const found = input.flag("closed") ? null : await view.place.store.openings.find(new Set([row.entry.id]));
  const extra: Extra = { entry: encodeBase64(row.bytes), openings: found?.get(row.entry.id) ?? [] };
  const proof = formatTlogProof({
    extra: Buffer.from(JSON.stringify(extra), "utf8"),
    index,
    hashes: await view.prove(index),
    checkpoint: view.note,
  });
  const text = Buffer.from(proof).toString("utf8");
  const out = input.text("out");
  context.progress.clear();
  if (out !== null) await writeFileDurably(resolve(context.cwd, out), text);
  if (context.globals.json) context.show([], () => ({ index, proof: text, ...(out === null ? {} : { file: out }) }));
  else if (out === null) context.write(text);
  return EXIT.done;
};

/** Checks a proof that somebody gave us. */
export const auditCheckProof: Action = async (context, input) => {
  const proof = parseTlogProof(await readBytes(input.argument(0) ?? "", context));
  if (typeof proof === "string") throw fault("RW623", `the file is no proof: ${proof}`);
  const { keys, policy } = await trustedKeys(await logPlace(context, input), context, input);
  const trusted = trustCheckpoint(proof.checkpoint, { keys, witnesses: [...(policy?.witnesses.values() ?? [])] });
  if (policy !== null && !quorumReached(policy, trusted.by))
    throw fault("RW625", "too few witnesses have signed the checkpoint");
  const extra = readExtra(proof.extra);
  const { size, root } = trusted.checkpoint;
  const leaf = leafHash(extra.bytes);
  const wrong = checkInclusion({ leaf, index: proof.index, size, root, proof: proof.hashes });
  if (wrong !== null) throw fault("RW623", `the proof does not hold: ${wrong}`, { index: proof.index });
  const row = openRow(proof.index, extra.bytes, extra.openings);
  context.tell([
    {
      kind: "line",
      label: "PROVEN",
      tone: "good",
      text: `entry ${proof.index} is among the ${size} of ${trusted.checkpoint.origin}`,
    },
  ]);
  return showRow(row, context);
};

function readExtra(extra: Uint8Array | null): { readonly bytes: Uint8Array; readonly openings: readonly Opening[] } {
  if (extra === null) throw fault("RW623", "the entry itself does not go with the proof");
  try {
    const { entry, openings } = JSON.parse(Buffer.from(extra).toString("utf8")) as Extra;
    const bytes = decodeBase64(entry);
    if (bytes !== null && Array.isArray(openings)) return { bytes, openings };
  } catch {
    // Said below.
  }
  throw fault("RW623", "what goes with the proof is not understood");
}
