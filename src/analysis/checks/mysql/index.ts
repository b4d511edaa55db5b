import type { Check } from "../check.ts";

/** MYE: escalation on MariaDB and MySQL. */
export const MYSQL: readonly Check[] = [];
