import type { RoleName } from "./role.ts";

/** The sides of a Target that can be claimed one by one. */
export const FACETS = [
  "attributes",
  "memberships",
  "grants",
  "default-privileges",
  "ownership",
  "row-policies",
] as const;
export type Facet = (typeof FACETS)[number];

/**
 * What we may change. Outside it everything is read, analysed, shown, and never touched.
 * A place is authoritative when what the manifest does not declare there is removed; everywhere else what is declared is added, and only what is declared `absent` is removed.
 */
export interface Scope {
  /** The roles that the manifest declares. */
  readonly roles: ReadonlySet<RoleName>;
  /** True when whatever is not declared for this role (as grantee, member, creator or owner) in this schema (null: outside schemas) is to go. */
  authoritative(
    facet: Facet,
    place: { readonly role: RoleName; readonly database: string | null; readonly schema: string | null },
  ): boolean;
}
