import { describeTyped, type Resource } from "../../../../model/resource.ts";
import type { Snapshot } from "../../../../model/snapshot.ts";
import type { ShadowGap } from "../../../simulation.ts";
import type { Session, Value } from "../../client.ts";
import { quoteIdentifier, quoteLiteral } from "../../quote.ts";

/** What there is to make, and the order: what stands in code is looked at when it runs, and in views when they are made. */
type Kind = "sequence" | "table" | "function" | "procedure" | "view" | "trigger";

interface Piece {
  readonly kind: Kind;
  readonly schema: string;
  readonly name: string;
  readonly resource: Resource;
}

const TYPES = `select table_schema, table_name, table_type from information_schema.tables where table_schema not in ('information_schema', 'mysql', 'performance_schema', 'sys')`;

const TRIGGER_TABLES = "select trigger_schema, trigger_name, event_object_table from information_schema.triggers";

/** Makes on a server of our own what there is on another, without rows. What cannot be read or made is a gap, never an error. */
export async function copyStructure(
  from: Session,
  to: Session,
  options: {
    readonly live: Snapshot;
    readonly onProgress?: ((done: string) => void) | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<readonly ShadowGap[]> {
  const { live, onProgress, signal } = options;
  const gaps: ShadowGap[] = [];
  const types = new Map(
    (await from.rows<readonly [string, string, string]>(TYPES)).map(([s, n, type]) => [`${s}\0${n}`, type]),
  );
  const tables = new Map(
    (await from.rows<readonly [string, string, string]>(TRIGGER_TABLES)).map(([s, n, table]) => [`${s}\0${n}`, table]),
  );
  const pieces = piecesOf(live, { types, tables });
  await to.run("set session foreign_key_checks = 0, check_constraint_checks = 0");
  for (const schema of new Set(schemasOf(live))) {
    signal?.throwIfAborted();
    const text = await definition(from, `show create database ${quoteIdentifier(schema)}`, 1);
    await attempt(gaps, { kind: "schema", path: ["", schema] }, () =>
      to.run(text ?? `create database ${quoteIdentifier(schema)}`),
    );
  }
  const make = async (kind: Kind): Promise<void> => {
    let left = pieces.filter((piece) => piece.kind === kind);
    // A view may stand on another one: as long as some can be made, the others are tried again.
    for (;;) {
      const failed: { readonly piece: Piece; readonly reason: string }[] = [];
      for (const piece of left) {
        signal?.throwIfAborted();
        const reason = await makeOne(from, to, piece);
        if (reason !== null) failed.push({ piece, reason });
      }
      if (failed.length === 0) break;
      if (failed.length === left.length || kind !== "view") {
        for (const { piece, reason } of failed) gaps.push({ name: describeTyped(piece.resource), reason });
        break;
      }
      left = failed.map(({ piece }) => piece);
    }
    onProgress?.(`${kind}s`);
  };
  for (const kind of ["sequence", "table", "function", "procedure", "view", "trigger"] as const) await make(kind);
  return gaps;
}

function schemasOf({ catalog }: Snapshot): readonly string[] {
  return [...catalog.entries.values()].flatMap(({ resource, missing }) =>
    resource.kind === "schema" && missing !== true ? [resource.path[1] ?? ""] : [],
  );
}

function piecesOf(
  { catalog }: Snapshot,
  { types, tables }: { readonly types: ReadonlyMap<string, string>; readonly tables: ReadonlyMap<string, string> },
): readonly Piece[] {
  const found: Piece[] = [];
  for (const { resource, missing } of catalog.entries.values()) {
    const [, schema = "", name = "", type = ""] = resource.path;
    if (missing === true) continue;
    if (resource.kind === "table") {
      const what = types.get(`${schema}\0${name}`) ?? "BASE TABLE";
      const kind: Kind = what === "VIEW" ? "view" : what === "SEQUENCE" ? "sequence" : "table";
      found.push({ kind, schema, name, resource });
    }
    if (resource.kind === "routine" && (type === "function" || type === "procedure")) {
      found.push({ kind: type, schema, name, resource });
    }
  }
  for (const { form, path } of catalog.definedCode ?? []) {
    // Events are left out: they would run by themselves, and nothing is asked of them.
    if (form !== "trigger") continue;
    const [, schema = "", name = ""] = path;
    // Where one is missing, nothing is known of what its table needs.
    const table = tables.get(`${schema}\0${name}`) ?? name;
    found.push({ kind: "trigger", schema, name, resource: { kind: "table", path: [...path.slice(0, 2), table] } });
  }
  return found;
}

/** Where SHOW CREATE has the statement, and the `sql_mode` that it is made under. */
const SHOWN: Readonly<Record<Kind, { readonly text: number; readonly mode: number | null }>> = {
  sequence: { text: 1, mode: null },
  table: { text: 1, mode: null },
  view: { text: 1, mode: null },
  function: { text: 2, mode: 1 },
  procedure: { text: 2, mode: 1 },
  trigger: { text: 2, mode: 1 },
};

/** Null: it is made. */
async function makeOne(from: Session, to: Session, { kind, schema, name }: Piece): Promise<string | null> {
  try {
    const [row] = await from.rows(`show create ${kind} ${quoteIdentifier(schema)}.${quoteIdentifier(name)}`);
    const shown = SHOWN[kind];
    const text = textAt(row, shown.text);
    if (text === null) return "what defines it is not shown to us";
    await to.run(`use ${quoteIdentifier(schema)}`);
    const mode = shown.mode === null ? null : textAt(row, shown.mode);
    await to.run(`set session sql_mode = ${quoteLiteral(mode ?? "")}`);
    await to.run(withoutPlace(text, kind));
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

function textAt(row: readonly Value[] | undefined, at: number): string | null {
  const text = row?.[at];
  return typeof text === "string" && text !== "" ? text : null;
}

/** Without where the target keeps it, and without numbers that tell how much is in it. */
function withoutPlace(text: string, kind: Kind): string {
  if (kind !== "table") return text;
  return text
    .replace(/ AUTO_INCREMENT=\d+/u, "")
    .replaceAll(/ (?:DATA|INDEX) DIRECTORY='(?:[^'\\]|\\.|'')*'/gu, "")
    .replace(/\) ENGINE=\w+/u, ") ENGINE=InnoDB");
}

async function definition(session: Session, question: string, at: number): Promise<string | null> {
  try {
    const [row] = await session.rows(question);
    return textAt(row, at);
  } catch {
    return null; // It is made with the defaults of a new one.
  }
}

async function attempt(gaps: ShadowGap[], resource: Resource, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    gaps.push({ name: describeTyped(resource), reason: (error as Error).message });
  }
}
