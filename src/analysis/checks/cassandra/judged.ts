import type { RoleName } from "../../../model/role.ts";
import type { Purpose } from "../../../model/declared.ts";
import type { Fix } from "../../../model/check-finding.ts";
import { isSuperuser } from "../../escalation/cassandra-held.ts";
import type { ResourceClass } from "../../resource-class.ts";
import type { CheckContext } from "../check.ts";
import { type Granted, granted, revoking } from "../general/granted.ts";
import { revokeLines } from "../general/lines.ts";
import { purposesOf } from "../general/roles.ts";
import { what, who } from "../general/telling.ts";
import type { Privilege } from "../../../model/access-list.ts";
import type { Resource, ResourceKind } from "../../../model/resource.ts";

/** What is looked for among recorded grants. */
export interface Wanted {
  readonly kinds: readonly ResourceKind[];
  readonly privileges: readonly Privilege[];
  /** Whom it is about. @default whoever is no superuser */
  readonly holder?: (name: RoleName) => boolean;
  /** Which things count. @default all */
  readonly keep?: (resource: Resource) => boolean;
  /** All of the privileges must be held. @default false: any of them */
  readonly all?: boolean;
}

/** Recorded grants of roles in scope who are no superusers anyway, grouped by who, where and what. */
export function grantsOf(context: CheckContext, wanted: Wanted): readonly Granted[] {
  const { index } = context;
  const { holder = () => true, keep, all = false } = wanted;
  const masks = new Map(wanted.kinds.map((kind) => [kind, index.bits.mask(kind, wanted.privileges)]));
  const known = new Map<number, boolean>();
  const isJudged = (id: number): boolean => {
    let found = known.get(id);
    if (found === undefined) {
      const name = index.graph.names[id];
      found = name !== undefined && context.inScope(name) && !isSuperuser(index, name) && holder(name);
      known.set(id, found);
    }
    return found;
  };
  const pick = ({ kind }: ResourceClass, id: number, mask: number): number => {
    const found = (masks.get(kind) ?? 0) & mask;
    if (found === 0 || (all && found !== masks.get(kind))) return 0;
    return isJudged(id) ? found : 0;
  };
  return granted(index, pick, keep);
}

/** Whether a role is for one of these, itself or by a role that it is in; administrators are for everything. */
export function isFor(context: CheckContext, name: RoleName, purposes: readonly Purpose[]): boolean {
  if (context.people.administers(name)) return true;
  const own = purposesOf(context, name);
  return purposes.some((each) => own.has(each));
}

/** What takes a grant away. */
export function taking(given: Granted, more = ""): Fix {
  return {
    text: `revoke ${given.privileges.join(", ")} on ${what(given.resources)} from ${who(given.grantee)}${more}`,
    manifest: revokeLines([given]),
    changes: revoking(given),
  };
}
