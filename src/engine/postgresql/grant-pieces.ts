import type { Privilege } from "../../model/access-list.ts";
import type { AccessState } from "../../model/access-state.ts";
import type { GrantChange } from "../../model/change.ts";
import { resourceKey, tableOf, type Resource } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { StateRules } from "../../model/state-rules.ts";
import type { GrantDepths } from "./grant-depth.ts";

/** Part of a GrantChange that can stand in one statement: one actor, one place in the order. */
export interface GrantPiece {
  readonly change: GrantChange;
  /** The indexes of the changes that it carries out. */
  readonly indexes: readonly number[];
  readonly privileges: readonly Privilege[];
  readonly resources: readonly Resource[];
  /** The role to act as; undefined where the server records the right grantor by itself. */
  readonly as: RoleName | undefined;
  readonly depth: number;
  readonly cascade: boolean;
}

export interface PieceContext {
  /** The state that owners and chains of grant options are looked up in. */
  readonly state: AccessState;
  readonly rules: StateRules;
  readonly depths: GrantDepths;
  readonly actor: RoleName;
  readonly bootstrap: RoleName;
}

/** Cuts a change into pieces, nearly always one: by who must act, and by the depth of its grantor in the chain of grant options. */
export function grantPieces(
  change: GrantChange,
  indexes: readonly number[],
  context: PieceContext,
  cascade = false,
): GrantPiece[] {
  const groups = new Map<string, { resources: Resource[]; privileges: Set<Privilege>; as?: RoleName; depth: number }>();
  for (const resource of change.resources) {
    const owner = ownerOf(resource, context);
    const as = actAs(change.grantor, owner, context);
    for (const [depth, privileges] of byDepth(change, resource, owner, context)) {
      const key = `${as ?? ""}\0${depth}\0${privileges.join(",")}`;
      const group = groups.get(key);
      if (group !== undefined) group.resources.push(resource);
      else {
        const rest = { resources: [resource], privileges: new Set(privileges), depth };
        groups.set(key, as === undefined ? rest : { ...rest, as });
      }
    }
  }
  return [...groups.values()].map(({ resources, privileges, as, depth }) => ({
    change,
    indexes,
    privileges: [...privileges],
    // The same array where nothing was cut: later steps recognise equal sets by identity.
    resources: resources.length === change.resources.length ? change.resources : resources,
    as,
    depth,
    cascade,
  }));
}

/** Who owns a resource as far as granting goes: a column is its table's, a parameter the first superuser's. */
export function ownerOf(resource: Resource, { state, bootstrap }: Pick<PieceContext, "state" | "bootstrap">): RoleName {
  if (resource.kind === "parameter") return bootstrap;
  const owned = resource.kind === "column" ? tableOf(resource) : resource;
  return state.holdings.get(resourceKey(owned))?.owner ?? bootstrap;
}

/** The role to become for the server to record this grantor; undefined where that happens by itself. */
export function actAs(
  grantor: RoleName,
  owner: RoleName,
  { rules, actor }: Pick<PieceContext, "rules" | "actor">,
): RoleName | undefined {
  return grantor === rules.grantorFor(owner) || grantor === actor ? undefined : grantor;
}

function byDepth(
  change: GrantChange,
  resource: Resource,
  owner: RoleName,
  { state, depths }: PieceContext,
): Iterable<readonly [number, readonly Privilege[]]> {
  const list = change.grantor === owner ? undefined : state.holdings.get(resourceKey(resource))?.list;
  if (list === undefined) return [[0, change.privileges]];
  const groups = new Map<number, Privilege[]>();
  for (const privilege of change.privileges) {
    const depth = depths.of(list, owner, privilege, change.grantor);
    const group = groups.get(depth);
    if (group === undefined) groups.set(depth, [privilege]);
    else group.push(privilege);
  }
  return groups;
}
