import type { KeptBySessions } from "../engine.ts";

/** Every request is checked anew, as soon as the node has forgotten what it knew. */
export function keptBySessions(): KeptBySessions {
  return { kind: "nothing" };
}
