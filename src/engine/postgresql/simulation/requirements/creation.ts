import type { Resource } from "../../../../model/resource.ts";
import type { Closure, Running } from "./closure.ts";
import type { RawNode } from "./grammar.ts";

/** CREATE on the schema that something new goes to; where none is named, the first of the path that may be used. */
export function addNewIn(closure: Closure, named: string | undefined, running: Running): void {
  const { objects, standing } = closure.workspace;
  const schema = named ?? standing.filtered(running.role, running.path)[0] ?? closure.hidden(running)?.[0];
  if (schema === undefined) {
    closure.found.unknown({ kind: "utility", reason: "there is no schema to make it in", origin: running.origin });
    return;
  }
  if (named === undefined) closure.schemaUsage(schema, running);
  const resource: Resource = { kind: "schema", path: [objects.database, schema] };
  closure.found.need({ kind: "privilege", privilege: "CREATE", resource }, running);
}

/** CREATE on the schema of a new relation; TEMPORARY on the database for what is gone after the session. */
export function addNewRelation(closure: Closure, target: RawNode, running: Running): void {
  const { objects } = closure.workspace;
  const database: Resource = { kind: "database", path: [objects.database] };
  const named = target["schemaname"] as string | undefined;
  if (target["relpersistence"] === "t" || named === "pg_temp") {
    closure.found.need({ kind: "privilege", privilege: "TEMPORARY", resource: database }, running);
    return;
  }
  addNewIn(closure, named, running);
}
