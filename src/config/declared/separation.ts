import type { SeparationRule } from "../../model/declared.ts";
import type { DeclaredContext } from "./declared.ts";

/** The `separation` of the manifest, with all names looked up. */
export function separationOf(_context: DeclaredContext): readonly SeparationRule[] {
  return [];
}
