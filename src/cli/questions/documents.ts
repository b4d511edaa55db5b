import type { Path } from "../../analysis/access-delta.ts";
import type { Resource } from "../../model/resource.ts";

/** A resource in JSON: its kind and its exact names. */
export function resourceDocument(resource: Resource): Readonly<Record<string, unknown>> {
  return { kind: resource.kind, path: resource.path };
}

/** A way in JSON. */
export function pathDocument(path: Path): Readonly<Record<string, unknown>> {
  return { roles: path.roles, by: path.by, needs_set_role: path.needsSetRole };
}
