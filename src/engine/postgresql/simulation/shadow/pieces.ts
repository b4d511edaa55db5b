import { quoteIdentifier, quoteLiteral } from "../../quote.ts";
import { Dependencies } from "./dependencies.ts";
import { named, namedEarly } from "./names.ts";
import type { Piece } from "./piece.ts";
import type { DatabaseRows } from "./read-target.ts";
import { relationPieces } from "./relation-pieces.ts";
import { typePieces } from "./type-pieces.ts";

/** What of a database is made by other means, or in another way than the catalog says. */
export interface Circumstances {
  /** Extensions that were installed: their members are there. */
  readonly installed: ReadonlySet<string>;
  /** The definitions of views by their oid. */
  readonly views: ReadonlyMap<string, string>;
}

/** What pieces are made from: rows, what they depend on, and who made what. */
export class Source {
  readonly rows: DatabaseRows;
  readonly circumstances: Circumstances;
  readonly #dependencies: Dependencies;
  readonly #installedMembers: Set<string>;

  constructor(rows: DatabaseRows, circumstances: Circumstances) {
    this.rows = rows;
    this.circumstances = circumstances;
    const installed = new Set(
      rows.extensions.filter(([, name]) => circumstances.installed.has(name)).map(([oid]) => oid),
    );
    this.#installedMembers = new Set(
      rows.members.filter(([, , extension]) => installed.has(extension)).map(([catalog, oid]) => `${catalog} ${oid}`),
    );
    this.#dependencies = new Dependencies(rows);
  }

  /** Whether an extension that was installed brought it. */
  isThere(id: string): boolean {
    return this.#installedMembers.has(id);
  }

  needs(id: string): ReadonlySet<string> {
    return this.#dependencies.needs(id);
  }
}

/** Everything of a database that other things may need, as pieces. Rules, triggers and policies come after all of it. */
export function piecesOf(source: Source): readonly Piece[] {
  const pieces = [
    ...source.rows.early.map((row) => ({
      id: `${row[0]} ${row[1]}`,
      name: namedEarly(row),
      owner: row[4],
      statements: [row[5]],
      needs: source.needs(`${row[0]} ${row[1]}`),
    })),
    ...typePieces(source),
    ...routinePieces(source),
    ...relationPieces(source),
    ...source.rows.operators.map(([catalog, oid, name, owner, statement]) => ({
      id: `${catalog} ${oid}`,
      name,
      owner,
      statements: [statement],
      needs: source.needs(`${catalog} ${oid}`),
    })),
    ...source.rows.operatorClasses.map(([catalog, oid, name, owner, statement, needs]) => ({
      id: `${catalog} ${oid}`,
      name,
      owner,
      statements: [statement],
      needs: new Set([...source.needs(`${catalog} ${oid}`), ...(JSON.parse(needs) as readonly string[])]),
    })),
  ];
  return pieces.filter((piece) => !source.isThere(piece.id));
}

/** A function of the server that always fails, whatever it is called with: what stands for a body until everything is made, and for one that we do not have. */
const NO_BODY = "trigger_in";

const VOLATILITY: Readonly<Record<string, string>> = { i: " immutable", s: " stable" };

/** Functions are made without their bodies, so that nothing of the target runs while we build; the bodies are written in at the end. */
function routinePieces(source: Source): Piece[] {
  const textOf = inputsAndOutputs(source);
  const routines = source.rows.routines.map((row): Piece => {
    const [oid, schema, name, owner, kind, inputs, parameters, result, , , volatile, , , strict] = row;
    const returns = kind === "p" ? "" : ` returns ${result ?? "void"}`;
    // Indexes take immutable functions alone, and say so while they are made.
    const words =
      kind === "p"
        ? ""
        : `${kind === "w" ? " window" : ""}${VOLATILITY[volatile] ?? ""}${strict === "t" ? " strict" : ""}`;
    const body = quoteLiteral(textOf.get(oid) ?? NO_BODY);
    const id = `pg_proc ${oid}`;
    return {
      id,
      name: named("routine", schema, name, inputs),
      owner,
      statements: [
        `create ${kind === "p" ? "procedure" : "function"} ${quoteIdentifier(schema)}.${quoteIdentifier(name)}(${parameters})${returns} language internal${words} as ${body}`,
      ],
      // What the body names is not needed: it comes when everything is there.
      needs: new Set([...source.needs(id)].filter((on) => !on.startsWith("pg_constraint "))),
    };
  });
  const aggregates = source.rows.aggregates.map(([oid, schema, name, owner, inputs, statement]): Piece => {
    const id = `pg_proc ${oid}`;
    return {
      id,
      name: named("routine", schema, name, inputs),
      owner,
      statements: [statement],
      needs: source.needs(id),
    };
  });
  return [...routines, ...aggregates];
}

/** What reads and prints the values of a base type whose code we do not have: text, taken as it is. */
function inputsAndOutputs(source: Source): ReadonlyMap<string, string> {
  const symbols = ["textin", "textout", "textrecv", "textsend", "varchartypmodin", "varchartypmodout"];
  const found = new Map<string, string>();
  for (const [, , , , form, , details] of source.rows.types) {
    if (form !== "b" || details === null) continue;
    const functions = (JSON.parse(details) as readonly string[]).slice(0, symbols.length);
    functions.forEach((oid, index) => found.set(oid, symbols[index] ?? NO_BODY));
  }
  return found;
}
