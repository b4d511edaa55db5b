import { FACETS } from "../../model/scope.ts";
import type { LoadedManifest } from "../load.ts";
import type { AuthoritativeEntry } from "../manifest.ts";

/** Every facet of every role that the manifest declares, and of everybody. */
const WHOLE: readonly AuthoritativeEntry[] = [{ facets: FACETS }, { facets: FACETS, roles: ["public"] }];

/**
 * The same manifest as if it claimed everything about its roles. What this would remove and the manifest itself would not is what no line claims; a manifest that
 * leaves nothing out removes nothing. Only for comparing: nothing of it is ever planned.
 */
export function withWholeClaim(loaded: LoadedManifest): LoadedManifest {
  if (loaded.manifest === null) return loaded;
  const scope = { ...loaded.manifest.scope, authoritative: WHOLE };
  return { ...loaded, manifest: { ...loaded.manifest, scope } };
}
