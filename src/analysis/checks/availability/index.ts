import type { Check } from "../check.ts";
import { thinCopies, unfitCluster } from "./cassandra.ts";
import { heavyLocks, severalAtOnce, takenBeforeGiven, twoAppliers } from "./order-of-steps.ts";
import { definerGoes, definersLose, ownersLose } from "./owners-lose.ts";
import { recentlyUsed } from "./recently-used.ts";
import { hidesWider, needsReconnect, policiesGo, seesTwice } from "./sight.ts";
import { onReplica, upgradeBreaks } from "./upgrade.ts";

/** AVL: what works today works tomorrow. */
export const AVAILABILITY: readonly Check[] = [
  definerGoes,
  ownersLose,
  heavyLocks,
  seesTwice,
  thinCopies,
  takenBeforeGiven,
  twoAppliers,
  policiesGo,
  hidesWider,
  recentlyUsed,
  upgradeBreaks,
  onReplica,
  severalAtOnce,
  unfitCluster,
  needsReconnect,
  definersLose,
];
