import { shortDigest } from "../base/digest.ts";
import { RolewrightError } from "../base/error.ts";
import { digestOf } from "./digest.ts";
import { PLAN_SCHEMA } from "./plan-schema.ts";
import type { Plan } from "./plan.ts";

/** A plan as text: indented JSON that ends with a line break. `readPlan` gives back an equal plan. */
export function writePlan(plan: Plan): string {
  return `${JSON.stringify(plan, null, 1)}\n`;
}

/**
 * A plan from its text. Throws RW301 for what is no plan, RW303 for one of a newer format, and RW302 for one that was changed after it was made: its digest no longer fits.
 */
export function readPlan(json: string): Plan {
  const value = parse(json);
  checkFormat(value);
  const result = PLAN_SCHEMA.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    const where = issue?.path.length ? `\`${issue.path.join(".")}\`: ` : "";
    throw notAPlan(`${where}${issue?.message ?? "unknown shape"}`);
  }
  const plan = result.data;
  const digest = digestOf(plan);
  if (digest !== plan.digest) {
    throw new RolewrightError(
      "RW302",
      `the plan was changed after it was made: its digest says ${shortDigest(plan.digest)}, its content is ${shortDigest(digest)}`,
      { help: "plan again, and use that file unchanged", details: { expected: plan.digest, found: digest } },
    );
  }
  return plan;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw notAPlan("it is no JSON; it may have been cut off", cause);
  }
}

function checkFormat(value: unknown): void {
  const version = (value as { readonly format_version?: unknown } | null)?.format_version;
  if (version === "1.0") return;
  if (typeof version === "string" && /^\d+\.\d+$/.test(version)) {
    throw new RolewrightError("RW303", `the plan has format ${version}, and this release reads 1.0`, {
      help: "use the release of Rolewright that made it, or plan again",
    });
  }
  throw notAPlan("it has no `format_version`");
}

function notAPlan(why: string, cause?: unknown): RolewrightError {
  return new RolewrightError("RW301", `this is not a plan: ${why}`, {
    help: "give a file that `rolewright plan --out FILE` has written",
    ...(cause === undefined ? {} : { cause }),
  });
}
