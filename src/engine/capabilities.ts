/** What an engine can do. Code outside an engine's folder asks these; it never compares engine names. */
export interface Capabilities {
  /** Grants, roles and memberships take part in transactions: a stage is all or nothing. */
  readonly transactionalGrants: boolean;
  /** Privileges can be held on single columns. */
  readonly columnGrants: boolean;
  /** Resources have owners with rights of their own. */
  readonly ownership: boolean;
  /** Access of objects that do not exist yet can be set. */
  readonly defaultPrivileges: boolean;
  readonly rowPolicies: boolean;
  /** Each membership can carry admin, inherit and set options. */
  readonly membershipOptions: boolean;
  /** Every grant remembers who gave it, and several may give the same. */
  readonly grantors: boolean;
  /** A grantee that stands for everybody. */
  readonly publicGrantee: boolean;
  /** `many`: databases above the schemas, several of which one target can span. `one`: everything lives in one that has a fixed name and is never shown. */
  readonly databases: "one" | "many";
  /** How the right to pass a privilege on is kept: see StateRules. */
  readonly grantOption: "each" | "level" | "none";
  /** The server itself keeps a second applier away. Otherwise only appliers that share a run store are kept from each other. */
  readonly applierLock: boolean;
  /** The server answers what a role may do by functions of its own, so that a stage is checked against them too. */
  readonly privilegeFunctions: boolean;
  /** Sessions of others can be ended by the server. */
  readonly endsSessions: boolean;
  /** Versions that were tested against live servers, as people write them; empty: built to its documentation and never run against a live server. */
  readonly verifiedOn: readonly string[];
  /** What the engine cannot do or cannot be trusted with, in plain sentences, for its page and for `doctor`. */
  readonly limits: readonly string[];
}
