import type { Duty } from "../../model/declared.ts";
import type { DeclaredContext } from "./declared.ts";

/** The `duties` of the manifest, with all names looked up. */
export function dutiesOf(_context: DeclaredContext): ReadonlyMap<string, Duty> {
  return new Map();
}
