import type { Check } from "../check.ts";
import { adminAlone } from "./admin-alone.ts";
import { databaseCreate } from "./database-create.ts";
import { databaseOwners } from "./database-owners.ts";
import { givesItselfAway } from "./gives-itself-away.ts";
import { POSTGRESQL_MORE } from "./index-more.ts";
import { openPolicies } from "./open-policies.ts";
import { referenceRights } from "./reference-rights.ts";
import { replaceableFunctions } from "./replaceable-functions.ts";
import { restrictedFunctions } from "./restricted-functions.ts";
import { schemaOwners } from "./schema-owners.ts";
import { secretReaders } from "./secret-readers.ts";
import { serverRoles } from "./server-roles.ts";
import { shadowedNames } from "./shadowed-names.ts";
import { strongDefiners } from "./strong-definers.ts";
import { triggerRights } from "./trigger-rights.ts";
import { unsafeDefiners } from "./unsafe-definers.ts";
import { untrustedCode } from "./untrusted-code.ts";
import { viewsPastPolicies } from "./views-past-policies.ts";
import { weakOwners } from "./weak-owners.ts";

/** PGE: escalation on PostgreSQL, by id. */
export const POSTGRESQL: readonly Check[] = [
  adminAlone,
  givesItselfAway,
  serverRoles,
  secretReaders,
  restrictedFunctions,
  untrustedCode,
  unsafeDefiners,
  strongDefiners,
  replaceableFunctions,
  triggerRights,
  referenceRights,
  weakOwners,
  shadowedNames,
  databaseCreate,
  schemaOwners,
  databaseOwners,
  viewsPastPolicies,
  openPolicies,
  ...POSTGRESQL_MORE,
];
