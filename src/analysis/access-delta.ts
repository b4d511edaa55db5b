import type { Privilege } from "../model/access-list.ts";
import type { Resource, ResourceKind } from "../model/resource.ts";
import type { RoleName } from "../model/role.ts";
import type { Unknown } from "../model/snapshot.ts";
import type { Covered } from "./covered.ts";

/** Who gains and loses what by a Plan. Lines are grouped: everybody with the same loss by the same path, all resources that it is the same for. */
export interface AccessDelta {
  /** Sorted by danger. */
  readonly losses: readonly DeltaLine[];
  readonly gains: readonly DeltaLine[];
  readonly unknowns: readonly Unknown[];
  /**
   * Distinct identities, and logins that belong to none, that lose anything; the number that `--accept-access-loss` must name. Roles that no login can become and PUBLIC itself are
   * shown and not counted: whoever loses by them is counted as a login.
   */
  readonly subjectsLosing: number;
  readonly subjectsGaining: number;
}

/**
 * Who has access: an identity of the manifest, or a login that the manifest knows nobody for, or a role that no login can become (kept, since it may be granted tomorrow), or everybody.
 * An identity with several logins loses only what none of them gives any more.
 */
export interface Subject {
  readonly kind: "person" | "service" | "agent" | "login" | "role" | "public";
  /** The identity's name in the manifest, or the role's; `PUBLIC` for everybody. */
  readonly name: string;
  /** The role by which it has the access; the empty name for everybody. */
  readonly login: RoleName;
}

export interface DeltaLine {
  /** Sorted: services, agents, people, logins, roles, everybody. Never empty. Shared between lines: compare by identity to group them. */
  readonly subjects: readonly Subject[];
  readonly what: AccessFact;
  /** How the access came (a loss) or comes (a gain): all shortest ways, at most eight. Never empty. */
  readonly paths: readonly Path[];
  /** Set where the access only moves behind SET ROLE (a loss: it is still there after SET ROLE) or out from behind it (a gain: it was there after SET ROLE before). */
  readonly afterSetRole?: true;
  /** What is gained (lost) along with this because it lies in it, by the same grants. Those lines are there too, with `covered`. Absent where none. */
  readonly covers?: readonly Covered[];
  /** Set where another line counts this among what it `covers`. */
  readonly covered?: true;
}

/** A privilege on resources of one kind, ownership, an attribute (`superuser`, `login`), admin of a role, being in a built-in role, or rows of a table. */
export type AccessFact =
  | {
      readonly kind: "privilege";
      readonly privileges: readonly Privilege[];
      /** The right to pass them on is gained or lost with them. */
      readonly grantable: boolean;
      /** Set where only the right to pass them on is gained or lost; the privileges themselves stay. Then `grantable` is true too. */
      readonly onlyGrantOption?: true;
      readonly resourceKind: ResourceKind;
      /** Sorted; empty where `future` is set. */
      readonly resources: readonly Resource[];
      /** Objects that do not exist yet, made by this creator; `schema` null: in every schema that has no line of its own. */
      readonly future?: { readonly creator: RoleName; readonly database: string; readonly schema: string | null };
      /** USAGE on schemas and CONNECT on databases: how many resources in them the subjects still hold privileges on that they can no longer (a gain: can now) use. Absent where none. */
      readonly behind?: number;
      /** Columns of the tables that keep the privilege by a list of their own, although it is lost on the table as a whole. Absent where none. */
      readonly columnsKept?: readonly Resource[];
    }
  | { readonly kind: "ownership"; readonly resourceKind: ResourceKind; readonly resources: readonly Resource[] }
  | { readonly kind: "attribute"; readonly name: string }
  /** May make others members of `role`. */
  | { readonly kind: "admin"; readonly role: RoleName }
  /** Has what the server or its provider lets members of this role do (`pg_monitor`, `pg_signal_backend`), which no access list shows. */
  | { readonly kind: "member"; readonly role: RoleName }
  /** May see or change fewer (a loss) or more (a gain) rows, because these policies changed or apply to others. No names: row security itself was switched. */
  | { readonly kind: "rows"; readonly table: Resource; readonly policies: readonly string[] };

/** From the login to what gives the access. */
export interface Path {
  /** The roles walked through after the login, in order, the last one holds the access. Empty: the login holds it itself, or everybody does. */
  readonly roles: readonly RoleName[];
  /** How the last one holds it. `attribute`: an attribute of its own. `membership`: the admin option. `predefined`: a role that is built into the server. */
  readonly by:
    | "grant"
    | "ownership"
    | "public"
    | "predefined"
    | "superuser"
    | "default-privilege"
    | "attribute"
    | "membership";
  /** At some step the access is not inherited and the session must SET ROLE first. */
  readonly needsSetRole: boolean;
}
