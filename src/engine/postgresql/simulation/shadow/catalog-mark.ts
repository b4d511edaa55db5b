import { digestText } from "../../../../base/digest.ts";
import type { Session } from "../../client.ts";

/**
 * Everything that a shadow is built from, as a mark that the server works out in a fraction of the time that reading it takes. Every change of a catalog's row makes another version of it, at another place (`ctid`) or of
 * another transaction (`xmin`); while one server process lives, no pair of them comes twice. A copy or a restored server may come to the same pairs for other rows, so the moment when the server started is part of it: after a
 * restart the mark is another one. What is not in it: versions of rows that are changed in place (counters and hints of the planner), and catalogs that our role may not read, which are not read either.
 */
export async function readMark(session: Session): Promise<string> {
  await session.run("set local synchronize_seqscans = off; set local max_parallel_workers_per_gather = 0");
  const catalogs = await session.rows<readonly [string]>(CATALOGS);
  const marks = catalogs.map(
    ([name]) => `select '${name}', encode(sha256(coalesce(string_agg(xidsend(xmin) || tidsend(ctid), ''), '')), 'hex')
      from only pg_catalog.${name}`,
  );
  const rows = await session.rows<readonly [string, string]>(`${SERVER} union all ${marks.join(" union all ")}`);
  return digestText(JSON.stringify(rows));
}

/** Without what ANALYZE writes, and without data. Shared catalogs are read as they are: they are small, and roles may not be read there. */
const CATALOGS = `
  select relname from pg_catalog.pg_class
  where relnamespace = 'pg_catalog'::regnamespace and relkind = 'r' and not relisshared and has_table_privilege(oid, 'SELECT')
    and relname not in ('pg_statistic', 'pg_statistic_ext_data', 'pg_largeobject', 'pg_description')
  order by relname`;

/** One process of one server, one database, and who is who: catalogs name roles and tablespaces by number. */
const SERVER = `
  select 'server', extract(epoch from pg_postmaster_start_time())::text
  union all select 'database', oid::text from pg_catalog.pg_database where datname = current_database()
  union all select 'reader', current_user::text
  union all select 'roles', string_agg(oid || ' ' || quote_ident(rolname), ',' order by oid) from pg_catalog.pg_roles
  union all select 'tablespaces', string_agg(oid || ' ' || quote_ident(spcname), ',' order by oid) from pg_catalog.pg_tablespace`;
