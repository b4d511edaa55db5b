import type { AccessList, Privilege } from "../../model/access-list.ts";
import type { RoleName } from "../../model/role.ts";

/**
 * How far a grantor's right to give a privilege is from the owner, along the longest chain of grant options; the owner itself is 0. Grants go in ascending order, so that
 * the option is there before it is used, and revocations in descending order, so that nothing depends on an option any more when it goes.
 */
export class GrantDepths {
  readonly #known: Map<string, ReadonlyMap<RoleName, number>> = new Map();

  of(list: AccessList, owner: RoleName, privilege: Privilege, grantor: RoleName): number {
    if (grantor === owner) return 0;
    const key = `${list.id}\0${owner}\0${privilege}`;
    let depths = this.#known.get(key);
    if (depths === undefined) {
      depths = longestChains(list, owner, privilege);
      this.#known.set(key, depths);
    }
    return depths.get(grantor) ?? 0;
  }
}

function longestChains(list: AccessList, owner: RoleName, privilege: Privilege): ReadonlyMap<RoleName, number> {
  const givers = new Map<RoleName, RoleName[]>();
  for (const { grantee, grantor, grantable } of list.entries) {
    if (grantee !== owner && grantable.includes(privilege)) {
      givers.set(grantee, [...(givers.get(grantee) ?? []), grantor]);
    }
  }
  const depths = new Map<RoleName, number>([[owner, 0]]);
  const walking = new Set<RoleName>();
  const depth = (role: RoleName): number => {
    const known = depths.get(role);
    if (known !== undefined) return known;
    // The server lets no circle arise; a list that has one was not read from a server.
    if (walking.has(role)) return 0;
    walking.add(role);
    const result = 1 + Math.max(-1, ...(givers.get(role) ?? []).map(depth));
    depths.set(role, result);
    return result;
  };
  for (const role of givers.keys()) depth(role);
  return depths;
}
