const CAMEL = /^[a-z][a-z0-9]*([A-Z][a-z0-9]*)+$/;

/** Fields that hold a map from names out of a database: their keys are data and stay as they are. */
const NAME_MAPS: ReadonlySet<string> = new Set(["basis", "attributes", "limits", "settings"]);

/** Plain data with field names in snake_case, as every JSON document of ours has them. Maps and sets become objects and lists; values are untouched. */
export function snakeCase(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(snakeCase);
  if (value instanceof Set) return [...value].map(snakeCase);
  const entries = value instanceof Map ? ([...value] as [string, unknown][]) : Object.entries(value);
  const keep = value instanceof Map;
  return Object.fromEntries(
    entries.map(([key, field]) => {
      const name = !keep && CAMEL.test(key) ? key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : key;
      return [name, NAME_MAPS.has(key) && !Array.isArray(field) ? field : snakeCase(field)];
    }),
  );
}
