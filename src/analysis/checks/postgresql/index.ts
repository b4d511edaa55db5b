import type { Check } from "../check.ts";

/** PGE: escalation on PostgreSQL. */
export const POSTGRESQL: readonly Check[] = [];
