import type { TreeNode } from "./nodes.ts";
import { childIn, isNode, isWord, nodeIn, nodesIn, numberIn, optionalNumberIn } from "./nodes.ts";
import { isFalse, isTrue } from "./values.ts";

/**
 * Whether the planner may see that a query returns nothing, for a condition or a policy that lets nothing through: then it leaves expressions out, also those of everything that is joined, and only asks for
 * the relations. Sometimes it does not see it, so that what stands there is neither certain to be asked for nor certain not to be.
 */
export function isDead(query: TreeNode): boolean {
  const from = nodeIn(query, "jointree");
  const entries = nodesIn(query, "rtable");
  if (childIn(query, "setOperations") !== null) return entries.length > 0 && entries.every(isEmpty);
  return (from !== null && isDeadJoin(from)) || entries.some(isEmpty) || nodesIn(query, "cteList").some(isEmpty);
}

/** Whether a range entry or a WITH query has no rows. */
function isEmpty(entry: TreeNode): boolean {
  if (nodesIn(entry, "securityQuals").some(isFalse)) return true;
  const query = nodeIn(entry, "subquery") ?? nodeIn(entry, "ctequery");
  return query !== null && isWithoutRows(query);
}

/** Whether a query returns nothing. An aggregate without GROUP BY has a row even of nothing. */
export function isWithoutRows(query: TreeNode): boolean {
  const hasRow = isWord(query, "hasAggs", "true") && childIn(query, "groupClause") === null;
  return !hasRow && isDead(query);
}

/** Any condition of a join counts, though not all of them keep the other side's rows out. */
function isDeadJoin(join: TreeNode): boolean {
  if (nodesIn(join, "quals").some(keepsOut)) return true;
  if (join.name === "FROMEXPR") return nodesIn(join, "fromlist").some(isDeadJoin);
  return join.name === "JOINEXPR" && ["larg", "rarg"].some((side) => nodesIn(join, side).some(isDeadJoin));
}

/** Also where a row is looked for in a query that has none. */
function keepsOut(condition: TreeNode): boolean {
  if (condition.name === "BOOLEXPR" && isWord(condition, "boolop", "and")) {
    return nodesIn(condition, "args").some(keepsOut);
  }
  if (condition.name !== "SUBLINK") return isFixed(condition) && !isTrue(condition);
  const kind = numberIn(condition, "subLinkType");
  const query = nodeIn(condition, "subselect");
  return (kind === EXISTS || kind === ANY) && query !== null && isWithoutRows(query);
}

const EXISTS = 0;
const ANY = 2;

/** The columns that conditions of a query compare by themselves: what follows from such a condition need not be asked again where an index answers it. */
export function comparedColumns(query: TreeNode): ReadonlySet<number> {
  const found = new Set<number>();
  const add = (condition: TreeNode): void => {
    if (condition.name === "BOOLEXPR" && isWord(condition, "boolop", "and")) nodesIn(condition, "args").forEach(add);
    else for (const column of comparedIn(condition)) found.add(column);
  };
  const join = (node: TreeNode): void => {
    nodesIn(node, "quals").forEach(add);
    for (const field of ["fromlist", "larg", "rarg"]) nodesIn(node, field).forEach(join);
  };
  nodesIn(query, "jointree").forEach(join);
  for (const entry of nodesIn(query, "rtable")) nodesIn(entry, "securityQuals").forEach(add);
  return found;
}

/** Whether one side of an OR may follow from another condition of the query, so that the planner leaves all of it out. */
export function mayFollow(node: TreeNode, compared: ReadonlySet<number>): boolean {
  if (node.name !== "BOOLEXPR" || !isWord(node, "boolop", "or")) return false;
  return nodesIn(node, "args").some((side) => comparedIn(side).some((column) => compared.has(column)));
}

/** The columns that an operator compares. */
function comparedIn(condition: TreeNode): readonly number[] {
  if (condition.name === "NULLTEST") return nodesIn(condition, "arg").flatMap(columnOf);
  if (condition.name !== "OPEXPR" && condition.name !== "SCALARARRAYOPEXPR") return [];
  return nodesIn(condition, "args").flatMap(columnOf);
}

function columnOf(node: TreeNode): readonly number[] {
  if (node.name === "RELABELTYPE") return nodesIn(node, "arg").flatMap(columnOf);
  if (node.name !== "VAR" || (optionalNumberIn(node, "varlevelsup") ?? 0) !== 0) return [];
  return [columnKey(node)];
}

/** A column of a range entry, as a number. */
export function columnKey(variable: TreeNode): number {
  return numberIn(variable, "varno") * COLUMNS + numberIn(variable, "varattno");
}

/** More than the columns of any table. */
export const COLUMNS = 4096;

/** Whether a part of an expression may go without being planned, because another part decides it. */
export function mayBeFolded(node: TreeNode): boolean {
  if (node.name === "BOOLEXPR") {
    // What is true decides nothing of AND, what is false nothing of OR.
    const idle = isWord(node, "boolop", "or") ? isFalse : isTrue;
    return nodesIn(node, "args").some((argument) => isFixed(argument) && !idle(argument));
  }
  if (node.name !== "CASE" && node.name !== "CASEEXPR") return false;
  return nodesIn(node, "args").some((branch) => nodesIn(branch, "expr").some(isFixed));
}

/** Whether an expression is the same for every row, so that the planner works it out: for placeholders it may. */
function isFixed(node: TreeNode): boolean {
  if (!FIXED.has(node.name) && !(node.name === "FUNCEXPR" && optionalNumberIn(node, "funcformat") !== 0)) return false;
  for (let child = node.first; child !== null; child = child.next) {
    if (isNode(child) ? !isFixed(child) : !nodesIn(node, child.field).every(isFixed)) return false;
  }
  return true;
}

const FIXED: ReadonlySet<string> = new Set([
  "CONST",
  "PARAM",
  "OPEXPR",
  "DISTINCTEXPR",
  "SCALARARRAYOPEXPR",
  "BOOLEXPR",
  "NULLTEST",
  "BOOLEANTEST",
  "RELABELTYPE",
  "COERCEVIAIO",
  "ARRAY",
  "ARRAYEXPR",
]);

/** Whether a query becomes a part of the one that it stands in, so that its relations are those of that one: it only joins, filters and picks columns. `entry`: the range entry that it stands in. */
export function isMerged(query: TreeNode, entry: TreeNode | null): boolean {
  if (entry !== null && ["security_barrier", "lateral"].some((field) => isWord(entry, field, "true"))) return false;
  if (isWord(query, "hasAggs", "true") || APART.some((field) => childIn(query, field) !== null)) return false;
  const targets = nodesIn(query, "targetList").map((target) => nodeIn(target, "expr"));
  if (!targets.every((target) => target?.name === "VAR")) return false;
  return (
    numberIn(query, "commandType") === SELECT && nodesIn(nodeIn(query, "jointree") ?? query, "fromlist").length > 0
  );
}

const SELECT = 1;
const APART = [
  "setOperations",
  "groupClause",
  "groupingSets",
  "havingQual",
  "windowClause",
  "sortClause",
  "distinctClause",
  "limitOffset",
  "limitCount",
  "rowMarks",
  "cteList",
] as const;
