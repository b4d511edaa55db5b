import type { AccessState } from "../model/access-state.ts";
import type { Change, Origin } from "../model/change.ts";
import type { Finding } from "../model/finding.ts";
import type { Identity } from "../model/identity.ts";
import type { RoleName } from "../model/role.ts";
import type { Scope } from "../model/scope.ts";

/**
 * What a Manifest means for one Target as it was read: the whole state that the Target should be in. Outside the Scope, and wherever nothing is claimed,
 * `desired` is the live state itself, value for value; so `diff(live, desired)` is a plain set difference, and unmanaged things cannot appear in it.
 */
export interface Resolution {
  readonly desired: AccessState;
  readonly scope: Scope;
  /** Errors among them mean that `desired` must not be planned. */
  readonly findings: readonly Finding[];
  readonly identities: readonly Identity[];
  /** Roles that keep their id under a new name; `desired` has the new names. */
  readonly renames: readonly { readonly from: RoleName; readonly to: RoleName }[];
  /** Where the password of a login comes from (`env:NAME`, `file:PATH`); set when the login is created or rotated. */
  readonly passwords: ReadonlyMap<RoleName, string>;
  /** Who asked for a change, and why. Every change of the diff has an answer. */
  originOf(change: Change): Origin;
}
