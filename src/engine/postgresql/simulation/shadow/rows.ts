import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { RolewrightError } from "../../../../base/error.ts";
import type { Session } from "../../client.ts";
import { quoteIdentifier } from "../../quote.ts";

interface Node {
  readonly stmt?: Readonly<Record<string, unknown>>;
  readonly stmt_location?: number;
  readonly stmt_len?: number;
}

/**
 * Loads sample rows from a file of INSERT statements, with triggers and foreign keys off. They are loaded as a role that is no superuser and stands for every owner that is none: CHECK constraints and generated
 * columns call the target's own functions, and those must not be able to leave the server. Throws RW563 for anything but INSERT.
 */
export async function loadRows(session: Session, file: string): Promise<void> {
  const statements = await insertsOf(file);
  // A name of its own, since the target's roles are here.
  const name = `rolewright_rows_${randomBytes(8).toString("hex")}`;
  const loader = quoteIdentifier(name);
  await session.run(`create role ${loader} nologin bypassrls`);
  try {
    const [row] = await session.rows<readonly [string | null]>(STAND_FOR_OWNERS, [name]);
    if (row?.[0] !== null && row?.[0] !== undefined) await session.run(row[0]);
    await session.run(`set session_replication_role = replica; set role ${loader}; set check_function_bodies = off`);
    for (const [index, text] of statements.entries()) {
      try {
        await session.runOne(text);
      } catch (cause) {
        if (session.lost) throw cause;
        throw refusal(
          `statement ${index + 1} of \`${file}\` was not taken by the shadow: ${(cause as Error).message}`,
          cause,
        );
      }
    }
  } finally {
    if (!session.lost)
      await session.run(
        `reset role; set session_replication_role = origin; drop owned by ${loader}; drop role ${loader}`,
      );
  }
}

// Whoever reaches a superuser could become one.
const STAND_FOR_OWNERS = `
  select string_agg(format('grant %I to %I', rolname, $1::text), '; ') from pg_roles r
  where rolname <> $1 and not rolsuper and (oid >= 16384 or rolname in ('pg_write_all_data', 'pg_read_all_data'))
    and not exists (select from pg_roles s where s.rolsuper and pg_has_role(r.oid, s.oid, 'member'))`;

async function insertsOf(file: string): Promise<readonly string[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw refusal(`the file of rows \`${file}\` cannot be read`, cause);
  }
  const { parse } = await import("libpg-query");
  let nodes: readonly Node[];
  try {
    nodes = ((await parse(text)) as { readonly stmts?: readonly Node[] }).stmts ?? [];
  } catch (cause) {
    throw refusal(`the file of rows \`${file}\` is no SQL: ${(cause as Error).message}`, cause);
  }
  const bytes = Buffer.from(text);
  return nodes.flatMap(({ stmt = {}, stmt_location: at = 0, stmt_len: length }) => {
    const [kind = ""] = Object.keys(stmt);
    const own = bytes
      .subarray(at, length === undefined ? undefined : at + length)
      .toString()
      .trim();
    // What pg_dump writes before its INSERTs.
    if (kind === "VariableSetStmt" || /^select\s+pg_catalog\.set_config\s*\(/iu.test(own)) return [];
    if (kind === "InsertStmt") return [own];
    throw refusal(`\`${file}\` holds a statement that is no INSERT`, undefined);
  });
}

function refusal(message: string, cause: unknown): RolewrightError {
  return new RolewrightError("RW563", message, {
    help: "give a file of INSERT statements, as `pg_dump --data-only --inserts` writes it",
    cause,
  });
}
