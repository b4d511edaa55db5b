import type { Check } from "../check.ts";
import { brokenPromises } from "./broken-promises.ts";
import { emptyDefault } from "./empty-default.ts";
import { halfPromises } from "./half-promises.ts";
import { vainRevokes, withoutForRole } from "./hand-written.ts";
import { idlePromises } from "./idle-promises.ts";
import { lostGrants } from "./lost-grants.ts";
import { openPromises } from "./open-promises.ts";
import { unreadableTables } from "./unreadable-tables.ts";

/** DEF: default privileges. */
export const DEFAULTS: readonly Check[] = [
  unreadableTables,
  idlePromises,
  vainRevokes,
  openPromises,
  emptyDefault,
  brokenPromises,
  halfPromises,
  withoutForRole,
  lostGrants,
];
