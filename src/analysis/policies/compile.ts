import { Script } from "node:vm";
import { Environment } from "@marcbachmann/cel-js";
import { POLICY_TYPES, POLICY_VARIABLES } from "./fields.ts";
import { CONSTRUCTORS, typedValues } from "./typed.ts";

/** What is wrong with an expression, and where in its text. */
export interface ExpressionError {
  readonly code: "RW170" | "RW171" | "RW172";
  readonly message: string;
  readonly offset: number;
  readonly length: number;
  readonly help?: string;
}

/** What became of evaluating an expression. */
export type ExpressionResult =
  | { readonly ok: true; readonly value: boolean }
  | { readonly ok: false; readonly code: "RW173" | "RW174"; readonly message: string };

export type Compiled =
  | { readonly ok: true; readonly evaluate: (context: PolicyValues) => ExpressionResult }
  | { readonly ok: false; readonly error: ExpressionError };

/** The variables by their names, with CEL's own values: whole numbers are bigint. */
export type PolicyValues = Readonly<Record<string, unknown>>;

/** How long one expression may run. */
export const EXPRESSION_LIMIT_MS = 2000;

let environment: Environment | undefined;

function policyEnvironment(): Environment {
  if (environment !== undefined) return environment;
  environment = new Environment({ limits: { maxAstNodes: 5000, maxDepth: 100 } });
  for (const { name, fields } of POLICY_TYPES) {
    const ctor = CONSTRUCTORS.get(name);
    if (ctor === undefined) throw new Error(`the type ${name} has no constructor`);
    environment.registerType(name, {
      ctor,
      fields: Object.fromEntries(fields.map((field) => [field.name, field.type])),
    });
  }
  for (const { name, type } of POLICY_VARIABLES) environment.registerVariable(name, type);
  return environment;
}

/** Checks an expression against the types of what policies see. It must say yes or no. */
export function compileExpression(text: string): Compiled {
  const checked = policyEnvironment().check(text);
  if (!checked.valid) return { ok: false, error: errorOf(text, checked.error) };
  if (checked.type !== "bool" && checked.type !== "dyn") {
    const message = `the expression gives ${checked.type}, and a policy says yes or no`;
    return { ok: false, error: { code: "RW172", message, offset: 0, length: text.length } };
  }
  const program = policyEnvironment().parse(text);
  return { ok: true, evaluate: (context) => within(() => program(typedValues(context))) };
}

interface CelError {
  readonly message: string;
  readonly code?: string | undefined;
  readonly range?: { readonly start: number; readonly end: number } | undefined;
}

function errorOf(text: string, error: CelError | undefined): ExpressionError {
  const [first = "it cannot be read"] = (error?.message ?? "").split("\n");
  const start = Math.min(error?.range?.start ?? 0, Math.max(text.length - 1, 0));
  const length = Math.max((error?.range?.end ?? start + 1) - start, 1);
  const place = { offset: start, length };
  const [, key] = /^No such key: (\w+)/u.exec(first) ?? [];
  if (key !== undefined) {
    return { code: "RW171", message: `there is no field \`${key}\` here`, ...place, help: fieldsHelp(text, start) };
  }
  const [, variable] = /^Unknown variable: (\w+)/u.exec(first) ?? [];
  if (variable !== undefined) {
    const known = POLICY_VARIABLES.map(({ name }) => name).join(", ");
    return { code: "RW171", message: `there is nothing called \`${variable}\``, ...place, help: `there are ${known}` };
  }
  return { code: "RW170", message: first.charAt(0).toLowerCase() + first.slice(1), ...place };
}

function fieldsHelp(text: string, offset: number): string {
  const [, owner = ""] = /(\w+)\.\s*$/u.exec(text.slice(0, offset)) ?? [];
  const variable = POLICY_VARIABLES.find(({ name }) => name === owner);
  const type = POLICY_TYPES.find(({ name }) => name === variable?.type);
  return type === undefined
    ? "docs/policies.md lists the fields"
    : `\`${owner}\` has ${type.fields.map(({ name }) => name).join(", ")}`;
}

/** Runs it with an end: expressions always end, but not always in anybody's time. */
function within(run: () => unknown): ExpressionResult {
  const box = globalThis as { __rolewrightPolicy?: () => unknown };
  box.__rolewrightPolicy = run;
  try {
    const value: unknown = new Script("__rolewrightPolicy()").runInThisContext({ timeout: EXPRESSION_LIMIT_MS });
    if (typeof value === "boolean") return { ok: true, value };
    return { ok: false, code: "RW174", message: "it gave neither yes nor no" };
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") {
      return { ok: false, code: "RW173", message: `it did not end within ${EXPRESSION_LIMIT_MS / 1000} seconds` };
    }
    const [first = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return { ok: false, code: "RW174", message: first };
  } finally {
    delete box.__rolewrightPolicy;
  }
}
