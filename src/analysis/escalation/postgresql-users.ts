import type { Privilege } from "../../model/access-list.ts";
import type { Grantee, RoleName } from "../../model/role.ts";
import type { AccessIndex } from "../access-index.ts";
import { type Bits, emptyBits, keepBits, listBits } from "../bits.ts";
import type { ResourceClass } from "../resource-class.ts";

/**
 * The logins that use things of a class by a grant to them or to a role whose privileges they have, the owner's side included. What superusers may do anyway, and what everybody may, is no sign of use.
 */
export function usersOf(index: AccessIndex, place: ResourceClass, by: readonly Privilege[]): readonly RoleName[] {
  return listBits(userBits(index, place, by)).map((id) => index.graph.names[id] as RoleName);
}

/** The same as a set that is the caller's own. */
export function userBits(index: AccessIndex, place: ResourceClass, by: readonly Privilege[]): Bits {
  const { graph, bits } = index;
  const mask = bits.mask(place.kind, by);
  const { compiled } = place;
  const users = emptyBits(graph.names.length);
  for (let i = 0; i < compiled.grantees.length; i++) {
    const grantee = compiled.grantees[i] as number;
    if (grantee >= 0 && ((compiled.masks[i] as number) & mask) !== 0) graph.addHeirs(users, grantee, place.database);
  }
  keepBits(users, graph.logins);
  return users;
}

/** Whether the privileges of `role` come with those of `heir`. */
export function isHeirOf({ graph }: AccessIndex, heir: Grantee, role: RoleName): boolean {
  // What is not there, PUBLIC too, has the number -1 and is nobody's heir; a role is its own.
  return graph.isHeir(graph.idOf(role), graph.idOf(heir), null);
}
