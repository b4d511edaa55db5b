import type { Purpose } from "../../../model/declared.ts";
import { describeName, type Resource, schemaOf } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { addBit, addBits, type Bits, emptyBits, hasBit, listBits } from "../../bits.ts";
import type { CheckContext } from "../check.ts";
import { who } from "./given.ts";

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
  const { words, purposes } = trustOf(context);
  let found = words.get(name);
  if (found === undefined) {
    const id = context.index.graph.idOf(name);
    const purpose = id < 0 ? undefined : purposes.find((each) => hasBit(each.members, id))?.purpose;
    found = strengthOf(context, name) ?? (purpose === undefined ? null : `is for ${WORDS[purpose] ?? purpose}`);
    words.set(name, found);
  }
  return found;
}

/** All roles that are trusted, as a set that is shared. */
export function trustedRoles(context: CheckContext): Bits {
  const trust = trustOf(context);
  if (trust.all === null) {
    const { names } = context.index.graph;
    trust.all = emptyBits(names.length);
    for (const [id, name] of names.entries()) if (trustIn(context, name) !== null) addBit(trust.all, id);
  }
  return trust.all;
}

interface Trust {
  readonly words: Map<RoleName, string | null>;
  /** The members, in any way, of roles that were declared for it. */
  readonly purposes: readonly { readonly purpose: Purpose; readonly members: Bits }[];
  all: Bits | null;
}

const known = new WeakMap<CheckContext, Trust>();

/** Worked out once for all checks. */
function trustOf(context: CheckContext): Trust {
  let trust = known.get(context);
  if (trust === undefined)
    known.set(context, (trust = { words: new Map(), purposes: declaredMembers(context), all: null }));
  return trust;
}

function declaredMembers({ declared, index: { graph } }: CheckContext): Trust["purposes"] {
  return TRUSTED.map((purpose) => {
    const members = emptyBits(graph.names.length);
    for (const role of declared?.roles.values() ?? []) {
      const id = role.purpose === purpose ? graph.idOf(role.name) : -1;
      if (id >= 0) addBits(members, graph.members(id, null));
    }
    return { purpose, members };
  });
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
    .filter((each) => hasBit(graph.logins, each))
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
