import type { Check } from "../check.ts";
import { POSTGRESQL_MORE } from "./index-more.ts";

/** PGE: escalation on PostgreSQL. */
export const POSTGRESQL: readonly Check[] = [...POSTGRESQL_MORE];
