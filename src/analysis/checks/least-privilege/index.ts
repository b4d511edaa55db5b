import type { Check } from "../check.ts";

/** LPV: exposure to everybody and least privilege. */
export const LEAST_PRIVILEGE: readonly Check[] = [];
