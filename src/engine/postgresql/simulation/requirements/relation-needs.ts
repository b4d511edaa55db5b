import { sortedText } from "../../../../base/order.ts";
import type { ColumnNeed, Right } from "../../../../model/requirements.ts";
import type { Workspace } from "./closure.ts";
import type { Objects, Relation } from "./objects.ts";
import { relationResource } from "./objects.ts";
import type { RelationCheck } from "./tree-facts.ts";

/** The bits of requiredPerms. */
export const PERMISSIONS: readonly (readonly [number, string])[] = [
  [1, "INSERT"],
  [2, "SELECT"],
  [4, "UPDATE"],
  [8, "DELETE"],
  [16, "TRUNCATE"],
  [32, "REFERENCES"],
  [64, "TRIGGER"],
  [16384, "MAINTAIN"],
];

interface Asked {
  readonly privilege: string;
  readonly check: RelationCheck;
}

function columnsOf({ privilege, check }: Asked): readonly number[] | null {
  if (privilege === "SELECT") return check.selected;
  if (privilege === "INSERT") return check.inserted;
  return privilege === "UPDATE" ? check.updated : null;
}

/** On which columns a privilege is enough; null: on the table alone. */
export function columnNeed(objects: Objects, relation: Relation, asked: Asked): ColumnNeed | null {
  const numbers = columnsOf(asked);
  // Sequences have no privileges on columns, system columns none of their own.
  if (numbers === null || relation.kind === "S" || numbers.some((number) => number < 0)) return null;
  if (numbers.length === 0) return { kind: "any" };
  if (numbers.includes(0)) return { kind: "all" };
  const all = objects.columns.get(relation.oid) ?? [];
  // Where no column was dropped, its number is its place.
  const names = numbers.map((number) => {
    const column = all[number - 1];
    return (column?.number === number ? column : all.find((each) => each.number === number))?.name;
  });
  // A column that was made since the catalog was read.
  return names.includes(undefined) ? null : { kind: "listed", names: sortedText(names.map((name) => name ?? "")) };
}

/**
 * What gives a privilege on a relation of the server itself whose list is as it was set up, and so in no reading: null where PUBLIC has it, else the roles that have it. Being a superuser is always one of them.
 */
export function systemRights(workspace: Workspace, relation: Relation, asked: Asked): readonly Right[] | null {
  const { objects, major } = workspace;
  const held = objects.systemAccess.get(relation.oid) ?? new Map<string, readonly string[]>();
  if (held.get(asked.privilege)?.includes("") === true) return null;
  const columns = columnsOf(asked);
  const isPublic = (number: number): boolean =>
    objects.systemColumns.has(`${relation.oid}:${number}:${asked.privilege}`);
  const every = (objects.columns.get(relation.oid) ?? []).map((column) => column.number);
  if (columns !== null && columns.length === 0 && every.some(isPublic)) return null;
  const wanted = columns?.includes(0) === true ? every : columns;
  if (wanted !== null && wanted.length > 0 && wanted.every(isPublic)) return null;
  const superuser: Right = { kind: "attribute", attribute: "superuser" };
  // Only superusers change catalogs, whatever is granted on them.
  if (asked.privilege !== "SELECT" && relation.schema === "pg_catalog" && relation.kind !== "v") return [superuser];
  const roles = (held.get(asked.privilege) ?? []).filter((role) => role !== "");
  if (asked.privilege === "SELECT" && major >= 14) roles.push("pg_read_all_data");
  return [...sortedText(roles).map((role): Right => ({ kind: "role", role, mode: "privileges" })), superuser];
}

export function tableRight(objects: Objects, relation: Relation, privilege: string, columns?: ColumnNeed): Right {
  const resource = relationResource(objects, relation);
  return { kind: "privilege", privilege, resource, ...(columns === undefined ? {} : { columns }) };
}
