import type { TreeNode } from "./nodes.ts";
import { datumOid, FormatError, hasScalar, isWord, nodesIn, numberIn, textIn } from "./nodes.ts";

/** What a routine is called with. */
export interface Argument {
  /** Null: it is not known here. */
  readonly type: number | null;
  /** Null: it is no constant. */
  readonly constant: Constant | null;
}

export interface Constant {
  readonly isNull: boolean;
  /** The relation that it names; null: it is of another type than regclass. */
  readonly relation: number | null;
}

export function argument(node: TreeNode): Argument {
  return { type: typeOf(node), constant: constantOf(node) };
}

/** Null: it is no constant. */
export function constantOf(node: TreeNode): Constant | null {
  if (node.name !== "CONST") return null;
  const isNull = isWord(node, "constisnull", "true");
  if (!isNull && !isWord(node, "constisnull", "false")) throw new FormatError("CONST.constisnull is missing");
  const isRelation = numberIn(node, "consttype") === REGCLASS;
  return { isNull, relation: isRelation ? datumOid(textIn(node, "constvalue")) : null };
}

/** Whether a condition lets nothing through. */
export function isFalse(node: TreeNode): boolean {
  if (node.name === "BOOLEXPR") return isWord(node, "boolop", "and") && nodesIn(node, "args").some(isFalse);
  const constant = constantOf(node);
  if (constant === null || numberIn(node, "consttype") !== BOOLEAN) return false;
  return constant.isNull || BOOLEAN_FALSE.test(textIn(node, "constvalue") ?? "");
}

/** Whether a condition lets everything through: TRUE, or `1 = 1` as programs write it. */
export function isTrue(node: TreeNode): boolean {
  if (node.name === "OPEXPR" && EQUAL.has(numberIn(node, "opfuncid"))) {
    const [left, right] = nodesIn(node, "args");
    if (left?.name !== "CONST" || right?.name !== "CONST") return false;
    const value = textIn(left, "constvalue");
    return value !== undefined && value === textIn(right, "constvalue");
  }
  const constant = constantOf(node);
  return constant !== null && !constant.isNull && numberIn(node, "consttype") === BOOLEAN && !isFalse(node);
}

/** int4eq and texteq. */
const EQUAL: ReadonlySet<number> = new Set([65, 67]);
const REGCLASS = 2205;
const BOOLEAN_FALSE = /^1 \[ 0\b/u;

const TYPE_FIELDS: ReadonlySet<string> = new Set([
  "consttype",
  "vartype",
  "paramtype",
  "funcresulttype",
  "opresulttype",
  "aggtype",
  "wintype",
  "resulttype",
  "casetype",
  "coalescetype",
  "array_typeid",
  "row_typeid",
  "minmaxtype",
  "refrestype",
]);

const BOOLEAN = 16;

/** The type of an expression; null: it is not known here. */
export function typeOf(node: TreeNode | null): number | null {
  if (node === null) return null;
  const field = node.wanted.find((each) => TYPE_FIELDS.has(each) && hasScalar(node, each));
  if (field !== undefined) return numberIn(node, field);
  return ["BOOLEXPR", "NULLTEST", "BOOLEANTEST", "SCALARARRAYOPEXPR"].includes(node.name) ? BOOLEAN : null;
}
