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
  /** What a plan takes of what was observed. @default no plan was simulated */
  readonly loss?: ObservedLoss;
  /** What superusers that log in were used for. @default not worked out */
  readonly superusers?: readonly SuperuserUse[];
}

/** What a plan takes of what was observed, by its simulation. */
export interface ObservedLoss {
  /** Statements that would break, or read something else, by login. */
  readonly used: readonly {
    readonly login: RoleName;
    readonly statements: number;
    /** RFC 3339. */
    readonly lastSeen: string;
    /** What the most used of them lacks or reads in place of it, in a sentence. */
    readonly why: string;
  }[];
  /** Logins of whom nothing was observed. */
  readonly unobserved: readonly RoleName[];
  /** First and last instant of the evidence; null: there is none. */
  readonly from: string | null;
  readonly to: string | null;
}

/** What a superuser did, and what would be enough for it. */
export interface SuperuserUse {
  readonly role: RoleName;
  /** Different statements, and those of which it is not known what they need. */
  readonly statements: number;
  readonly open: number;
  /** Built-in roles that would be enough for all of it; empty: none is needed. Null: they are not enough, or it is not known. */
  readonly enough: readonly RoleName[] | null;
}

/** Built-in roles that are enough for tasks that superusers are used for. */
export interface SmallRoles {
  /** Those that are there, in the order in which they are tried to be left out. */
  readonly roles: readonly RoleName[];
  /** Of those, the one without which some answers are empty instead of refused: kept where a statement could ask for them. */
  readonly quiet: { readonly role: RoleName; readonly asked: RegExp };
  /** Code that decides by its arguments whom it obeys, and the role that it asks for. */
  readonly byArguments: { readonly role: RoleName; readonly reason: RegExp };
}
