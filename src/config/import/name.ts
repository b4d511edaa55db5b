import { databaseOf, type Resource } from "../../model/resource.ts";
import { printPart } from "../names.ts";

/** The name of a resource as a manifest writes it, without its database: `sales.orders`, `sales.total(integer)`, `"odd.name"`. */
export function manifestName(resource: Resource): string {
  const parts = databaseOf(resource) === null ? resource.path : resource.path.slice(1);
  // The dots of a parameter are part of its one name.
  if (resource.kind === "large-object" || resource.kind === "parameter") return parts[0] ?? "";
  if (resource.kind === "routine") return `${parts.slice(0, 2).map(printPart).join(".")}(${parts[2] ?? ""})`;
  return parts.map(printPart).join(".");
}
