/** One node of PostgreSQL's node format: the scalar fields that somebody reads, and everything that may hold further nodes. */
export interface TreeNode {
  readonly name: string;
  /** By field name. Only fields of `WANTED` are kept; `<>` is left out. */
  readonly scalars: ReadonlyMap<string, string>;
  /** By field name; also fields that nobody knows, because functions and tables may stand beneath. */
  readonly children: ReadonlyMap<string, TreeNode | TreeList>;
}

/** A list, or a set: `(b 8 9)` is `["b", "8", "9"]`. */
export type TreeList = readonly (TreeNode | TreeList | string)[];

/** The text is not what a server of a known major prints. */
export class FormatError extends Error {}

/** Fields that are kept, by node. The reader goes by names alone, so that their order does not matter. */
const WANTED: Readonly<Record<string, readonly string[]>> = {
  QUERY: ["commandType", "resultRelation", "hasRowSecurity", "utilityStmt"],
  RTE: ["rtekind", "relid", "relkind", "requiredPerms", "checkAsUser", "ctename", "inh", "ctelevelsup"],
  RANGETBLENTRY: [
    "rtekind",
    "relid",
    "relkind",
    "requiredPerms",
    "checkAsUser",
    "ctename",
    "inh",
    "perminfoindex",
    "ctelevelsup",
  ],
  RTEPERMISSIONINFO: ["relid", "requiredPerms", "checkAsUser", "inh"],
  ALIAS: ["aliasname"],
  FUNCEXPR: ["funcid", "funcresulttype", "funcformat", "funcretset"],
  OPEXPR: ["opno", "opfuncid", "opresulttype"],
  DISTINCTEXPR: ["opno", "opfuncid", "opresulttype"],
  NULLIFEXPR: ["opno", "opfuncid", "opresulttype"],
  SCALARARRAYOPEXPR: ["opno", "opfuncid"],
  AGGREF: ["aggfnoid", "aggtype"],
  WINDOWFUNC: ["winfnoid", "wintype"],
  CONST: ["consttype", "constisnull", "constvalue"],
  VAR: ["varno", "varattno", "varlevelsup", "vartype"],
  PARAM: ["paramkind", "paramid", "paramtype"],
  COERCETODOMAIN: ["resulttype", "coercionformat"],
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
  COMMONTABLEEXPR: ["ctename", "cterefcount"],
  ONCONFLICTEXPR: ["action"],
  MERGEACTION: ["commandType"],
  RANGETBLREF: ["rtindex"],
  JOINEXPR: ["rtindex"],
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

/** What becomes of a scalar field. */
type Keep = "skip" | "keep" | "refuse";

const known = new Map<string, Map<string, Keep>>();

function keeping(node: string, field: string): Keep {
  const wanted = WANTED[node];
  if (wanted?.includes(field) === true) return "keep";
  return SUSPICIOUS.test(field) && !HARMLESS.has(field) ? "refuse" : "skip";
}

const SPACE = 32;
const NEWLINE = 10;
const TAB = 9;
const RETURN = 13;
const OPEN = 40;
const CLOSE = 41;
const BEGIN = 123;
const END = 125;
const COLON = 58;
const BACKSLASH = 92;
const BRACKET = 91;

const NO_SCALARS: ReadonlyMap<string, string> = new Map();
const NO_CHILDREN: ReadonlyMap<string, TreeNode | TreeList> = new Map();

/** Reads one tree, or a list of them. Throws FormatError where the text is cut, damaged or holds a function or a permission in a place that nobody knows. */
export function readNodes(text: string): TreeNode | TreeList {
  const reader = new NodeReader(text);
  return reader.whole();
}

class NodeReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): TreeNode | TreeList {
    const value = this.#structure(this.#next());
    if (this.#next() !== -1) throw new FormatError("there is something behind the tree");
    return value;
  }

  /** Skips white space; the code of the character there, -1 at the end. */
  #next(): number {
    const text = this.#text;
    for (;;) {
      const code = text.charCodeAt(this.#at);
      if (code === SPACE || code === NEWLINE || code === TAB || code === RETURN) this.#at++;
      else return Number.isNaN(code) ? -1 : code;
    }
  }

  #structure(code: number): TreeNode | TreeList {
    if (code === BEGIN) return this.#node();
    if (code === OPEN) return this.#list();
    throw new FormatError(`a node or a list was expected at ${this.#at}`);
  }

  #node(): TreeNode {
    this.#at++;
    const name = this.#word();
    let fields = known.get(name);
    if (fields === undefined) known.set(name, (fields = new Map<string, Keep>()));
    let scalars: Map<string, string> | undefined;
    let children: Map<string, TreeNode | TreeList> | undefined;
    for (;;) {
      const code = this.#next();
      if (code === END) {
        this.#at++;
        return { name, scalars: scalars ?? NO_SCALARS, children: children ?? NO_CHILDREN };
      }
      if (code !== COLON) {
        // The rest of a value of several words; a datum in brackets has been read already.
        if (code === -1) throw new FormatError(`the text ends inside of ${name}`);
        if (code === BEGIN || code === OPEN) {
          (children ??= new Map<string, TreeNode | TreeList>()).set(`${children.size}`, this.#structure(code));
        } else if (code === CLOSE) throw new FormatError(`a list ends inside of ${name}`);
        else this.#skipWord();
        continue;
      }
      this.#at++;
      const field = this.#word();
      const begins = this.#next();
      if (begins === BEGIN || begins === OPEN) {
        (children ??= new Map<string, TreeNode | TreeList>()).set(field, this.#structure(begins));
        continue;
      }
      if (begins === -1 || begins === END || begins === CLOSE) throw new FormatError(`${name}.${field} has no value`);
      let keep = fields.get(field);
      if (keep === undefined) fields.set(field, (keep = keeping(name, field)));
      if (keep === "skip") {
        this.#skipWord();
        continue;
      }
      let value = this.#word();
      if (keep === "refuse") {
        if (value !== "0" && value !== "<>" && value !== "false") {
          throw new FormatError(`nobody knows what ${name}.${field} asks for`);
        }
        continue;
      }
      if (this.#next() === BRACKET) value += ` ${this.#bracket()}`;
      if (value !== "<>") (scalars ??= new Map<string, string>()).set(field, value);
    }
  }

  #list(): TreeList {
    this.#at++;
    const items: (TreeNode | TreeList | string)[] = [];
    for (;;) {
      const code = this.#next();
      if (code === CLOSE) {
        this.#at++;
        return items;
      }
      if (code === -1) throw new FormatError("the text ends inside of a list");
      if (code === END) throw new FormatError("a node ends inside of a list");
      items.push(code === BEGIN || code === OPEN ? this.#structure(code) : this.#word());
    }
  }

  /** `[ 1 64 0 0 ]` */
  #bracket(): string {
    const end = this.#text.indexOf("]", this.#at);
    if (end < 0) throw new FormatError("a value does not end");
    const value = this.#text.slice(this.#at, end + 1);
    this.#at = end + 1;
    return value;
  }

  #skipWord(): void {
    const text = this.#text;
    const from = this.#at;
    for (let at = from; ; at++) {
      const code = text.charCodeAt(at);
      if (code === BACKSLASH) at++;
      else if (isEnd(code)) {
        if (at === from) throw new FormatError(`a word was expected at ${at}`);
        this.#at = at;
        return;
      }
    }
  }

  #word(): string {
    const from = this.#at;
    this.#skipWord();
    const word = this.#text.slice(from, this.#at);
    return word.includes("\\") ? word.replace(/\\([\s\S])/gu, "$1") : word;
  }
}

function isEnd(code: number): boolean {
  return (
    code === SPACE ||
    code === NEWLINE ||
    code === OPEN ||
    code === CLOSE ||
    code === BEGIN ||
    code === END ||
    code === TAB ||
    code === RETURN ||
    Number.isNaN(code)
  );
}

/** The oid or number in a datum of four bytes: `4 [ 1 64 0 0 0 0 0 0 ]`, low byte first. Null: it is none. */
export function datumOid(value: string | undefined): number | null {
  const match = /^4 \[ (-?\d+) (-?\d+) (-?\d+) (-?\d+)(?: 0)* \]$/u.exec(value?.replace(/\s+/gu, " ") ?? "");
  if (match === null) return null;
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(1).map((byte) => Number(byte) & 255);
  return ((d << 24) | (c << 16) | (b << 8) | a) >>> 0;
}

export function isNode(value: unknown): value is TreeNode {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The nodes of a field, whether it holds one or a list. */
export function nodesIn(node: TreeNode, field: string): readonly TreeNode[] {
  const value = node.children.get(field);
  if (value === undefined) return [];
  return isNode(value) ? [value] : value.filter(isNode);
}

export function nodeIn(node: TreeNode, field: string): TreeNode | null {
  const value = node.children.get(field);
  return isNode(value) ? value : null;
}

/** A number that must be there. */
export function numberIn(node: TreeNode, field: string): number {
  const value = Number(node.scalars.get(field));
  if (!node.scalars.has(field) || !Number.isInteger(value)) throw new FormatError(`${node.name}.${field} is missing`);
  return value;
}

/** A set of attribute numbers, `(b 8 9)`, as the server numbers columns. It must be there. */
export function columnsIn(node: TreeNode, field: string): readonly number[] {
  const value = node.children.get(field);
  if (value === undefined || isNode(value) || value[0] !== "b")
    throw new FormatError(`${node.name}.${field} is missing`);
  return value.slice(1).map((member) => {
    const number = typeof member === "string" ? Number(member) : Number.NaN;
    if (!Number.isInteger(number)) throw new FormatError(`${node.name}.${field} holds no numbers`);
    return number - FIRST_LOW_ATTRIBUTE;
  });
}

/** Members of column sets are attribute numbers from the lowest system column on. */
const FIRST_LOW_ATTRIBUTE = 7;
