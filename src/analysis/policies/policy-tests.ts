import { POLICY_TYPES, POLICY_VARIABLES } from "./fields.ts";
import { evaluatePolicies, type Policy } from "./evaluate.ts";
import type { PolicyValues } from "./compile.ts";
import { itemType } from "./typed.ts";

/** One test of policies, as it stands in a file. */
export interface PolicyTest {
  /** What it is called. @default the policy's name */
  readonly name?: string;
  readonly policy: string;
  /** The pack that the policy is of. @default the manifest's own */
  readonly pack?: string;
  /** What the policy sees; whatever is not said is empty, zero and false. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly expect: "deny" | "warn" | "require-approvals" | "require-simulation" | "pass";
}

/** How it ended. */
export interface PolicyTestResult {
  readonly title: string;
  readonly passed: boolean;
  /** What the policy answered, or what is wrong with the test. */
  readonly found: string;
  /** Set where the test itself is wrong: the path in it. */
  readonly wrong?: readonly (string | number)[];
  /** Names close to the wrong one, for a hint. */
  readonly known?: readonly string[];
}

const ANSWERS = {
  passed: "pass",
  denied: "deny",
  warned: "warn",
  approvals: "require-approvals",
  simulation: "require-simulation",
  unknown: "unknown",
} as const;

/** Runs one test. */
export function runPolicyTest(test: PolicyTest, policies: readonly Policy[]): PolicyTestResult {
  const title = test.name ?? `${test.policy}: ${test.expect}`;
  const pack = test.pack ?? null;
  const policy = policies.find((each) => each.name === test.policy && each.pack === pack);
  if (policy === undefined) {
    const known = policies.filter((each) => each.pack === pack).map((each) => each.name);
    return { title, passed: false, found: `there is no policy \`${test.policy}\``, wrong: ["policy"], known };
  }
  const values = testValues(test.given);
  if ("wrong" in values) return { title, passed: false, ...values };
  const [answer] = evaluatePolicies([policy], values.values);
  const found = ANSWERS[answer?.result ?? "unknown"];
  const said = answer?.finding?.message ?? "";
  return { title, passed: found === test.expect, found: said === "" ? found : `${found}: ${said}` };
}

type Values =
  | { readonly values: PolicyValues }
  | { readonly found: string; readonly wrong: readonly (string | number)[]; readonly known: readonly string[] };

/** What is said, with whatever is not said as nothing; a name or a kind of value that there is not is wrong. */
function testValues(given: Readonly<Record<string, unknown>>): Values {
  const wrong = misfit({ ...given }, POLICY_VARIABLES, ["given"]);
  if (wrong !== null) return wrong;
  const values = POLICY_VARIABLES.map(({ name, type }) => [name, valueOf(type, given[name])]);
  return { values: Object.fromEntries(values) as PolicyValues };
}

interface Misfit {
  readonly found: string;
  readonly wrong: readonly (string | number)[];
  readonly known: readonly string[];
}

function misfit(
  value: Readonly<Record<string, unknown>>,
  fields: readonly { readonly name: string; readonly type: string }[],
  path: readonly (string | number)[],
): Misfit | null {
  for (const [name, each] of Object.entries(value)) {
    const field = fields.find((known) => known.name === name);
    if (field === undefined) {
      return {
        found: `there is no field \`${name}\``,
        wrong: [...path, name],
        known: fields.map((known) => known.name),
      };
    }
    const found = misfitOf(field.type, each, [...path, name]);
    if (found !== null) return found;
  }
  return null;
}

function misfitOf(type: string, value: unknown, path: readonly (string | number)[]): Misfit | null {
  const item = itemType(type);
  if (item !== null) {
    if (!Array.isArray(value)) return { found: "expected a list", wrong: path, known: [] };
    for (const [index, each] of value.entries()) {
      const found = misfitOf(item, each, [...path, index]);
      if (found !== null) return found;
    }
    return null;
  }
  const known = POLICY_TYPES.find(({ name }) => name === type);
  if (known !== undefined) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return { found: `expected the fields of ${type}`, wrong: path, known: [] };
    }
    return misfit(value as Readonly<Record<string, unknown>>, known.fields, path);
  }
  const fits =
    type === "string" || type === "google.protobuf.Timestamp"
      ? typeof value === "string"
      : type === "int"
        ? Number.isInteger(value)
        : typeof value === "boolean";
  return fits ? null : { found: `expected ${type}, found ${JSON.stringify(value)}`, wrong: path, known: [] };
}

function valueOf(type: string, value: unknown): unknown {
  const item = itemType(type);
  if (item !== null) return ((value ?? []) as readonly unknown[]).map((each) => valueOf(item, each));
  const known = POLICY_TYPES.find(({ name }) => name === type);
  if (known !== undefined) {
    const given = (value ?? {}) as Readonly<Record<string, unknown>>;
    return Object.fromEntries(known.fields.map((field) => [field.name, valueOf(field.type, given[field.name])]));
  }
  if (type === "int") return BigInt((value ?? 0) as number);
  if (type === "bool") return value ?? false;
  if (type === "google.protobuf.Timestamp") return new Date((value ?? "2026-01-01T00:00:00Z") as string);
  return value ?? "";
}
