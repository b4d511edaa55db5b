/**
 * Whether a pattern of MBeans covers another name, as Java's ObjectName decides: `*` and `?` in the domain and in values, `,*` for any more properties, in any order. A name that is a pattern itself is covered
 * where it is literally.
 */
export function coversMbean(pattern: string, name: string): boolean {
  const [domain, properties] = parsed(pattern);
  const [itsDomain, its] = parsed(name);
  if (!matches(domain, itsDomain)) return false;
  const open = properties.has("*");
  if (!open && its.has("*")) return false;
  const asked = [...properties].filter(([key]) => key !== "*");
  const given = [...its].filter(([key]) => key !== "*");
  if (!open && asked.length !== given.length) return false;
  return asked.every(([key, value]) => {
    const is = its.get(key);
    return is !== undefined && matches(value, is);
  });
}

function parsed(name: string): readonly [string, ReadonlyMap<string, string>] {
  const at = name.indexOf(":");
  if (at < 0) return [name, new Map()];
  const properties = name
    .slice(at + 1)
    .split(",")
    .map((each): [string, string] => {
      const equals = each.indexOf("=");
      return equals < 0 ? [each, ""] : [each.slice(0, equals), each.slice(equals + 1)];
    });
  return [name.slice(0, at), new Map(properties)];
}

function matches(pattern: string, text: string): boolean {
  const escaped = pattern.replaceAll(/[\\^$.|+()[\]{}]/gu, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "su").test(text);
}
