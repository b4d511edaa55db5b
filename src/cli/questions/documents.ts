import type { Path } from "../../analysis/access-delta.ts";
import type { GrantSource } from "../../model/access-rules.ts";
import type { Resource } from "../../model/resource.ts";
import { PUBLIC } from "../../model/role.ts";

/** A resource in JSON: its kind and its exact names. */
export function resourceDocument(resource: Resource): Readonly<Record<string, unknown>> {
  return { kind: resource.kind, path: resource.path };
}

/** A way in JSON. */
export function pathDocument(path: Path): Readonly<Record<string, unknown>> {
  return { roles: path.roles, by: path.by, needs_set_role: path.needsSetRole };
}

/** A recorded grant in JSON: whom it was made to (null: everybody), and on what. */
export function sourceDocument(source: GrantSource): Readonly<Record<string, unknown>> {
  return { grantee: source.grantee === PUBLIC ? null : source.grantee, resource: resourceDocument(source.resource) };
}
