import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { canonicalJson, digestText, type Digest, type Json } from "../../base/digest.ts";
import { RolewrightError } from "../../base/error.ts";
import type { Evidence } from "../../model/workload.ts";
import { checkEvidence } from "./check.ts";

/** The digest of evidence: over everything that it says. */
export function evidenceDigest(evidence: Evidence): Digest {
  return digestText(canonicalJson(evidence as unknown as Json));
}

/** Evidence as the text of a file: canonical JSON with the digest of everything else in it. The same evidence gives the same text. */
export function writeEvidence(evidence: Evidence): string {
  return `${canonicalJson({ ...(evidence as unknown as Record<string, Json>), digest: evidenceDigest(evidence) })}\n`;
}

/** The same as bytes for a file of this name: compressed where it ends in `.gz`. */
export async function evidenceBytes(evidence: Evidence, path: string): Promise<Uint8Array> {
  const text = writeEvidence(evidence);
  return path.endsWith(".gz") ? await promisify(gzip)(text) : Buffer.from(text);
}

/** The evidence of a file's text. Throws RW544 where it is no evidence, or cut short; RW545 where it was changed after it was written. */
export function parseEvidence(text: string, name = "the evidence"): Evidence {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    throw new RolewrightError("RW544", `${name} is not JSON, or was cut short`, { help: COLLECT_AGAIN, cause: error });
  }
  const { digest, ...rest } = (typeof file === "object" && file !== null ? file : {}) as Record<string, unknown>;
  const problem = checkEvidence(rest);
  if (problem !== null)
    throw new RolewrightError("RW544", `${name} is not evidence that this version reads: ${problem}`, {
      help: COLLECT_AGAIN,
    });
  const evidence = rest as unknown as Evidence;
  if (digest !== evidenceDigest(evidence)) {
    throw new RolewrightError("RW545", `${name} does not give the digest that it was written with: it was changed`, {
      help: COLLECT_AGAIN,
    });
  }
  return evidence;
}

/** The evidence of a file, compressed or not. Errors as of `parseEvidence`, and RW544 where it cannot be read. */
export async function readEvidence(path: string): Promise<Evidence> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = await promisify(gunzip)(bytes);
  } catch (error) {
    throw new RolewrightError("RW544", `the evidence \`${path}\` cannot be read`, {
      help: COLLECT_AGAIN,
      cause: error,
    });
  }
  return parseEvidence(bytes.toString("utf8"), `\`${path}\``);
}

const COLLECT_AGAIN = "collect it again with `rolewright workload collect`, or take the file from where it was written";
