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
  grantOption: "each",
  applierLock: true,
  privilegeFunctions: true,
  endsSessions: true,
  verifiedOn: ["13", "14", "15", "16", "17", "18"],
  limits: [
    "A role can be dropped only when every database of the server can be read.",
    "Settings of a whole database (`alter database ... set`) are not read.",
  ],
};
