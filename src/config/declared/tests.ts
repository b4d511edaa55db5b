import type { DeclaredTest } from "../../model/declared.ts";
import type { DeclaredContext } from "./declared.ts";

/** The `tests` of the manifest, with all names looked up. */
export function testsOf(_context: DeclaredContext): readonly DeclaredTest[] {
  return [];
}
