import { compareText, sortedText } from "../../base/order.ts";
import type { Privilege } from "../../model/access-list.ts";
import { tableOf } from "../../model/resource.ts";
import { manifestName } from "./name.ts";
import type { HoldingClass, HoldingPlace } from "./places.ts";
import type { Saying } from "./sayings.ts";
import type { GrantStatement } from "./statement.ts";

/** States the column grants of one table: one line for each set of columns, since a line gives all its privileges the same columns. */
export function factorColumns(
  place: HoldingPlace,
  sayings: ReadonlyMap<HoldingClass, readonly Saying[]>,
): readonly GrantStatement[] {
  const streams = new Map<string, { saying: Saying; missing: boolean; columns: Map<Privilege, string[]> }>();
  for (const one of place.classes) {
    for (const saying of sayings.get(one) ?? []) {
      const { missing } = one;
      const key = JSON.stringify([saying.grantee, saying.absent, saying.by, saying.grantable, missing]);
      const stream = streams.get(key) ?? { saying, missing, columns: new Map<Privilege, string[]>() };
      streams.set(key, stream);
      for (const privilege of saying.privileges) {
        const columns = stream.columns.get(privilege) ?? [];
        stream.columns.set(privilege, columns);
        for (const { resource } of one.candidates) columns.push(resource.path[3] ?? "");
      }
    }
  }
  const first = place.classes[0]?.candidates[0];
  if (first === undefined) return [];
  const on = { names: [manifestName(tableOf(first.resource))], pattern: false, except: [], partitions: false };
  return [...streams]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([, { saying, missing, columns }]) =>
      bySameColumns(columns).map(([names, privileges]) => ({
        grantee: saying.grantee,
        absent: saying.absent,
        grantable: saying.grantable,
        by: saying.by,
        privileges,
        columns: names,
        kind: "column",
        database: place.database,
        schema: place.schema,
        on,
        creators: [],
        futureOnly: false,
        missing,
      })),
    );
}

function bySameColumns(
  columns: ReadonlyMap<Privilege, readonly string[]>,
): readonly (readonly [readonly string[], readonly Privilege[]])[] {
  const groups = new Map<string, { names: readonly string[]; privileges: Privilege[] }>();
  for (const [privilege, unsorted] of columns) {
    const names = sortedText(unsorted);
    const group = groups.get(names.join("\0"));
    if (group === undefined) groups.set(names.join("\0"), { names, privileges: [privilege] });
    else group.privileges.push(privilege);
  }
  return [...groups.values()].map(({ names, privileges }) => [names, sortedText(privileges)]);
}
