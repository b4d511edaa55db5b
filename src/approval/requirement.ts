import { sortedText } from "../base/order.ts";
import type { Doer, Person } from "./people.ts";
import { disqualified } from "./people.ts";
import { atLeast, type Risk } from "./risk.ts";

/** One rule of the manifest's `approvals`, with its defaults filled in. */
export interface ApprovalRule {
  /** How messages name it: `approvals[0]`. */
  readonly name: string;
  /** Null: on all of them. */
  readonly targets: readonly string[] | null;
  /** Null: in all of them. */
  readonly environments: readonly string[] | null;
  /** From this risk on. */
  readonly risk: Risk;
  /** People by their keys. */
  readonly approvers: readonly string[];
  readonly teams: readonly string[];
  readonly count: number;
  readonly validHours: number;
  readonly breakGlass: boolean;
}

/** So many people of these must agree. */
export interface Requirement {
  /** The rule that asks for it. */
  readonly rule: string;
  /** How many people the rule asks for. */
  readonly count: number;
  /** How many it takes here: one more where it is not known who made the plan, since that may be any of them. */
  readonly needed: number;
  /** Who could give it, sorted: without whoever made the plan or applies it, and without those who left. */
  readonly from: readonly string[];
  /** Who could otherwise, sorted, and why their word does not count. */
  readonly excluded: readonly { readonly person: string; readonly why: "made it" | "applies it" | "unfit" }[];
  readonly validHours: number;
  readonly breakGlass: boolean;
}

/** What the requirements of a plan follow from. */
export interface RequirementInput {
  readonly rules: readonly ApprovalRule[];
  readonly people: readonly Person[];
  readonly target: { readonly name: string; readonly environment: string };
  readonly risk: Risk;
  /** Null: the plan does not say who made it. */
  readonly author: Doer | null;
  /** Null: nobody is applying it yet. */
  readonly applier: Doer | null;
  readonly now: Date;
}

/** Everything that must be agreed to: each rule that is about this target, its environment and a risk that is no higher. All of them must be met; one approval counts for several. */
export function requirementsFor(input: RequirementInput): readonly Requirement[] {
  return input.rules.filter((rule) => isAbout(rule, input)).map((rule) => requirementOf(rule, input));
}

/** What a policy asks for about a plan: so many of these people or teams. */
export interface AskedByPolicy {
  readonly policy: string;
  readonly count: number;
  /** Empty: those who may approve anyway. */
  readonly from: readonly string[];
}

/** A policy's demand as a rule that holds for whatever risk: the policy has looked at the plan itself. `anyway`: the rules of the manifest. */
export function ruleOfPolicy(
  { policy, count, from }: AskedByPolicy,
  { people, anyway }: { readonly people: readonly Person[]; readonly anyway: readonly ApprovalRule[] },
): ApprovalRule {
  const names = new Set(people.map(({ name }) => name));
  const own = from.length > 0;
  return {
    name: `policy ${policy}`,
    targets: null,
    environments: null,
    risk: "low",
    approvers: own ? from.filter((each) => names.has(each)) : sortedText(anyway.flatMap(({ approvers }) => approvers)),
    teams: own ? from.filter((each) => !names.has(each)) : sortedText(anyway.flatMap(({ teams }) => teams)),
    count,
    validHours: anyway.length === 0 ? 72 : Math.min(...anyway.map(({ validHours }) => validHours)),
    breakGlass: anyway.every(({ breakGlass }) => breakGlass),
  };
}

function isAbout(rule: ApprovalRule, { target, risk }: RequirementInput): boolean {
  if (rule.targets !== null && !rule.targets.includes(target.name)) return false;
  if (rule.environments !== null && !rule.environments.includes(target.environment)) return false;
  return atLeast(risk, rule.risk);
}

function requirementOf(rule: ApprovalRule, { people, author, applier, now }: RequirementInput): Requirement {
  const named = people.filter(
    ({ name, team }) => rule.approvers.includes(name) || (team !== null && rule.teams.includes(team)),
  );
  const excluded: Requirement["excluded"][number][] = [];
  const from: string[] = [];
  for (const person of named) {
    const { name } = person;
    if (author?.people.includes(name) === true) excluded.push({ person: name, why: "made it" });
    else if (applier?.people.includes(name) === true) excluded.push({ person: name, why: "applies it" });
    else if (disqualified(person, now) !== null) excluded.push({ person: name, why: "unfit" });
    else from.push(name);
  }
  return {
    rule: rule.name,
    count: rule.count,
    needed: rule.count + (author?.known === true ? 0 : 1),
    from: sortedText(from),
    excluded: sortedText(excluded.map(({ person }) => person)).flatMap((name) =>
      excluded.filter(({ person }) => person === name),
    ),
    validHours: rule.validHours,
    breakGlass: rule.breakGlass,
  };
}
