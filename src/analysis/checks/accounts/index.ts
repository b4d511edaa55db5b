import type { Check } from "../check.ts";
import { endedButWorks, endsSoon, neverEnds } from "./ends.ts";
import { madeByGrant, noLimit, noProof, sessionsGoOn, sleeps, weakForm } from "./ways-in.ts";

/** ACC: hygiene of accounts. */
export const ACCOUNTS: readonly Check[] = [
  neverEnds,
  endedButWorks,
  sleeps,
  noProof,
  weakForm,
  noLimit,
  sessionsGoOn,
  endsSoon,
  madeByGrant,
];
