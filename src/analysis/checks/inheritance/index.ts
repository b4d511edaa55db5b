import type { Check } from "../check.ts";
import { blastRadius } from "./blast-radius.ts";
import { boundaries } from "./boundaries.ts";
import { cycles } from "./cycles.ts";
import { depth } from "./depth.ts";
import { exclusiveRoles } from "./exclusive-roles.ts";
import { hiddenAdmin } from "./hidden-admin.ts";
import { idleRoles } from "./idle-roles.ts";
import { loginAsGroup } from "./login-as-group.ts";
import { memberTables } from "./member-tables.ts";
import { overlap } from "./overlap.ts";
import { redundantGrants } from "./redundant-grants.ts";
import { diamonds, redundantMemberships } from "./redundant-memberships.ts";
import { inheritAttribute, severalRows } from "./rows.ts";
import { selfService } from "./self-service.ts";
import { twoStepAccess } from "./two-step-access.ts";

/** INH: who gets what through whom. */
export const INHERITANCE: readonly Check[] = [
  cycles,
  depth,
  diamonds,
  redundantMemberships,
  redundantGrants,
  overlap,
  hiddenAdmin,
  memberTables,
  severalRows,
  inheritAttribute,
  loginAsGroup,
  idleRoles,
  twoStepAccess,
  selfService,
  boundaries,
  blastRadius,
  exclusiveRoles,
];
