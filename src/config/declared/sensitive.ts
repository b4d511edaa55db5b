import type { Sensitive } from "../../model/declared.ts";
import type { DeclaredContext } from "./declared.ts";

/** The `sensitive` of the manifest, with all names looked up. */
export function sensitiveOf(_context: DeclaredContext): readonly Sensitive[] {
  return [];
}
