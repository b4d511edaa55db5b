import type { Check } from "../check.ts";

/** DEF: default privileges. */
export const DEFAULTS: readonly Check[] = [];
