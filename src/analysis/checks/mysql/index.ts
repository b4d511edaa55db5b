import type { Check } from "../check.ts";
import { anyDefiner } from "./any-definer.ts";
import { blindControls } from "./blind-controls.ts";
import { copies } from "./copies.ts";
import { createUser } from "./create-user.ts";
import { definerCode } from "./definer-code.ts";
import { events } from "./events.ts";
import { everybody } from "./everybody.ts";
import { files } from "./files.ts";
import { grantTables, nativeCode } from "./grant-tables.ts";
import { partialRevokes } from "./partial-revokes.ts";
import { passOn } from "./pass-on.ts";
import { proxy } from "./proxy.ts";
import { replaceCode } from "./replace-code.ts";
import { roleAdmin } from "./role-admin.ts";
import { swapTables } from "./swap-tables.ts";
import { triggers } from "./triggers.ts";

/** MYE: escalation on MariaDB and MySQL. */
export const MYSQL: readonly Check[] = [
  createUser,
  grantTables,
  anyDefiner,
  definerCode,
  files,
  nativeCode,
  passOn,
  proxy,
  roleAdmin,
  triggers,
  replaceCode,
  swapTables,
  events,
  copies,
  partialRevokes,
  blindControls,
  everybody,
];
