import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Dsn } from "./dsn.ts";

/**
 * The password that libpq's password file holds for a connection, or null. As libpq does, a file that others may read is ignored.
 * See https://www.postgresql.org/docs/18/libpq-pgpass.html.
 */
export async function passwordFromFile(dsn: Dsn, database: string): Promise<string | null> {
  const file = process.env["PGPASSFILE"] ?? join(homedir(), ".pgpass");
  const text = await readPrivate(file);
  if (text === null) return null;
  const host = dsn.host.startsWith("/") ? "localhost" : dsn.host;
  return findPassword(text, [host, String(dsn.port), database, dsn.user]);
}

/** The password of the first line whose host, port, database and user match; `*` matches anything. */
export function findPassword(text: string, wanted: readonly [string, string, string, string]): string | null {
  for (const line of text.split(/\r?\n/)) {
    if (line === "" || line.startsWith("#")) continue;
    const fields = splitFields(line);
    const password = fields[4];
    if (password === undefined) continue;
    if (wanted.every((value, index) => fields[index] === "*" || fields[index] === value)) return password;
  }
  return null;
}

/** Fields are separated by colons; a backslash takes the next character as it is. */
function splitFields(line: string): string[] {
  const fields: string[] = [""];
  for (let index = 0; index < line.length; index++) {
    const char = line[index] ?? "";
    if (char === ":" && fields.length < 5) {
      fields.push("");
    } else {
      if (char === "\\") index++;
      fields[fields.length - 1] += char === "\\" ? (line[index] ?? "") : char;
    }
  }
  return fields;
}

async function readPrivate(file: string): Promise<string | null> {
  try {
    const { mode } = await stat(file);
    if (process.platform !== "win32" && (mode & 0o077) !== 0) return null;
    return await readFile(file, "utf8");
  } catch {
    return null; // No such file is the usual case, and an unreadable one must not stop a login that needs none.
  }
}
