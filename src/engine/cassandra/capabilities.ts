import type { Capabilities } from "../capabilities.ts";

/** What Cassandra can do, whatever its version. */
export const CAPABILITIES: Capabilities = {
  transactionalGrants: false,
  columnGrants: false,
  ownership: false,
  defaultPrivileges: false,
  rowPolicies: false,
  membershipOptions: false,
  grantors: false,
  publicGrantee: false,
  databases: "one",
  grantOption: "none",
  applierLock: false,
  privilegeFunctions: false,
  endsSessions: false,
  verifiedOn: ["4.1", "5.0"],
  limits: [
    "Every GRANT and REVOKE stands at once, and none can be rolled back: a plan is carried out statement by statement, each written down before it runs.",
    "The server does not remember who granted what, nor when.",
    "Nodes believe what they read about roles and grants for a while (`permissions_validity`, by default two seconds): until then what was revoked still works there.",
    "Settings of access are those of the node that we are connected to; other nodes may have others.",
    "Nothing keeps a second applier away but a run store that both share.",
    "Sessions can be listed for one node at a time, and none can be ended by the server.",
    "A grant on something that was dropped may stay behind, holds again for a new one of that name, and cannot be revoked until there is one.",
    "Who writes to a table that has materialized views needs SELECT on it and MODIFY on each view besides; that is not looked at.",
    "Who has AUTHORIZE or ALTER on all roles, or on a superuser's, can become a superuser; it is told as what it is and not as superuser.",
    "Access over JMX counts where it is set up to use these roles, and otherwise stands in files of each node. What a pattern of MBeans covers is told by the documentation, and was not tried over JMX.",
    "A grant on an MBean is refused while no such MBean is there, and the server keeps the properties of its name sorted: `java.lang:name=Metaspace,type=MemoryPool`.",
    "The network authorizer and the CIDR authorizer are checked from where a client connects; what a role may do is told as if it came from anywhere.",
    "ScyllaDB, Amazon Keyspaces and others that speak CQL keep grants in other ways, and were never tried.",
  ],
};
