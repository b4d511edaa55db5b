import type { ShadowGap } from "../../../simulation.ts";
import type { Session } from "../../client.ts";
import { quoteIdentifier, quoteLiteral } from "../../quote.ts";
import { writeLists } from "./access-lists.ts";
import { makeAll } from "./make.ts";
import type { ClusterRows } from "./read-target.ts";

/** What of a cluster is written, and by whom. */
export interface ClusterPlan {
  readonly rows: ClusterRows;
  readonly major: number;
  readonly administrator: string;
  /** Other people's roles are there too. */
  readonly borrowed: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Databases that come with a server. */
const INITIAL: ReadonlySet<string> = new Set(["postgres", "template0", "template1"]);

/** The session of a builder: it may write catalogs, runs nobody's code, and writes nothing down. */
export const BUILDER = `
  set allow_system_table_mods = on; set check_function_bodies = off; set client_min_messages = error; set synchronous_commit = off;
  set default_tablespace = ''`;

/**
 * Makes the roles, as superusers for the time of building: whatever its owner may do on the target, it can make its objects here. Nothing of the target runs meanwhile, because routines get their bodies last.
 */
export async function makeRoles(session: Session, plan: ClusterPlan): Promise<ShadowGap[]> {
  const here = new Set((await session.rows<readonly [string]>("select rolname from pg_roles")).map(([name]) => name));
  const missing = plan.rows.roles.filter(([name]) => !here.has(name));
  return await makeAll(
    session,
    missing.map(([name]) => ({
      name: `role ${name}`,
      owner: null,
      statements: [`create role ${quoteIdentifier(name)} superuser nologin`],
    })),
    plan,
  );
}

/** Makes tablespaces and databases, empty. */
export async function makeDatabases(session: Session, plan: ClusterPlan): Promise<ShadowGap[]> {
  const gaps: ShadowGap[] = [];
  const attempt = async (name: string, statement: string): Promise<void> => {
    plan.signal?.throwIfAborted();
    try {
      await session.run(statement);
    } catch (error) {
      if (session.lost) throw error;
      gaps.push({ name, reason: `the shadow's server did not take it: ${(error as Error).message}` });
    }
  };
  if (plan.rows.tablespaces.length > 0) await session.run("set allow_in_place_tablespaces = on");
  for (const [name, owner] of plan.rows.tablespaces) {
    const text = `create tablespace ${quoteIdentifier(name)} owner ${quoteIdentifier(owner)} location ''`;
    await attempt(`tablespace ${name}`, text);
  }
  const provider = plan.major >= 15 ? " locale_provider libc" : "";
  for (const [name, owner, encoding] of plan.rows.databases) {
    if (INITIAL.has(name)) continue;
    const text = `create database ${quoteIdentifier(name)} owner ${quoteIdentifier(owner)} template template0 encoding ${quoteLiteral(encoding)} lc_collate 'C' lc_ctype 'C'${provider}`;
    await attempt(`database ${name}`, text);
  }
  return gaps;
}

/** Settings that would keep us out of a session of the administrator, or make it somebody else. */
const LOADING = /^(session_preload_libraries|local_preload_libraries|role|session_authorization)=/iu;

/** Writes what roles are, whose members they are and how their sessions begin, exactly as the target has it. The last thing of all: nobody is a superuser any more after it. */
export async function writeRoles(session: Session, plan: ClusterPlan): Promise<ShadowGap[]> {
  const gaps: ShadowGap[] = [];
  const { rows, major, administrator } = plan;
  const roles = rows.roles.map(([name, ...values]) => ({ name, values }));
  await session.rows(ROLE_ATTRIBUTES, [
    JSON.stringify(roles.map(({ name, values }) => [name, ...values])),
    administrator,
  ]);
  if (!plan.borrowed) await session.run(FORGET_MEMBERSHIPS);
  await session.rows(major >= 16 ? MEMBERSHIPS : MEMBERSHIPS_15, [JSON.stringify(rows.memberships)]);
  if (major >= 16) await session.run(GRANTORS);
  const settings: (readonly [string | null, string | null, readonly string[]])[] = [];
  for (const [role, database, text, forAll] of rows.settings) {
    const all = JSON.parse(text) as readonly string[];
    const kept = all.filter((one) => !((forAll === "t" || role === administrator) && LOADING.test(one)));
    if (kept.length < all.length) {
      gaps.push({
        name: `role ${forAll === "t" ? "PUBLIC" : role}`,
        reason: "settings that load libraries or change who we are are left out",
      });
    }
    if (kept.length > 0) settings.push([forAll === "t" ? null : role, database, kept]);
  }
  await session.rows(SETTINGS, [JSON.stringify(settings)]);
  return [...gaps, ...(await writeLists(session, rows.lists, plan))];
}

const ROLE_ATTRIBUTES = `
  update pg_authid set rolsuper = (v->>1)::boolean, rolinherit = (v->>2)::boolean, rolcreaterole = (v->>3)::boolean, rolcreatedb = (v->>4)::boolean,
    rolcanlogin = (v->>5)::boolean or rolname = $2, rolreplication = (v->>6)::boolean, rolbypassrls = (v->>7)::boolean, rolconnlimit = (v->>8)::int,
    rolvaliduntil = (v->>9)::timestamptz
  from json_array_elements($1::json) v where rolname = v->>0 and not (rolname = $2 and not (v->>1)::boolean)`;
const FORGET_MEMBERSHIPS = `
  delete from pg_shdepend where classid = 'pg_auth_members'::regclass; delete from pg_auth_members`;
const MEMBERSHIPS_15 = `
  insert into pg_auth_members (roleid, member, grantor, admin_option)
  select r.oid, m.oid, coalesce(g.oid, 10), (v->>3)::boolean
  from json_array_elements($1::json) v join pg_roles r on r.rolname = v->>0 join pg_roles m on m.rolname = v->>1 left join pg_roles g on g.rolname = v->>2`;
const MEMBERSHIPS = `
  insert into pg_auth_members (oid, roleid, member, grantor, admin_option, inherit_option, set_option)
  select pg_nextoid('pg_auth_members', 'oid', 'pg_auth_members_oid_index'), r.oid, m.oid, g.oid, (v->>3)::boolean, (v->>4)::boolean, (v->>5)::boolean
  from json_array_elements($1::json) v join pg_roles r on r.rolname = v->>0 join pg_roles m on m.rolname = v->>1 join pg_roles g on g.rolname = v->>2`;
const GRANTORS = `
  insert into pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)
  select 0, 'pg_auth_members'::regclass, oid, 0, 'pg_authid'::regclass, grantor, 'a' from pg_auth_members m where grantor >= 16384
    and not exists (select from pg_shdepend d where d.classid = 'pg_auth_members'::regclass and d.objid = m.oid)`;
const SETTINGS = `
  insert into pg_db_role_setting (setdatabase, setrole, setconfig)
  select coalesce(d.oid, 0), coalesce(r.oid, 0), (select array_agg(x) from json_array_elements_text(v->2) x)
  from json_array_elements($1::json) v left join pg_database d on d.datname = v->>1 left join pg_roles r on r.rolname = v->>0
  where ((v->>1) is null or d.oid is not null) and ((v->>0) is null or r.oid is not null)`;
