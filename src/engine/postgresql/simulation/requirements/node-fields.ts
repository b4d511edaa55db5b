import { wordsOf } from "./words.ts";

/** Fields that are kept, by node. The reader goes by names alone, so that their order does not matter. */
const WANTED: Readonly<Record<string, readonly string[]>> = {
  QUERY: ["commandType", "resultRelation", "utilityStmt", "hasAggs"],
  RTE: ["rtekind", "relid", "relkind", "requiredPerms", "checkAsUser", "security_barrier", "lateral"],
  RANGETBLENTRY: [
    "rtekind",
    "relid",
    "relkind",
    "requiredPerms",
    "checkAsUser",
    "perminfoindex",
    "security_barrier",
    "lateral",
  ],
  RTEPERMISSIONINFO: ["relid", "requiredPerms", "checkAsUser"],
  ALIAS: ["aliasname"],
  FUNCEXPR: ["funcid", "funcresulttype", "funcformat"],
  OPEXPR: ["opno", "opfuncid", "opresulttype"],
  DISTINCTEXPR: ["opno", "opfuncid", "opresulttype"],
  NULLIFEXPR: ["opno", "opfuncid", "opresulttype"],
  SCALARARRAYOPEXPR: ["opno", "opfuncid"],
  AGGREF: ["aggfnoid", "aggtype"],
  WINDOWFUNC: ["winfnoid", "wintype"],
  CONST: ["consttype", "constisnull", "constvalue"],
  VAR: ["varno", "varattno", "varlevelsup", "vartype"],
  PARAM: ["paramtype"],
  COERCETODOMAIN: ["resulttype"],
  COERCEVIAIO: ["resulttype", "coerceformat"],
  RELABELTYPE: ["resulttype", "relabelformat"],
  ARRAYCOERCEEXPR: ["resulttype", "coerceformat"],
  CONVERTROWTYPEEXPR: ["resulttype"],
  FIELDSELECT: ["resulttype"],
  CASE: ["casetype"],
  CASEEXPR: ["casetype"],
  COALESCE: ["coalescetype"],
  COALESCEEXPR: ["coalescetype"],
  ARRAY: ["array_typeid"],
  ARRAYEXPR: ["array_typeid"],
  ROW: ["row_typeid"],
  ROWEXPR: ["row_typeid"],
  MINMAX: ["minmaxtype"],
  MINMAXEXPR: ["minmaxtype"],
  SUBSCRIPTINGREF: ["refrestype"],
  SUBLINK: ["subLinkType"],
  TARGETENTRY: ["resno", "resname", "resjunk", "ressortgroupref"],
  COMMONTABLEEXPR: ["cterefcount"],
  ONCONFLICTEXPR: ["action"],
  MERGEACTION: ["commandType"],
  RANGETBLREF: ["rtindex"],
  BOOLEXPR: ["boolop"],
};

/** Fields whose names sound like a function or a permission and that mean nothing that is asked of the caller. */
const HARMLESS: ReadonlySet<string> = new Set([
  "funcresulttype",
  "funcretset",
  "funcvariadic",
  "funcformat",
  "funccollid",
  "func_variadic",
  "hasWindowFuncs",
  "funcordinality",
  "funccolcount",
  "perminfoindex",
  // Chosen by the parser for window frames and samples; the executor calls them without asking for EXECUTE.
  "startInRangeFunc",
  "endInRangeFunc",
  "tsmhandler",
  // Only the planner fills them in.
  "hashfuncid",
  "negfuncid",
  "deletionProcMask",
]);

const SUSPICIOUS = /func|fnoid|proc|handler|perms|checkasuser/iu;

/** A field, and what becomes of it where it holds no node. */
export interface Field {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Its place among those that are wanted. */
  readonly slot: number;
  readonly keep: "skip" | "keep" | "refuse";
  /** The fields that were seen behind it: servers print them in one order, so that the next one need not be looked up. */
  readonly followers: Field[];
}

/** What is known of a kind of node. */
export interface Shape {
  readonly name: string;
  readonly wanted: readonly string[];
  /** The ranges of a node that has none of them. */
  readonly absent: readonly number[];
  readonly fields: (bytes: Uint8Array, from: number, to: number) => Field;
  /** Stands before the first field. */
  readonly start: Field;
}

/** What is known of a kind of node, by its name. */
export const shapeOf: (bytes: Uint8Array, from: number, to: number) => Shape = wordsOf((name): Shape => {
  const wanted = WANTED[name] ?? [];
  const field = (word: string): Field => {
    const slot = wanted.indexOf(word);
    const suspicious = SUSPICIOUS.test(word) && !HARMLESS.has(word);
    const unwanted = suspicious ? "refuse" : "skip";
    return { name: word, bytes: Buffer.from(word), slot, keep: slot < 0 ? unwanted : "keep", followers: [] };
  };
  const absent = wanted.flatMap(() => [-1, -1]);
  return { name, wanted, absent, fields: wordsOf(field), start: field("") };
});
