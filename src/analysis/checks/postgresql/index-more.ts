import type { Check } from "../check.ts";
import { connectionFunctions } from "./connection-functions.ts";
import { dangerousParameters } from "./dangerous-parameters.ts";
import { eventTriggerCode } from "./event-trigger-code.ts";
import { foreignUsers } from "./foreign-users.ts";
import { hijackingSettings } from "./hijacking-settings.ts";
import { holdingUp } from "./holding-up.ts";
import { indexCode } from "./index-code.ts";
import { knownDefects } from "./known-defects.ts";
import { largeObjects } from "./large-objects.ts";
import { pastRowSecurity } from "./past-row-security.ts";
import { revokedFromOwner } from "./revoked-from-owner.ts";
import { roleAtLogin } from "./role-at-login.ts";
import { schedulerTables } from "./scheduler-tables.ts";
import { setRoleOnly } from "./set-role-only.ts";
import { statementReaders } from "./statement-readers.ts";
import { subscriptions } from "./subscriptions.ts";
import { templateContents } from "./template-contents.ts";
import { thirdPartyGrants } from "./third-party-grants.ts";

/** PGE-19 to PGE-36: what is not a way to another role by itself. */
export const POSTGRESQL_MORE: readonly Check[] = [
  pastRowSecurity,
  eventTriggerCode,
  thirdPartyGrants,
  dangerousParameters,
  hijackingSettings,
  roleAtLogin,
  foreignUsers,
  connectionFunctions,
  subscriptions,
  holdingUp,
  statementReaders,
  schedulerTables,
  largeObjects,
  templateContents,
  indexCode,
  knownDefects,
  revokedFromOwner,
  setRoleOnly,
];
