import {
  COLUMNS,
  columnKey,
  comparedColumns,
  isDead,
  isMerged,
  isWithoutRows,
  mayBeFolded,
  mayFollow,
} from "./left-out.ts";
import type { TreeList, TreeNode } from "./nodes.ts";
import {
  childIn,
  columnsIn,
  FormatError,
  hasScalar,
  isNode,
  isWord,
  nodeIn,
  nodesIn,
  numberIn,
  optionalNumberIn,
  readNodes,
  textIn,
} from "./nodes.ts";
import { type Argument, argument, constantOf, typeOf } from "./values.ts";

/** Where in a tree something stands. */
export interface Place {
  /** The views that it came in with, the outermost first: oids. */
  readonly views: readonly number[];
  /** It stands in a row policy or a check option: no name of it was written by the caller. */
  readonly policy: boolean;
  /** It may be left out of the plan: in a column of a view that nobody reads, beneath a condition. */
  readonly conditional: boolean;
  /** It may be dropped before it is planned: then nobody asks even for its relations. */
  readonly dropped: boolean;
  /** It is evaluated whenever the statement runs, once at least. */
  readonly certain: boolean;
}

/** One check that the server makes before it runs the statement. */
export interface RelationCheck {
  readonly relation: number;
  /** The bits of requiredPerms. */
  readonly permissions: number;
  /** 0: who runs it. */
  readonly asRole: number;
  /** Column numbers; 0 is the whole row, negative ones are system columns. */
  readonly selected: readonly number[];
  readonly inserted: readonly number[];
  readonly updated: readonly number[];
  readonly place: Place;
}

/** A routine that is called. */
export interface RoutineUse {
  readonly routine: number;
  /** The operator that stands for it; 0: it is called by its name. */
  readonly operator: number;
  readonly arguments: readonly Argument[];
  /** Somebody wrote its name: a call, and not a cast that the server adds. */
  readonly named: boolean;
  readonly place: Place;
}

export type WriteCommand = "INSERT" | "UPDATE" | "DELETE";

/** A table that rows are written to. */
export interface Write {
  readonly relation: number;
  readonly command: WriteCommand;
  /** UPDATE: the columns that are set. */
  readonly columns: readonly number[];
  /** INSERT: the columns that are given a value by the statement. */
  readonly inserted: readonly number[];
  /** At least one row is written for certain: VALUES without ON CONFLICT. */
  readonly certain: boolean;
  readonly place: Place;
}

/** What one tree says. */
export interface TreeFacts {
  readonly relations: readonly RelationCheck[];
  readonly routines: readonly RoutineUse[];
  readonly writes: readonly Write[];
  readonly domains: readonly { readonly type: number; readonly place: Place }[];
  /** Types of constants and explicit casts: somebody may have written their names. */
  readonly types: readonly number[];
  readonly operators: readonly number[];
  /** Relations named in constants of type regclass. */
  readonly namedRelations: readonly number[];
  /** What the first query returns: for records that are filled from it. */
  readonly columns: readonly { readonly name: string; readonly type: number | null }[];
  /** The node of a utility statement that is not read here; `?` where the server prints none. */
  readonly utility: string | null;
}

/** Reads the trees of one statement, in UTF-8. Throws FormatError where they are not what a known server prints. */
export function readTree(text: Uint8Array): TreeFacts {
  const value = readNodes(text);
  const walk = new Walk();
  let query = isNode(value) ? value : value.first;
  if (query === null || (value.name === null && value.words > 0)) throw new FormatError(NO_QUERY);
  for (; query !== null; query = query.next) {
    if (query.name !== "QUERY") throw new FormatError(NO_QUERY);
    walk.query(query, TOP);
  }
  return walk.facts();
}

/** Reads expressions that the catalogs keep: checks, conditions, generated columns. Several may follow each other. */
export function readExpressions(text: string): TreeFacts {
  const walk = new Walk();
  let depth = 0;
  let from = -1;
  // Pieces are put together by white space; each is a node or a list.
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "\\") at++;
    else if (char === "{" || char === "(") {
      if (depth++ === 0) from = at;
    } else if ((char === "}" || char === ")") && --depth === 0) {
      walk.expression(readNodes(Buffer.from(text.slice(from, at + 1), "utf8")), TOP);
    }
  }
  if (depth !== 0) throw new FormatError("an expression does not end");
  return walk.facts();
}

const NO_COLUMNS: ReadonlySet<number> = new Set();

const NO_QUERY = "a query was expected at the top";

const TOP: Place = { views: [], policy: false, conditional: false, dropped: false, certain: true };

const SELECT = 1;
const UPDATE = 2;
const INSERT = 3;
const DELETE = 4;
/** MERGE from 15 on; utilities before. */
const MERGE = 5;
const COMMANDS: Readonly<Record<number, WriteCommand>> = { [UPDATE]: "UPDATE", [INSERT]: "INSERT", [DELETE]: "DELETE" };
const ON_CONFLICT_UPDATE = 2;

const RTE_RELATION = 0;
const RTE_SUBQUERY = 1;
const RTE_FUNCTION = 3;
const RTE_VALUES = 5;

/** A call and a cast as somebody wrote it; 2 is a cast that the server adds, 3 the syntax of the standard for a call (EXTRACT). */
const CALL_FORMAT = 0;
const CAST_FORMAT = 1;

/** Clauses with which a query may return nothing, or something else than it evaluates. */
const MAY_HIDE_ROWS = ["limitCount", "limitOffset", "groupClause", "havingQual", "setOperations"] as const;

/** Nodes beneath which everything is evaluated whenever they are. */
const TRANSPARENT: ReadonlySet<string> = new Set([
  "FUNCEXPR",
  "OPEXPR",
  "DISTINCTEXPR",
  "SCALARARRAYOPEXPR",
  "RELABELTYPE",
  "COERCEVIAIO",
  "COERCETODOMAIN",
  "TARGETENTRY",
  "ARRAY",
  "ARRAYEXPR",
  "ROW",
  "ROWEXPR",
  "NAMEDARGEXPR",
  "RANGETBLFUNCTION",
  "FIELDSELECT",
  "COLLATEEXPR",
  "NULLTEST",
]);

/** One query and what its variables refer to. */
interface Frame {
  readonly outer: Frame | null;
  /** By range entry and column, 0 for whole rows: the guards of each place that it is referred to from. */
  readonly references: Map<number, (readonly Guard[])[]>;
}

/** A place that only counts when the column is read that it stands in. */
interface Guard {
  readonly frame: Frame;
  readonly entry: number;
  readonly column: number;
}

interface Context {
  readonly place: Place;
  /** It is a query that the planner may see to return nothing. */
  readonly dead: boolean;
  /** What its conditions compare. */
  readonly compared: ReadonlySet<number>;
  readonly frame: Frame | null;
  readonly guards: readonly Guard[];
}

class Walk {
  readonly #relations: { readonly check: RelationCheck; readonly guards: readonly Guard[] }[] = [];
  readonly #routines: { readonly use: RoutineUse; readonly guards: readonly Guard[] }[] = [];
  readonly #writes: Write[] = [];
  readonly #domains: { readonly type: number; readonly place: Place; readonly guards: readonly Guard[] }[] = [];
  readonly #types = new Set<number>();
  readonly #operators = new Set<number>();
  readonly #named = new Set<number>();
  #columns: TreeFacts["columns"] | null = null;
  #utility: string | null = null;

  facts(): TreeFacts {
    return {
      relations: this.#relations.map(({ check: each, guards }) =>
        guards.every(isRead) ? each : { ...each, place: { ...each.place, conditional: true, dropped: true } },
      ),
      routines: this.#routines.map(({ use, guards }) =>
        guards.every(isRead) ? use : { ...use, place: { ...use.place, conditional: true, certain: false } },
      ),
      writes: this.#writes,
      domains: this.#domains.map(({ type, place, guards }) => ({
        type,
        place: guards.every(isRead) ? place : { ...place, conditional: true, certain: false },
      })),
      types: [...this.#types],
      operators: [...this.#operators],
      namedRelations: [...this.#named],
      columns: this.#columns ?? [],
      utility: this.#utility,
    };
  }

  expression(value: TreeNode | TreeList, place: Place): void {
    this.#value(value, {
      place,
      dead: false,
      compared: NO_COLUMNS,
      frame: { outer: null, references: new Map() },
      guards: [],
    });
  }

  query(query: TreeNode, at: Place, outer: SubqueryContext | null = null): void {
    const command = numberIn(query, "commandType");
    if (childIn(query, "jointree") === null && this.#isUtility(query, command, at)) return;
    const beneath = outer?.dead === true && !isWithoutRows(query);
    const merged = beneath && isMerged(query, outer.entry?.node ?? null);
    const place = beneath && !merged ? { ...at, dropped: true } : at;
    const frame: Frame = { outer: outer?.frame ?? null, references: new Map() };
    const entries = nodesIn(query, "rtable");
    const dead = isDead(query);
    const checks = this.#checks(query, entries, place, outer?.guards ?? []);
    const from = nodesIn(nodeIn(query, "jointree") ?? query, "fromlist");
    const quals = childIn(nodeIn(query, "jointree") ?? query, "quals") !== null;
    const once = this.#runsOnce(query, entries, { from, quals });
    this.#readWrites(query, command, { entries, checks, once, place });
    this.#columns ??= nodesIn(query, "targetList")
      .filter((entry) => !isWord(entry, "resjunk", "true"))
      .map((entry) => ({ name: textIn(entry, "resname") ?? "", type: typeOf(nodeIn(entry, "expr")) }));

    const inside: Context = {
      place: { ...place, certain: place.certain && once && !dead, conditional: place.conditional || dead },
      dead: dead || merged,
      compared: comparedColumns(query),
      frame,
      guards: outer?.guards ?? [],
    };
    const uncertain: Context = { ...inside, place: { ...inside.place, certain: false } };
    for (let value = query.first; value !== null; value = value.next) {
      const { field } = value;
      if (field === "rteperminfos") continue;
      if (field === "rtable") {
        const unions = childIn(query, "setOperations") !== null;
        for (const [at, entry] of entries.entries())
          this.#entry(entry, at + 1, inside, { unions, alone: from.length === 1 });
      } else if (field === "cteList") {
        for (const cte of nodesIn(query, "cteList")) this.#cte(cte, uncertain);
      } else if (field === "withCheckOptions") {
        this.#value(value, { ...uncertain, place: { ...uncertain.place, policy: true } });
      } else if (field === "targetList" && outer !== null && command === SELECT) {
        this.#guardedTargets(query, outer, inside);
      } else {
        this.#value(value, field === "targetList" ? inside : uncertain);
      }
    }
  }

  /** Set by a subquery of a range entry: whose columns may never be read. */
  #guardedTargets(query: TreeNode, outer: SubqueryContext, inside: Context): void {
    const own = outer.entry;
    for (const target of nodesIn(query, "targetList")) {
      const sorted = optionalNumberIn(target, "ressortgroupref") ?? 0;
      const guarded = own !== undefined && own.isGuarded && own.frame !== null && sorted === 0;
      const guard = guarded ? [{ frame: own.frame, entry: own.number, column: numberIn(target, "resno") }] : [];
      this.#value(target, { ...inside, guards: [...inside.guards, ...guard] });
    }
  }

  #isUtility(query: TreeNode, command: number, place: Place): boolean {
    const statement = nodeIn(query, "utilityStmt");
    if (statement === null) {
      if (textIn(query, "utilityStmt") === undefined) {
        if (command >= MERGE) throw new FormatError("a utility statement without its node");
        throw new FormatError("QUERY.jointree is missing");
      }
      this.#utility = "?";
      return true;
    }
    if (statement.name === "CALLSTMT") {
      const call = nodeIn(statement, "funcexpr");
      if (call === null) throw new FormatError("CALLSTMT.funcexpr is missing");
      this.#value(call, {
        place,
        dead: false,
        compared: NO_COLUMNS,
        frame: { outer: null, references: new Map() },
        guards: [],
      });
    } else this.#utility = statement.name;
    return true;
  }

  /** Whether what stands in the target list is evaluated once whenever the query runs. */
  #runsOnce(
    query: TreeNode,
    entries: readonly TreeNode[],
    { from, quals }: { readonly from: readonly TreeNode[]; readonly quals: boolean },
  ): boolean {
    if (quals || MAY_HIDE_ROWS.some((field) => childIn(query, field) !== null)) return false;
    if (from.length === 0) return true;
    const [first] = from;
    if (from.length !== 1 || first?.name !== "RANGETBLREF") return false;
    const only = entries[numberIn(first, "rtindex") - 1];
    const kind = only === undefined ? -1 : numberIn(only, "rtekind");
    return kind === RTE_VALUES || kind === RTE_FUNCTION;
  }

  #checks(
    query: TreeNode,
    entries: readonly TreeNode[],
    place: Place,
    guards: readonly Guard[],
  ): readonly RelationCheck[] {
    const found: RelationCheck[] = [];
    const infos = nodesIn(query, "rteperminfos");
    for (const entry of entries) {
      if (entry.name === "RTE" || hasScalar(entry, "requiredPerms")) {
        const check = checkOf(entry, this.#outerPlace(entry, entries, place));
        if (check !== null) found.push(check);
        continue;
      }
      if (entry.name !== "RANGETBLENTRY") throw new FormatError(`a range entry was expected and not ${entry.name}`);
      if (numberIn(entry, "rtekind") !== RTE_RELATION) continue;
      const index = numberIn(entry, "perminfoindex");
      if (index > infos.length) throw new FormatError("the permissions of a range entry are missing");
    }
    for (const info of infos) {
      if (info.name !== "RTEPERMISSIONINFO") throw new FormatError(`permissions were expected and not ${info.name}`);
      found.push(check(info, place));
    }
    for (const each of found) this.#relations.push({ check: each, guards });
    return found;
  }

  /** Before 16, what a view itself asks for stands inside of it, in the entry `old`. */
  #outerPlace(entry: TreeNode, entries: readonly TreeNode[], place: Place): Place {
    if (entry !== entries[0] || !isOldOfView(entry)) return place;
    return place.views.at(-1) === optionalNumberIn(entry, "relid")
      ? { ...place, views: place.views.slice(0, -1) }
      : place;
  }

  #readWrites(
    query: TreeNode,
    command: number,
    {
      entries,
      checks,
      once,
      place,
    }: {
      readonly entries: readonly TreeNode[];
      readonly checks: readonly RelationCheck[];
      readonly once: boolean;
      readonly place: Place;
    },
  ): void {
    if (command === SELECT) return;
    const target = entries[numberIn(query, "resultRelation") - 1];
    if (target === undefined) throw new FormatError("QUERY.resultRelation points at nothing");
    const relation = numberIn(target, "relid");
    const columns = checks.filter((each) => each.relation === relation).flatMap((each) => each.updated);
    const inserted = checks.filter((each) => each.relation === relation).flatMap((each) => each.inserted);
    const conflict = nodeIn(query, "onConflict");
    const add = (kind: WriteCommand, certain: boolean): void => {
      this.#writes.push({ relation, command: kind, columns, inserted, certain, place });
    };
    if (command === MERGE) {
      for (const action of nodesIn(query, "mergeActionList")) {
        const kind = COMMANDS[numberIn(action, "commandType")];
        if (kind !== undefined) add(kind, false);
      }
      return;
    }
    const kind = COMMANDS[command];
    if (kind === undefined) throw new FormatError(`QUERY.commandType ${command} is not known`);
    add(kind, kind === "INSERT" && once && conflict === null && place.certain);
    if (conflict !== null && numberIn(conflict, "action") === ON_CONFLICT_UPDATE) add("UPDATE", false);
  }

  #entry(
    entry: TreeNode,
    number: number,
    context: Context,
    { unions, alone }: { readonly unions: boolean; readonly alone: boolean },
  ): void {
    const kind = numberIn(entry, "rtekind");
    const uncertain: Context = { ...context, place: { ...context.place, certain: false } };
    for (let value = entry.first; value !== null; value = value.next) {
      const { field } = value;
      if (field === "alias" || field === "eref" || field === "joinaliasvars") continue;
      if (field === "subquery" && isNode(value)) {
        const view = kind === RTE_SUBQUERY ? viewOf(entry, value) : null;
        const views = view === null ? context.place.views : [...context.place.views, view];
        const inner: SubqueryContext = {
          ...uncertain,
          place: { ...uncertain.place, views },
          entry: { node: entry, frame: context.frame, number, isGuarded: !unions },
        };
        this.query(value, inner.place, inner);
      } else if (field === "securityQuals") {
        this.#value(value, { ...uncertain, place: { ...uncertain.place, policy: true } });
      } else {
        const inside = kind === RTE_VALUES || (kind === RTE_FUNCTION && alone) ? context : uncertain;
        this.#value(value, inside);
      }
    }
  }

  #cte(cte: TreeNode, context: Context): void {
    const query = nodeIn(cte, "ctequery");
    if (query === null) throw new FormatError("COMMONTABLEEXPR.ctequery is missing");
    const isSelect = numberIn(query, "commandType") === SELECT;
    // The planner drops what is only read and that nobody reads.
    if (isSelect && numberIn(cte, "cterefcount") === 0) return;
    const place = isSelect ? context.place : { ...context.place, certain: true };
    this.query(query, place, { ...context, place });
  }

  #value(value: TreeNode | TreeList, context: Context): void {
    if (!isNode(value)) {
      for (let item = value.first; item !== null; item = item.next) this.#value(item, context);
      return;
    }
    if (value.name === "QUERY") {
      this.query(value, { ...context.place, certain: false }, context);
      return;
    }
    this.#expression(value, context);
    const certain = context.place.certain && TRANSPARENT.has(value.name);
    const inside = certain === context.place.certain ? context : { ...context, place: { ...context.place, certain } };
    if (value.name === "COALESCE" || value.name === "COALESCEEXPR") return this.#coalesce(value, inside);
    const beneath = this.#beneath(value, inside);
    for (let child = value.first; child !== null; child = child.next) this.#value(child, beneath);
  }

  #beneath(node: TreeNode, context: Context): Context {
    if (mayBeFolded(node)) return folded(context);
    if (!mayFollow(node, context.compared)) return context;
    return { ...context, place: { ...context.place, conditional: true } };
  }

  /** What stands behind a constant is folded away. */
  #coalesce(node: TreeNode, context: Context): void {
    let decided = false;
    for (const argument of nodesIn(node, "args")) {
      this.#value(argument, decided ? folded(context) : context);
      decided ||= constantOf(argument)?.isNull === false;
    }
  }

  #expression(node: TreeNode, context: Context): void {
    const { place } = context;
    switch (node.name) {
      case "VAR":
        this.#reference(node, context);
        return;
      case "FUNCEXPR":
        return this.#call(numberIn(node, "funcid"), node, context, {
          named: optionalNumberIn(node, "funcformat") === CALL_FORMAT,
        });
      case "AGGREF":
        return this.#call(numberIn(node, "aggfnoid"), node, context, { named: true });
      case "WINDOWFUNC":
        return this.#call(numberIn(node, "winfnoid"), node, context, { named: true });
      case "OPEXPR":
      case "DISTINCTEXPR":
      case "NULLIFEXPR":
      case "SCALARARRAYOPEXPR": {
        const operator = numberIn(node, "opno");
        this.#operators.add(operator);
        return this.#call(numberIn(node, "opfuncid"), node, context, { named: false, operator });
      }
      case "CONST": {
        this.#types.add(numberIn(node, "consttype"));
        const relation = constantOf(node)?.relation ?? null;
        if (relation !== null && place.views.length === 0) this.#named.add(relation);
        return;
      }
      case "COERCETODOMAIN": {
        const type = numberIn(node, "resulttype");
        this.#domains.push({ type, place, guards: context.guards });
        this.#types.add(type);
        return;
      }
      case "COERCEVIAIO":
      case "RELABELTYPE":
      case "ARRAYCOERCEEXPR":
        if ((optionalNumberIn(node, "coerceformat") ?? optionalNumberIn(node, "relabelformat")) === CAST_FORMAT) {
          this.#types.add(numberIn(node, "resulttype"));
        }
        return;
      default:
    }
  }

  #call(
    routine: number,
    node: TreeNode,
    context: Context,
    { named, operator = 0 }: { readonly named: boolean; readonly operator?: number },
  ): void {
    const use: RoutineUse = {
      routine,
      operator,
      arguments: nodesIn(node, "args").map(argument),
      named,
      place: context.place,
    };
    this.#routines.push({ use, guards: context.guards });
  }

  #reference(node: TreeNode, context: Context): void {
    let { frame } = context;
    for (let up = optionalNumberIn(node, "varlevelsup") ?? 0; up > 0 && frame !== null; up--) frame = frame.outer;
    if (frame === null) return;
    const key = columnKey(node);
    const places = frame.references.get(key);
    if (places === undefined) frame.references.set(key, [context.guards]);
    else places.push(context.guards);
  }
}

/** Of a subquery in the range table: where its columns are referred to. */
interface SubqueryContext extends Context {
  readonly entry?: {
    readonly node: TreeNode;
    readonly frame: Frame | null;
    readonly number: number;
    /** What is not read of it is left out. */
    readonly isGuarded: boolean;
  };
}

/** What stands beneath may be decided before it is planned. */
function folded(context: Context): Context {
  return { ...context, place: { ...context.place, conditional: true, dropped: true } };
}

/** Whether a column is read: from a place that counts itself, since a column of a view may only be read by another one that nobody reads. */
function isRead({ frame, entry, column }: Guard): boolean {
  const counts = (key: number): boolean => {
    const places = frame.references.get(key);
    if (places === undefined) return false;
    // Asked again it is known at once.
    frame.references.delete(key);
    const reached = places.some((guards) => guards.every(isRead));
    if (reached) frame.references.set(key, READ);
    return reached;
  };
  return counts(entry * COLUMNS + column) || counts(entry * COLUMNS);
}

const READ: (readonly Guard[])[] = [[]];

function isOldOfView(entry: TreeNode): boolean {
  if (!isWord(entry, "relkind", "v")) return false;
  const name = nodeIn(entry, "eref");
  return name !== null && isWord(name, "aliasname", "old");
}

/** The view that a subquery stands for. */
function viewOf(entry: TreeNode, query: TreeNode): number | null {
  const own = optionalNumberIn(entry, "relid") ?? 0;
  if (own !== 0) return own;
  const first = nodesIn(query, "rtable")[0];
  return first !== undefined && isOldOfView(first) ? numberIn(first, "relid") : null;
}

/** What a range entry asks for, before 16; null: nothing. */
function checkOf(entry: TreeNode, place: Place): RelationCheck | null {
  if (numberIn(entry, "requiredPerms") === 0) return null;
  if (numberIn(entry, "rtekind") !== RTE_RELATION)
    throw new FormatError("permissions of something that is no relation");
  return check(entry, place);
}

function check(node: TreeNode, place: Place): RelationCheck {
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
