import type { DeclaredPolicy } from "../../model/declared.ts";
import type { Finding, SourceLocation } from "../../model/finding.ts";
import type { Control } from "../checks/controls.ts";
import type { PolicyAnswer } from "../checks/report.ts";
import { type Compiled, compileExpression, type ExpressionError, type PolicyValues } from "./compile.ts";
import { packPolicies } from "./packs/index.ts";

/** A policy with where it comes from and what it supports. */
export interface Policy extends DeclaredPolicy {
  /** Null: the manifest's own. */
  readonly pack: string | null;
  readonly controls: readonly Control[];
}

/** The policies that count on a target: those of its packs, then the manifest's own. */
export function policiesFor({
  policies,
  packs,
}: {
  readonly policies: readonly DeclaredPolicy[];
  readonly packs: readonly string[];
}): readonly Policy[] {
  return [...packs.flatMap(packPolicies), ...policies.map((policy) => ({ ...policy, pack: null, controls: [] }))];
}

const compiled = new Map<string, Compiled>();

function compile(text: string): Compiled {
  const known = compiled.get(text) ?? compileExpression(text);
  compiled.set(text, known);
  return known;
}

/** What is wrong with the expression of a policy; null: nothing. */
export function policyError({ when }: Pick<DeclaredPolicy, "when">): ExpressionError | null {
  const result = compile(when);
  return result.ok ? null : result.error;
}

/** What each policy says of a state or a plan, in order. One that cannot be evaluated is unknown, which is an error and never a pass. */
export function evaluatePolicies(policies: readonly Policy[], values: PolicyValues): readonly PolicyAnswer[] {
  return policies.map((policy) => answerOf(policy, values));
}

function answerOf(policy: Policy, values: PolicyValues): PolicyAnswer {
  const { name, pack, effect, controls } = policy;
  const common = { policy: name, pack, controls };
  const program = compile(policy.when);
  if (!program.ok)
    return { ...common, result: "unknown", finding: finding(policy, program.error.code, program.error.message) };
  const result = program.evaluate(values);
  if (!result.ok) return { ...common, result: "unknown", finding: finding(policy, result.code, result.message) };
  if (!result.value) return { ...common, result: "passed", finding: null };
  if (effect.kind === "require-approvals") {
    const { count, from } = effect;
    return {
      ...common,
      result: "approvals",
      approvals: { count, from },
      finding: said(policy, "info", effect.message),
    };
  }
  if (effect.kind === "require-simulation") {
    return {
      ...common,
      result: "simulation",
      simulation: effect.wanted,
      finding: said(policy, "info", effect.message),
    };
  }
  const [denied, severity] = effect.kind === "deny" ? (["denied", "error"] as const) : (["warned", "warning"] as const);
  return { ...common, result: denied, finding: said(policy, severity, effect.message) };
}

/** RW177: a policy says so. */
function said(policy: Policy, severity: Finding["severity"], message: string): Finding {
  return {
    code: "RW177",
    severity,
    message: `${titleOf(policy)}: ${message}`,
    ...place(policy.location),
    help: helpOf(policy),
  };
}

function finding(policy: Policy, code: string, message: string): Finding {
  const text = `${titleOf(policy)} could not be evaluated: ${message}`;
  return {
    code,
    severity: "error",
    message: text,
    ...place(policy.location),
    help: "what cannot be evaluated does not pass",
  };
}

function titleOf({ name, pack }: Policy): string {
  return pack === null ? `policy \`${name}\`` : `policy \`${name}\` of pack ${pack}`;
}

function helpOf({ when }: Policy): string {
  const [line = "", ...more] = when.trim().split("\n");
  return `it holds where ${line}${more.length > 0 ? " ..." : ""}`;
}

function place(location: SourceLocation | undefined): Pick<Finding, "location"> {
  return location === undefined ? {} : { location };
}
