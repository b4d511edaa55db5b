import type { Check } from "../check.ts";

/** AVL: what works today works tomorrow. */
export const AVAILABILITY: readonly Check[] = [];
