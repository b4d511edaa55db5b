import type { Privilege } from "../model/access-list.ts";
import type { Resource, ResourceKind } from "../model/resource.ts";
import type { RoleName } from "../model/role.ts";
import type { Unknown } from "../model/snapshot.ts";

/** Who gains and loses what by a Plan. Lines are grouped: everybody with the same loss by the same path, all resources that it is the same for. */
export interface AccessDelta {
  /** Sorted by danger. */
  readonly losses: readonly DeltaLine[];
  readonly gains: readonly DeltaLine[];
  readonly unknowns: readonly Unknown[];
  /** Distinct subjects that lose anything; the number that `--accept-access-loss` must name. */
  readonly subjectsLosing: number;
  readonly subjectsGaining: number;
}

/**
 * Who has access: an identity of the manifest, or a login that the manifest knows nobody for, or a role that no login can become (kept, since it may be granted tomorrow), or everybody.
 */
export interface Subject {
  readonly kind: "person" | "service" | "agent" | "login" | "role" | "public";
  readonly name: string;
  /** The role by which it has the access. */
  readonly login: RoleName;
}

export interface DeltaLine {
  readonly subjects: readonly Subject[];
  readonly what: AccessFact;
  /** How the access came (a loss) or comes (a gain). Shortest first; never empty. */
  readonly paths: readonly Path[];
}

/** A privilege on resources of one kind, an attribute (`superuser`), membership with options (`admin of app_rw`), or being able to log in. */
export type AccessFact =
  | {
      readonly kind: "privilege";
      readonly privileges: readonly Privilege[];
      readonly grantable: boolean;
      readonly resourceKind: ResourceKind;
      readonly resources: readonly Resource[] /** Objects that do not exist yet, made by this creator. */;
      readonly future?: { readonly creator: RoleName; readonly schema: string | null };
    }
  | { readonly kind: "ownership"; readonly resourceKind: ResourceKind; readonly resources: readonly Resource[] }
  | { readonly kind: "attribute"; readonly name: string }
  | { readonly kind: "admin"; readonly role: RoleName }
  | { readonly kind: "rows"; readonly table: Resource; readonly policies: readonly string[] };

/**
 * From the login to what gives the access: the roles walked through, in order, and how the last one holds it.
 * `needsSetRole`: at some step the access is not inherited and the session must SET ROLE first.
 */
export interface Path {
  readonly roles: readonly RoleName[];
  readonly by: "grant" | "ownership" | "public" | "predefined" | "superuser" | "default-privilege";
  readonly needsSetRole: boolean;
}
