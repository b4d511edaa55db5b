import { quoteIdentifier } from "../../quote.ts";
import { named } from "./names.ts";
import type { Piece } from "./piece.ts";
import type { Source } from "./pieces.ts";
import type { ConstraintRow, RelationRow, SequenceRow } from "./structure-queries.ts";

/** `[name, type, not null?, identity, generated, default, local?]` */
type Column = readonly [string, string, boolean, string, string, string | null, boolean];
type Check = readonly [string, string, boolean];

/** Tables, views, sequences, their keys and indexes as pieces. */
export function relationPieces(source: Source): Piece[] {
  const relations = new Map(source.rows.relations.map((row) => [row[0], row]));
  const sequences = new Map<string, SequenceRow>();
  for (const row of source.rows.sequences) if (row[6] === "i") sequences.set(`${row[7]} ${row[8]}`, row);
  const keys = new Map<string, string[]>();
  for (const row of source.rows.constraints) {
    if (!isMadeWithTable(row, source)) continue;
    const [, , , , name, , text, table] = row;
    const words = `constraint ${quoteIdentifier(name)} ${text}`;
    keys.set(table, [...(keys.get(table) ?? []), words]);
  }
  return [
    ...source.rows.sequences.filter((row) => row[6] !== "i").map((row) => sequence(row, source)),
    ...source.rows.relations.map((row) => {
      if (row[4] === "v" || row[4] === "m") return view(row, source);
      return table(row, { source, relations, sequences, keys });
    }),
    ...source.rows.relations.filter((row) => row[5] === "t").flatMap((row) => attachment(row, relations)),
    ...keysAndIndexes(source),
  ];
}

function qualify(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

function sequence(row: SequenceRow, source: Source): Piece {
  const [oid, schema, name, owner, type, options] = row;
  const id = `pg_class ${oid}`;
  return {
    id,
    name: named("sequence", schema, name),
    owner,
    statements: [`create sequence ${qualify(schema, name)} as ${type} ${options}`],
    // The table that it serves needs it, not the other way round; see `ownedSequences`.
    needs: new Set([...source.needs(id)].filter((on) => on !== `pg_class ${row[7]}`)),
  };
}

/** Which column a serial sequence serves, told once both are there. */
export function ownedSequences(source: Source): Piece[] {
  const tables = new Map(source.rows.relations.map(([oid, schema, name]) => [oid, qualify(schema, name)]));
  return source.rows.sequences.flatMap(([oid, schema, name, owner, , , link, table, column]) => {
    const of = table === null ? undefined : tables.get(table);
    if (link !== "a" || of === undefined || column === null || source.isThere(`pg_class ${oid}`)) return [];
    return [
      {
        id: `owned ${oid}`,
        name: named("sequence", schema, name),
        owner,
        statements: [`alter sequence ${qualify(schema, name)} owned by ${of}.${quoteIdentifier(column)}`],
        needs: new Set<string>(),
      },
    ];
  });
}

interface Surroundings {
  /** Keys that can be made with their table, as the words of a constraint: nothing but the table itself takes part in them. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
  readonly source: Source;
  readonly relations: ReadonlyMap<string, RelationRow>;
  readonly sequences: ReadonlyMap<string, SequenceRow>;
}

function table(row: RelationRow, { source, relations, sequences, keys }: Surroundings): Piece {
  const [oid, schema, name, owner, kind, isPartition, , key, , parentsText, columnsText, checksText, server] = row;
  const id = `pg_class ${oid}`;
  const qualified = qualify(schema, name);
  const alter = `alter ${kind === "f" ? "foreign " : ""}table only ${qualified}`;
  const columns = JSON.parse(columnsText ?? "[]") as readonly Column[];
  const checks = ((JSON.parse(checksText ?? "[]") as readonly Check[]) ?? []).filter(
    ([, , local]) => local || isPartition === "t",
  );
  const parents = isPartition === "t" || parentsText === null ? [] : (JSON.parse(parentsText) as readonly string[]);
  // A partition is made by itself and attached: its columns may stand in another order than its parent's.
  const own = columns.filter(([, , , , , , local]) => local || parents.length === 0);
  const lists = own.map((column) => {
    const [columnName, type, notNull, , generated] = column;
    const identity = identityOf(oid, column, sequences);
    return {
      always: [
        quoteIdentifier(columnName),
        type,
        ...(generated === ""
          ? []
          : [`generated always as (${column[5] ?? "null"}) ${generated === "v" ? "virtual" : "stored"}`]),
        ...identity,
        ...(notNull ? ["not null"] : []),
      ].join(" "),
      fallback: generated === "" && identity.length === 0 ? column[5] : null,
      name: columnName,
    };
  });
  const inheritedDefaults = columns
    .filter((column) => !own.includes(column) && column[5] !== null && column[4] === "")
    .map(
      ([columnName, , , , , fallback]) =>
        `${alter} alter column ${quoteIdentifier(columnName)} set default ${fallback}`,
    );
  const inherits = parents.flatMap((parent) => {
    const found = relations.get(parent);
    return found === undefined ? [] : [qualify(found[1], found[2])];
  });
  const tail = [
    ...(inherits.length === 0 ? [] : [` inherits (${inherits.join(", ")})`]),
    ...(key === null ? [] : [` partition by ${key}`]),
    ...(server === null ? [] : [` server ${quoteIdentifier(server)}`]),
  ].join("");
  const constraints = checks.map(([checkName, text]) => `constraint ${quoteIdentifier(checkName)} ${text}`);
  const ownKeys = keys.get(oid) ?? [];
  const create = (parts: readonly string[]): string =>
    `create ${kind === "f" ? "foreign " : ""}table ${qualified} (${parts.join(", ")})${tail}`;
  const whole = lists.map(({ always, fallback }) => (fallback === null ? always : `${always} default ${fallback}`));
  return {
    id,
    name: named("table", schema, name),
    owner,
    statements: [create([...whole, ...constraints, ...ownKeys]), ...inheritedDefaults],
    sketch: {
      statements: [create(lists.map(({ always }) => always))],
      completing: [
        ...lists
          .filter(({ fallback }) => fallback !== null)
          .map((one) => `${alter} alter column ${quoteIdentifier(one.name)} set default ${one.fallback}`),
        ...[...constraints, ...ownKeys].map((text) => `${alter} add ${text}`),
        ...inheritedDefaults,
      ],
    },
    needs: needsOf(id, parents, source),
  };
}

function needsOf(id: string, parents: readonly string[], source: Source): ReadonlySet<string> {
  return new Set([...source.needs(id), ...parents.map((parent) => `pg_class ${parent}`)]);
}

function identityOf(table: string, column: Column, sequences: ReadonlyMap<string, SequenceRow>): string[] {
  const found = sequences.get(`${table} ${column[0]}`);
  if (column[3] === "" || found === undefined) return [];
  const [, schema, name, , , options] = found;
  return [
    `generated ${column[3] === "a" ? "always" : "by default"} as identity (sequence name ${qualify(schema, name)} ${options})`,
  ];
}

function attachment(row: RelationRow, relations: ReadonlyMap<string, RelationRow>): Piece[] {
  const [oid, schema, name, , , , bound, , , parents] = row;
  const parent = relations.get((JSON.parse(parents ?? "[]") as readonly string[])[0] ?? "");
  if (parent === undefined || bound === null) return [];
  return [
    {
      id: `attached ${oid}`,
      name: named("table", schema, name),
      owner: parent[3],
      statements: [
        `alter table only ${qualify(parent[1], parent[2])} attach partition ${qualify(schema, name)} ${bound}`,
      ],
      needs: new Set([`pg_class ${oid}`, `pg_class ${parent[0]}`, `attached ${parent[0]}`]),
    },
  ];
}

function view(row: RelationRow, source: Source): Piece {
  const [oid, schema, name, owner, kind, , , , options, , columnsText] = row;
  const id = `pg_class ${oid}`;
  const columns = JSON.parse(columnsText ?? "[]") as readonly Column[];
  const names = columns.map(([column]) => quoteIdentifier(column)).join(", ");
  const settings = options === null ? [] : (JSON.parse(options) as readonly string[]);
  const withSettings = settings.length === 0 ? "" : ` with (${settings.join(", ")})`;
  const text = (source.circumstances.views.get(oid) ?? "").trim().replace(/;$/u, "");
  const listed = columns.length === 0 ? "" : ` (${names})`;
  const head = `view ${qualify(schema, name)}${listed}${withSettings} as`;
  const base = { id, name: named("table", schema, name), owner, needs: source.needs(id) };
  if (kind === "m") return { ...base, statements: [`create materialized ${head} ${text} with no data`] };
  const nothing = columns.map(
    ([column, type]) => `null::${type.replace(/ collate (?:.*)$/u, "")} as ${quoteIdentifier(column)}`,
  );
  return {
    ...base,
    statements: [`create ${head} ${text}`],
    sketch: {
      statements: [`create view ${qualify(schema, name)} as select ${nothing.join(", ")}`],
      completing: [`create or replace ${head} ${text}`],
    },
  };
}

/** A key of an ordinary table over types that the server itself has. Those of partitions belong to one of their parent's. */
function isMadeWithTable(row: ConstraintRow, source: Source): boolean {
  const [oid, , , , , kind, , table, , , form, , parent] = row;
  if ((kind !== "p" && kind !== "u") || form !== "r" || parent !== null) return false;
  return [...source.needs(`pg_constraint ${oid}`)].every((id) => id === `pg_class ${table}`);
}

/** Keys before indexes before what belongs to several tables: foreign keys are made at the very end. */
function keysAndIndexes(source: Source): Piece[] {
  const { constraints, indexes } = source.rows;
  const names = new Map<string, string>([
    ...constraints.filter((row) => row[5] !== "f").map((row) => [row[9], qualify(row[1], row[4])] as const),
    ...indexes.map((row) => [row[0], qualify(row[1], row[2])] as const),
  ]);
  const ids = new Map<string, string>([
    ...constraints.filter((row) => row[5] !== "f").map((row) => [row[9], `pg_constraint ${row[0]}`] as const),
    ...indexes.map((row) => [row[0], `pg_class ${row[0]}`] as const),
  ]);
  const attach = (own: string, parent: string | null): string[] => {
    const of = parent === null ? undefined : names.get(parent);
    return of === undefined ? [] : [`alter index ${of} attach partition ${own}`];
  };
  const partitions = new Map<string, string[]>();
  for (const [oid, , , , , isPartition, , , , parents] of source.rows.relations) {
    const [of] = JSON.parse(parents ?? "[]") as readonly string[];
    if (isPartition === "t" && of !== undefined) partitions.set(of, [...(partitions.get(of) ?? []), `attached ${oid}`]);
  }
  // Attached later, a partition would get indexes of its own accord.
  const after = (table: string, parent: string | null): string[] => [
    `pg_class ${table}`,
    `attached ${table}`,
    ...(partitions.get(table) ?? []),
    ...(parent === null ? [] : [ids.get(parent) ?? ""]),
  ];
  return [
    ...constraints
      .filter((row) => row[5] !== "f" && !isMadeWithTable(row, source))
      .map(([oid, schema, name, owner, key, , text, on, , , , , parent]): Piece => {
        const id = `pg_constraint ${oid}`;
        return {
          id,
          name: named("table", schema, name),
          owner,
          statements: [
            `alter table only ${qualify(schema, name)} add constraint ${quoteIdentifier(key)} ${text}`,
            ...attach(qualify(schema, key), parent),
          ],
          needs: new Set([...source.needs(id), ...after(on, parent)]),
        };
      }),
    ...indexes.map(([oid, schema, name, owner, text, on, parent]): Piece => {
      const id = `pg_class ${oid}`;
      return {
        id,
        name: `index ${schema}.${name}`,
        owner,
        statements: [text, ...attach(qualify(schema, name), parent)],
        needs: new Set([...source.needs(id), ...after(on, parent)]),
      };
    }),
  ];
}
