import type { Privilege } from "../../model/access-list.ts";
import { describeName, type ResourceKind } from "../../model/resource.ts";
import type { Grantee, Role, RoleName } from "../../model/role.ts";
import type { AccessIndex } from "../access-index.ts";
import { hasBit } from "../bits.ts";
import type { ResourceClass } from "../resource-class.ts";
import type { EscalationEdge, Goal } from "./escalation.ts";

/** An edge that takes nobody else's doing and that everybody with the privileges of `from` can take, unless it says otherwise. */
export function edge(
  from: Grantee,
  to: Goal,
  by: string,
  options: Partial<Pick<EscalationEdge, "over" | "needsVictim" | "confidence">> = {},
): EscalationEdge {
  return { from, to, by, over: "effective", needsVictim: false, confidence: "certain", ...options };
}

export function toRole(role: RoleName): Goal {
  return { kind: "role", role };
}

export const TO_SYSTEM: Goal = { kind: "system" };
export const TO_SUPERUSER: Goal = { kind: "superuser" };

/** A role in backticks. */
export function said(name: RoleName): string {
  return `\`${describeName(name)}\``;
}

/** All roles by name. */
export function rolesOf({ graph, state }: AccessIndex): readonly Role[] {
  return graph.names.flatMap((name) => state.roles.get(name) ?? []);
}

export function isSuperuser({ graph }: AccessIndex, name: Grantee): boolean {
  // PUBLIC has the number -1, which is in no set.
  return hasBit(graph.superuserRoles, graph.idOf(name));
}

/** The grantees of any of these privileges by an entry of their own, superusers left out; the owner's own entry counts. */
export function granteesOf(
  index: AccessIndex,
  place: ResourceClass,
  wanted: readonly Privilege[],
): readonly { readonly grantee: Grantee; readonly privileges: readonly Privilege[] }[] {
  const mask = index.bits.mask(place.kind, wanted);
  const { compiled, list } = place;
  if (!compiled.masks.some((each) => (each & mask) !== 0)) return [];
  const found = new Map<Grantee, Set<Privilege>>();
  for (const entry of list.entries) {
    const privileges = entry.privileges.filter((each) => wanted.includes(each));
    if (privileges.length === 0 || isSuperuser(index, entry.grantee)) continue;
    const known = found.get(entry.grantee) ?? new Set();
    for (const each of privileges) known.add(each);
    found.set(entry.grantee, known);
  }
  return [...found].map(([grantee, privileges]) => ({ grantee, privileges: [...privileges].sort() }));
}

export function classesOf({ classes }: AccessIndex, kind: ResourceKind): readonly ResourceClass[] {
  return classes.all.filter((each) => each.kind === kind);
}
