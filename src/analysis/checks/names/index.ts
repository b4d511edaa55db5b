import type { Check } from "../check.ts";
import { anonymous, severalHosts, userAndRole, wideHosts } from "./accounts.ts";
import { mandatoryRoles, staleDefaultRoles } from "./default-roles.ts";
import { definerAccess } from "./definer-access.ts";
import { displaced } from "./displaced.ts";
import { lookAlikes } from "./look-alikes.ts";
import { missingThings } from "./missing-things.ts";
import { patterns } from "./patterns.ts";
import { shadowedGrants, shadowedRoles } from "./shadowing.ts";
import { testSchemas } from "./test-schemas.ts";

/** HID: hidden access by matching of names. */
export const NAMES: readonly Check[] = [
  patterns,
  displaced,
  shadowedGrants,
  shadowedRoles,
  anonymous,
  testSchemas,
  mandatoryRoles,
  staleDefaultRoles,
  missingThings,
  userAndRole,
  wideHosts,
  severalHosts,
  definerAccess,
  lookAlikes,
];
