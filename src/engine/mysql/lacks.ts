import type { ResourceKind } from "../../model/resource.ts";
import type { Feature } from "../../model/state-rules.ts";

const LACKS: Readonly<Partial<Record<Feature | ResourceKind, string>>> = {
  ownership: "nothing has an owner here: who is to have everything on a schema is granted `all on schema`",
  "default-privileges": "a grant on the schema covers what is made in it from now on: `select on schema shop`",
  "row-policies": "there is no row security: grant on a view that selects the rows",
  settings: "sessions take the server's settings: set them in its configuration, or let the client set them",
  grantors: "the server does not remember who gave what: take `by` out",
  database: "what the server calls a database is a schema here: `select on schema shop`",
  sequence: "a sequence is granted as a table here: `select on table shop.order_ids`",
  type: "types need no privileges here",
  language: "languages need no privileges here",
  tablespace: "`create tablespace on server` covers all of them",
  parameter: "who may set the server's variables has `super on server`, or one of the privileges that replace it",
  "all-routines": "a grant on all schemas covers their routines: `execute on all-schemas`",
  "schema-tables": "a grant on the schema covers its tables: `select on schema shop`",
  "schema-routines": "a grant on the schema covers its routines: `execute on schema shop`",
  "all-roles": "who manages accounts has `create user on server`",
};

/** What MySQL and MariaDB do not have, with what to do instead. */
export function mysqlLacks(
  what: Feature | ResourceKind,
  server: { readonly publicGrantee: boolean; readonly dynamicPrivileges: boolean },
): string | null {
  if (what === "public" || what === "public-memberships") {
    return server.publicGrantee ? null : "make a role mandatory for all accounts with `mandatory_roles` instead";
  }
  if (what === "dynamic-privilege") {
    return server.dynamicPrivileges
      ? null
      : "administrative privileges are granted on the server: `binlog admin on server`";
  }
  return LACKS[what] ?? null;
}
