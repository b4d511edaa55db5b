import type { Check } from "../check.ts";

/** TRC: who did it can be told. */
export const TRACEABILITY: readonly Check[] = [];
