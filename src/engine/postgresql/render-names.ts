import { tableOf, type Resource } from "../../model/resource.ts";
import { PUBLIC, type Grantee } from "../../model/role.ts";
import { specOf } from "./privileges.ts";
import { quoteIdentifier } from "./quote.ts";

/** A resource as it stands in a statement, without its kind. Shared ones and those outside schemas are one name; a column is its own name only. */
export function resourceName(resource: Resource): string {
  const { path } = resource;
  const last = path.at(-1) ?? "";
  switch (specOf(resource.kind).kind) {
    case "table":
    case "sequence":
    case "type":
      return `${quoteIdentifier(path[1] ?? "")}.${quoteIdentifier(last)}`;
    case "routine":
      // INVARIANT: the input types are the server's own text, quoted by format_type under an empty search_path.
      return `${quoteIdentifier(path[1] ?? "")}.${quoteIdentifier(path[2] ?? "")}(${last})`;
    case "large-object":
      if (!/^\d+$/.test(last)) throw new TypeError(`a large object has a number, not ${last}`);
      return last;
    case "column":
    case "database":
    case "tablespace":
    case "parameter":
    case "schema":
    case "language":
    case "foreign-data-wrapper":
    case "foreign-server":
      return quoteIdentifier(last);
  }
}

/** The table of a column, as it stands in a statement. */
export function tableName(column: Resource): string {
  return resourceName(tableOf(column));
}

/** A grantee as it stands in a statement. */
export function granteeName(grantee: Grantee): string {
  return grantee === PUBLIC ? "public" : quoteIdentifier(grantee);
}
