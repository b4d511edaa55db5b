import { resourceKey } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { holdersOf } from "../../access-index.ts";
import { hasBit, listBits } from "../../bits.ts";
import type { CheckContext } from "../check.ts";
import { isJudged } from "../postgresql/given.ts";
import { schemaResource } from "./future.ts";
import type { SchemaTables } from "./tables-by-schema.ts";

/** Who makes tables in a schema, or may. */
export interface Creators {
  /** They own tables there, or are declared to be for migrations and make some as themselves: sorted. */
  readonly known: readonly RoleName[];
  /** Sessions may act as them there, at once or after SET ROLE, and make tables: sorted. */
  readonly possible: readonly RoleName[];
}

/** Roles in scope that make tables in a schema as themselves; administrators only where they own some there already. What everybody may make counts for those who did. */
export function creatorsOf(context: CheckContext, { database, schema, tables }: SchemaTables): Creators {
  const { index, declared, people } = context;
  const { graph } = index;
  const known = new Set<RoleName>();
  for (const { owner } of tables.keys()) if (owner !== null && isJudged(context, owner)) known.add(owner);
  const owners = [...known].map((name) => graph.idOf(name));
  const possible = new Set<RoleName>();
  const place = index.classes.of(resourceKey(schemaResource(database, schema)));
  if (place !== undefined) {
    const { roles } = holdersOf(index, place, index.bits.bit("schema", "CREATE"), {});
    const owner = place.compiled.owner;
    if (owner >= 0) graph.addHeirs(roles, owner, database);
    for (const id of listBits(roles)) {
      const name = graph.names[id] as RoleName;
      if (known.has(name) || !isJudged(context, name) || !actsThere(context, id, database)) continue;
      if (declared?.roles.get(name)?.purpose === "migration") {
        // It owns none there, though it may become who does: its migrations do SET ROLE.
        if (!owners.some((owner) => hasBit(graph.setters(owner, database), id))) known.add(name);
      } else if (!people.administers(name)) possible.add(name);
    }
  }
  return { known: [...known].sort(), possible: [...possible].sort() };
}

/** Whether sessions come to act as the role: as a login that does not start as another one, or by SET ROLE. */
function actsThere({ index }: CheckContext, id: number, database: string): boolean {
  const { graph, rules, state } = index;
  const role = state.roles.get(graph.names[id] as RoleName);
  if (role !== undefined && hasBit(graph.logins, id)) {
    const wanted = rules.startsAs(role, database);
    const other = wanted === null ? -1 : graph.idOf(wanted);
    return other < 0 || other === id || !hasBit(graph.setters(other, database), id);
  }
  return listBits(graph.setters(id, database)).some(
    (each) => hasBit(graph.logins, each) && !hasBit(graph.superuserRoles, each),
  );
}
