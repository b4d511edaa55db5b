import { describeResource, describeTyped, type ResourceKind } from "../../../../model/resource.ts";
import type { EarlyRow } from "./other-queries.ts";

/** What a gap calls an object of a database, as everything else that people read does: `routine geo.near(point)`. */
export function named(kind: ResourceKind, ...parts: readonly string[]): string {
  return describeTyped({ kind, path: ["", ...parts] });
}

const EARLY: Readonly<Record<string, string>> = {
  pg_collation: "collation",
  pg_ts_dict: "text search dictionary",
  pg_ts_config: "text search configuration",
};

/** The same of what nothing is granted on, too. */
export function namedEarly([catalog, , schema, name]: EarlyRow): string {
  const word = EARLY[catalog];
  if (word !== undefined && schema !== null)
    return `${word} ${describeResource({ kind: "table", path: ["", schema, name] })}`;
  return named(catalog === "pg_foreign_server" ? "foreign-server" : "foreign-data-wrapper", name);
}
