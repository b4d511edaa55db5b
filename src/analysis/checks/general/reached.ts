import { compareBy, sorted } from "../../../base/order.ts";
import type { RoleName } from "../../../model/role.ts";
import type { AccessIndex } from "../../access-index.ts";
import { type Bits, isEmpty } from "../../bits.ts";
import type { ResourceClass } from "../../resource-class.ts";
import type { CheckContext } from "../check.ts";
import { type Granted, granted } from "./granted.ts";
import { common, namesOf } from "./roles.ts";

/** What a role was given, and who of some logins has it through the role. */
export interface Reached {
  readonly given: Granted;
  /** Sorted, never empty; the grantee itself may be one. */
  readonly logins: readonly RoleName[];
  /** Somebody has it without a further statement. */
  readonly isEffective: boolean;
}

/** Grants to roles in scope that any of these logins has, at once or after SET ROLE; what superusers have anyway is left out. `wanted` says which privileges count at a place, as bits. */
export function reachedBy(
  context: CheckContext,
  logins: Bits,
  wanted: (place: ResourceClass) => number,
): readonly Reached[] {
  if (isEmpty(logins)) return [];
  const { index } = context;
  const reach = reaching(index, logins);
  const all = granted(index, (place, id, mask) => {
    const found = id < 0 ? 0 : mask & wanted(place);
    return found !== 0 && context.inScope(index.graph.names[id] as RoleName) && !isEmpty(reach(id)) ? found : 0;
  });
  return all.map((given) => {
    const id = index.graph.idOf(given.grantee);
    const isEffective = !isEmpty(common(index.graph.heirs(id, given.database), reach(id)));
    return { given, logins: namesOf(index, reach(id)), isEffective };
  });
}

/** Who of some logins has the privileges of a role, at once or after SET ROLE, worked out once for each role. */
export function reaching({ graph }: AccessIndex, logins: Bits): (role: number) => Bits {
  const known = new Map<number, Bits>();
  const ordinary = logins.map((word, at) => word & ~(graph.superReachers[at] as number));
  return (role) => {
    let found = known.get(role);
    if (found === undefined) known.set(role, (found = common(graph.reachers(role, null), ordinary)));
    return found;
  };
}

/** Grouped by grantee and schema, sorted. */
export function byPlace(all: readonly Reached[]): readonly (readonly [Reached, ...Reached[]])[] {
  const groups = Map.groupBy(all, ({ given }) => [given.grantee, given.database ?? "", given.schema ?? ""].join("\0"));
  return sorted(
    [...groups.values()].flatMap(([first, ...rest]) => (first === undefined ? [] : [[first, ...rest] as const])),
    compareBy(
      ([{ given }]) => given.grantee,
      ([{ given }]) => given.database,
      ([{ given }]) => given.schema,
    ),
  );
}
