import type { AccessIndex } from "../../analysis/access-index.ts";
import { sessionDatabase } from "../../analysis/access-index.ts";
import { hasBit } from "../../analysis/bits.ts";
import { giversOf } from "../../analysis/explain.ts";
import { EVERYBODY, type ResourceClass } from "../../analysis/resource-class.ts";
import { recordedGrants } from "../../analysis/sources.ts";
import type { Privilege } from "../../model/access-list.ts";
import type { Requirement, Right } from "../../model/requirements.ts";
import { type Resource, resourceKey } from "../../model/resource.ts";
import { type Grantee, PUBLIC, type RoleName } from "../../model/role.ts";
import { columnsOf, holds, ownerOf } from "../decide.ts";

/** What is asked of the state: met, or not, by what is left of it. */
export type Formula =
  | { readonly kind: "all" | "any"; readonly parts: readonly Formula[] }
  | { readonly kind: "constant"; readonly value: boolean }
  | Held
  | Reached;

/** A privilege on one resource, by a grant that its role gets to. */
export interface Held {
  readonly kind: "held";
  readonly role: number;
  readonly database: string | null;
  readonly givers: readonly GivenBy[];
  /** What is asked, for whoever narrows a grant on a table to columns. */
  readonly privilege: Privilege;
  readonly resource: Resource;
}

/** A role that gives it, by recorded grants any of which is enough; null: by something that is no grant (ownership is a grant that is never taken). */
export interface GivenBy {
  readonly role: number;
  readonly grants: readonly string[] | null;
}

/** Getting to a role: by inheriting from it, or by becoming it. */
export interface Reached {
  readonly kind: "reached";
  readonly role: number;
  readonly to: number;
  readonly mode: "privileges" | "set";
  readonly database: string | null;
}

/** A recorded grant as a key. */
export function grantKey(grantee: Grantee, privilege: Privilege, resource: Resource): string {
  return `${grantee}\0${privilege}\0${resourceKey(resource)}`;
}

/** A membership as a key. */
export function memberKey(member: RoleName, role: RoleName): string {
  return `${member}\0${role}`;
}

/**
 * By which grants and memberships needs are met, in a state that things are taken from one after the other. The same questions as `decide` asks, kept as formulas so that one removal asks again only what it touches. What
 * everybody has counts only where nothing else gives it: nobody should come to lean on PUBLIC.
 */
export class Ways {
  readonly index: AccessIndex;
  readonly #goneGrants = new Set<string>();
  readonly #goneMembers = new Set<string>();
  readonly #up = new Map<string, ReadonlySet<number>>();

  constructor(index: AccessIndex) {
    this.index = index;
  }

  /** Takes a grant or a membership out of the state, or puts it back. */
  take(what: { readonly grants: readonly string[]; readonly members: readonly string[] }): void {
    for (const key of what.grants) this.#goneGrants.add(key);
    for (const key of what.members) this.#goneMembers.add(key);
    if (what.members.length > 0) this.#up.clear();
  }

  giveBack(what: { readonly grants: readonly string[]; readonly members: readonly string[] }): void {
    for (const key of what.grants) this.#goneGrants.delete(key);
    for (const key of what.members) this.#goneMembers.delete(key);
    if (what.members.length > 0) this.#up.clear();
  }

  isGone(grant: string): boolean {
    return this.#goneGrants.has(grant);
  }

  /** A requirement of a statement that this role runs. What the state cannot say is nothing to lean on: false. */
  requirement(requirement: Requirement, caller: RoleName): Formula {
    if (requirement.kind === "any-of") {
      return { kind: "any", parts: requirement.options.map((each) => this.requirement(each, caller)) };
    }
    return this.right(requirement.right, requirement.of === "caller" ? caller : requirement.of.role);
  }

  right(right: Right, role: RoleName): Formula {
    const { graph } = this.index;
    const id = graph.idOf(role);
    const now = holds(this.index, role, right);
    if (id < 0 || now !== true || hasBit(graph.superusers, id)) return { kind: "constant", value: now === true };
    switch (right.kind) {
      case "attribute":
        return { kind: "constant", value: true };
      case "role":
        return { kind: "reached", role: id, to: graph.idOf(right.role), mode: right.mode, database: null };
      case "owner": {
        const owner = graph.idOf(ownerOf(this.index, right.resource) ?? "");
        return { kind: "reached", role: id, to: owner, mode: "privileges", database: sessionDatabase(right.resource) };
      }
      case "privilege":
        return this.#privilege(right, id);
    }
  }

  #privilege(right: Extract<Right, { readonly kind: "privilege" }>, role: number): Formula {
    const { privilege, resource, columns } = right;
    const whole = this.held(role, privilege, resource);
    if (columns === undefined) return whole;
    const names = columnsOf(this.index, right);
    if (names === null) return whole;
    const each = names.map((name) => this.held(role, privilege, { kind: "column", path: [...resource.path, name] }));
    return { kind: "any", parts: [whole, { kind: columns.kind === "any" ? "any" : "all", parts: each }] };
  }

  held(role: number, privilege: Privilege, resource: Resource): Held {
    const { index } = this;
    const place = index.classOf(resource);
    const database = sessionDatabase(resource);
    if (place === null) return { kind: "held", role, database, givers: [], privilege, resource };
    const key = grantKey(PUBLIC, privilege, resource);
    let givers = this.#givers.get(key);
    if (givers === undefined) this.#givers.set(key, (givers = this.#giversOf(privilege, resource, place)));
    return { kind: "held", role, database, givers, privilege, resource };
  }
  readonly #givers = new Map<string, readonly GivenBy[]>();

  #giversOf(privilege: Privilege, resource: Resource, place: ResourceClass): readonly GivenBy[] {
    const { index } = this;
    return giversOf(index, place, index.bits.bit(resource.kind, privilege), false, []).map((giver): GivenBy => {
      if (giver.by === "predefined") return { role: giver.role, grants: null };
      const grantee = giver.role === EVERYBODY ? PUBLIC : (index.graph.names[giver.role] as RoleName);
      const sources = recordedGrants(index, grantee, { privilege, resource });
      const grants = sources.map((source) => grantKey(source.grantee, privilege, source.resource));
      return { role: giver.role, grants: grants.length === 0 ? null : grants };
    });
  }

  met(formula: Formula): boolean {
    switch (formula.kind) {
      case "constant":
        return formula.value;
      case "all":
        return formula.parts.every((part) => this.met(part));
      case "any":
        return formula.parts.some((part) => this.met(part));
      case "reached":
        return this.climb(formula.role, formula.mode, formula.database).has(formula.to);
      case "held":
        return this.#isHeld(formula);
    }
  }

  #isHeld({ role, database, givers }: Held): boolean {
    const up = this.climb(role, "privileges", database);
    const own = givers.filter((giver) => giver.role !== EVERYBODY && this.#everUp(role, database).has(giver.role));
    if (own.length === 0) return givers.some((giver) => giver.role === EVERYBODY);
    return own.some((giver) => up.has(giver.role) && gives(giver, this.#goneGrants));
  }

  /** Where a role got to before anything was taken. */
  #everUp(role: number, database: string | null): ReadonlySet<number> {
    const key = `ever\0${role}\0${database ?? ""}`;
    let up = this.#ever.get(key);
    if (up === undefined) this.#ever.set(key, (up = this.#walk(role, "privileges", database, new Set())));
    return up;
  }
  readonly #ever = new Map<string, ReadonlySet<number>>();

  /** The roles that this one gets to, itself included, over the memberships that are left. */
  climb(role: number, mode: "privileges" | "set", database: string | null): ReadonlySet<number> {
    const key = `${mode}\0${role}\0${database ?? ""}`;
    let up = this.#up.get(key);
    if (up === undefined) this.#up.set(key, (up = this.#walk(role, mode, database, this.#goneMembers)));
    return up;
  }

  #walk(
    start: number,
    mode: "privileges" | "set",
    database: string | null,
    gone: ReadonlySet<string>,
  ): ReadonlySet<number> {
    const { graph } = this.index;
    const extra = graph.unrecorded(database);
    const seen = new Set([start]);
    for (const from of seen) {
      const name = graph.names[from] as RoleName;
      for (const edge of graph.up[from] ?? []) {
        if (!(mode === "set" ? edge.setRole : edge.privileges)) continue;
        if (!gone.has(memberKey(name, graph.names[edge.to] as RoleName))) seen.add(edge.to);
      }
      for (const [member, edge] of extra) if (member === from && edge.privileges) seen.add(edge.to);
    }
    return seen;
  }
}

function gives({ grants }: GivenBy, gone: ReadonlySet<string>): boolean {
  return grants === null || grants.some((key) => !gone.has(key));
}

/** Every part of a formula that rests on the state. */
export function leaves(formula: Formula): readonly (Held | Reached)[] {
  if (formula.kind === "constant") return [];
  return formula.kind === "held" || formula.kind === "reached" ? [formula] : formula.parts.flatMap(leaves);
}
