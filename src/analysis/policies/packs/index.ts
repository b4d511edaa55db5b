import type { Policy } from "../evaluate.ts";
import { BASELINE } from "./baseline.ts";
import { CONTROL_PACKS } from "./controls.ts";
import type { Pack } from "./pack.ts";
import { STRICT_PRODUCTION } from "./strict-production.ts";

/** Every shipped set of policies. */
export const PACKS_BY_NAME: ReadonlyMap<string, Pack> = new Map(
  [BASELINE, STRICT_PRODUCTION, ...CONTROL_PACKS].map((pack) => [pack.name, pack]),
);

/** The policies of one shipped set; none where there is no such set. */
export function packPolicies(name: string): readonly Policy[] {
  return (PACKS_BY_NAME.get(name)?.policies ?? []).map((policy) => ({ ...policy, pack: name }));
}
