import { FACETS } from "../../model/scope.ts";
import type { LoadedManifest } from "../load.ts";
import type { AuthoritativeEntry, Manifest, RoleEntry } from "../manifest.ts";

/**
 * The same manifest as if it claimed everything about its roles, or about everybody. What this would remove and the manifest itself would not is what no line
 * claims; a manifest that leaves nothing out removes nothing. Only for comparing: nothing of it is ever planned.
 */
export function withWholeClaim(loaded: LoadedManifest, of: "roles" | "everybody" = "roles"): LoadedManifest {
  const { manifest } = loaded;
  if (manifest === null) return loaded;
  const claim = of === "roles" ? wholeOfRoles(manifest) : wholeOfEverybody(manifest);
  return { ...loaded, manifest: { ...manifest, ...claim } };
}

function wholeOfRoles(manifest: Manifest): Partial<Manifest> {
  const roles = Object.entries(manifest.roles ?? {});
  // A key that is missing claims nothing, even where the scope is authoritative.
  const whole = (entry: RoleEntry): RoleEntry => ({
    ...entry,
    grants: entry.grants ?? [],
    member_of: entry.member_of ?? [],
  });
  const names = roles.map(([name]) => `"${name.replaceAll('"', '""')}"`);
  return {
    roles: Object.fromEntries(roles.map(([name, entry]) => [name, whole(entry)])),
    scope: scopeOf(manifest, { facets: FACETS, roles: names }),
  };
}

function wholeOfEverybody(manifest: Manifest): Partial<Manifest> {
  return {
    public: { ...manifest.public, grants: manifest.public?.grants ?? [] },
    scope: scopeOf(manifest, { facets: FACETS, roles: ["public"] }),
  };
}

function scopeOf(manifest: Manifest, entry: AuthoritativeEntry): NonNullable<Manifest["scope"]> {
  return { ...manifest.scope, authoritative: [entry] };
}
