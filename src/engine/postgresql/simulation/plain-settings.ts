import { quoteLiteral } from "../quote.ts";

/** A setting as it is for a login that has none of its own, level by level. Null: nothing is said there. */
export interface PlainSetting {
  readonly name: string;
  /** Of the database that is connected to, and of all databases, for everybody. */
  readonly database: string | null;
  readonly everywhere: string | null;
  /** What the server was started with. Null: settings of our own role hide it, and we may not read its files. */
  readonly server: string | null;
  /** What PostgreSQL has built in. */
  readonly builtIn: string;
}

/** Text of what a session without a setting of its own has. */
export function plainValue({ database, everywhere, server, builtIn }: PlainSetting): string {
  return database ?? everywhere ?? server ?? builtIn;
}

type Row = readonly (string | null)[];

const LEVELS = `
  with said as (
    select pg_catalog.lower(pg_catalog.split_part(c, '=', 1)) as name, pg_catalog.substr(c, pg_catalog.strpos(c, '=') + 1) as value,
      s.setrole <> 0 as ours, s.setdatabase <> 0 as here
    from pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) c
    where s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
      and s.setrole in (0, (select oid from pg_catalog.pg_roles where rolname = session_user)))
  select s.name,
    (select value from said where name = pg_catalog.lower(s.name) and not ours and here),
    (select value from said where name = pg_catalog.lower(s.name) and not ours and not here),
    case when not exists (select from said where name = pg_catalog.lower(s.name) and (ours or here)) then s.reset_val end,
    coalesce(s.boot_val, ''), exists (select from said where name = pg_catalog.lower(s.name) and ours)::text
  from pg_catalog.pg_settings s`;

const MAY_READ_FILES =
  "select pg_catalog.has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'EXECUTE')::text";

/** Reads settings as a login without its own has them, whatever our own role has. `names`: in lower case; null: those that our own role has. */
export async function readPlainSettings(
  ask: (sql: string) => Promise<readonly Row[]>,
  names: readonly string[] | null,
): Promise<readonly PlainSetting[]> {
  const wanted = names === null ? "" : ` where pg_catalog.lower(s.name) in (${names.map(quoteLiteral).join(", ")})`;
  const rows = (await ask(LEVELS + wanted)).filter((row) => names !== null || row[5] === "true");
  const hidden = rows.some((row) => row[3] === null);
  const [may] = hidden ? await ask(MAY_READ_FILES) : [];
  const files =
    may?.[0] === "true"
      ? await ask(
          "select pg_catalog.lower(name), setting from pg_catalog.pg_file_settings where applied order by seqno",
        )
      : null;
  const ofFiles = new Map(files?.map(([name, value]) => [name, value ?? null]));
  return rows.map(([name, database, everywhere, seen, builtIn]) => ({
    name: name ?? "",
    database: database ?? null,
    everywhere: everywhere ?? null,
    server: seen ?? (files === null ? null : (ofFiles.get((name ?? "").toLowerCase()) ?? builtIn ?? "")),
    builtIn: builtIn ?? "",
  }));
}
