/** The fields of the types that people made, by `keyspace\0name`: name and type of each, as `system_schema.types` has them. */
export type MadeTypes = ReadonlyMap<string, readonly (readonly [field: string, type: string])[]>;

const MARSHAL = "org.apache.cassandra.db.marshal.";

/** Every simple type by its class. */
const CLASSES: Readonly<Record<string, string>> = {
  ascii: "AsciiType",
  bigint: "LongType",
  blob: "BytesType",
  boolean: "BooleanType",
  counter: "CounterColumnType",
  date: "SimpleDateType",
  decimal: "DecimalType",
  double: "DoubleType",
  duration: "DurationType",
  float: "FloatType",
  inet: "InetAddressType",
  int: "Int32Type",
  smallint: "ShortType",
  text: "UTF8Type",
  time: "TimeType",
  timestamp: "TimestampType",
  timeuuid: "LegacyTimeUUIDType",
  tinyint: "ByteType",
  uuid: "UUIDType",
  varchar: "UTF8Type",
  varint: "IntegerType",
};

const COLLECTIONS: Readonly<Record<string, string>> = { list: "ListType", set: "SetType", map: "MapType" };

interface Place {
  readonly keyspace: string;
  readonly types: MadeTypes;
}

/**
 * The class by which the server stores an argument's type, from the type as `system_schema.functions` has it; null for one that cannot be understood. Frozen is said of the outermost frozen part alone, and never of a
 * tuple.
 */
export function classOf(type: string, place: Place): string | null {
  return build(type.trim(), { ...place, frozen: false });
}

function build(type: string, place: Place & { readonly frozen: boolean }): string | null {
  const [head, args] = split(type);
  if (args === null) return CLASSES[head] === undefined ? madeType(head, place) : MARSHAL + CLASSES[head];
  const inside = (each: string, frozen: boolean): string | null => build(each, { ...place, frozen });
  const [first = "", second = ""] = args;
  if (head === "frozen") {
    const inner = inside(first, true);
    const isWhole = place.frozen || inner === null || split(first)[0] === "tuple";
    return isWhole ? inner : `${MARSHAL}FrozenType(${inner})`;
  }
  if (head === "vector") {
    const element = inside(first, place.frozen);
    return element === null ? null : `${MARSHAL}VectorType(${element} , ${second})`;
  }
  const name = head === "tuple" ? "TupleType" : COLLECTIONS[head];
  const parts = args.map((each) => inside(each, place.frozen || head === "tuple"));
  return name === undefined || parts.includes(null) ? null : `${MARSHAL}${name}(${parts.join(",")})`;
}

function madeType(text: string, place: Place & { readonly frozen: boolean }): string | null {
  const names = parts(text, ".").map(unquoted);
  const [keyspace, name] = names.length === 2 ? names : [place.keyspace, names[0]];
  const fields = place.types.get(`${keyspace}\0${name}`);
  if (fields === undefined || keyspace === undefined || name === undefined) return null;
  const written = fields.map(([field, type]) => {
    const inner = build(type, { ...place, keyspace });
    return inner === null ? null : `${hex(field)}:${inner}`;
  });
  if (written.includes(null)) return null;
  return `${MARSHAL}UserType(${[keyspace, hex(name), ...written].join(",")})`;
}

/** `map<text, int>` as `map` and its arguments; null where it has none. */
function split(type: string): readonly [string, readonly string[] | null] {
  const at = type.startsWith('"') ? -1 : type.indexOf("<");
  if (at < 0 || !type.endsWith(">")) return [type, null];
  return [type.slice(0, at), parts(type.slice(at + 1, -1), ",")];
}

/** The parts between separators that stand in no brackets and in no quotes. */
function parts(text: string, separator: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') quoted = !quoted;
    if (quoted) continue;
    if (char === "<") depth++;
    if (char === ">") depth--;
    if (char === separator && depth === 0) {
      found.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  return [...found, text.slice(from).trim()];
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

function hex(name: string): string {
  return Buffer.from(name, "utf8").toString("hex");
}
