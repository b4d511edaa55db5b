import { compareText, sortedText } from "../../../../base/order.ts";
import type {
  AnyOf,
  Need,
  Requirement,
  ResolvedName,
  Right,
  StatementRequirements,
  UnknownPart,
} from "../../../../model/requirements.ts";
import { resourceKey } from "../../../../model/resource.ts";

/** What is said of a need besides what it is. */
export interface Where {
  readonly of: Need["of"];
  readonly certainty: Need["certainty"];
  readonly origin: readonly string[];
}

/** Gathers what a statement needs: the same need from several places is one, certain if one of them is. */
export class Gathering {
  readonly #needs = new Map<string, Requirement>();
  readonly #unknown = new Map<string, UnknownPart>();
  readonly #names = new Map<string, Set<string>>();

  need(right: Right, where: Where): void {
    this.#add({ kind: "need", right, ...where });
  }

  /** One of these is enough. */
  anyOf(rights: readonly Right[], where: Where): void {
    const [only] = rights;
    if (rights.length === 1 && only !== undefined) return this.need(only, where);
    this.#add({ kind: "any-of", options: rights.map((right): Need => ({ kind: "need", right, ...where })) });
  }

  unknown(part: UnknownPart): void {
    const key = JSON.stringify([part.kind, part.reason, part.origin]);
    if (!this.#unknown.has(key)) this.#unknown.set(key, part);
  }

  name(name: string, policies: readonly string[] = []): void {
    let known = this.#names.get(name);
    if (known === undefined) this.#names.set(name, (known = new Set()));
    for (const policy of policies) known.add(policy);
  }

  /** A need of any column goes with one of columns that are listed. */
  #isCovered(requirement: Requirement): boolean {
    if (requirement.kind !== "need") return false;
    const { right, of, certainty } = requirement;
    if (right.kind !== "privilege" || right.columns?.kind !== "any") return false;
    return [...this.#needs.values()].some(
      (other) =>
        other.kind === "need" &&
        other.right.kind === "privilege" &&
        (other.right.columns === undefined || other.right.columns.kind !== "any") &&
        other.right.privilege === right.privilege &&
        resourceKey(other.right.resource) === resourceKey(right.resource) &&
        JSON.stringify(other.of) === JSON.stringify(of) &&
        (other.certainty === "always" || other.certainty === certainty),
    );
  }

  result(more: Partial<StatementRequirements> = {}): StatementRequirements {
    return {
      allOf: [...this.#needs.entries()]
        .filter(([, requirement]) => !this.#isCovered(requirement))
        .sort(([a], [b]) => compareText(a, b))
        .map(([, requirement]) => requirement),
      unknown: [...this.#unknown.entries()].sort(([a], [b]) => compareText(a, b)).map(([, part]) => part),
      resolved: [...this.#names.entries()]
        .sort(([a], [b]) => compareText(a, b))
        .map(([name, policies]) => resolved(name, policies)),
      approximate: false,
      refused: null,
      ...more,
    };
  }

  #add(requirement: Requirement): void {
    const key = keyOf(requirement);
    const known = this.#needs.get(key);
    if (known === undefined || isBetter(requirement, known)) this.#needs.set(key, requirement);
  }
}

function resolved(name: string, policies: ReadonlySet<string>): ResolvedName {
  return policies.size === 0 ? { name } : { name, rowPolicies: sortedText([...policies]) };
}

function keyOf(requirement: Requirement): string {
  if (requirement.kind === "need") return JSON.stringify([requirement.of, requirement.right]);
  return JSON.stringify(requirement.options.map(keyOf).sort(compareText));
}

/** A certain one before a conditional one; then the one that is explained in fewer steps. */
function isBetter(a: Requirement, b: Requirement): boolean {
  const [x, y] = [firstNeed(a), firstNeed(b)];
  if (x === null || y === null) return false;
  if (x.certainty !== y.certainty) return x.certainty === "always";
  if (x.origin.length !== y.origin.length) return x.origin.length < y.origin.length;
  return compareText(x.origin.join("\0"), y.origin.join("\0")) < 0;
}

function firstNeed(requirement: Requirement | AnyOf): Need | null {
  if (requirement.kind === "need") return requirement;
  const [first] = requirement.options;
  return first === undefined ? null : firstNeed(first);
}
