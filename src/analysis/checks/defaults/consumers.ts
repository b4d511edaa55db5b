import type { AccessList } from "../../../model/access-list.ts";
import type { Grantee } from "../../../model/role.ts";
import { PUBLIC } from "../../../model/role.ts";
import type { AccessIndex } from "../../access-index.ts";
import { EVERYBODY } from "../../resource-class.ts";
import type { CheckContext } from "../check.ts";
import { isJudged } from "../postgresql/given.ts";
import type { SchemaTables } from "./tables-by-schema.ts";

/** What tables are used for: reading and writing rows. */
export const USES = ["DELETE", "INSERT", "SELECT", "UPDATE"] as const;

/** So many of its tables let one rely on a schema, of five, and two at least. */
const OF_FIVE = 4;

/**
 * Who relies on the tables of a schema, and for what, as bits: roles in scope (and everybody) that hold it by a grant of their own on nearly all tables there, or to whom some creator promised it for new ones.
 */
export function consumersOf(
  context: CheckContext,
  { database, schema, tables, count }: SchemaTables,
): ReadonlyMap<Grantee, number> {
  const { index } = context;
  const uses = USES.map((name) => index.bits.bit("table", name));
  const held = new Map<number, number[]>();
  for (const [{ compiled }, resources] of tables) {
    for (let i = 0; i < compiled.grantees.length; i++) {
      const grantee = compiled.grantees[i] as number;
      if (grantee === compiled.owner) continue;
      const counts = held.get(grantee) ?? uses.map(() => 0);
      held.set(grantee, counts);
      for (const [at, bit] of uses.entries()) {
        if (((compiled.masks[i] as number) & bit) !== 0) counts[at] = (counts[at] as number) + resources.length;
      }
    }
  }
  const relied = new Map<Grantee, number>();
  const rely = (grantee: Grantee, mask: number): void => {
    if (mask !== 0 && isJudged(context, grantee)) relied.set(grantee, (relied.get(grantee) ?? 0) | mask);
  };
  for (const [id, counts] of held) {
    let mask = 0;
    for (const [at, bit] of uses.entries()) {
      const tablesHeld = counts[at] as number;
      if (tablesHeld >= 2 && 5 * tablesHeld >= OF_FIVE * count) mask |= bit;
    }
    rely(nameOf(index, id), mask);
  }
  for (const entry of context.index.state.defaultPrivileges.values()) {
    if (entry.kind !== "table" || entry.database !== database || entry.schema !== schema) continue;
    for (const [grantee, mask] of promised(index, entry.list)) if (grantee !== entry.creator) rely(grantee, mask);
  }
  return relied;
}

function promised(index: AccessIndex, list: AccessList): readonly (readonly [Grantee, number])[] {
  return list.entries.map(({ grantee, privileges }) => {
    return [
      grantee,
      index.bits.mask(
        "table",
        privileges.filter((each) => USES.some((use) => use === each)),
      ),
    ];
  });
}

function nameOf({ graph }: AccessIndex, id: number): Grantee {
  return id === EVERYBODY ? PUBLIC : (graph.names[id] ?? PUBLIC);
}
