/** A statement of a text, and its tree as the parser gives it. */
export interface Parsed {
  readonly text: string;
  readonly node: RawNode;
}

/** A node of the raw parse: an object with one field that names it, `{ SelectStmt: {...} }`, or what stands in its fields. */
export type RawNode = { readonly [field: string]: unknown };

/** PostgreSQL's own grammar, without a server. */
export interface SqlGrammar {
  /** Splits a text and parses it. Throws where it is no SQL; the message is the server's. */
  statements(text: string): readonly Parsed[];
  /** The blocks of a function or DO block in plpgsql. */
  plpgsql(text: string): RawNode;
}

let loaded: Promise<SqlGrammar> | undefined;

/** Loads it when it is needed first: it is heavy. */
export function load(): Promise<SqlGrammar> {
  return (loaded ??= loadParser());
}

async function loadParser(): Promise<SqlGrammar> {
  const parser = await import("libpg-query");
  await parser.loadModule();
  return {
    statements: (text) => {
      const bytes = Buffer.from(text, "utf8");
      const { stmts = [] } = parser.parseSync(text) as {
        readonly stmts?: readonly {
          readonly stmt: RawNode;
          readonly stmt_location?: number;
          readonly stmt_len?: number;
        }[];
      };
      return stmts.map(({ stmt, stmt_location: from = 0, stmt_len: length }) => ({
        text: bytes
          .subarray(from, length === undefined ? undefined : from + length)
          .toString("utf8")
          .trim(),
        node: stmt,
      }));
    },
    plpgsql: (text) => parser.parsePlPgSQLSync(text) as unknown as RawNode,
  };
}

/** Calls `see` for every node of this name, wherever it stands beneath. */
export function eachNode(node: unknown, name: string, see: (node: RawNode) => void): void {
  if (Array.isArray(node)) {
    for (const item of node) eachNode(item, name, see);
    return;
  }
  if (typeof node !== "object" || node === null) return;
  for (const [field, value] of Object.entries(node)) {
    if (field === name && typeof value === "object" && value !== null) see(value as RawNode);
    eachNode(value, name, see);
  }
}

/** The text of a `String` node. */
export function stringOf(node: unknown): string | null {
  const string = (node as { readonly String?: { readonly sval?: string; readonly str?: string } } | null)?.String;
  return string === undefined ? null : (string.sval ?? string.str ?? "");
}

export function listOf(value: unknown): readonly RawNode[] {
  return Array.isArray(value) ? (value as readonly RawNode[]) : [];
}

/** A field that holds a string; empty where it does not. */
export function textOf(node: RawNode | undefined, field: string): string {
  const value = node?.[field];
  return typeof value === "string" ? value : "";
}
