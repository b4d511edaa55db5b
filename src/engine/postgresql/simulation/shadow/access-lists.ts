import { describeTyped, isShared, type ResourceKind } from "../../../../model/resource.ts";
import type { ShadowGap } from "../../../simulation.ts";
import type { Session } from "../../client.ts";
import { type ListCatalog, type ListRow, WRITING, type WrittenCatalog } from "./access-queries.ts";
import { makeAll, type Making } from "./make.ts";

/** A list from its text. An empty one in braces has no dimension, and servers before 17 fail on such a list wherever they meet it: theirs has one, of length 0. */
export function asList(text: string): string {
  return `case ${text} when '{}' then acldefault('c', 10::oid) else (${text})::aclitem[] end`;
}

/** How many lists are written by one statement. */
const AT_ONCE = 5_000;

const KINDS: Readonly<Record<ListCatalog, ResourceKind>> = {
  pg_namespace: "schema",
  pg_class: "table",
  pg_proc: "routine",
  pg_type: "type",
  pg_language: "language",
  pg_foreign_data_wrapper: "foreign-data-wrapper",
  pg_foreign_server: "foreign-server",
  pg_largeobject_metadata: "large-object",
  pg_attribute: "column",
  pg_database: "database",
  pg_tablespace: "tablespace",
  pg_parameter_acl: "parameter",
};

/**
 * Writes access lists where they stand, exactly as they were read: GRANT cannot make every list that exists (of grantors that lost their own right since, or in another order), and is slower by far.
 * The owners are set before, where they are others.
 */
export async function writeLists(session: Session, lists: readonly ListRow[], options: Making): Promise<ShadowGap[]> {
  const gaps: ShadowGap[] = [];
  for (const catalog of Object.keys(KINDS) as ListCatalog[]) {
    const rows = lists.filter((row) => row[0] === catalog);
    for (let at = 0; at < rows.length; at += AT_ONCE) {
      options.signal?.throwIfAborted();
      const some = rows.slice(at, at + AT_ONCE);
      if (catalog !== "pg_parameter_acl") gaps.push(...(await writeOwners(session, { catalog, rows: some, options })));
      gaps.push(...(await writeOrHalve(session, catalog, some)));
    }
  }
  await session.run(NAMED_ROLES);
  return gaps;
}

const GIVEN = "json_to_recordset($1::json) v (schema text, name text, part text, owner text, acl text)";

async function writeOwners(
  session: Session,
  what: { readonly catalog: WrittenCatalog; readonly rows: readonly ListRow[]; readonly options: Making },
): Promise<ShadowGap[]> {
  const { owner, row, alter } = WRITING[what.catalog];
  if (owner === null || alter === null) return [];
  const wrong = await session.rows<readonly [string, string]>(
    `select ${alter}, quote_ident(r.rolname) from ${GIVEN} join ${what.catalog} t on ${row} join pg_roles r on r.rolname = v.owner where t.${owner} <> r.oid`,
    [json(what.rows)],
  );
  const steps = wrong.map(([name, role]) => ({ name, owner: null, statements: [`alter ${name} owner to ${role}`] }));
  return await makeAll(session, steps, what.options);
}

async function writeOrHalve(session: Session, catalog: ListCatalog, rows: readonly ListRow[]): Promise<ShadowGap[]> {
  if (rows.length === 0) return [];
  try {
    await session.rows(writing(catalog), [json(rows)]);
    return [];
  } catch (error) {
    if (session.lost) throw error;
    const [first] = rows;
    if (rows.length === 1 && first !== undefined) {
      const [, schema, name, part] = first;
      const kind = KINDS[catalog];
      const path = [...(isShared(kind) ? [] : [""]), schema, name, part].filter((one) => one !== null);
      return [
        {
          name: describeTyped({ kind, path }),
          reason: `its access list cannot be written: ${(error as Error).message}`,
        },
      ];
    }
    const half = Math.ceil(rows.length / 2);
    return [
      ...(await writeOrHalve(session, catalog, rows.slice(0, half))),
      ...(await writeOrHalve(session, catalog, rows.slice(half))),
    ];
  }
}

function writing(catalog: ListCatalog): string {
  if (catalog === "pg_parameter_acl") return PARAMETERS;
  const { acl, row } = WRITING[catalog];
  return `update ${catalog} t set ${acl} = ${asList("v.acl")} from ${GIVEN} where ${row} and t.${acl}::text is distinct from v.acl`;
}

const PARAMETERS = `
  insert into pg_parameter_acl (oid, parname, paracl)
  select pg_nextoid('pg_parameter_acl', 'oid', 'pg_parameter_acl_oid_index'), v.name, ${asList("v.acl")} from ${GIVEN}`;

function json(rows: readonly ListRow[]): string {
  return JSON.stringify(rows.map(([, schema, name, part, owner, acl]) => ({ schema, name, part, owner, acl })));
}

const listed = (
  catalog: string,
  acl: string,
  owner: string,
  options: { sub?: string; oid?: string; shared?: boolean } = {},
): string => `
  select distinct ${options.shared === true ? "0::oid" : "(select oid from pg_database where datname = current_database())"}, '${catalog}'::regclass::oid, ${options.oid ?? "t.oid"}, ${options.sub ?? "0"},
    'pg_authid'::regclass::oid, named.role, 'a'::"char"
  from ${catalog} t cross join lateral aclexplode(${acl}) item cross join lateral (values (item.grantee), (item.grantor)) named (role)
  where ${acl} is not null and named.role >= 16384 and named.role <> ${owner}`;

/** The roles that lists name, as the server keeps them: without these it would let a role go that something is still granted to. */
const NAMED_ROLES = `
  insert into pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)
  select * from (
    ${[
      listed("pg_namespace", "nspacl", "nspowner"),
      listed("pg_class", "relacl", "relowner"),
      listed("pg_proc", "proacl", "proowner"),
      listed("pg_type", "typacl", "typowner"),
      listed("pg_language", "lanacl", "lanowner"),
      listed("pg_foreign_data_wrapper", "fdwacl", "fdwowner"),
      listed("pg_foreign_server", "srvacl", "srvowner"),
      listed("pg_largeobject_metadata", "lomacl", "lomowner").replace("'pg_largeobject_metadata'", "'pg_largeobject'"),
      listed("pg_default_acl", "defaclacl", "0"),
      listed("pg_attribute", "attacl", "(select relowner from pg_class c where c.oid = t.attrelid)", {
        sub: "t.attnum",
        oid: "t.attrelid",
      }).replace("'pg_attribute'", "'pg_class'"),
      listed("pg_database", "datacl", "datdba", { shared: true }),
      listed("pg_tablespace", "spcacl", "spcowner", { shared: true }),
    ].join(" union ")}
  ) wanted (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)
  except select dbid, classid, objid, objsubid, refclassid, refobjid, deptype from pg_shdepend`;
