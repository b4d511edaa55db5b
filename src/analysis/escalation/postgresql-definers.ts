import type { RoutineFacts } from "../../model/posture/postgresql.ts";
import { databaseOf, describeName, type Resource, schemaOf } from "../../model/resource.ts";
import { type Grantee, PUBLIC } from "../../model/role.ts";
import { sortedText } from "../../base/order.ts";
import type { AccessIndex } from "../access-index.ts";
import { classesOf, granteesOf } from "./postgresql-steps.ts";
import { schemasOf } from "./search-path.ts";

/** Who may call a routine besides its owner and superusers, by a grant of EXECUTE of its own and USAGE on the schema: sorted, everybody first. */
export function callersOf(index: AccessIndex, routine: Resource): readonly Grantee[] {
  const place = index.classOf(routine);
  const schema = schemaResource(routine);
  if (place === null || schema === null) return [];
  const enters = (grantee: Grantee): boolean => index.can(grantee, "USAGE", schema) === true;
  const granted = granteesOf(index, place, ["EXECUTE"]).map((each) => each.grantee);
  const callers = granted.filter(enters);
  if (granted.includes(PUBLIC) && !callers.includes(PUBLIC)) {
    const door = index.classOf(schema);
    if (door !== null) callers.push(...granteesOf(index, door, ["USAGE"]).map((each) => each.grantee));
  }
  return sortedText(callers).filter((grantee) => grantee !== place.owner);
}

/**
 * Why a caller can have a routine run code of its own with the owner's rights, as the end of a sentence; null: it cannot in a way that is known here. Whether the body names anything that can be put in the way is not
 * looked at. A path of nothing but pg_catalog makes every name of people a qualified one.
 */
export function weaknessFor(index: AccessIndex, facts: RoutineFacts, caller: Grantee): string | null {
  const { routine, definer, untrusted, atomic, language, searchPath } = facts;
  if (!definer || untrusted || atomic || language === "internal" || language === "c") return null;
  const database = databaseOf(routine) ?? "";
  const temporary = index.can(caller, "TEMPORARY", { kind: "database", path: [database] }) === true;
  if (searchPath === null) {
    return temporary || makesAnything(index, caller, database) ? "it uses the search_path of its caller" : null;
  }
  const path = schemasOf(searchPath);
  const others = path.filter((schema) => !SERVERS_OWN.has(schema));
  if (others.length === 0) return null;
  for (const each of others) {
    const name = each === "$user" ? facts.owner : each;
    if (index.can(caller, "CREATE", { kind: "schema", path: [database, name] }) !== true) continue;
    return `its search_path holds schema \`${describeName(name)}\`, where its caller may create`;
  }
  return temporary && path.at(-1) !== "pg_temp" ? "its search_path does not end in pg_temp" : null;
}

const SERVERS_OWN: ReadonlySet<string> = new Set(["information_schema", "pg_catalog", "pg_temp"]);

/** Whether it may make a schema in the database, or anything in one of its schemas. */
export function makesAnything(index: AccessIndex, grantee: Grantee, database: string): boolean {
  if (index.can(grantee, "CREATE", { kind: "database", path: [database] }) === true) return true;
  return classesOf(index, "schema").some((place) => {
    const [first] = place.resources;
    return place.database === database && first !== undefined && index.can(grantee, "CREATE", first) === true;
  });
}

function schemaResource(routine: Resource): Resource | null {
  const [database, schema] = [databaseOf(routine), schemaOf(routine)];
  return database === null || schema === null ? null : { kind: "schema", path: [database, schema] };
}
