import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { AuditLog, SignedCheckpoint } from "../audit/log/audit-log.ts";
import { parsePolicy, type Policy } from "../audit/note/policy.ts";
import { witnessKeys } from "../audit/verify/witnessed.ts";
import { pause } from "../apply/failure.ts";
import type { Digest } from "../base/digest.ts";
import { RolewrightError } from "../base/error.ts";
import type { Manifest } from "../config/manifest.ts";
import { parseSeconds } from "../config/seconds.ts";
import { type LogPlace, ownActor } from "./auditing.ts";
import type { CliContext } from "./context.ts";
import { escapeLine } from "./output/escape.ts";
import { askWitnesses, keepWitnessed } from "./witness/collect.ts";

/** How far an announcement must be before anything runs. */
export type IntentLevel =
  | { readonly kind: "committed" }
  | {
      readonly kind: "published" | "witnessed";
      /** How many witnesses; 0 for none. */
      readonly witnesses: number;
      /** The trust policy, absolute; null where the manifest names none. */
      readonly policy: string | null;
      readonly timeoutMs: number;
      readonly onTimeout: "refuse" | "degrade";
    };

export const COMMITTED: IntentLevel = { kind: "committed" };
const DEFAULT_SECONDS = 30;
const PAUSE_MS = 500;

/** What the manifest asks for on targets of this environment. */
export function intentLevel({ audit }: Manifest, environment: string, root: string): IntentLevel {
  const { level = "committed", environments, policy, timeout, on_timeout: onTimeout = "refuse" } = audit ?? {};
  if (level === "committed" || (environments !== undefined && !environments.includes(environment))) return COMMITTED;
  const witnesses = Number(/\d+/u.exec(level)?.[0] ?? 0);
  return {
    kind: witnesses > 0 ? "witnessed" : "published",
    witnesses,
    policy: policy === undefined ? null : resolve(root, policy),
    timeoutMs: 1000 * (parseSeconds(timeout ?? "") ?? DEFAULT_SECONDS),
    onTimeout,
  };
}

interface Reaching {
  readonly level: Exclude<IntentLevel, { readonly kind: "committed" }>;
  readonly log: AuditLog;
  readonly place: LogPlace;
  readonly context: CliContext;
  /** What may go past the log is not held up by its witnesses either. */
  readonly mayDegrade: boolean;
}

/** Returns when all that was written to the log is as far as that. Not in time: throws RW634, or says in the log and loudly that it goes on with less. */
export async function reachLevel(plan: Digest, reaching: Reaching): Promise<void> {
  const { level, log, context, mayDegrade } = reaching;
  const wanted = level.kind === "witnessed" ? `witnessed(${level.witnesses})` : level.kind;
  let reached = "committed";
  let error: RolewrightError;
  try {
    const head = await log.published();
    reached = "published";
    if (level.kind === "published" || head === null) return;
    const short = await untilWitnessed(head, reaching);
    if (short === null) return;
    reached = short.reached;
    error = short.error;
  } catch (cause) {
    if (!(cause instanceof RolewrightError)) throw cause;
    error = cause;
  }
  const isLate = error.code === "RW640" || error.code === "RW601";
  if ((level.onTimeout === "refuse" || !isLate) && !mayDegrade) {
    throw new RolewrightError(
      "RW634",
      `what was announced is ${reached}, and the manifest asks for ${wanted}: ${error.message}`,
      {
        cause: error,
        help: "nothing was changed; see that the witnesses answer, and run it again",
        details: { wanted, reached },
      },
    );
  }
  await log.append({
    type: "intent.degraded",
    actor: ownActor(),
    plan: { digest: plan },
    wanted,
    reached,
    error: error.code,
  });
  context.progress.clear();
  const text = `what was announced is ${reached}, and the manifest asks for ${wanted}: ${error.code} ${error.message}; it goes on`;
  context.tell([{ kind: "line", label: "LESS THAN ASKED", tone: "bad", text: escapeLine(text) }]);
}

/** Null when enough witnesses signed a checkpoint that covers it; else what was missing when the time was over. */
async function untilWitnessed(
  head: SignedCheckpoint,
  { level, place, context }: Reaching,
): Promise<{ readonly reached: string; readonly error: RolewrightError } | null> {
  const policy = await readPolicy(level.policy);
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(level.timeoutMs)]);
  const given = { urls: [...policy.urls.values()], keys: witnessKeys(policy), policy: null };
  for (;;) {
    let reached = "published";
    let error: RolewrightError;
    try {
      context.progress.step(`asking ${given.urls.length} witnesses`);
      const { note, by, failed } = await askWitnesses(head, given, { place, context: { ...context, signal } });
      await keepWitnessed(place, note);
      const count = new Set(by).size;
      if (count >= level.witnesses) return null;
      reached = `witnessed(${count})`;
      const why = failed.map((each) => `${each.url}: ${each.why}`).join("; ");
      error = new RolewrightError(
        "RW640",
        `${count} of ${level.witnesses} witnesses have signed${why === "" ? "" : `: ${why}`}`,
      );
    } catch (cause) {
      context.signal.throwIfAborted();
      // One that has seen more of the log, or another history, is no matter of time.
      if (!(cause instanceof RolewrightError) || cause.code !== "RW640") throw cause;
      error = cause;
    }
    if (signal.aborted) return { reached, error };
    await pause(PAUSE_MS, signal);
    if (signal.aborted) return { reached, error };
  }
}

async function readPolicy(file: string | null): Promise<Policy> {
  if (file === null) {
    throw new RolewrightError("RW622", "`audit.level` asks for witnesses, and `audit.policy` names none", {
      help: "give the file with the witnesses and their addresses",
    });
  }
  const policy = parsePolicy(await readFile(file, "utf8").catch(() => ""));
  if (typeof policy !== "string") return policy;
  throw new RolewrightError("RW622", `\`${file}\` is no trust policy: ${policy}`);
}
