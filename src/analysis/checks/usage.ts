import type { Privilege } from "../../model/access-list.ts";
import type { Resource } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";

/** What evidence says of use, as checks look at it. Worked out before: see simulation/advise. */
export interface Usage {
  /** Whole days that were watched. */
  readonly days: number;
  /** What was watched for long enough by all that get to it, and was not used. */
  readonly unused: readonly {
    readonly grantees: readonly RoleName[];
    readonly privileges: readonly Privilege[];
    readonly resources: readonly Resource[];
  }[];
  /** What was not seen in use, and of which nothing can be said: how many, and why, as sentences. */
  readonly unclear: readonly { readonly count: number; readonly why: string }[];
  /** When each login or role was seen last, RFC 3339. */
  readonly lastSeen: ReadonlyMap<RoleName, string>;
}
