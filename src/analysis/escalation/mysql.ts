import type { Privilege } from "../../model/access-list.ts";
import { describeName, describeTyped, type Resource, resourceKey } from "../../model/resource.ts";
import { type Grantee, PUBLIC, type RoleName } from "../../model/role.ts";
import { sortedText } from "../../base/order.ts";
import { type AccessIndex, holdersOf } from "../access-index.ts";
import { hasBit, keepBits, listBits } from "../bits.ts";
import type { EdgeInput, EdgeSource } from "./edges.ts";
import type { EscalationEdge, Goal } from "./escalation.ts";
import {
  administratorsOfAll,
  allTogether,
  CODE_TABLES,
  GRANT_SCHEMA,
  givenTo,
  granteesOf,
  grantTableRights,
  hasEverything,
  heldAnywhere,
  holders,
  joined,
  SERVER,
} from "./mysql-held.ts";

/**
 * How rights become more than they say on MariaDB and MySQL. A trigger runs as who made it and not as who sets it off, so TRIGGER leads to the data of others and to no role; GRANT OPTION gives others what one holds
 * and oneself nothing: neither is an edge.
 */
export const mysqlEdges: EdgeSource = function* (input) {
  for (const source of SOURCES) yield* source(input);
};

const SOURCES: readonly EdgeSource[] = [
  everythingEdges,
  accountEdges,
  grantTableEdges,
  definerEdges,
  proxyEdges,
  roleEdges,
  codeEdges,
  systemEdges,
];

const SUPERUSER: Goal = { kind: "superuser" };
const SYSTEM: Goal = { kind: "system" };

type Way = Pick<EscalationEdge, "by"> & Partial<EscalationEdge>;

function edge({ rules }: AccessIndex, from: Grantee, to: Goal, way: Way): EscalationEdge {
  const confidence = rules.accounts?.confidence ?? "documented";
  return { from, to, over: "effective", needsVictim: false, confidence, ...way };
}

/** Superusers are those who hold everything: nobody is one otherwise. */
function* everythingEdges({ index }: EdgeInput): Iterable<EscalationEdge> {
  for (const id of listBits(administratorsOfAll(index))) {
    const by = "holds every privilege on the server and on all schemas, with the right to pass them on";
    yield edge(index, index.graph.names[id] as RoleName, SUPERUSER, { by });
  }
}

/** Whom somebody can come to be who can be any account: superuser where an account has everything, otherwise each one. MySQL keeps those with SYSTEM_USER from those without it. */
export function anybody(index: AccessIndex, from: Grantee): readonly Goal[] {
  const system = holders(index, systemUser(), "USAGE");
  const all = hasBit(system, index.graph.idOf(from));
  const isOpen = (each: number): boolean => all || !hasBit(system, each);
  if (listBits(administratorsOfAll(index)).some(isOpen)) return [SUPERUSER];
  const accounts = [...index.state.roles.values()].filter(({ origin }) => origin !== "predefined");
  const names = accounts.map(({ name }) => name).filter((name) => name !== from && isAccount(index, name));
  return names.filter((name) => isOpen(index.graph.idOf(name))).map((role) => ({ kind: "role", role }));
}

function systemUser(): Resource {
  return { kind: "dynamic-privilege", path: ["SYSTEM_USER"] };
}

function isAccount({ rules }: AccessIndex, name: RoleName): boolean {
  return rules.accounts?.account(name) !== null;
}

function* toAnybody(index: AccessIndex, from: Grantee, way: Way): Iterable<EscalationEdge> {
  for (const goal of anybody(index, from)) yield edge(index, from, goal, way);
}

function* accountEdges({ index }: EdgeInput): Iterable<EscalationEdge> {
  for (const name of granteesOf(index, SERVER, "CREATE USER")) {
    yield* toAnybody(index, name, { by: "holds CREATE USER, which sets the password of any account" });
  }
}

/** UPDATE on the schema itself lets ALTER USER set passwords; everything else counts when the tables are read again, at FLUSH PRIVILEGES or a restart. */
function* grantTableEdges({ index }: EdgeInput): Iterable<EscalationEdge> {
  const reload = holders(index, SERVER, "RELOAD");
  for (const { grantee, privilege, place } of grantTableRights(index)) {
    if (privilege === "DELETE" || CODE_TABLES.has(place.path[2] ?? "")) continue;
    const isBelow = place.kind === "table" || place.kind === "column";
    const what = `holds ${privilege} on ${describeTyped(place)}`;
    if (privilege === "UPDATE" && !isBelow) {
      yield* toAnybody(index, grantee, { by: `${what}, which sets the password of any account` });
      continue;
    }
    const needsVictim = !hasBit(reload, index.graph.idOf(grantee));
    yield edge(index, grantee, SUPERUSER, { by: `${what}, which writes any privilege`, needsVictim });
  }
}

/** What lets an account name somebody else as the definer of its code. Until MariaDB 11.0 SUPER does. */
export function definerRights({
  index,
  live,
}: Pick<EdgeInput, "index" | "live">): readonly (readonly [Resource, Privilege])[] {
  const isSplit = index.rules.privilegesOf("server").includes("SET USER") && live.version.major >= 11;
  return [
    [SERVER, "SET USER"],
    ...(isSplit ? [] : ([[SERVER, "SUPER"]] as const)),
    [{ kind: "dynamic-privilege", path: ["SET_ANY_DEFINER"] }, "USAGE"],
    [{ kind: "dynamic-privilege", path: ["SET_USER_ID"] }, "USAGE"],
  ];
}

/** A view with another definer still needs its maker's own rights on what it reads. */
export const CODE_MAKING: readonly Privilege[] = ["CREATE ROUTINE", "EVENT", "TRIGGER"];

function* definerEdges(input: EdgeInput): Iterable<EscalationEdge> {
  const { index } = input;
  const sets = [joined(index, definerRights(input)), heldAnywhere(index, CODE_MAKING)];
  for (const { name, over } of allTogether(index, sets)) {
    if (hasEverything(index, name)) continue;
    yield* toAnybody(index, name, { by: "may make code that runs with the rights of any account", over });
  }
}

/** Whether PROXY on this name is PROXY on anybody: the account has no name. */
export function isAnyAccount(name: RoleName): boolean {
  return name.startsWith("@");
}

/** The plugin that somebody signs in with must allow it. */
function* proxyEdges({ index }: EdgeInput): Iterable<EscalationEdge> {
  for (const [grantee, all] of givenTo(index)) {
    for (const { kind, resources } of all) {
      if (kind !== "role") continue;
      for (const { path } of resources) {
        const target = path[0] ?? "";
        const way: Way = { by: `may sign in as ${said(target)} by PROXY`, confidence: "documented" };
        if (isAnyAccount(target)) yield* toAnybody(index, grantee, way);
        else yield edge(index, grantee, { kind: "role", role: target }, way);
      }
    }
  }
}

function* roleEdges({ index }: EdgeInput): Iterable<EscalationEdge> {
  const { graph } = index;
  for (const [role, admins] of graph.adminRows) {
    const name = graph.names[role] as RoleName;
    for (const admin of admins) {
      const by = `has the admin option on ${said(name)}, and may grant it to anybody`;
      yield edge(index, graph.names[admin] as RoleName, { kind: "role", role: name }, { by });
    }
  }
  for (const name of granteesOf(index, { kind: "dynamic-privilege", path: ["ROLE_ADMIN"] }, "USAGE")) {
    yield* toAnybody(index, name, { by: "holds ROLE_ADMIN, which grants any account as a role" });
  }
}

/** Who may drop and make routines of a schema can put code of its own, which runs with the rights of who calls it, in place of what others call. */
function* codeEdges({ index }: EdgeInput): Iterable<EscalationEdge> {
  for (const [schema, callers] of callersBySchema(index)) {
    const place: Resource = { kind: "schema", path: [GRANT_SCHEMA.path[0] ?? "", schema] };
    for (const from of replacers(index, place)) {
      if (hasEverything(index, from)) continue;
      for (const caller of callers) {
        if (caller === from) continue;
        const by = `may replace routines of ${describeTyped(place)} that ${said(caller)} calls`;
        yield edge(index, from, { kind: "role", role: caller }, { by, needsVictim: true });
      }
    }
  }
}

/** Who may drop routines of a schema and make others in their place, by number of role; PUBLIC alone where everybody may. */
export function replacers(index: AccessIndex, schema: Resource): readonly Grantee[] {
  const place = index.classes.of(resourceKey(schema));
  if (place === undefined) return [];
  const [a, b] = ["ALTER ROUTINE", "CREATE ROUTINE"].map((privilege) =>
    holdersOf(index, place, index.bits.bit("schema", privilege), {}),
  );
  if (a === undefined || b === undefined) return [];
  if (a.everybody && b.everybody) return [PUBLIC];
  const both = (a.everybody ? index.graph.existing : a.roles).slice();
  keepBits(both, b.everybody ? index.graph.existing : b.roles);
  return listBits(both).map((id) => index.graph.names[id] as RoleName);
}

/** Whom EXECUTE was granted to on a schema that has routines, or on one of its routines. */
export function callersBySchema(index: AccessIndex): ReadonlyMap<string, readonly RoleName[]> {
  const schemas = new Set<string>();
  for (const { resource } of index.catalog.entries.values()) {
    if (resource.kind === "routine") schemas.add(resource.path[1] ?? "");
  }
  const callers = new Map<string, Set<RoleName>>();
  const add = (schema: string, name: RoleName): void => {
    if (!schemas.has(schema) || name === PUBLIC) return;
    callers.set(schema, (callers.get(schema) ?? new Set()).add(name));
  };
  for (const [grantee, all] of givenTo(index)) {
    for (const { kind, privileges, resources } of all) {
      if ((kind !== "schema" && kind !== "routine") || !privileges.has("EXECUTE")) continue;
      for (const { path } of resources) add(path[1] ?? "", grantee);
    }
  }
  return new Map(sortedText(callers.keys()).map((schema) => [schema, sortedText(callers.get(schema) ?? [])]));
}

function* systemEdges({ index, posture }: EdgeInput): Iterable<EscalationEdge> {
  if (posture?.mysql?.settings.get("secure_file_priv") === "") {
    for (const name of granteesOf(index, SERVER, "FILE")) {
      yield edge(index, name, SYSTEM, { by: "holds FILE, which reads and writes the server's own files" });
    }
  }
  for (const { grantee, privilege, place } of grantTableRights(index)) {
    const isBelow = place.kind === "table" || place.kind === "column";
    if (privilege !== "INSERT" || (isBelow && !CODE_TABLES.has(place.path[2] ?? ""))) continue;
    const by = `holds INSERT on ${describeTyped(place)}, which loads native code into the server`;
    yield edge(index, grantee, SYSTEM, { by, confidence: "documented" });
  }
}

function said(name: RoleName): string {
  return `\`${describeName(name)}\``;
}
