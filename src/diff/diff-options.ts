import type { RoleName } from "../model/role.ts";
import type { StateRules } from "../model/state-rules.ts";

/** What `diff(live, desired, options)` needs besides the two states. */
export interface DiffOptions {
  readonly rules: StateRules;
  /** Roles that keep their id under a new name. @default none */
  readonly renames?: readonly { readonly from: RoleName; readonly to: RoleName }[];
  /** Sources of passwords for logins that are created. @default none */
  readonly passwords?: ReadonlyMap<RoleName, string>;
  /** Logins whose password is set anew although they exist. @default none */
  readonly rotate?: ReadonlySet<RoleName>;
}
