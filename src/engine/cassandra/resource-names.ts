import { type Resource, resourceKey } from "../../model/resource.ts";
import { classOf, type MadeTypes } from "./type-classes.ts";

/** The one database, which is never shown. */
export const DATABASE = "cluster";

/** The keyspaces that are the server's own. */
export const SYSTEM_KEYSPACES: ReadonlySet<string> = new Set([
  "system",
  "system_auth",
  "system_distributed",
  "system_schema",
  "system_traces",
  "system_views",
  "system_virtual_schema",
]);

/** A function or aggregate as `system_schema` has it. */
export interface RoutineName {
  readonly keyspace: string;
  readonly name: string;
  readonly argumentTypes: readonly string[];
}

/** The resource of a function: its argument types are part of its name, written as `GRANT ... ON FUNCTION` takes them. */
export function routineResource({ keyspace, name, argumentTypes }: RoutineName): Resource {
  return { kind: "routine", path: [DATABASE, keyspace, name, argumentTypes.join(", ")] };
}

/**
 * How the server names resources in `system_auth.role_permissions`, and back. Functions are stored with the classes of their arguments, which are not turned back into types: those of the functions that exist
 * are written as the server writes them, and compared. What fits none of them is about a function that does not exist, and keeps its classes in the place of the types.
 */
export class ResourceNames {
  readonly #routines: Map<string, Resource> = new Map();
  readonly #stored: Map<string, string> = new Map();

  constructor(routines: Iterable<RoutineName>, types: MadeTypes) {
    for (const routine of routines) {
      const { keyspace, name, argumentTypes } = routine;
      const classes = argumentTypes.map((type) => classOf(type, { keyspace, types }));
      if (classes.includes(null)) continue;
      const stored = `functions/${keyspace}/${name}[${classes.join("^")}]`;
      const resource = routineResource(routine);
      this.#routines.set(stored, resource);
      this.#stored.set(resourceKey(resource), stored);
    }
  }

  /** The resource that a stored name means; null for one that the server could not have written. */
  parse(stored: string): Resource | null {
    const [root, rest] = cut(stored);
    if (root === "data") return dataResource(rest);
    if (root === "functions") return this.#routines.get(stored) ?? routines(rest);
    if (root === "roles") return rest === null ? { kind: "all-roles", path: [] } : { kind: "role", path: [rest] };
    if (root === "mbean") return rest === null ? { kind: "all-mbeans", path: [] } : { kind: "mbean", path: [rest] };
    return null;
  }

  /** How the server stores it; null for a kind that nothing is held on here, and for a function of unknown types. */
  stored(resource: Resource): string | null {
    const { kind, path } = resource;
    const [first = "", second = "", third = "", types = ""] = path;
    if (kind === "all-schemas") return "data";
    if (kind === "schema") return `data/${second}`;
    if (kind === "schema-tables") return `data/${second}/*`;
    if (kind === "table") return `data/${second}/${third}`;
    if (kind === "all-routines") return "functions";
    if (kind === "schema-routines") return `functions/${second}`;
    if (kind === "routine") {
      const known = this.#stored.get(resourceKey(resource));
      return known ?? (isClasses(types) ? `functions/${second}/${third}[${types}]` : null);
    }
    if (kind === "all-roles") return "roles";
    if (kind === "role") return `roles/${first}`;
    if (kind === "all-mbeans") return "mbean";
    return kind === "mbean" ? `mbean/${first}` : null;
  }
}

/** Whether what stands in the place of a function's types are classes: the function does not exist. */
export function isClasses(types: string): boolean {
  return types === "" || types.includes("org.apache.cassandra.db.marshal.");
}

function dataResource(rest: string | null): Resource | null {
  if (rest === null) return { kind: "all-schemas", path: [] };
  const [keyspace = "", table, more] = rest.split("/");
  if (keyspace === "" || more !== undefined || table === "") return null;
  if (table === undefined) return { kind: "schema", path: [DATABASE, keyspace] };
  if (table === "*") return { kind: "schema-tables", path: [DATABASE, keyspace] };
  return { kind: "table", path: [DATABASE, keyspace, table] };
}

function routines(rest: string | null): Resource | null {
  if (rest === null) return { kind: "all-routines", path: [] };
  const [keyspace, name] = cut(rest);
  if (keyspace === "") return null;
  if (name === null) return { kind: "schema-routines", path: [DATABASE, keyspace] };
  const [, bare, classes = ""] = /^(.+)\[([^[\]]*)\]$/su.exec(name) ?? [];
  return bare === undefined ? null : { kind: "routine", path: [DATABASE, keyspace, bare, classes] };
}

/** What stands before the first slash and after it; null: there is none. */
function cut(text: string): readonly [string, string | null] {
  const at = text.indexOf("/");
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}
