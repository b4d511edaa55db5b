import type { Purpose } from "../../../model/declared.ts";
import { describeName, type Resource, schemaOf } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { hasBit, listBits } from "../../bits.ts";
import type { CheckContext } from "../check.ts";
import { isFor, who } from "./given.ts";

/** Built-in roles that make a role stronger than what it was granted on things. */
const POWERS: readonly RoleName[] = [
  "pg_execute_server_program",
  "pg_write_server_files",
  "pg_read_server_files",
  "pg_read_all_data",
  "pg_write_all_data",
];

/** What makes a role stronger than ordinary ones, without a further statement: `is a superuser`; null: nothing does. */
export function strengthOf({ index: { graph, state } }: CheckContext, name: RoleName): string | null {
  const attributes = state.roles.get(name)?.attributes;
  if (attributes === undefined) return null;
  if (attributes["superuser"] === true) return "is a superuser";
  if (attributes["bypassrls"] === true) return "sees the rows that policies hide";
  if (attributes["createrole"] === true) return "manages roles";
  if (attributes["replication"] === true) return "copies the whole server";
  const id = graph.idOf(name);
  const power = POWERS.find((each) => graph.idOf(each) >= 0 && graph.isHeir(graph.idOf(each), id, null));
  return power === undefined ? null : `has the privileges of \`${power}\``;
}

/** What makes a role one that others must not get the better of: its strength, or what it was declared to be for. */
export function trustIn(context: CheckContext, name: RoleName): string | null {
  const strength = strengthOf(context, name);
  if (strength !== null) return strength;
  for (const purpose of TRUSTED)
    if (isFor(context, name, new Set([purpose]))) return `is for ${WORDS[purpose] ?? purpose}`;
  return null;
}

const TRUSTED: readonly Purpose[] = ["admin", "break-glass", "maintenance", "scheduler", "backup", "migration"];
const WORDS: Partial<Record<Purpose, string>> = {
  admin: "administration",
  backup: "backups",
  "break-glass": "emergencies",
  scheduler: "jobs",
  migration: "migrations",
};

/** Ordinary logins that act with the rights of a role, at once or after SET ROLE, itself among them: sorted. */
export function handsOf(context: CheckContext, role: RoleName): readonly RoleName[] {
  const { graph } = context.index;
  const id = graph.idOf(role);
  if (id < 0) return [];
  return listBits(graph.reachers(id, null))
    .filter((each) => hasBit(graph.logins, each) && !hasBit(graph.superuserRoles, each))
    .map((each) => graph.names[each] as RoleName)
    .filter((each) => context.inScope(each) && trustIn(context, each) === null);
}

/** A few names, and how many more. */
export function named(names: readonly RoleName[]): string {
  const shown = names.slice(0, 3).map(who).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/** A routine as SQL names it. */
export function routineSql({ dialect }: CheckContext, { path }: Resource): string {
  const [, schema = "", name = "", inputs = ""] = path;
  return `${dialect.quoteIdentifier(schema)}.${dialect.quoteIdentifier(name)}(${inputs})`;
}

/** Resources by their schema, in the order in which they come. */
export function bySchema(resources: readonly Resource[]): ReadonlyMap<string, readonly Resource[]> {
  return Map.groupBy(resources, (each) => schemaOf(each) ?? "");
}

/** A name in backticks. */
export function said(name: string): string {
  return `\`${describeName(name)}\``;
}
