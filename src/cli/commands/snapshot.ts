import { EXIT } from "../../base/error.ts";
import { writeSnapshot } from "../../model/snapshot-json.ts";
import type { Action } from "../command-spec.ts";
import { readLive, withTarget } from "../target.ts";

/** Prints everything that was read from a target as JSON. */
export const snapshot: Action = async (context) =>
  withTarget(context, async (target) => {
    const live = await readLive(target, context);
    context.progress.clear();
    context.write(`${writeSnapshot(live)}\n`);
    return EXIT.done;
  });
