import type { Check } from "../check.ts";

/** ADM: standing administrative access. */
export const ADMINISTRATIVE: readonly Check[] = [];
