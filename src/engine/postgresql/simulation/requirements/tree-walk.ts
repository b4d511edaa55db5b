import { columnKey, comparedColumns, isDead, isMerged, isWithoutRows, mayBeFolded, mayFollow } from "./left-out.ts";
import type { TreeList, TreeNode } from "./nodes.ts";
import {
  childIn,
  FormatError,
  hasScalar,
  isNode,
  isWord,
  nodeIn,
  nodesIn,
  numberIn,
  optionalNumberIn,
  textIn,
} from "./nodes.ts";
import { argument, constantOf, typeOf } from "./values.ts";
import type { Place, RelationCheck, RoutineUse, TreeFacts, Write, WriteCommand } from "./tree-facts.ts";
import { type Context, folded, type Frame, type Guard, isRead, type SubqueryContext } from "./tree-frames.ts";
import {
  check,
  checkOf,
  isOldOfView,
  RTE_FUNCTION,
  RTE_RELATION,
  RTE_SUBQUERY,
  RTE_VALUES,
  viewOf,
} from "./range-entries.ts";

/** Goes through the trees of one statement once, and notes what they ask for and where. */
export class Walk {
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

const NO_COLUMNS: ReadonlySet<number> = new Set();

const SELECT = 1;
const UPDATE = 2;
const INSERT = 3;
const DELETE = 4;
/** MERGE from 15 on; utilities before. */
const MERGE = 5;
const COMMANDS: Readonly<Record<number, WriteCommand>> = { [UPDATE]: "UPDATE", [INSERT]: "INSERT", [DELETE]: "DELETE" };
const ON_CONFLICT_UPDATE = 2;

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
