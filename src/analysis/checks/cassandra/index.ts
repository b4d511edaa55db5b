import type { Check } from "../check.ts";
import { anyIdentity, liftsOwnLimits, readsHashes, writesRoles } from "./auth-tables.ts";
import { creatorGrants } from "./creator-grants.ts";
import { altersTables, futureTables, passesOn } from "./data-grants.ts";
import { limitsNotEnforced, longCaches, notEnforced } from "./enforcement.ts";
import { unmasks } from "./masks.ts";
import { grantsItself, setsPassword } from "./role-takeover.ts";
import { makesFunctions, nodePower } from "./server-code.ts";

/** CSE: escalation on Cassandra. */
export const CASSANDRA: readonly Check[] = [
  notEnforced,
  grantsItself,
  setsPassword,
  writesRoles,
  readsHashes,
  liftsOwnLimits,
  anyIdentity,
  makesFunctions,
  altersTables,
  nodePower,
  creatorGrants,
  futureTables,
  unmasks,
  passesOn,
  limitsNotEnforced,
  longCaches,
];
