import { describeTyped, type ResourceKind } from "../../../../model/resource.ts";

/** What a gap calls an object of a database, as everything else that people read does: `routine geo.near(point)`. */
export function named(kind: ResourceKind, ...parts: readonly string[]): string {
  return describeTyped({ kind, path: ["", ...parts] });
}
