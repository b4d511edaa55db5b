import type { Session } from "../../client.ts";
import { quoteLiteral } from "../../quote.ts";
import { asList } from "./access-lists.ts";
import type { ShadowServer } from "./server.ts";

/** What decides about access in one catalog: how a row is known, and what of it a plan can change. */
interface Kept {
  readonly catalog: string;
  /** Expressions that identify a row; oids stay what they are. */
  readonly key: string;
  readonly columns: readonly (readonly [name: string, type: string])[];
  /** Whether rows come and go with a plan. Others only change. */
  readonly comes: boolean;
  readonly where?: string;
}

/** What all databases share. On a server that is borrowed, only what is of our roles and databases. */
function shared({ major, borrowed }: Reach): readonly Kept[] {
  const all = ofCluster(major);
  if (borrowed === null) return all;
  const literals = (names: Iterable<string>): string => `(${[...names].map(quoteLiteral).join(", ")})`;
  const ours = `(select oid from pg_authid where rolname not in ${literals(borrowed.roles)})`;
  const wheres: Readonly<Record<string, string>> = {
    pg_authid: `rolname not in ${literals(borrowed.roles)}`,
    pg_auth_members: `(roleid in ${ours} or member in ${ours})`,
    pg_db_role_setting: `setrole in ${ours}`,
    pg_database: `datname in ${literals(borrowed.databases)}`,
    pg_shdepend: `dbid = 0 and refclassid = 'pg_authid'::regclass and refobjid in ${ours}`,
  };
  return all.flatMap((kept) => {
    const where = wheres[kept.catalog];
    return where === undefined ? [] : [{ ...kept, where }];
  });
}

const ofCluster = (major: number): readonly Kept[] => [
  {
    catalog: "pg_authid",
    key: "oid",
    comes: true,
    columns: [
      ["rolname", "name"],
      ["rolsuper", "bool"],
      ["rolinherit", "bool"],
      ["rolcreaterole", "bool"],
      ["rolcreatedb", "bool"],
      ["rolcanlogin", "bool"],
      ["rolreplication", "bool"],
      ["rolbypassrls", "bool"],
      ["rolconnlimit", "int4"],
      ["rolpassword", "text"],
      ["rolvaliduntil", "timestamptz"],
    ],
  },
  {
    catalog: "pg_auth_members",
    key: major >= 16 ? "oid" : "roleid || ' ' || member",
    comes: true,
    columns: [
      ["roleid", "oid"],
      ["member", "oid"],
      ["grantor", "oid"],
      ["admin_option", "bool"],
      ...(major >= 16
        ? ([
            ["inherit_option", "bool"],
            ["set_option", "bool"],
          ] as const)
        : []),
    ],
  },
  {
    catalog: "pg_db_role_setting",
    key: "setdatabase || ' ' || setrole",
    comes: true,
    columns: [
      ["setdatabase", "oid"],
      ["setrole", "oid"],
      ["setconfig", "text[]"],
    ],
  },
  {
    catalog: "pg_database",
    key: "oid",
    comes: false,
    columns: [
      ["datdba", "oid"],
      ["datacl", "aclitem[]"],
    ],
  },
  {
    catalog: "pg_tablespace",
    key: "oid",
    comes: false,
    columns: [
      ["spcowner", "oid"],
      ["spcacl", "aclitem[]"],
    ],
  },
  ...(major >= 15
    ? [
        {
          catalog: "pg_parameter_acl",
          key: "oid",
          comes: true,
          columns: [
            ["parname", "text"],
            ["paracl", "aclitem[]"],
          ],
        } as const,
      ]
    : []),
  { ...dependencies("dbid = 0"), comes: true },
];

function dependencies(where: string): Kept {
  return {
    catalog: "pg_shdepend",
    key: "dbid || ' ' || classid || ' ' || objid || ' ' || objsubid || ' ' || refclassid || ' ' || refobjid || ' ' || deptype::text",
    comes: true,
    where: `${where} and refclassid = 'pg_authid'::regclass`,
    columns: [
      ["dbid", "oid"],
      ["classid", "oid"],
      ["objid", "oid"],
      ["objsubid", "int4"],
      ["refclassid", "oid"],
      ["refobjid", "oid"],
      ["deptype", '"char"'],
    ],
  };
}

const LOCAL: readonly Kept[] = [
  {
    catalog: "pg_namespace",
    key: "oid",
    comes: false,
    where: "nspname !~ '^pg_(temp|toast)'",
    columns: [
      ["nspowner", "oid"],
      ["nspacl", "aclitem[]"],
    ],
  },
  {
    catalog: "pg_class",
    key: "oid",
    comes: false,
    columns: [
      ["relowner", "oid"],
      ["relacl", "aclitem[]"],
      ["relrowsecurity", "bool"],
      ["relforcerowsecurity", "bool"],
    ],
  },
  {
    catalog: "pg_attribute",
    key: "attrelid || ' ' || attnum",
    comes: false,
    where: "attacl is not null",
    columns: [["attacl", "aclitem[]"]],
  },
  {
    catalog: "pg_proc",
    key: "oid",
    comes: false,
    columns: [
      ["proowner", "oid"],
      ["proacl", "aclitem[]"],
    ],
  },
  {
    catalog: "pg_type",
    key: "oid",
    comes: false,
    columns: [
      ["typowner", "oid"],
      ["typacl", "aclitem[]"],
    ],
  },
  {
    catalog: "pg_language",
    key: "oid",
    comes: false,
    columns: [
      ["lanowner", "oid"],
      ["lanacl", "aclitem[]"],
    ],
  },
  {
    catalog: "pg_foreign_data_wrapper",
    key: "oid",
    comes: false,
    columns: [
      ["fdwowner", "oid"],
      ["fdwacl", "aclitem[]"],
    ],
  },
  {
    catalog: "pg_foreign_server",
    key: "oid",
    comes: false,
    columns: [
      ["srvowner", "oid"],
      ["srvacl", "aclitem[]"],
    ],
  },
  {
    catalog: "pg_largeobject_metadata",
    key: "oid",
    comes: false,
    columns: [
      ["lomowner", "oid"],
      ["lomacl", "aclitem[]"],
    ],
  },
  {
    catalog: "pg_default_acl",
    key: "oid",
    comes: true,
    columns: [
      ["defaclrole", "oid"],
      ["defaclnamespace", "oid"],
      ["defaclobjtype", '"char"'],
      ["defaclacl", "aclitem[]"],
    ],
  },
  dependencies("dbid = (select oid from pg_database where datname = current_database())"),
];

/** Row policies, with the statement that makes each. */
const POLICIES = `
  select format('%I on %I.%I', polname, n.nspname, c.relname), format('create policy %I on %I.%I as %s for %s to %s%s%s', polname, n.nspname, c.relname,
      case when polpermissive then 'permissive' else 'restrictive' end,
      case polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
      (select string_agg(case when r = 0 then 'public' else quote_ident(pg_get_userbyid(r)) end, ', ') from unnest(polroles) r),
      ' using (' || pg_get_expr(polqual, polrelid) || ')', ' with check (' || pg_get_expr(polwithcheck, polrelid) || ')')
  from pg_policy p join pg_class c on c.oid = polrelid join pg_namespace n on n.oid = c.relnamespace`;

type Rows = ReadonlyMap<string, string>;

/** The access of a shadow as its catalogs hold it, by row. */
export interface Baseline {
  readonly shared: ReadonlyMap<string, Rows>;
  readonly databases: ReadonlyMap<string, { readonly catalogs: ReadonlyMap<string, Rows>; readonly policies: Rows }>;
}

interface Reach {
  readonly major: number;
  readonly borrowed: ShadowServer["borrowed"];
  open(database: string): Promise<Session>;
}

/** Reads everything of the catalogs that a plan can change. */
export async function readBaseline(databases: readonly string[], reach: Reach): Promise<Baseline> {
  const found = new Map<string, { catalogs: Map<string, Rows>; policies: Rows }>();
  let cluster = new Map<string, Rows>();
  for (const [index, database] of databases.entries()) {
    await using session = await reach.open(database);
    if (index === 0) cluster = await readAll(session, shared(reach));
    found.set(database, { catalogs: await readAll(session, LOCAL), policies: await readPolicies(session) });
  }
  return { shared: cluster, databases: found };
}

async function readAll(session: Session, kept: readonly Kept[]): Promise<Map<string, Rows>> {
  const found = new Map<string, Rows>();
  for (const one of kept) found.set(one.catalog, await readRows(session, one));
  return found;
}

async function readRows(session: Session, { catalog, key, columns, where }: Kept): Promise<Rows> {
  const values = columns.map(([name]) => `${name}::text`).join(", ");
  const text = `select (${key})::text, json_build_array(${values})::text from ${catalog}${where === undefined ? "" : ` where ${where}`}`;
  return new Map(await session.rows<readonly [string, string]>(text));
}

async function readPolicies(session: Session): Promise<Rows> {
  return new Map(await session.rows<readonly [string, string]>(POLICIES));
}

const WRITER = "set allow_system_table_mods = on; set client_min_messages = error; set synchronous_commit = off";

/** Brings the catalogs back to what they were, row by row where they differ. Roles first: lists are written by their names. */
export async function restore(baseline: Baseline, reach: Reach): Promise<void> {
  const [first] = baseline.databases.keys();
  if (first === undefined) return;
  {
    await using session = await reach.open(first);
    await session.run(WRITER);
    for (const kept of shared(reach)) await restoreRows(session, kept, baseline.shared.get(kept.catalog) ?? new Map());
  }
  for (const [database, { catalogs, policies }] of baseline.databases) {
    await using session = await reach.open(database);
    await session.run(WRITER);
    const now = await readPolicies(session);
    for (const [name, text] of now) if (policies.get(name) !== text) await session.run(`drop policy ${name}`);
    for (const [name, text] of policies) if (now.get(name) !== text) await session.run(text);
    for (const kept of LOCAL) await restoreRows(session, kept, catalogs.get(kept.catalog) ?? new Map());
  }
}

async function restoreRows(session: Session, kept: Kept, before: Rows): Promise<void> {
  const { catalog, key, columns, where } = kept;
  const now = await readRows(session, kept);
  const extra = [...now.keys()].filter((one) => !before.has(one));
  const missing = [...before].filter(([one]) => !now.has(one));
  const changed = [...before].filter(([one, values]) => now.has(one) && now.get(one) !== values);
  const names = columns.map(([name]) => name);
  const casts = columns.map(([, type], index) => cast(`v->1->>${index}`, type));
  const also = where === undefined ? "" : ` and ${where}`;
  if (extra.length > 0) {
    // A list on a column that had none goes; the column stays.
    const text =
      catalog === "pg_attribute"
        ? `update pg_attribute set attacl = null where (${key})::text = any ($1::text[])`
        : kept.comes
          ? `delete from ${catalog} where (${key})::text = any ($1::text[])${also}`
          : null;
    if (text !== null) await session.rows(text, [extra]);
  }
  if (changed.length > 0 || (catalog === "pg_attribute" && missing.length > 0)) {
    const rows = catalog === "pg_attribute" ? [...changed, ...missing] : changed;
    const sets = names.map((name, index) => `${name} = ${casts[index] ?? "null"}`).join(", ");
    await session.rows(
      `update ${catalog} t set ${sets} from json_array_elements($1::json) v where (${key})::text = v->>0`,
      [asJson(rows)],
    );
  }
  if (missing.length > 0 && kept.comes) {
    const oid = key === "oid";
    const listed = [...(oid ? ["oid"] : []), ...names].join(", ");
    const values = [...(oid ? ["(v->>0)::oid"] : []), ...casts].join(", ");
    await session.rows(`insert into ${catalog} (${listed}) select ${values} from json_array_elements($1::json) v`, [
      asJson(missing),
    ]);
  }
}

function cast(value: string, type: string): string {
  return type === "aclitem[]" ? asList(value) : `(${value})::${type}`;
}

function asJson(rows: readonly (readonly [string, string])[]): string {
  return `[${rows.map(([key, values]) => `[${JSON.stringify(key)},${values}]`).join(",")}]`;
}
