import { describeTyped, type Resource } from "../../model/resource.ts";
import { isCassandraKind } from "./privileges.ts";
import { quoteIdentifier, quoteText } from "./quote.ts";

/** A resource as GRANT and REVOKE take it. */
export function resourceText(resource: Resource): string {
  const { kind, path } = resource;
  const [first = "", second = "", third = "", types = ""] = path;
  if (!isCassandraKind(kind)) throw new TypeError(`nothing can be granted on ${describeTyped(resource)} here`);
  switch (kind) {
    case "all-schemas":
      return "all keyspaces";
    case "schema":
      return `keyspace ${quoteIdentifier(second)}`;
    case "schema-tables":
      return `all tables in keyspace ${quoteIdentifier(second)}`;
    case "table":
      return `table ${quoteIdentifier(second)}.${quoteIdentifier(third)}`;
    case "all-routines":
      return "all functions";
    case "schema-routines":
      return `all functions in keyspace ${quoteIdentifier(second)}`;
    case "routine":
      // The types stand in the catalog as CQL; the server tells overloads apart by them.
      return `function ${quoteIdentifier(second)}.${quoteIdentifier(third)}(${types})`;
    case "all-roles":
      return "all roles";
    case "role":
      return `role ${quoteIdentifier(first)}`;
    case "all-mbeans":
      return "all mbeans";
    case "mbean":
      return `mbean ${quoteText(first)}`;
  }
}
