import { ACCOUNTS } from "./accounts/index.ts";
import { ADMINISTRATIVE } from "./administrative/index.ts";
import { AVAILABILITY } from "./availability/index.ts";
import { CASSANDRA } from "./cassandra/index.ts";
import { DEFAULTS } from "./defaults/index.ts";
import { DRIFT } from "./drift/index.ts";
import { INHERITANCE } from "./inheritance/index.ts";
import { LEAST_PRIVILEGE } from "./least-privilege/index.ts";
import { LOCKOUT } from "./lockout/index.ts";
import { MYSQL } from "./mysql/index.ts";
import { NAMES } from "./names/index.ts";
import { POSTGRESQL } from "./postgresql/index.ts";
import { SEPARATION } from "./separation/index.ts";
import { TRACEABILITY } from "./traceability/index.ts";
import type { Check } from "./check.ts";

/** Every check, by family and id. */
export const CATALOGUE: readonly Check[] = [
  ...ADMINISTRATIVE,
  ...POSTGRESQL,
  ...MYSQL,
  ...NAMES,
  ...CASSANDRA,
  ...LEAST_PRIVILEGE,
  ...INHERITANCE,
  ...SEPARATION,
  ...DEFAULTS,
  ...TRACEABILITY,
  ...ACCOUNTS,
  ...LOCKOUT,
  ...AVAILABILITY,
  ...DRIFT,
];
