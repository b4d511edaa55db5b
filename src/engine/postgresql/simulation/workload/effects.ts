import { type Tree, walk } from "./tree.ts";

/** What a statement does to who its session acts as. `value` null: back to what the session began with; undefined: to something that cannot be told. */
export type Effect =
  | {
      readonly kind: "set";
      readonly what: "role" | "authorization";
      readonly value: string | null | undefined;
      readonly local: boolean;
    }
  | {
      readonly kind: "set";
      readonly what: "path";
      readonly value: readonly string[] | null | undefined;
      readonly local: boolean;
    }
  | { readonly kind: "begin" }
  | { readonly kind: "commit"; readonly chain: boolean }
  | { readonly kind: "rollback"; readonly chain: boolean }
  | { readonly kind: "savepoint"; readonly name: string }
  | { readonly kind: "release"; readonly name: string }
  | { readonly kind: "rollback-to"; readonly name: string }
  | { readonly kind: "discard-all" }
  | { readonly kind: "reset-all" };

/** Texts that may hold such a statement; all others are not looked at twice. */
const MAY =
  /^[\s(]*(?:\/\*|--|(?:set|reset|discard|begin|start|commit|end|rollback|abort|savepoint|release|prepare)\b)/iu;

/** Whether a text may change who its session acts as. Cheap. */
export function mayHaveEffects(text: string): boolean {
  return text.includes(";") || MAY.test(text) || /set_config/iu.test(text);
}

/** The effects of each statement of a text. `parameters` are the values of `$1`, `$2`, where the log has them. */
export function effectsOf(
  statements: readonly Tree[],
  parameters: readonly (string | null)[],
): readonly (readonly Effect[])[] {
  return statements.map((statement) => effectsOfOne(statement, parameters));
}

function effectsOfOne(statement: Tree, parameters: readonly (string | null)[]): readonly Effect[] {
  const node = (statement ?? {}) as {
    readonly VariableSetStmt?: SetNode;
    readonly TransactionStmt?: TransactionNode;
    readonly DiscardStmt?: { readonly target?: string };
    readonly SelectStmt?: Tree;
  };
  if (node.VariableSetStmt !== undefined) return setting(node.VariableSetStmt);
  if (node.TransactionStmt !== undefined) return transaction(node.TransactionStmt);
  if (node.DiscardStmt !== undefined) return node.DiscardStmt.target === "DISCARD_ALL" ? [{ kind: "discard-all" }] : [];
  return node.SelectStmt === undefined ? [] : configured(node.SelectStmt, parameters);
}

interface SetNode {
  readonly kind?: string;
  readonly name?: string;
  readonly args?: readonly Tree[];
  readonly is_local?: boolean;
}

const SETTINGS: Readonly<Record<string, "role" | "authorization" | "path">> = {
  role: "role",
  session_authorization: "authorization",
  search_path: "path",
};

function setting(node: SetNode): readonly Effect[] {
  if (node.kind === "VAR_RESET_ALL") return [{ kind: "reset-all" }];
  const what = SETTINGS[node.name?.toLowerCase() ?? ""];
  if (what === undefined) return [];
  const local = node.is_local === true;
  if (node.kind === "VAR_RESET" || node.kind === "VAR_SET_DEFAULT") return [{ kind: "set", what, value: null, local }];
  const values = (node.args ?? []).map((argument) => constant(argument));
  const known = values.every((value) => value !== undefined && value !== null) ? values : undefined;
  if (node.kind !== "VAR_SET_VALUE") return [{ kind: "set", what, value: undefined, local }];
  return [
    what === "path"
      ? { kind: "set", what, value: known, local }
      : { kind: "set", what, value: roleOf(what, known?.[0]), local },
  ];
}

/** SET ROLE NONE. */
function roleOf(what: "role" | "authorization", value: string | undefined): string | null | undefined {
  return what === "role" && value?.toLowerCase() === "none" ? null : value;
}

interface TransactionNode {
  readonly kind?: string;
  readonly savepoint_name?: string;
  readonly chain?: boolean;
}

function transaction({ kind, savepoint_name: name = "", chain = false }: TransactionNode): readonly Effect[] {
  switch (kind ?? "") {
    case "TRANS_STMT_BEGIN":
    case "TRANS_STMT_START":
      return [{ kind: "begin" }];
    case "TRANS_STMT_COMMIT":
    case "TRANS_STMT_PREPARE":
      return [{ kind: "commit", chain }];
    case "TRANS_STMT_ROLLBACK":
      return [{ kind: "rollback", chain }];
    case "TRANS_STMT_SAVEPOINT":
      return [{ kind: "savepoint", name }];
    case "TRANS_STMT_RELEASE":
      return [{ kind: "release", name }];
    case "TRANS_STMT_ROLLBACK_TO":
      return [{ kind: "rollback-to", name }];
    default:
      return [];
  }
}

/** `select set_config('role', 'x', true)`: how several frameworks switch. */
function configured(statement: Tree, parameters: readonly (string | null)[]): readonly Effect[] {
  const effects: Effect[] = [];
  walk(statement, (node) => {
    const call = node["FuncCall"] as
      | { readonly funcname?: readonly Tree[]; readonly args?: readonly Tree[] }
      | undefined;
    const name = call?.funcname?.at(-1) as { readonly String?: { readonly sval?: string } } | undefined;
    if (name?.String?.sval !== "set_config") return;
    const [setting, value, isLocal] = (call?.args ?? []).map((argument) => constant(argument, parameters));
    const local = isLocal === "true" || isLocal === "t";
    const whats =
      setting === undefined || setting === null ? Object.values(SETTINGS) : [SETTINGS[setting.toLowerCase()]];
    for (const what of whats) {
      if (what === undefined) continue;
      const known = setting === undefined || isLocal === undefined ? undefined : (value ?? undefined);
      if (what === "path")
        effects.push({ kind: "set", what, value: known === undefined ? undefined : splitPath(known), local });
      else effects.push({ kind: "set", what, value: roleOf(what, known), local });
    }
  });
  return effects;
}

/** The schemas of a path as it is kept in a setting: `app, "My Schema"`. */
export function splitPath(path: string): readonly string[] {
  const names = path.match(/"(?:[^"]|"")*"|[^,\s"]+/gu) ?? [];
  return names.map((name) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase()));
}

/** The value of a constant as text; undefined for anything that is not one. */
function constant(tree: Tree | undefined, parameters: readonly (string | null)[] = []): string | null | undefined {
  const node = (tree ?? {}) as {
    readonly A_Const?: {
      readonly sval?: { readonly sval?: string };
      readonly ival?: { readonly ival?: number };
      readonly boolval?: { readonly boolval?: boolean };
      readonly isnull?: boolean;
    };
    readonly TypeCast?: { readonly arg?: Tree };
    readonly ParamRef?: { readonly number?: number };
  };
  if (node.TypeCast !== undefined) return constant(node.TypeCast.arg, parameters);
  if (node.ParamRef !== undefined) return parameters[(node.ParamRef.number ?? 0) - 1];
  const found = node.A_Const;
  if (found === undefined) return undefined;
  if (found.sval !== undefined) return found.sval.sval ?? "";
  if (found.boolval !== undefined) return String(found.boolval.boolval ?? false);
  if (found.ival !== undefined) return String(found.ival.ival ?? 0);
  return found.isnull === true ? null : undefined;
}
