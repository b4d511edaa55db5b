import { RolewrightError } from "../../base/error.ts";
import { type Policy, quorumReached } from "../note/policy.ts";
import type { VerifierKey } from "../note/verifier-key.ts";
import type { Anchor } from "./anchors.ts";
import { trustCheckpoint, type TrustedCheckpoint } from "./checkpoint-rules.ts";
import type { TrustedKey } from "./trust.ts";

/** How far witnesses have seen a log, and when. */
export interface Witnessed {
  readonly size: number;
  /** When the first of those who signed saw it; since then all of them know it. Null where none had to. */
  readonly at: Date | null;
}

/** The newest checkpoint with the quorum of the policy on it, of the log's own one and those that were kept; null for none, or where the policy asks for no witness. Whether the log goes on from it is compared elsewhere. */
export function newestWitnessed(
  own: TrustedCheckpoint,
  {
    keys,
    policy,
    anchors,
  }: { readonly keys: readonly TrustedKey[]; readonly policy: Policy; readonly anchors: readonly Anchor[] },
): Witnessed | null {
  if (policy.quorum === null) return null;
  let newest: Witnessed | null = null;
  for (const candidate of [own, ...anchors.map(({ note }) => readKept(note, keys, policy))]) {
    if (candidate === null || candidate.checkpoint.origin !== own.checkpoint.origin) continue;
    const { by, checkpoint } = candidate;
    if (!quorumReached(policy, by) || (newest !== null && newest.size >= checkpoint.size)) continue;
    const times = by.flatMap(({ seenAt }) => (seenAt === null ? [] : [seenAt.getTime()]));
    newest = { size: checkpoint.size, at: times.length === 0 ? null : new Date(Math.min(...times)) };
  }
  return newest;
}

/** The keys of the witnesses of a policy. */
export function witnessKeys(policy: Policy | null | undefined): readonly VerifierKey[] {
  return [...(policy?.witnesses.values() ?? [])];
}

/** One that cannot be used is told where anchors are compared. */
function readKept(note: Uint8Array, keys: readonly TrustedKey[], policy: Policy): TrustedCheckpoint | null {
  try {
    return trustCheckpoint(note, { keys, witnesses: witnessKeys(policy) });
  } catch (error) {
    if (error instanceof RolewrightError) return null;
    throw error;
  }
}
