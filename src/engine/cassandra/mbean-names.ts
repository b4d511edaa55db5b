import { compareText } from "../../base/order.ts";

/** The name of an MBean as the server keeps it, which is Java's canonical form: properties sorted by key, and `*` for more of them at the end. What is no such name is given back as it is. */
export function canonicalMbean(name: string): string {
  const at = name.indexOf(":");
  if (at < 0) return name;
  const properties = name.slice(at + 1).match(PROPERTY) ?? [];
  const named = properties.filter((property) => property !== "*");
  const keyOf = (property: string): string => property.slice(0, property.indexOf("="));
  const ordered = named.toSorted((a, b) => compareText(keyOf(a), keyOf(b)));
  return `${name.slice(0, at)}:${[...ordered, ...(named.length < properties.length ? ["*"] : [])].join(",")}`;
}

/** What stands between commas; a quoted value may hold some. */
const PROPERTY = /(?:"(?:[^"\\]|\\.)*"|[^,"])+/gsu;
