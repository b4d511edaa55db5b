import type { Check } from "../check.ts";

/** CSE: escalation on Cassandra. */
export const CASSANDRA: readonly Check[] = [];
