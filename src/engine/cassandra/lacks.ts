import type { ResourceKind } from "../../model/resource.ts";
import type { Feature } from "../../model/state-rules.ts";

const LACKS: Readonly<Partial<Record<Feature | ResourceKind, string>>> = {
  ownership:
    "nothing has an owner here: whoever makes a thing is granted all privileges on it, and those can be revoked",
  "default-privileges": "a grant on the keyspace covers what is made in it from now on: `select on schema shop`",
  "row-policies": "there is no row security: give each group a table or a materialized view of its own",
  settings: "sessions take their settings from the client",
  grantors: "the server does not remember who gave what: take `by` out",
  public: "there is no grantee that stands for everybody: make a role, and make everybody a member of it",
  "public-memberships": "there is no grantee that stands for everybody: name the members",
  "membership-options":
    "a member always has what the role has, and cannot act as it; who may manage a role has `authorize on role`",
  database: "there is nothing above the keyspaces, and a keyspace is a schema here: `select on schema shop`",
  column: "privileges are held on whole tables: move the columns to another table, or mask them and leave `unmask` out",
  sequence: "there are no sequences",
  type: "types need no privileges of their own: they follow their keyspace",
  "schema-pattern": "name the keyspaces, or use a pattern of ours, which is written out: `select on schemas shop_*`",
  server: "what is about the nodes themselves is granted on MBeans: `execute on all-mbeans`",
  "dynamic-privilege": "what is about the nodes themselves is granted on MBeans: `execute on all-mbeans`",
  parameter: "what is about the nodes themselves is granted on MBeans: `execute on all-mbeans`",
};

/** What Cassandra does not have, with what to do instead. */
export function cassandraLacks(what: Feature | ResourceKind): string | null {
  return LACKS[what] ?? null;
}
