import type { PostgresPosture } from "../../model/posture/postgresql.ts";
import type { Resource } from "../../model/resource.ts";
import type { Role, RoleName } from "../../model/role.ts";
import type { AccessIndex } from "../access-index.ts";
import { rolesOf } from "./postgresql-steps.ts";
import { DEFAULT_SEARCH_PATH, schemasOf } from "./search-path.ts";

/** The logins whose sessions look up names in a schema without naming it; for a schema `$user`: those that look in one of their own name. Sorted. */
export function loginsLookingIn(
  index: AccessIndex,
  posture: PostgresPosture | null,
  { path }: Resource,
): readonly RoleName[] {
  const [database = "", schema = ""] = path;
  const { anybody, bySchema } = looking(index, posture, database);
  return schema === "$user" ? anybody : (bySchema.get(schema) ?? []);
}

/** The search_path that a session of this login in this database starts with: what is set for both, for the login, for the database, for all, for the server. */
export function searchPathOf(posture: PostgresPosture | null, login: Role, database: string): string {
  const own = login.settings.filter((each) => each.name === "search_path");
  const others = (posture?.databaseSettings ?? []).filter((each) => each.name === "search_path");
  return (
    own.find((each) => each.database === database)?.value ??
    own.find((each) => each.database === null)?.value ??
    others.find((each) => each.database === database)?.value ??
    others.find((each) => each.database === null)?.value ??
    posture?.settings.get("search_path") ??
    DEFAULT_SEARCH_PATH
  );
}

interface Looking {
  /** Logins that look in a schema of their own name. */
  readonly anybody: readonly RoleName[];
  readonly bySchema: ReadonlyMap<string, readonly RoleName[]>;
}

const known = new WeakMap<AccessIndex, Map<string, Looking>>();

/** Worked out once for each database of a state. */
function looking(index: AccessIndex, posture: PostgresPosture | null, database: string): Looking {
  let ofState = known.get(index);
  if (ofState === undefined) known.set(index, (ofState = new Map<string, Looking>()));
  const key = `${posture === null ? "" : "read"}\0${database}`;
  let found = ofState.get(key);
  if (found === undefined) ofState.set(key, (found = work(index, posture, database)));
  return found;
}

function work(index: AccessIndex, posture: PostgresPosture | null, database: string): Looking {
  const parsed = new Map<string, readonly string[]>();
  const anybody: RoleName[] = [];
  const bySchema = new Map<string, RoleName[]>();
  for (const role of rolesOf(index)) {
    if (role.attributes["login"] !== true) continue;
    const text = searchPathOf(posture, role, database);
    let schemas = parsed.get(text);
    if (schemas === undefined) parsed.set(text, (schemas = schemasOf(text)));
    if (schemas.includes("$user")) anybody.push(role.name);
    for (const each of new Set(schemas.map((schema) => (schema === "$user" ? role.name : schema)))) {
      const list = bySchema.get(each);
      if (list === undefined) bySchema.set(each, [role.name]);
      else list.push(role.name);
    }
  }
  return { anybody, bySchema };
}
