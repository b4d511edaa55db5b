import type { AccessIndex } from "../analysis/access-index.ts";
import { holdersOf } from "../analysis/access-index.ts";
import type { Bits } from "../analysis/bits.ts";
import { addBits, emptyBits, hasBit, keepBits } from "../analysis/bits.ts";
import type { Need, Requirement, Right, StatementRequirements } from "../model/requirements.ts";
import type { Resource } from "../model/resource.ts";
import { databaseOf } from "../model/resource.ts";
import type { DecisionState, Who } from "./decide.ts";
import { absentOf, columnsOf, holds, isConditional, ownerOf, stateOf } from "./decide.ts";

/** The answers for many statements and all roles of a state, as sets of roles. The same answers as `decide`, without their reasons. */
export interface Decisions {
  /** The answer for the statement at this place in the list that was given. */
  state(statement: number, who: Who): DecisionState;
  /** For each statement, by number of the role in the index's graph: whom something certain, something conditional is missing, and for whom something is open. */
  readonly sets: readonly StatementSets[];
}

export interface StatementSets {
  readonly certain: Bits;
  readonly conditional: Bits;
  readonly open: Bits;
}

/** Decides all pairs of statements and roles at once: who meets a need is worked out once for every need that differs. */
export function decideAll(statements: readonly StatementRequirements[], index: AccessIndex): Decisions {
  const answers = truths(index);
  const sets = statements.map((statement) => setsOf(statement, index, answers));
  return {
    sets,
    state: (at, who) => {
      const statement = statements[at];
      const found = sets[at];
      if (statement === undefined || found === undefined) throw new RangeError(`there is no statement ${at}`);
      if (absentOf(index, who) !== null) return "no";
      const id = index.graph.idOf(who.role);
      const becomes = who.login === undefined || index.hasRole(who.login, who.role, "set") === true;
      return stateOf(statement, {
        certain: !becomes || hasBit(found.certain, id),
        conditional: hasBit(found.conditional, id),
        open: hasBit(found.open, id),
      });
    },
  };
}

function setsOf(statement: StatementRequirements, index: AccessIndex, answers: Truths): StatementSets {
  const size = index.graph.names.length;
  const result = { certain: emptyBits(size), conditional: emptyBits(size), open: emptyBits(size) };
  if (statement.unknown.length > 0) result.open.fill(~0);
  for (const requirement of statement.allOf) {
    const truth = answers.of(requirement);
    addComplement(
      isConditional(requirement) || statement.approximate ? result.conditional : result.certain,
      truth.yes,
      truth.unknown,
    );
    addBits(result.open, truth.unknown);
  }
  for (const set of Object.values(result)) keepBits(set, index.graph.existing);
  return result;
}

/** Who meets a requirement, and of whom that cannot be said. */
interface Truth {
  readonly yes: Bits;
  readonly unknown: Bits;
}

interface Truths {
  of(requirement: Requirement): Truth;
}

function truths(index: AccessIndex): Truths {
  const size = index.graph.names.length;
  const known = new Map<string, Truth>();
  const byObject = new WeakMap<Requirement, Truth>();
  const of = (requirement: Requirement): Truth => {
    let truth = byObject.get(requirement);
    if (truth === undefined) {
      truth = requirement.kind === "need" ? ofNeed(requirement) : ofOptions(requirement.options);
      byObject.set(requirement, truth);
    }
    return truth;
  };
  const ofNeed = (need: Need): Truth => {
    const key = JSON.stringify([need.right, need.of]);
    let truth = known.get(key);
    if (truth === undefined) known.set(key, (truth = truthOfNeed(index, need)));
    return truth;
  };
  const ofOptions = (options: readonly Requirement[]): Truth => {
    const yes = emptyBits(size);
    const unknown = emptyBits(size);
    for (const option of options) {
      const truth = of(option);
      addBits(yes, truth.yes);
      addBits(unknown, truth.unknown);
    }
    for (let i = 0; i < size; i++)
      if (hasBit(yes, i)) unknown[i >>> 5] = (unknown[i >>> 5] as number) & ~(1 << (i & 31));
    return { yes, unknown };
  };
  return { of };
}

function truthOfNeed(index: AccessIndex, { right, of }: Need): Truth {
  const size = index.graph.names.length;
  if (of === "caller") return truthOfRight(index, right);
  const truth = holds(index, of.role, right, of);
  const yes = emptyBits(size);
  const unknown = emptyBits(size);
  if (truth === true) yes.fill(~0);
  if (truth === null) unknown.fill(~0);
  return { yes, unknown };
}

function truthOfRight(index: AccessIndex, right: Right): Truth {
  const { graph } = index;
  const size = graph.names.length;
  const none = emptyBits(size);
  switch (right.kind) {
    case "role": {
      const id = graph.idOf(right.role);
      if (id < 0 || !hasBit(graph.existing, id)) return { yes: none, unknown: complement(none) };
      const yes = (right.mode === "set" ? graph.setters(id, null) : graph.heirs(id, null)).slice();
      addBits(yes, graph.superusers);
      return { yes, unknown: none };
    }
    case "attribute": {
      const yes = right.attribute === "login" ? none : graph.superusers.slice();
      for (const role of index.state.roles.values()) {
        if (holds(index, role.name, right) === true) setBit(yes, graph.idOf(role.name));
      }
      return { yes, unknown: emptyBits(size) };
    }
    case "owner": {
      const owner = ownerOf(index, right.resource);
      const yes = graph.superusers.slice();
      const id = owner === null ? -1 : graph.idOf(owner);
      if (id < 0 || !hasBit(graph.existing, id)) return { yes, unknown: complement(yes) };
      graph.addHeirs(yes, id, sessionDatabaseOf(right.resource));
      return { yes, unknown: none };
    }
    case "privilege": {
      const yes = holdersOfPrivilege(index, right);
      return yes.all === null ? { yes: yes.some, unknown: complement(yes.some) } : { yes: yes.all, unknown: none };
    }
  }
}

/** `all`: exactly those who hold it. Null: the state cannot say for others than `some`. */
function holdersOfPrivilege(
  index: AccessIndex,
  right: Extract<Right, { readonly kind: "privilege" }>,
): { readonly some: Bits; readonly all: Bits | null } {
  const { graph } = index;
  const whole = holders(index, right.privilege, right.resource);
  if (whole === null) {
    const unrecorded = index.rules.recordedOnly.has(right.resource.kind);
    return { some: graph.superusers, all: unrecorded ? graph.superusers : null };
  }
  if (right.columns === undefined) return { some: whole, all: whole };
  const names = columnsOf(index, right);
  if (names === null) return { some: whole, all: null };
  const sets = names.map((name) => {
    const column: Resource = { kind: "column", path: [...right.resource.path, name] };
    return holders(index, right.privilege, column) ?? whole;
  });
  const joined =
    right.columns.kind === "any" ? emptyBits(graph.names.length) : complement(emptyBits(graph.names.length));
  for (const set of new Set(sets)) {
    if (right.columns.kind === "any") addBits(joined, set);
    else keepBits(joined, set);
  }
  addBits(joined, whole);
  return { some: joined, all: joined };
}

/** Everybody who holds a privilege, PUBLIC written out; null: there is no such resource in reach. */
function holders(index: AccessIndex, privilege: string, resource: Resource): Bits | null {
  const place = index.classOf(resource);
  if (place === null) return null;
  const found = holdersOf(index, place, index.bits.bit(resource.kind, privilege), {});
  return found.everybody ? index.graph.existing : found.roles;
}

function sessionDatabaseOf(resource: Resource): string | null {
  return resource.kind === "database" ? (resource.path[0] ?? null) : databaseOf(resource);
}

function complement(set: Bits): Bits {
  return set.map((word) => ~word);
}

function addComplement(into: Bits, yes: Bits, unknown: Bits): void {
  for (let i = 0; i < into.length; i++) {
    into[i] = (into[i] as number) | ~((yes[i] as number) | (unknown[i] as number));
  }
}

function setBit(set: Bits, item: number): void {
  set[item >>> 5] = (set[item >>> 5] as number) | (1 << (item & 31));
}
