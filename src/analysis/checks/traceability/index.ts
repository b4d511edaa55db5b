import type { Check } from "../check.ts";
import { grantorGone, hiddenBehindRole, tablesByHand, trailOff } from "./trail.ts";
import { changedOutside, nobodys, pastItsEnd, sharedByPeople, unexplained } from "./who-it-was.ts";

/** TRC: who did it can be told. */
export const TRACEABILITY: readonly Check[] = [
  sharedByPeople,
  nobodys,
  changedOutside,
  trailOff,
  unexplained,
  grantorGone,
  tablesByHand,
  hiddenBehindRole,
  pastItsEnd,
];
