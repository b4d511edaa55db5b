import { quoteIdentifier, quoteLiteral } from "../../quote.ts";
import { named } from "./names.ts";
import type { Piece } from "./piece.ts";
import type { Source } from "./pieces.ts";

type Domain = readonly [string, string | null, string | null, boolean, readonly (readonly [string, string])[] | null];
type Range = readonly [string, string | null, string | null, string | null, string | null];
type Base = readonly [string, string, string, string, string, string, string, boolean, string, boolean];

/** Types as pieces. */
export function typePieces(source: Source): Piece[] {
  const routineNames = new Map(
    source.rows.routines.map(([oid, schema, name]) => [oid, `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`]),
  );
  return source.rows.types.map(([oid, schema, name, owner, form, defined, details]): Piece => {
    const id = `pg_type ${oid}`;
    const qualified = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
    const base = { id, name: named("type", schema, name), owner, needs: source.needs(id) };
    if (defined === "f") return { ...base, statements: [`create type ${qualified}`] };
    const parsed: unknown = details === null ? null : JSON.parse(details);
    switch (form) {
      case "e": {
        const labels = ((parsed ?? []) as readonly string[]).map(quoteLiteral).join(", ");
        return { ...base, statements: [`create type ${qualified} as enum (${labels})`] };
      }
      case "d":
        return { ...base, ...domain(qualified, parsed as Domain) };
      case "r":
        return { ...base, statements: [range(qualified, parsed as Range, quoteIdentifier(schema))] };
      case "c":
        return {
          ...base,
          statements: [`create type ${qualified} as (${((parsed ?? []) as readonly string[]).join(", ")})`],
        };
      default: {
        const shell = `create type ${qualified}`;
        const whole = baseType(qualified, parsed as Base, routineNames);
        // Its functions name the type, and the type names its functions: always a circle.
        return { ...base, statements: [shell, whole], sketch: { statements: [shell], completing: [whole] } };
      }
    }
  });
}

function domain(qualified: string, details: Domain): Pick<Piece, "statements" | "sketch"> {
  const [of, collation, fallback, notNull, checks] = details;
  const plain = `create domain ${qualified} as ${of}${collation === null ? "" : ` collate ${collation}`}${notNull ? " not null" : ""}`;
  const constraints = (checks ?? []).map(([name, text]) => `constraint ${quoteIdentifier(name)} ${text}`);
  return {
    statements: [
      [
        plain,
        ...(fallback === null ? [] : [`default ${fallback}`]),
        ...constraints.map((text) => text.replace(/ NOT VALID$/u, "")),
      ].join(" "),
    ],
    sketch: {
      statements: [plain],
      completing: [
        ...(fallback === null ? [] : [`alter domain ${qualified} set default ${fallback}`]),
        ...constraints.map((text) => `alter domain ${qualified} add ${text}`),
      ],
    },
  };
}

function range(
  qualified: string,
  [subtype, collation, multirange, difference, operators]: Range,
  schema: string,
): string {
  const parts = [
    `subtype = ${subtype}`,
    ...(operators === null ? [] : [`subtype_opclass = ${operators}`]),
    ...(collation === null ? [] : [`collation = ${collation}`]),
    ...(difference === null ? [] : [`subtype_diff = ${difference}`]),
    ...(multirange === null ? [] : [`multirange_type_name = ${schema}.${quoteIdentifier(multirange)}`]),
  ];
  return `create type ${qualified} as range (${parts.join(", ")})`;
}

/** A base type over text: what is in its values nobody knows here, but its name, its functions and its rights are true. */
function baseType(qualified: string, details: Base, names: ReadonlyMap<string, string>): string {
  const [input, output, receive, send, typmodIn, typmodOut, category, preferred, delimiter, collatable] = details;
  const given = (word: string, oid: string): string[] => {
    const name = names.get(oid);
    return name === undefined ? [] : [`${word} = ${name}`];
  };
  const parts = [
    ...given("input", input),
    ...given("output", output),
    ...given("receive", receive),
    ...given("send", send),
    ...given("typmod_in", typmodIn),
    ...given("typmod_out", typmodOut),
    "internallength = variable",
    "storage = extended",
    `category = ${quoteLiteral(category)}`,
    `preferred = ${preferred}`,
    `delimiter = ${quoteLiteral(delimiter)}`,
    `collatable = ${collatable}`,
  ];
  return `create type ${qualified} (${parts.join(", ")})`;
}
