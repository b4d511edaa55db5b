import type { Privilege } from "../../model/access-list.ts";
import type { Resource } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import { accountOf, named } from "./names.ts";
import type { Product } from "./product.ts";
import { escapePattern, quoteIdentifier, quoteLiteral } from "./quote.ts";

/** Whom a statement is about. Accounts are always written with their host: a bare name would be a role's on MariaDB, and any host's on MySQL. */
export function granteeText(name: RoleName, product: Product): string {
  const meant = product.rolesAreAccounts ? accountOf(name) : named(name);
  if (meant === null) throw new TypeError(`\`${name}\` is no account`);
  if ("user" in meant) return `${quoteLiteral(meant.user)}@${quoteLiteral(meant.host)}`;
  return meant.kind === "public" ? "public" : quoteIdentifier(meant.role);
}

/** What a GRANT is on, as it stands behind ON. Only in the name of a schema are there wildcards, so only there is anything escaped; what a pattern means stands in it already. */
export function levelText({ kind, path }: Resource): string {
  const [, schema = "", name = "", type = ""] = path;
  if (kind === "server" || kind === "all-schemas" || kind === "dynamic-privilege") return "*.*";
  if (kind === "schema") return `${quoteIdentifier(escapePattern(schema))}.*`;
  if (kind === "schema-pattern") return `${quoteIdentifier(schema)}.*`;
  if (kind === "table" || kind === "column") return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
  if (kind === "routine") return `${routineType(type)} ${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
  throw new TypeError(`nothing is granted on a ${kind} here`);
}

const ROUTINE_TYPES: ReadonlySet<string> = new Set(["function", "procedure", "package", "package body"]);

function routineType(type: string): string {
  if (ROUTINE_TYPES.has(type)) return type;
  throw new TypeError(`there are no routines of the type ${type}`);
}

/** A privilege as a keyword. Names come from a table of ours, or from the server where it is newer than that; they are words in any case. */
export function privilegeText(privilege: Privilege): string {
  if (/^[A-Z][A-Z0-9_ ]*$/u.test(privilege)) return privilege.toLowerCase();
  throw new TypeError(`${privilege} is no name of a privilege`);
}
