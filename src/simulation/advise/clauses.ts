import { sortedText } from "../../base/order.ts";
import type { Declared } from "../../model/declared.ts";
import type { Requirement } from "../../model/requirements.ts";
import { type Resource, resourceKey } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import { becoming, truthOf } from "../decide.ts";
import { isKnown, type JudgedPair } from "./actors.ts";
import type { Unit } from "./advice.ts";
import { type Formula, type Held, leaves, memberKey, type Reached, type Ways } from "./ways.ts";

/** One thing that must stay true, and which observed pairs need it. */
interface Clause {
  readonly formula: Formula;
  readonly pairs: Set<JudgedPair>;
}

/** What was seen in use at a grant or a membership. */
export type Using = ReadonlySet<JudgedPair>;

const NOBODY: Using = new Set();

/** Everything that observed statements and access tests need, as formulas over grants and memberships; asked again only where something was taken. */
export class Clauses {
  readonly #ways: Ways;
  readonly #clauses = new Map<string, Clause>();
  /** The clauses that rest on a grant or a membership. */
  readonly #resting = new Map<string, Set<Clause>>();
  readonly #using = new Map<string, Set<JudgedPair>>();
  readonly #byRole: ReadonlyMap<number, ReadonlySet<string>>;

  constructor(ways: Ways, given: { readonly pairs: readonly JudgedPair[]; readonly declared: Declared }) {
    this.#ways = ways;
    for (const pair of given.pairs) if (isKnown(pair)) this.#addPair(pair);
    for (const test of given.declared.tests) {
      if (test.must !== "allow") continue;
      for (const login of test.logins) {
        for (const resource of test.resources) {
          this.#add(login, needOf({ kind: "privilege", privilege: test.privilege, resource }), null);
        }
      }
    }
    for (const clause of this.#clauses.values()) this.#rest(clause);
    this.#byRole = this.#usedByRole();
  }

  /** Whether everything that rests on these still stands. */
  hold({ grants, members }: { readonly grants: readonly string[]; readonly members: readonly string[] }): boolean {
    for (const key of [...grants, ...members]) {
      for (const clause of this.#resting.get(key) ?? []) if (!this.#ways.met(clause.formula)) return false;
    }
    return true;
  }

  /** The clauses that fall when these are taken. */
  falling(taken: { readonly grants: readonly string[]; readonly members: readonly string[] }): readonly Formula[] {
    this.#ways.take(taken);
    const touched = new Set([...taken.grants, ...taken.members].flatMap((key) => [...(this.#resting.get(key) ?? [])]));
    const fallen = [...touched].filter(({ formula }) => !this.#ways.met(formula)).map(({ formula }) => formula);
    this.#ways.giveBack(taken);
    return fallen;
  }

  /** What is lost when all of these go together: by grant or membership, the pairs that would miss it. */
  losing(taken: {
    readonly grants: readonly string[];
    readonly members: readonly string[];
  }): ReadonlyMap<string, Using> {
    const lost = new Map<string, Set<JudgedPair>>();
    this.#ways.take(taken);
    for (const key of [...taken.grants, ...taken.members]) {
      for (const clause of this.#resting.get(key) ?? []) {
        if (this.#ways.met(clause.formula)) continue;
        const pairs = lost.get(key) ?? new Set();
        for (const pair of clause.pairs) pairs.add(pair);
        lost.set(key, pairs);
      }
    }
    this.#ways.giveBack(taken);
    return lost;
  }

  /** Whether anything observed, or a test, could lean on the unit. */
  isUsed({ grants, members }: Pick<Unit, "grants" | "members">): boolean {
    return [...grants, ...members].some((key) => this.#resting.has(key));
  }

  /** The pairs that could lean on a grant or a membership. */
  using(key: string): Using {
    return this.#using.get(key) ?? NOBODY;
  }

  /** What a role itself was seen to need, whoever ran it: as text, one for each privilege on a resource. */
  usedBy(role: number): ReadonlySet<string> {
    return this.#byRole.get(role) ?? new Set();
  }

  #usedByRole(): ReadonlyMap<number, ReadonlySet<string>> {
    const used = new Map<number, Set<string>>();
    for (const { formula } of this.#clauses.values()) {
      for (const leaf of leaves(formula)) {
        if (leaf.kind !== "held" || !this.#ways.met(leaf)) continue;
        const key = `${leaf.privilege}\0${resourceKey(leaf.resource)}`;
        used.set(leaf.role, (used.get(leaf.role) ?? new Set()).add(key));
      }
    }
    return used;
  }

  #addPair(pair: JudgedPair): void {
    const who = { role: pair.role, ...(pair.login === null ? {} : { login: pair.login }) };
    const { index } = this.#ways;
    const enters = pair.login ?? pair.role;
    for (const requirement of [...becoming(who), ...(pair.requirements?.allOf ?? [])]) {
      if (truthOf(requirement, index, pair.role) === true) this.#add(pair.role, requirement, pair);
    }
    if (pair.database === null) return;
    // A session had to get in before it could do anything.
    const inside: Resource = { kind: "schema", path: [pair.database, ""] };
    for (const gate of index.rules.gates(inside)) {
      if (gate.of !== "login") continue;
      const entering = needOf({ kind: "privilege", privilege: gate.privilege, resource: gate.resource });
      if (truthOf(entering, index, enters) === true) this.#add(enters, entering, pair);
    }
  }

  #add(caller: RoleName, requirement: Requirement, pair: JudgedPair | null): void {
    const key = `${caller}\0${JSON.stringify(withoutOrigin(requirement))}`;
    let clause = this.#clauses.get(key);
    if (clause === undefined) {
      const formula = this.#ways.requirement(requirement, caller);
      // A test that fails already is somebody else's business.
      if (!this.#ways.met(formula)) return;
      this.#clauses.set(key, (clause = { formula, pairs: new Set() }));
    }
    if (pair !== null) clause.pairs.add(pair);
  }

  #rest(clause: Clause): void {
    for (const leaf of leaves(clause.formula)) {
      for (const key of this.#keysOf(leaf)) {
        const resting = this.#resting.get(key) ?? new Set();
        const using = this.#using.get(key) ?? new Set();
        this.#resting.set(key, resting.add(clause));
        for (const pair of clause.pairs) using.add(pair);
        this.#using.set(key, using);
      }
    }
  }

  /** The grants and memberships on any way from the role to what it needs. */
  #keysOf(leaf: Held | Reached): readonly string[] {
    const ways = this.#ways;
    const mode = leaf.kind === "held" ? "privileges" : leaf.mode;
    const up = ways.climb(leaf.role, mode, leaf.database);
    const givers = leaf.kind === "held" ? leaf.givers.filter((giver) => up.has(giver.role)) : [];
    const ends = leaf.kind === "held" ? givers.map((giver) => giver.role) : [leaf.to];
    const keys = givers.flatMap((giver) => giver.grants ?? []);
    const { graph } = ways.index;
    for (const from of up) {
      for (const edge of graph.up[from] ?? []) {
        if (!up.has(edge.to) || !(mode === "set" ? edge.setRole : edge.privileges)) continue;
        const onwards = ways.climb(edge.to, mode, leaf.database);
        if (ends.some((end) => onwards.has(end))) {
          keys.push(memberKey(graph.names[from] as RoleName, graph.names[edge.to] as RoleName));
        }
      }
    }
    return sortedText(keys);
  }
}

function needOf(right: Extract<Requirement, { kind: "need" }>["right"]): Requirement {
  return { kind: "need", right, of: "caller", certainty: "always", origin: [] };
}

/** Requirements that differ in their explanation alone are one. */
function withoutOrigin(requirement: Requirement): unknown {
  return requirement.kind === "need" ? [requirement.right, requirement.of] : requirement.options.map(withoutOrigin);
}
