import type { Privilege } from "../../model/access-list.ts";
import { type Grantee, PUBLIC, type RoleName } from "../../model/role.ts";
import type { AccessIndex } from "../access-index.ts";
import { type Bits, emptyBits, hasBit, keepBits, listBits } from "../bits.ts";
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
  const [from, to] = [heir === PUBLIC ? -1 : graph.idOf(heir), graph.idOf(role)];
  return from >= 0 && to >= 0 && (from === to || hasBit(graph.heirs(to, null), from));
}
