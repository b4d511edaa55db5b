import type { TreeNode } from "./nodes.ts";
import { columnsIn, FormatError, isWord, nodeIn, nodesIn, numberIn, optionalNumberIn } from "./nodes.ts";
import type { Place, RelationCheck } from "./tree-facts.ts";

export const RTE_RELATION = 0;
export const RTE_SUBQUERY = 1;
export const RTE_FUNCTION = 3;
export const RTE_VALUES = 5;

export function isOldOfView(entry: TreeNode): boolean {
  if (!isWord(entry, "relkind", "v")) return false;
  const name = nodeIn(entry, "eref");
  return name !== null && isWord(name, "aliasname", "old");
}

/** The view that a subquery stands for. */
export function viewOf(entry: TreeNode, query: TreeNode): number | null {
  const own = optionalNumberIn(entry, "relid") ?? 0;
  if (own !== 0) return own;
  const first = nodesIn(query, "rtable")[0];
  return first !== undefined && isOldOfView(first) ? numberIn(first, "relid") : null;
}

/** What a range entry asks for, before 16; null: nothing. */
export function checkOf(entry: TreeNode, place: Place): RelationCheck | null {
  if (numberIn(entry, "requiredPerms") === 0) return null;
  if (numberIn(entry, "rtekind") !== RTE_RELATION)
    throw new FormatError("permissions of something that is no relation");
  return check(entry, place);
}

export function check(node: TreeNode, place: Place): RelationCheck {
  return {
    relation: numberIn(node, "relid"),
    permissions: numberIn(node, "requiredPerms"),
    asRole: numberIn(node, "checkAsUser"),
    selected: columnsIn(node, "selectedCols"),
    inserted: columnsIn(node, "insertedCols"),
    updated: columnsIn(node, "updatedCols"),
    place,
  };
}
