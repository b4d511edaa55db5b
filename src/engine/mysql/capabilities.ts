import type { Capabilities } from "../capabilities.ts";
import type { ProductName } from "./product.ts";

const BOTH: Omit<Capabilities, "publicGrantee" | "verifiedOn" | "limits"> = {
  transactionalGrants: false,
  columnGrants: true,
  ownership: false,
  defaultPrivileges: false,
  rowPolicies: false,
  membershipOptions: true,
  grantors: false,
  databases: "one",
  grantOption: "level",
  applierLock: true,
  privilegeFunctions: false,
  endsSessions: true,
};

const LIMITS_OF_BOTH: readonly string[] = [
  "Every GRANT and REVOKE stands at once, and none can be rolled back: a plan is carried out statement by statement, each written down before it runs.",
  "The server does not remember who granted what, nor when.",
  "Grants stay behind when a table, view or schema is dropped, and hold again for a new one of the same name.",
  "Edits of the grant tables by hand count only after FLUSH PRIVILEGES: until then what is read and what is in force differ.",
  "What a login may use is the union over all clients that its host pattern lets in.",
];

/** What the two products can do, whatever their version. */
export const CAPABILITIES: Readonly<Record<ProductName, Capabilities>> = {
  mariadb: {
    ...BOTH,
    publicGrantee: true,
    verifiedOn: ["10.11"],
    limits: [
      ...LIMITS_OF_BOTH,
      "One role is active at a time; what a login could become is told as the union over all its roles.",
      "A session that activates a role which only another account of the same name has takes that account's privileges on `*.*` in place of its own; these are not told as the login's.",
      "Grants on routines whose schema, name or account is not ASCII are kept by MariaDB under other names (`é` as `Ã©`): they hold until the server reads its tables again, and are read here as what they then are.",
      "A grant to a role that is nested in another one in several ways reaches that one only when the server reads its tables again (`flush privileges`); what is told is what holds then.",
      "Who has INSERT on the schema `mysql`, or on a pattern such as `%` that covers it, may make accounts without CREATE USER.",
      "DENY (13.1 and later) is not known.",
    ],
  },
  mysql: {
    ...BOTH,
    publicGrantee: false,
    verifiedOn: [],
    limits: [
      ...LIMITS_OF_BOTH,
      "Built to the reference manual, and never run against a live server.",
      "With `partial_revokes` several roles that give the same privilege on `*.*` are taken to lift each other's partial revokes, as the manual says.",
    ],
  },
};
