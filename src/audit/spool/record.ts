import { randomBytes } from "node:crypto";
import { canonicalJson, type Digest, digestBytes, type Json } from "../../base/digest.ts";
import { RolewrightError } from "../../base/error.ts";
import { decodeUtf8, encodeBase64 } from "../note/base64.ts";
import { encodeEntry, prepareEntry } from "../entry/encode.ts";
import type { AuditEvent } from "../entry/event.ts";

/** Why a change went past a log that was down: a leaver and the end of a window are due by themselves; `asked`: a person said so. */
export type SpoolCause = "leaver" | "window" | "lease" | "asked" | "break-glass";

/** The first record of a spool: why there is one, and what the log was when it was last seen. */
export interface SpoolBeginning {
  readonly at: string;
  readonly cause: SpoolCause;
  /** The code of what was wrong with the log. */
  readonly error: string;
  /** In the words of whoever went past the log; null where it was due by itself. */
  readonly reason: string | null;
  readonly holder: string;
  /** The note of the last checkpoint that this account wrote; null where it wrote none. */
  readonly after: string | null;
}

/** An event that waits for the log. An outcome names its intent by the number of its record, negated, until the log gives it an index. */
export interface SpoolRecord {
  readonly number: number;
  /** The id that the entry gets: so it stands in the log once, whatever dies in between. */
  readonly id: string;
  readonly at: string;
  readonly event: AuditEvent;
}

/** A spool as it was read: everything up to the first thing that is wrong. */
export interface ReadSpool {
  readonly beginning: SpoolBeginning;
  readonly records: readonly SpoolRecord[];
  /** How many records there are, the beginning included. */
  readonly count: number;
  /** The digest of the last one, which goes through all before it. */
  readonly digest: Digest;
  /** The digest after each record. */
  readonly digests: readonly Digest[];
  /** A last line that a crash cut short; it was never acted upon. */
  readonly torn: boolean;
  /** The first record that is not what was written, and why; null where all of them are. */
  readonly damage: { readonly record: number; readonly why: string } | null;
}

/** A line with its digest, which the next line names. */
export interface SpoolLine {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
}

/** The first line of a spool. */
export function beginningLine(beginning: SpoolBeginning): SpoolLine {
  return lineOf({ ...beginning, record: 0, previous: null });
}

/** The line of a record after another one. Throws RW602 for an event that must not be written to the log: then it must not stand here either. */
export function recordLine(record: SpoolRecord, previous: Digest): SpoolLine {
  const { number, id, at, event } = record;
  encodeEntry(
    prepareEntry(event, id, () => "0".repeat(32)),
    new Date(0),
  );
  return lineOf({ record: number, previous, id, at, event: event as unknown as Json });
}

/** The digest goes through random bytes too, so that it tells nothing about names once the spool is gone. */
function lineOf(fields: Readonly<Record<string, Json>>): SpoolLine {
  const bytes = Buffer.from(`${canonicalJson({ ...fields, v: 1, salt: encodeBase64(randomBytes(32)) })}\n`, "utf8");
  return { bytes, digest: digestBytes(bytes) };
}

/** Reads a spool, and compares each record with what the next one says of it. Throws RW608 where not even the first can be read. */
export function readSpool(bytes: Uint8Array): ReadSpool {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, end + 1));
    start = end + 1;
  }
  const [first, ...rest] = lines;
  const beginning = first === undefined ? null : parse(first);
  if (first === undefined || beginning === null || beginning["record"] !== 0 || beginning["previous"] !== null) {
    throw new RolewrightError("RW608", "the spool of the audit log cannot be read: its first record is not there");
  }
  const digests: Digest[] = [digestBytes(first)];
  const records: SpoolRecord[] = [];
  let damage: ReadSpool["damage"] = null;
  for (const [at, line] of rest.entries()) {
    const number = at + 1;
    const fields = parse(line);
    const why =
      fields === null
        ? "it is not written as it was"
        : fields["record"] !== number
          ? "it has another number"
          : fields["previous"] !== digests[at]
            ? `it does not follow record ${at}`
            : null;
    if (why !== null || fields === null) {
      damage = { record: number, why: why ?? "" };
      break;
    }
    digests.push(digestBytes(line));
    records.push({ ...(fields as unknown as SpoolRecord), number });
  }
  return {
    beginning: beginning as unknown as SpoolBeginning,
    records,
    count: digests.length,
    digest: digests.at(-1) ?? digestBytes(first),
    digests,
    torn: start < bytes.length,
    damage,
  };
}

function parse(line: Uint8Array): Readonly<Record<string, Json>> | null {
  const text = decodeUtf8(line.subarray(0, -1));
  if (text === null) return null;
  try {
    const value = JSON.parse(text) as Json;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    // Written in another way it could be read as something else.
    return canonicalJson(value) === text ? (value as Readonly<Record<string, Json>>) : null;
  } catch {
    return null;
  }
}
