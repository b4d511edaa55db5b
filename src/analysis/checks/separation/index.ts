import type { Check } from "../check.ts";
import {
  acrossTargets,
  byCode,
  oneLogin,
  oneLoginByChoice,
  oneLoginByEscalation,
  severalLogins,
} from "./duties-in-one-hand.ts";
import { inBetween } from "./in-between.ts";
import { approvesAndChanges, backUpAndRestore, dataAndTrail, rolesAndBusiness } from "./powers-together.ts";
import { neverEvaluated, nobodyApproves, reviewsOwnEmergency, sharedLogin, tooMany } from "./rules-themselves.ts";
import { sameHand } from "./same-hand.ts";
import { wholeData } from "./whole-data.ts";

/** SOD: separation of duties, by person over all targets. */
export const SEPARATION: readonly Check[] = [
  oneLogin,
  oneLoginByChoice,
  oneLoginByEscalation,
  acrossTargets,
  severalLogins,
  sameHand,
  dataAndTrail,
  rolesAndBusiness,
  byCode,
  reviewsOwnEmergency,
  sharedLogin,
  wholeData,
  inBetween,
  neverEvaluated,
  tooMany,
  nobodyApproves,
  approvesAndChanges,
  backUpAndRestore,
];
