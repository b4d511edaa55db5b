import type { ShadowGap } from "../../../simulation.ts";
import type { Session } from "../../client.ts";
import { makeAll, type Making } from "./make.ts";
import { named } from "./names.ts";
import type { Source } from "./pieces.ts";

const AT_ONCE = 2_000;

/**
 * Gives routines their bodies and everything that decides how they run. Bodies in C stay what they were made as: we do not have the library. Bodies that the server keeps taken apart (`begin atomic`) are made from
 * their text, since everything that they name is there by now.
 */
export async function armRoutines(
  session: Session,
  source: Source,
  options: Making & { readonly texts: ReadonlyMap<string, string> },
): Promise<ShadowGap[]> {
  const routines = source.rows.routines.filter(([oid]) => !source.isThere(`pg_proc ${oid}`));
  const rows = routines.map((row) => {
    const [
      ,
      schema,
      name,
      ,
      ,
      args,
      ,
      ,
      language,
      body,
      volatile,
      definer,
      leakproof,
      strict,
      parallel,
      cost,
      many,
      settings,
      atomic,
    ] = row;
    const kept = language === "c" || atomic === "t";
    return {
      schema,
      name,
      args,
      language: kept ? "internal" : language,
      body: kept ? null : body,
      volatile,
      definer,
      leakproof,
      strict,
      parallel,
      cost,
      many,
      settings: settings === null ? null : (JSON.parse(settings) as unknown),
    };
  });
  for (let at = 0; at < rows.length; at += AT_ONCE) {
    options.signal?.throwIfAborted();
    await session.rows(BODIES, [JSON.stringify(rows.slice(at, at + AT_ONCE))]);
  }
  const steps = routines.flatMap(([oid, schema, name, , , inputs]) => {
    const text = options.texts.get(oid);
    return text === undefined
      ? []
      : [{ name: named("routine", schema, name, inputs), owner: null, statements: [text] }];
  });
  return await makeAll(session, steps, options);
}

const BODIES = `
  update pg_proc p set prolang = l.oid, prosrc = coalesce(v.body, p.prosrc), provolatile = v.volatile, prosecdef = v.definer, proleakproof = v.leakproof, proisstrict = v.strict,
    proparallel = v.parallel, procost = v.cost, prorows = v.many, proconfig = (select array_agg(x) from json_array_elements_text(v.settings) x)
  from json_to_recordset($1::json) v (schema text, name text, args text, language text, body text, volatile "char", definer boolean, leakproof boolean, strict boolean, parallel "char",
    cost real, many real, settings json)
  join pg_language l on l.lanname = v.language join pg_namespace n on n.nspname = v.schema
  where p.proname = v.name and p.pronamespace = n.oid and oidvectortypes(p.proargtypes) = v.args`;
