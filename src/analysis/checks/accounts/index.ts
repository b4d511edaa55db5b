import type { Check } from "../check.ts";

/** ACC: hygiene of accounts. */
export const ACCOUNTS: readonly Check[] = [];
