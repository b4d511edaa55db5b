import { compareBy, sorted } from "../../../base/order.ts";
import { type Resource, resourceKey } from "../../../model/resource.ts";
import type { AccessIndex } from "../../access-index.ts";
import type { ResourceClass } from "../../resource-class.ts";

/** The tables that people made in one schema, by their class. */
export interface SchemaTables {
  readonly database: string;
  readonly schema: string;
  /** Without partitions. */
  readonly tables: ReadonlyMap<ResourceClass, readonly Resource[]>;
  /** How many these are. */
  readonly count: number;
  /** By their parent. */
  readonly partitions: ReadonlyMap<string, readonly { readonly table: Resource; readonly class: ResourceClass }[]>;
}

const KNOWN = new WeakMap<AccessIndex, readonly SchemaTables[]>();

/** All schemas that hold tables, sorted: one pass over the catalog, once for all checks. What extensions and the server made is left out. */
export function tablesBySchema(index: AccessIndex): readonly SchemaTables[] {
  let found = KNOWN.get(index);
  if (found === undefined) KNOWN.set(index, (found = build(index)));
  return found;
}

interface Building {
  readonly database: string;
  readonly schema: string;
  readonly tables: Map<ResourceClass, Resource[]>;
  readonly partitions: Map<string, { readonly table: Resource; readonly class: ResourceClass }[]>;
  count: number;
}

function build({ catalog, classes }: AccessIndex): readonly SchemaTables[] {
  const byDatabase = new Map<string, Map<string, Building>>();
  for (const [key, { resource, partitionOf, extension, system }] of catalog.entries) {
    if (resource.kind !== "table" || extension !== undefined || system === true) continue;
    const place = classes.of(key);
    if (place === undefined) continue;
    const there = schemaIn(byDatabase, resource);
    if (partitionOf !== undefined) {
      const parent = resourceKey(partitionOf);
      const siblings = there.partitions.get(parent) ?? [];
      siblings.push({ table: resource, class: place });
      there.partitions.set(parent, siblings);
      continue;
    }
    there.count++;
    const alike = there.tables.get(place);
    if (alike === undefined) there.tables.set(place, [resource]);
    else alike.push(resource);
  }
  const all = [...byDatabase.values()].flatMap((schemas) => [...schemas.values()]);
  return sorted(
    all,
    compareBy(
      (each) => each.database,
      (each) => each.schema,
    ),
  );
}

function schemaIn(byDatabase: Map<string, Map<string, Building>>, { path }: Resource): Building {
  const [database = "", schema = ""] = path;
  let schemas = byDatabase.get(database);
  if (schemas === undefined) byDatabase.set(database, (schemas = new Map()));
  let there = schemas.get(schema);
  if (there === undefined) {
    schemas.set(schema, (there = { database, schema, tables: new Map(), partitions: new Map(), count: 0 }));
  }
  return there;
}
