import type { Check } from "../check.ts";
import { blanketGrants } from "./blanket.ts";
import { declaredReadOnly } from "./declared-read-only.ts";
import { directGrants } from "./direct-grants.ts";
import { environmentsMixed } from "./environments.ts";
import { makingThings } from "./making-things.ts";
import { publicDatabase } from "./public-database.ts";
import { publicCreate, publicRoutines, publicThings } from "./public-things.ts";
import { schemaDoors } from "./schema-doors.ts";
import { sensitiveAccess } from "./sensitive.ts";
import { unprotectedCopies } from "./unprotected-copies.ts";
import { unusedOptions } from "./unused-options.ts";
import { unusedPrivileges } from "./unused.ts";

/** LPV: exposure to everybody and least privilege. */
export const LEAST_PRIVILEGE: readonly Check[] = [
  publicDatabase,
  publicRoutines,
  publicThings,
  publicCreate,
  unusedPrivileges,
  blanketGrants,
  declaredReadOnly,
  directGrants,
  sensitiveAccess,
  unusedOptions,
  environmentsMixed,
  schemaDoors,
  unprotectedCopies,
  makingThings,
];
