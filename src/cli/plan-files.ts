import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { RunStore, Run } from "../apply/outcome.ts";
import { RolewrightError } from "../base/error.ts";
import { shortDigest } from "../base/digest.ts";
import type { Plan } from "../plan/plan.ts";
import { readPlan, writePlan } from "../plan/plan-json.ts";
import { writeFileDurably } from "../store/files/write-durably.ts";
import type { CliContext } from "./context.ts";

/** A plan that was named on the command line, and its run where it was applied from here. */
export interface NamedPlan {
  readonly plan: Plan;
  readonly run: Run | null;
}

/** Saves a plan so that it is on disk when this returns. */
export async function savePlan(plan: Plan, file: string, context: CliContext): Promise<void> {
  await writeFileDurably(resolve(context.cwd, file), writePlan(plan));
}

/** Finds a plan by its file, or by the first digits of the digest of one that was applied from here. Throws RW810 where there is neither. */
export async function findPlan(named: string, runs: RunStore, context: CliContext): Promise<NamedPlan> {
  const path = resolve(context.cwd, named);
  const file = await stat(path).catch(() => null);
  if (file?.isDirectory() === false) {
    const plan = readPlan(await readText(path, named));
    return { plan, run: (await runs.load(plan.digest))?.run ?? null };
  }
  const wanted = named.replace(/^sha256:/, "").toLowerCase();
  const digests = /^[0-9a-f]{4,64}$/.test(wanted) ? (await runs.list()).map((run) => run.plan) : [];
  const found = digests.filter((digest) => digest.startsWith(`sha256:${wanted}`));
  const [only] = found;
  if (found.length > 1) {
    throw new RolewrightError("RW810", `\`${named}\` is the beginning of ${found.length} plans`, {
      help: `give more digits: ${found.map((digest) => digest.slice("sha256:".length, "sha256:".length + 12)).join(", ")}`,
    });
  }
  const stored = only === undefined ? null : await runs.load(only);
  if (stored === null) {
    throw new RolewrightError(
      "RW810",
      `\`${named}\` is neither a plan file nor the digest of a plan that was applied from here`,
      {
        help: "`rolewright status` lists what was applied; `rolewright plan --out FILE` saves a plan",
      },
    );
  }
  return stored;
}

/** `plan 9c41e7d2`. */
export function planName(plan: Plan): string {
  return `plan ${shortDigest(plan.digest)}`;
}

async function readText(path: string, named: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new RolewrightError(
      "RW805",
      `\`${named}\` cannot be read: ${cause instanceof Error ? cause.message : "unknown reason"}`,
      { cause },
    );
  }
}
