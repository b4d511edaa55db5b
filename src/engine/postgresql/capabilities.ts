import type { Capabilities } from "../capabilities.ts";

/** What PostgreSQL can do, whatever its version; a dialect says the rest: membership options came with PostgreSQL 16. */
export const CAPABILITIES: Capabilities = {
  transactionalGrants: true,
  columnGrants: true,
  ownership: true,
  defaultPrivileges: true,
  rowPolicies: true,
  membershipOptions: true,
  grantors: true,
  publicGrantee: true,
  databases: "many",
};
