import { compareBy, compareText, sortedText } from "../../base/order.ts";
import type { GrantChange } from "../../model/change.ts";
import {
  compareResources,
  RESOURCE_KINDS,
  resourceKey,
  schemaOf,
  tableOf,
  type Resource,
  type ResourceKey,
} from "../../model/resource.ts";
import type { Grantee } from "../../model/role.ts";
import type { RenderedStatement } from "../engine.ts";
import type { GrantPiece } from "./grant-pieces.ts";
import { specOf } from "./privileges.ts";
import { quoteIdentifier } from "./quote.ts";
import { granteeName, resourceName } from "./render-names.ts";

/** How many objects one statement names at most: it should be readable, and short enough to be run again. */
const OBJECTS_PER_STATEMENT = 100;
/** From so many objects on, a statement for a whole schema is written where it touches exactly these objects. */
const WHOLE_SCHEMA_FROM = 20;

export interface GrantTextContext {
  /** Every object of a kind in a schema, as far as `... in schema` would touch it; undefined where that is not known. */
  objectsIn(kind: Resource["kind"], database: string, schema: string): number | undefined;
  /** Whether naming an object in GRANT keeps a lock on it until the end of the transaction. */
  readonly locks: (kind: Resource["kind"]) => boolean;
}

/**
 * The statements for pieces of one direction, each naming all grantees that get the same on the same objects, so that a catalog row is written once. Additions
 * go from the cluster down to columns and along chains of grant options, removals the other way.
 */
export function grantStatements(
  pieces: readonly GrantPiece[],
  direction: "add" | "remove",
  context: GrantTextContext,
): RenderedStatement[] {
  const groups = new Map<string, GrantPiece[]>();
  for (const piece of pieces) {
    const key = groupKey(piece);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [piece]);
    else group.push(piece);
  }
  const order = compareBy<GrantPiece>(
    (piece) => (direction === "add" ? 1 : -1) * KIND_ORDER[piece.change.resourceKind],
    (piece) => (direction === "add" ? 1 : -1) * piece.depth,
    (piece) => piece.change.database,
    (piece) => piece.change.kind,
    (piece) => groupKey(piece),
  );
  return [...groups.values()]
    .sort(([a], [b]) => (a === undefined || b === undefined ? 0 : order(a, b)))
    .flatMap((group) => groupStatements(group, context));
}

const KIND_ORDER = Object.fromEntries(RESOURCE_KINDS.map((kind, index) => [kind, index])) as Record<
  Resource["kind"],
  number
>;

function groupKey({ change, privileges, as, depth, cascade }: GrantPiece): string {
  const { kind, resourceKind, database, grantable } = change;
  return [kind, resourceKind, database ?? "", depth, as ?? "", privileges.join(","), grantable, cascade].join("\0");
}

function groupStatements(group: readonly GrantPiece[], context: GrantTextContext): RenderedStatement[] {
  const [first] = group;
  if (first === undefined) return [];
  return shares(group).flatMap((share) => {
    const grantees = sortedText(share.pieces.map((piece) => piece.change.grantee));
    const changes = [...new Set(share.pieces.flatMap((piece) => piece.indexes))].sort((a, b) => a - b);
    const { as } = first;
    return objectTexts(first, share.resources, context).map(({ privileges, on, locked }) => ({
      text: grantText(first, privileges, on, grantees),
      changes,
      ...(as === undefined ? {} : { as }),
      locks: { objects: locked, roles: grantees },
    }));
  });
}

interface Share {
  readonly resources: readonly Resource[];
  readonly pieces: readonly GrantPiece[];
}

/** Resources with the same set of pieces, in order of resources. */
function shares(group: readonly GrantPiece[]): readonly Share[] {
  const bySet = new Map<readonly Resource[], GrantPiece[]>();
  for (const piece of group) {
    const pieces = bySet.get(piece.resources);
    if (pieces === undefined) bySet.set(piece.resources, [piece]);
    else pieces.push(piece);
  }
  if (bySet.size === 1) return [...bySet].map(([resources, pieces]) => ({ resources, pieces }));
  // Each resource walks through a tree of "also in this set"; those that end at one node share all their pieces.
  const nodes: { readonly pieces: readonly GrantPiece[]; readonly next: Map<number, number> }[] = [
    { pieces: [], next: new Map() },
  ];
  const at = new Map<ResourceKey, { readonly resource: Resource; node: number }>();
  let set = 0;
  for (const [resources, pieces] of bySet) {
    set += 1;
    for (const resource of resources) {
      const key = resourceKey(resource);
      const place = at.get(key) ?? { resource, node: 0 };
      const node = nodes[place.node];
      let next = node?.next.get(set);
      if (next === undefined) {
        next = nodes.push({ pieces: [...(node?.pieces ?? []), ...pieces], next: new Map() }) - 1;
        node?.next.set(set, next);
      }
      place.node = next;
      at.set(key, place);
    }
  }
  const members = new Map<number, Resource[]>();
  for (const { resource, node } of at.values()) {
    const list = members.get(node);
    if (list === undefined) members.set(node, [resource]);
    else list.push(resource);
  }
  // What the same grantees get is one share, whichever changes it comes from.
  const alike = Map.groupBy(members, ([node]) =>
    sortedText((nodes[node]?.pieces ?? []).map((piece) => piece.change.grantee)).join("\0"),
  );
  return [...alike.values()]
    .map((group) => ({
      resources: group.flatMap(([, resources]) => resources).sort(compareResources),
      pieces: [...new Set(group.flatMap(([node]) => nodes[node]?.pieces ?? []))],
    }))
    .sort((a, b) => compareFirst(a.resources, b.resources));
}

function compareFirst([a]: readonly Resource[], [b]: readonly Resource[]): number {
  return a === undefined || b === undefined ? 0 : compareResources(a, b);
}

interface ObjectText {
  readonly privileges: string;
  readonly on: string;
  readonly locked: number;
}

function objectTexts(
  piece: GrantPiece,
  resources: readonly Resource[],
  context: GrantTextContext,
): readonly ObjectText[] {
  const { resourceKind } = piece.change;
  const words = piece.privileges.map((privilege) => privilege.toLowerCase());
  if (resourceKind === "column") return columnTexts(words, resources, context);
  const privileges = words.join(", ");
  const keyword = specOf(resourceKind).keyword.toLowerCase();
  const { whole, rest } = wholeSchemas(resourceKind, resources, context);
  const texts: ObjectText[] = chunks(whole, OBJECTS_PER_STATEMENT).map((schemas) => ({
    privileges,
    on: `all ${keyword}s in schema ${schemas.map(quoteIdentifier).join(", ")}`,
    locked: 0,
  }));
  const locks = context.locks(resourceKind);
  for (const chunk of chunks(rest, OBJECTS_PER_STATEMENT)) {
    const on = `${keyword} ${chunk.map(resourceName).join(", ")}`;
    texts.push({ privileges, on, locked: locks ? chunk.length : 0 });
  }
  return texts;
}

/** The schemas of which these are all objects, and the objects of the others. */
function wholeSchemas(
  kind: Resource["kind"],
  resources: readonly Resource[],
  context: GrantTextContext,
): { readonly whole: readonly string[]; readonly rest: readonly Resource[] } {
  if (!WHOLE_SCHEMA_KINDS.has(kind) || resources.length < WHOLE_SCHEMA_FROM) return { whole: [], rest: resources };
  const bySchema = Map.groupBy(resources, (resource) => schemaOf(resource) ?? "");
  const whole = [...bySchema]
    .filter(([schema, members]) => {
      const database = members[0]?.path[0] ?? "";
      return members.length >= WHOLE_SCHEMA_FROM && context.objectsIn(kind, database, schema) === members.length;
    })
    .map(([schema]) => schema)
    .sort(compareText);
  if (whole.length === 0) return { whole, rest: resources };
  const covered = new Set(whole);
  return { whole, rest: resources.filter((resource) => !covered.has(schemaOf(resource) ?? "")) };
}

const WHOLE_SCHEMA_KINDS: ReadonlySet<Resource["kind"]> = new Set(["table", "sequence", "routine"]);

/** Tables with the same columns share a statement: `select ("id", "name") on table a, b`. */
function columnTexts(words: readonly string[], columns: readonly Resource[], context: GrantTextContext): ObjectText[] {
  const tables = new Map<ResourceKey, { table: Resource; names: string[] }>();
  for (const column of columns) {
    const table = tableOf(column);
    const key = resourceKey(table);
    const known = tables.get(key) ?? { table, names: [] };
    known.names.push(resourceName(column));
    tables.set(key, known);
  }
  const alike = Map.groupBy(tables.values(), ({ names }) => names.join(", "));
  const locks = context.locks("column");
  return [...alike].flatMap(([names, members]) =>
    chunks(members, OBJECTS_PER_STATEMENT).map((chunk) => ({
      privileges: words.map((word) => `${word} (${names})`).join(", "),
      on: `table ${chunk.map(({ table }) => resourceName(table)).join(", ")}`,
      locked: locks ? chunk.length : 0,
    })),
  );
}

function grantText(piece: GrantPiece, privileges: string, on: string, grantees: readonly Grantee[]): string {
  const names = grantees.map(granteeName).join(", ");
  const cascade = piece.cascade ? " cascade" : "";
  switch (piece.change.kind) {
    case "add-grant":
      return `grant ${privileges} on ${on} to ${names}${piece.change.grantable ? " with grant option" : ""}`;
    case "add-grant-option":
      return `grant ${privileges} on ${on} to ${names} with grant option`;
    case "remove-grant":
      return `revoke ${privileges} on ${on} from ${names}${cascade}`;
    case "remove-grant-option":
      return `revoke grant option for ${privileges} on ${on} from ${names}${cascade}`;
  }
  return unreachable(piece.change.kind);
}

function unreachable(kind: never): never {
  throw new TypeError(`unknown change ${String(kind satisfies GrantChange["kind"])}`);
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const result: (readonly T[])[] = [];
  for (let start = 0; start < items.length; start += size) result.push(items.slice(start, start + size));
  return result;
}
