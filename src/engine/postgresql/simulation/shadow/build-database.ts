import type { ShadowGap } from "../../../simulation.ts";
import type { Session } from "../../client.ts";
import { quoteIdentifier } from "../../quote.ts";
import { asList, writeLists } from "./access-lists.ts";
import { enterStandIns, installExtensions } from "./extensions.ts";
import { finishingSteps } from "./finishing.ts";
import { makeAll, makePieces, type Making } from "./make.ts";
import { named } from "./names.ts";
import { piecesOf, Source } from "./pieces.ts";
import { type DatabaseRows, readTexts } from "./read-target.ts";
import { armRoutines } from "./routines.ts";
import { RULE_TEXTS, ROUTINE_TEXTS, VIEW_TEXTS } from "./structure-queries.ts";

export interface DatabasePlan extends Making {
  readonly rows: DatabaseRows;
  /** Asks the target for definitions; in no transaction. */
  readonly target: Session;
}

/** Makes everything of one database, without any access: that is written when every object is there. */
export async function buildDatabase(sessions: readonly [Session, Session], plan: DatabasePlan): Promise<ShadowGap[]> {
  const { rows, target } = plan;
  const [session] = sessions;
  const gaps: ShadowGap[] = rows.leftOut.map(([name, reason]) => ({ name, reason }));
  gaps.push(...(await makeSchemas(session, plan)));
  const { installed, missing } = await installExtensions(session, plan);
  gaps.push(...missing);
  const views = rows.relations.filter((row) => row[4] === "v" || row[4] === "m").map((row) => row[0]);
  const source = new Source(rows, { installed, views: await readTexts(target, VIEW_TEXTS, views) });
  await session.run(NO_OVERFLOW);
  gaps.push(...(await makePieces(sessions, piecesOf(source), plan)));
  const rules = await readTexts(target, RULE_TEXTS, oids(rows.rules, source, "pg_rewrite"));
  const atomic = rows.routines
    .filter((row) => row[18] === "t" && !source.isThere(`pg_proc ${row[0]}`))
    .map((row) => row[0]);
  gaps.push(
    ...(await armRoutines(session, source, { ...plan, texts: await readTexts(target, ROUTINE_TEXTS, atomic) })),
  );
  gaps.push(...(await makeAll(session, finishingSteps(source, rules), plan)));
  await session.run(OVERFLOW_AGAIN);
  await enterStandIns(session, rows, installed);
  await session.run(FINISHED);
  await session.rows(ROW_SECURITY, [JSON.stringify(rows.rowSecurity)]);
  for (const [oid] of rows.largeObjects) await session.rows("select lo_create($1::oid)", [oid]);
  return gaps;
}

function oids(rows: readonly (readonly (string | null)[])[], source: Source, catalog: string): string[] {
  return rows.flatMap(([oid]) => (typeof oid === "string" && !source.isThere(`${catalog} ${oid}`) ? [oid] : []));
}

/** Schemas that no extension brings; a database that has none of the initial ones loses them here too. */
async function makeSchemas(session: Session, plan: DatabasePlan): Promise<ShadowGap[]> {
  const here = await session.rows<readonly [string]>(
    "select nspname from pg_namespace where nspname !~ '^pg_(temp|toast)'",
  );
  const wanted = new Set(plan.rows.schemas.map(([, name]) => name));
  const brought = new Set(plan.rows.members.filter(([catalog]) => catalog === "pg_namespace").map(([, oid]) => oid));
  const initial = here.map(([name]) => name);
  const steps = [
    ...initial
      .filter((name) => !wanted.has(name))
      .map((name) => ({
        name: named("schema", name),
        owner: null,
        statements: [`drop schema ${quoteIdentifier(name)}`],
      })),
    ...plan.rows.schemas
      .filter(([oid, name]) => !initial.includes(name) && !brought.has(oid))
      .map(([, name, owner]) => ({
        name: named("schema", name),
        owner,
        statements: [`create schema ${quoteIdentifier(name)}`],
      })),
  ];
  return await makeAll(session, steps, plan);
}

/** The access of one database: lists for what is there and for what will be made, exactly as the target has them. */
export async function writeAccess(
  session: Session,
  plan: Making & { readonly rows: DatabaseRows },
): Promise<ShadowGap[]> {
  await session.run(FORGET_LISTS);
  await session.rows(FUTURE, [JSON.stringify(plan.rows.defaults)]);
  await session.run(FUTURE_NAMED);
  return await writeLists(session, plan.rows.lists, plan);
}

// A table of values that can be long gets a second one for the longest, and an index on it: two thirds of what it takes to make a table, for rows that never come. While no type has long values, none is made, and none is missed later: the columns keep it.
const NO_OVERFLOW = `
  create temporary table long_types as select oid, typstorage from pg_type where typstorage <> 'p';
  update pg_type set typstorage = 'p' where typstorage <> 'p'`;
const OVERFLOW_AGAIN = `
  update pg_type t set typstorage = l.typstorage from pg_temp.long_types l where l.oid = t.oid;
  drop table pg_temp.long_types`;

// A materialized view without rows can be read, and a foreign key that was not checked against no rows is checked.
const FINISHED = `
  update pg_class set relispopulated = true where relkind = 'm' and not relispopulated;
  update pg_constraint set convalidated = true where contype = 'f' and not convalidated`;

const ROW_SECURITY = `
  update pg_class c set relrowsecurity = (v->>2)::boolean, relforcerowsecurity = (v->>3)::boolean
  from json_array_elements($1::json) v where c.relname = v->>1 and c.relnamespace = (select oid from pg_namespace where nspname = v->>0)`;

// Extensions give rights of their own accord, and the target may have taken them away.
const FORGET_LISTS = `
  update pg_class set relacl = null where oid >= 16384 and relacl is not null;
  update pg_attribute set attacl = null where attrelid >= 16384 and attacl is not null;
  update pg_proc set proacl = null where oid >= 16384 and proacl is not null;
  update pg_type set typacl = null where oid >= 16384 and typacl is not null`;

const FUTURE: string = `
  insert into pg_default_acl (oid, defaclrole, defaclnamespace, defaclobjtype, defaclacl)
  select pg_nextoid('pg_default_acl', 'oid', 'pg_default_acl_oid_index'), r.oid, coalesce(n.oid, 0), (v->>2)::"char", ${asList("v->>3")}
  from json_array_elements($1::json) v join pg_roles r on r.rolname = v->>0 left join pg_namespace n on n.nspname = v->>1
  where (v->>1) is null or n.oid is not null`;

const FUTURE_NAMED = `
  insert into pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)
  select (select oid from pg_database where datname = current_database()), 'pg_default_acl'::regclass, oid, 0, 'pg_authid'::regclass, defaclrole, 'o'
  from pg_default_acl where defaclrole >= 16384;
  insert into pg_depend (classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype)
  select 'pg_default_acl'::regclass, oid, 0, 'pg_namespace'::regclass, defaclnamespace, 0, 'a' from pg_default_acl where defaclnamespace <> 0`;
