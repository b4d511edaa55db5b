import type { ShadowGap } from "../../../simulation.ts";
import type { Session } from "../../client.ts";
import { quoteIdentifier, quoteLiteral } from "../../quote.ts";
import type { DatabasePlan } from "./build-database.ts";
import { makeAll } from "./make.ts";
import { type WrittenCatalog, WRITING } from "./access-queries.ts";
import { named, namedEarly } from "./names.ts";
import type { DatabaseRows } from "./read-target.ts";

/**
 * Installs the extensions that the shadow's server has too. The others become stand-ins: what they made on the target is made by its names, and gaps say so. Languages whose handler is not there are entered
 * by name.
 */
export async function installExtensions(
  session: Session,
  plan: DatabasePlan,
): Promise<{ readonly installed: ReadonlySet<string>; readonly missing: readonly ShadowGap[] }> {
  const { rows } = plan;
  const here = new Set(
    (await session.rows<readonly [string]>("select extname from pg_extension")).map(([name]) => name),
  );
  for (const name of here) {
    if (rows.extensions.some(([, wanted]) => wanted === name)) continue;
    await session.run(`drop extension ${quoteIdentifier(name)}`);
  }
  const known = new Set(
    (
      await session.rows<readonly [string, string]>("select name, version from pg_available_extension_versions")
    ).flatMap(([name, version]) => [name, `${name} ${version}`]),
  );
  const installed = new Set<string>();
  const missing: ShadowGap[] = [];
  for (const [, name, owner, schema, version] of rows.extensions) {
    plan.signal?.throwIfAborted();
    if (here.has(name)) {
      installed.add(name);
      continue;
    }
    const same = known.has(`${name} ${version}`);
    const text = `create extension if not exists ${quoteIdentifier(name)} with schema ${quoteIdentifier(schema)}${same ? ` version ${quoteLiteral(version)}` : ""} cascade`;
    const failed = known.has(name)
      ? await makeAll(session, [{ name, owner, statements: [text] }], plan)
      : [{ name, reason: "this machine does not have it" }];
    if (failed.length === 0) {
      installed.add(name);
      if (!same)
        missing.push({
          name: `extension ${name}`,
          reason: `version ${version} is not on this machine: another one stands for it`,
        });
    } else {
      missing.push({
        name: `extension ${name}`,
        reason: `stand-ins by name without its code: ${failed[0]?.reason ?? ""}`,
      });
    }
  }
  missing.push(...(await standIns(session, plan, installed)));
  return { installed, missing };
}

/** Schemas and languages of extensions that are not here, and what all of their code is called. */
async function standIns(session: Session, plan: DatabasePlan, installed: ReadonlySet<string>): Promise<ShadowGap[]> {
  const { rows } = plan;
  const absent = new Set(rows.extensions.filter(([, name]) => !installed.has(name)).map(([oid]) => oid));
  const members = new Set(
    rows.members.filter(([, , extension]) => absent.has(extension)).map(([catalog, oid]) => `${catalog} ${oid}`),
  );
  const schemas = rows.schemas.filter(([oid]) => members.has(`pg_namespace ${oid}`));
  const gaps = await makeAll(
    session,
    schemas.map(([, name, owner]) => ({
      name: named("schema", name),
      owner,
      statements: [`create schema ${quoteIdentifier(name)}`],
    })),
    plan,
  );
  const languages = new Set(
    (await session.rows<readonly [string]>("select lanname from pg_language")).map(([name]) => name),
  );
  for (const [, name, owner, trusted] of rows.languages) {
    if (languages.has(name)) continue;
    await session.rows(LANGUAGE, [name, owner, trusted]);
    gaps.push({
      name: named("language", name),
      reason: "its handler is not on this machine: routines in it cannot run",
    });
  }
  for (const [oid, schema, name, , , inputs, , , language] of rows.routines) {
    const isStub =
      language === "c" &&
      (members.has(`pg_proc ${oid}`) || !rows.members.some(([c, o]) => c === "pg_proc" && o === oid));
    if (isStub)
      gaps.push({
        name: named("routine", schema, name, inputs),
        reason: "its code is a library that is not here: a stand-in has its name and its rights",
      });
  }
  for (const [oid, schema, name, , form, defined] of rows.types) {
    if (
      form === "b" &&
      defined === "t" &&
      (members.has(`pg_type ${oid}`) || !rows.members.some(([c, o]) => c === "pg_type" && o === oid))
    )
      gaps.push({ name: named("type", schema, name), reason: "a stand-in over text: its values are not understood" });
  }
  for (const row of rows.early) {
    const [catalog, oid, , , , , standIn] = row;
    if (
      standIn === "f" ||
      rows.members.some(([c, o, extension]) => c === catalog && o === oid && !absent.has(extension))
    )
      continue;
    gaps.push({ name: namedEarly(row), reason: "a stand-in by its name and its rights alone" });
  }
  return gaps;
}

/** Enters the extensions that are not here by their names, and what they made as theirs: what an extension made is told apart from what people made. */
export async function enterStandIns(
  session: Session,
  rows: DatabaseRows,
  installed: ReadonlySet<string>,
): Promise<void> {
  const absent = rows.extensions.filter(([, name]) => !installed.has(name));
  if (absent.length === 0) return;
  await session.rows(EXTENSIONS, [JSON.stringify(absent)]);
  const names = new Map<string, readonly [string | null, string, string | null]>([
    ...rows.schemas.map(([oid, name]) => [`pg_namespace ${oid}`, [null, name, null]] as const),
    ...rows.types.map(([oid, schema, name]) => [`pg_type ${oid}`, [schema, name, null]] as const),
    ...rows.relations.map(([oid, schema, name]) => [`pg_class ${oid}`, [schema, name, null]] as const),
    ...rows.sequences.map(([oid, schema, name]) => [`pg_class ${oid}`, [schema, name, null]] as const),
    ...rows.routines.map(([oid, schema, name, , , inputs]) => [`pg_proc ${oid}`, [schema, name, inputs]] as const),
    ...rows.aggregates.map(([oid, schema, name, , inputs]) => [`pg_proc ${oid}`, [schema, name, inputs]] as const),
    ...rows.wrappers.map(([oid, name]) => [`pg_foreign_data_wrapper ${oid}`, [null, name, null]] as const),
    ...rows.languages.map(([oid, name]) => [`pg_language ${oid}`, [null, name, null]] as const),
  ]);
  const extensions = new Map(absent.map(([oid, name]) => [oid, name]));
  for (const catalog of MEMBER_CATALOGS) {
    const members = rows.members.flatMap(([of, oid, extension]) => {
      const [owner, found] = [extensions.get(extension), names.get(`${of} ${oid}`)];
      if (of !== catalog || owner === undefined || found === undefined) return [];
      const [schema, name, part] = found;
      return [{ schema, name, part, owner }];
    });
    if (members.length > 0) await session.rows(memberOf(catalog), [JSON.stringify(members)]);
  }
}

const MEMBER_CATALOGS = [
  "pg_namespace",
  "pg_type",
  "pg_class",
  "pg_proc",
  "pg_foreign_data_wrapper",
  "pg_language",
] as const;

const memberOf = (catalog: WrittenCatalog): string => `
  insert into pg_depend (classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype)
  select '${catalog}'::regclass, t.oid, 0, 'pg_extension'::regclass, e.oid, 0, 'e'
  from json_to_recordset($1::json) v (schema text, name text, part text, owner text) join ${catalog} t on ${WRITING[catalog].row} join pg_extension e on e.extname = v.owner`;

const EXTENSIONS = `
  insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
  select pg_nextoid('pg_extension', 'oid', 'pg_extension_oid_index'), v->>1, r.oid, n.oid, false, v->>4
  from json_array_elements($1::json) v join pg_roles r on r.rolname = v->>2 join pg_namespace n on n.nspname = v->>3`;

const LANGUAGE = `
  insert into pg_language (oid, lanname, lanowner, lanispl, lanpltrusted, lanplcallfoid, laninline, lanvalidator)
  select pg_nextoid('pg_language', 'oid', 'pg_language_oid_index'), $1, r.oid, true, $3::boolean, 'pg_catalog.trigger_in'::regproc, 0, 0 from pg_roles r where r.rolname = $2`;
