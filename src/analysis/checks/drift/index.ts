import type { Check } from "../check.ts";
import { danglingRows } from "./dangling.ts";
import {
  changedInitialLists,
  differsBetweenTargets,
  doesNotConverge,
  ignoredByEngine,
  notInSource,
  orphans,
  takenAndUsable,
} from "./files-and-servers.ts";

/** DRF: files and servers say the same. */
export const DRIFT: readonly Check[] = [
  notInSource,
  differsBetweenTargets,
  doesNotConverge,
  orphans,
  danglingRows,
  takenAndUsable,
  changedInitialLists,
  ignoredByEngine,
];
