import { sortedText } from "../../../base/order.ts";
import type { RemoveMembership } from "../../../model/change.ts";
import type { Purpose } from "../../../model/declared.ts";
import type { Identity } from "../../../model/identity.ts";
import { describeName } from "../../../model/resource.ts";
import type { Role, RoleName } from "../../../model/role.ts";
import type { AccessIndex } from "../../access-index.ts";
import { administers } from "../../administrators.ts";
import { addBit, type Bits, emptyBits, hasBit, listBits } from "../../bits.ts";
import type { CheckContext } from "../check.ts";

/** Roles as a set of the graph. */
export function bitsOf({ graph }: AccessIndex, roles: Iterable<Pick<Role, "name">>): Bits {
  const set = emptyBits(graph.names.length);
  for (const { name } of roles) addBit(set, graph.idOf(name));
  return set;
}

/** The names of a set, sorted. */
export function namesOf({ graph }: AccessIndex, set: Bits): readonly RoleName[] {
  return listBits(set).map((id) => graph.names[id] as RoleName);
}

/** What both hold, as a new set. */
export function common(a: Bits, b: Bits): Bits {
  return a.map((word, at) => word & (b[at] as number));
}

/** Whether two sets have anything in common. */
export function meet(a: Bits, b: Bits): boolean {
  for (let at = 0; at < a.length; at++) if (((a[at] as number) & (b[at] as number)) !== 0) return true;
  return false;
}

/** What a login is for: the role's own purpose, else that of the roles it is in. */
export function purposesOf({ declared, index: { graph } }: CheckContext, name: RoleName): ReadonlySet<Purpose> {
  const own = declared?.roles.get(name)?.purpose ?? null;
  if (own !== null) return new Set([own]);
  const id = graph.idOf(name);
  const purposes = new Set<Purpose>();
  for (const [role, { purpose }] of declared?.roles ?? []) {
    // Who is not there has no members.
    if (purpose !== null && hasBit(graph.members(graph.idOf(role), null), id)) purposes.add(purpose);
  }
  return purposes;
}

/** Logins that no person types into: services, agents, and what was declared to be an application or a job. */
export function machineLogins(context: CheckContext): readonly MachineLogin[] {
  let found = machines.get(context);
  if (found === undefined) machines.set(context, (found = machinesOf(context)));
  return found;
}

const machines = new WeakMap<CheckContext, readonly MachineLogin[]>();

function machinesOf(context: CheckContext): readonly MachineLogin[] {
  return context.logins.flatMap(({ name }): MachineLogin[] => {
    const identity = context.people.of(name);
    const own = context.declared?.roles.get(name)?.purpose ?? null;
    const isMachine = identity === null ? own !== null && MACHINES.has(own) : identity.kind !== "person";
    return isMachine ? [{ name, identity, purposes: purposesOf(context, name) }] : [];
  });
}

export interface MachineLogin {
  readonly name: RoleName;
  readonly identity: Identity | null;
  readonly purposes: ReadonlySet<Purpose>;
}

const MACHINES: ReadonlySet<Purpose> = new Set<Purpose>([
  "application",
  "migration",
  "maintenance",
  "backup",
  "replication",
  "monitoring",
  "scheduler",
]);

const everything = new WeakMap<CheckContext, Bits>();

/** Logins that may do everything, at once or after SET ROLE, by being superuser or by holding all that it takes to administer: as a set. */
export function almighty(context: CheckContext): Bits {
  let set = everything.get(context);
  if (set === undefined) {
    const { index, logins } = context;
    set = index.graph.superReachers.slice();
    for (const { name } of logins) if (administers(index, name)) addBit(set, index.graph.idOf(name));
    everything.set(context, set);
  }
  return set;
}

/** For emergencies, by its identity or by what its role was declared for. */
export function isBreakGlass({ people, declared }: CheckContext, login: RoleName): boolean {
  return people.of(login)?.breakGlass === true || declared?.roles.get(login)?.purpose === "break-glass";
}

/** What ends direct memberships of these members in a role. */
export function leaving(
  { recorded }: AccessIndex,
  role: RoleName,
  isMember: (member: RoleName) => boolean,
): readonly RemoveMembership[] {
  return [...recorded.memberships.values()]
    .filter((each) => each.role === role && !each.implied && isMember(each.member))
    .map((membership) => ({ kind: "remove-membership", membership }));
}

/** The way over memberships from a role up to another, one sentence each; empty: there is none, or they are the same. `after` tells whether some step is SET ROLE alone. */
export function wayUp(
  index: AccessIndex,
  from: RoleName,
  to: RoleName,
): { readonly steps: readonly string[]; readonly after: boolean } {
  const { graph } = index;
  const [start, goal] = [graph.idOf(from), graph.idOf(to)];
  const came = new Map<number, { readonly by: number; readonly text: string; readonly privileges: boolean }>();
  const queue = [start];
  for (const at of queue) {
    if (at === goal) break;
    for (const edge of graph.up[at] ?? []) {
      if (came.has(edge.to) || (!edge.privileges && !edge.setRole)) continue;
      const [member, group] = [graph.names[at] as RoleName, graph.names[edge.to] as RoleName];
      const how = edge.privileges ? "has the privileges of" : "may become";
      const end = edge.privileges ? "" : " by SET ROLE";
      came.set(edge.to, {
        by: at,
        text: `\`${describeName(member)}\` ${how} \`${describeName(group)}\`${end}`,
        privileges: edge.privileges,
      });
      queue.push(edge.to);
    }
  }
  const steps: string[] = [];
  let after = false;
  for (let at = goal; at !== start; ) {
    const step = came.get(at);
    if (step === undefined) return { steps: [], after: false };
    steps.unshift(step.text);
    after ||= !step.privileges;
    at = step.by;
  }
  return { steps, after };
}

/** Names of roles of which each is in scope, sorted. */
export function inScopeOnly(context: CheckContext, names: Iterable<RoleName>): readonly RoleName[] {
  return sortedText(names).filter((name) => context.inScope(name));
}

const ordinary = new WeakMap<CheckContext, Bits>();

/** Logins of people and of programs that neither administer nor migrate, as a set: those that run the business. Logins that the manifest says nothing about are not among them. */
export function ordinaryLogins(context: CheckContext): Bits {
  let set = ordinary.get(context);
  if (set === undefined) {
    const { people, index } = context;
    const machines = new Map(machineLogins(context).map((each) => [each.name, each.purposes]));
    const those = context.logins.filter(({ name }) => {
      const purposes = machines.get(name);
      if (purposes === undefined && people.of(name) === null) return false;
      // Who is for emergencies administers too.
      return !people.administers(name) && purposes?.has("migration") !== true;
    });
    ordinary.set(context, (set = bitsOf(index, those)));
  }
  return set;
}
