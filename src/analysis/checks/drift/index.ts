import type { Check } from "../check.ts";

/** DRF: files and servers say the same. */
export const DRIFT: readonly Check[] = [];
