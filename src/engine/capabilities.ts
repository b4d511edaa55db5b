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
  /** How many databases one target can span. */
  readonly databases: "one" | "many";
}
