import type { Check } from "../check.ts";

/** SOD: separation of duties, by person over all targets. */
export const SEPARATION: readonly Check[] = [];
