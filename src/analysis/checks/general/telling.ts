import { sortedText } from "../../../base/order.ts";
import type { Privilege } from "../../../model/access-list.ts";
import { describeName, describeTyped, type Resource, type ResourceKind, schemaOf } from "../../../model/resource.ts";
import { type Grantee, PUBLIC } from "../../../model/role.ts";

/** `everybody`, or the name in backticks. */
export function who(grantee: Grantee): string {
  return grantee === PUBLIC ? "everybody" : `\`${describeName(grantee)}\``;
}

/** Names in backticks, the first three by name and the rest by their number. */
export function several(names: Iterable<Grantee>): string {
  const all = sortedText(names);
  const shown = all.slice(0, all.length > MOST ? MOST - 1 : MOST).map(who);
  const rest = all.length - shown.length;
  return joined(rest === 0 ? shown : [...shown, `${rest} more`]);
}

const MOST = 4;

/** `a`, `a and b`, `a, b and c`. */
export function joined(parts: readonly string[]): string {
  const last = parts.at(-1) ?? "nobody";
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(", ")} and ${last}`;
}

/** What something is about, short: one resource by its name, several of a kind by how many there are and in which schema. */
export function what(resources: readonly Resource[]): string {
  const [first] = resources;
  if (first === undefined) return "nothing";
  if (resources.length === 1) return `\`${describeTyped(first)}\``;
  const schemas = new Set(resources.map((each) => schemaOf(each)));
  const [schema] = schemas;
  const isOneSchema = schemas.size === 1 && schema !== null && schema !== undefined && first.kind !== "schema";
  const where = isOneSchema ? ` in schema \`${describeName(schema)}\`` : "";
  return `${resources.length} ${pluralOf(first.kind)}${where}`;
}

function pluralOf(kind: ResourceKind): string {
  return `${kind.replaceAll("-", " ")}s`;
}

/** Lower-case, as in SQL: `select, insert`. */
export function words(privileges: readonly Privilege[]): string {
  return privileges.map((each) => each.toLowerCase()).join(", ");
}
