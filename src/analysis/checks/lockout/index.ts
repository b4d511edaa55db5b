import type { Check } from "../check.ts";
import { fewAdministrators, oneFailure, unmanageableRole } from "./administrators-left.ts";
import {
  closedDoors,
  lastAdminOfRole,
  lastProtector,
  otherAccountMatches,
  otherWayIn,
  ownAccount,
  ownRights,
  untriedBreakGlass,
  untriedSuperuser,
} from "./by-the-plan.ts";

/** LCK: nobody is locked out. */
export const LOCKOUT: readonly Check[] = [
  fewAdministrators,
  ownRights,
  unmanageableRole,
  oneFailure,
  closedDoors,
  otherAccountMatches,
  untriedSuperuser,
  otherWayIn,
  untriedBreakGlass,
  lastAdminOfRole,
  lastProtector,
  ownAccount,
];
