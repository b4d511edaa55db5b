import type { Check } from "../check.ts";

/** LCK: nobody is locked out. */
export const LOCKOUT: readonly Check[] = [];
