import type { Check } from "../check.ts";
import { bypassesPolicies, createroleAdmin, createroleOld, replicationLogin } from "./attributes.ts";
import { builtInReaders } from "./built-in-readers.ts";
import { defaultSuperuser, inheritedSuperuser } from "./default-superuser.ts";
import { applicationsEverywhere, dataEverywhere, serverPrivileges } from "./everywhere.ts";
import { administrativeMachines } from "./machines.ts";
import { destroyers } from "./owners.ts";
import { remoteSuperuser } from "./remote-superuser.ts";
import { standingAdministrators } from "./standing.ts";
import { tooManySuperusers } from "./superusers.ts";
import { unkillable } from "./unkillable.ts";
import { superuserForSmallTasks } from "./usage-of-superusers.ts";

/** ADM: standing administrative access. */
export const ADMINISTRATIVE: readonly Check[] = [
  tooManySuperusers,
  standingAdministrators,
  administrativeMachines,
  remoteSuperuser,
  createroleOld,
  createroleAdmin,
  replicationLogin,
  bypassesPolicies,
  dataEverywhere,
  serverPrivileges,
  defaultSuperuser,
  inheritedSuperuser,
  destroyers,
  superuserForSmallTasks,
  builtInReaders,
  unkillable,
  applicationsEverywhere,
];
