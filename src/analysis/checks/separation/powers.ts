import type { AccessRules } from "../../../model/access-rules.ts";
import type { Identity } from "../../../model/identity.ts";
import { describeName, describeTyped } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { wayOf } from "../../access-tests/way.ts";
import { actingAs, administers } from "../../administrators.ts";
import { hasBit } from "../../bits.ts";
import type { CheckContext } from "../check.ts";

/** What nobody declares and every server has: powers over access, over the trail, over whole databases. */
export type Power = "manages roles" | "erases the trail" | "changes data" | "takes all data out" | "makes databases";

/** A power that somebody has here, and how. */
export interface Held {
  readonly identity: Identity;
  readonly login: RoleName;
  readonly way: string;
}

/** The person's first login here that has the power, at once or after SET ROLE; null: none has. */
export function heldBy(context: CheckContext, identity: Identity, power: Power): Held | null {
  for (const login of identity.logins.get(context.target) ?? []) {
    const way = wayTo(context, login, power);
    if (way !== null) return { identity, login, way };
  }
  return null;
}

/** People of the manifest: services and agents are no persons, whoever answers for them. */
export function persons({ declared }: CheckContext): readonly Identity[] {
  return (declared?.identities ?? []).filter((each) => each.kind === "person");
}

const cache = new WeakMap<CheckContext, Map<string, string | null>>();

/** How a login has a power, in one sentence; null: it has not. */
export function wayTo(context: CheckContext, login: RoleName, power: Power): string | null {
  const known = cache.get(context) ?? new Map<string, string | null>();
  cache.set(context, known);
  const key = `${power}\0${login}`;
  let way = known.get(key);
  if (way === undefined) known.set(key, (way = findWay(context, login, power)));
  return way;
}

function findWay(context: CheckContext, login: RoleName, power: Power): string | null {
  const { index } = context;
  const { graph } = index;
  const id = graph.idOf(login);
  if (id < 0) return null;
  const named = `\`${describeName(login)}\``;
  if (hasBit(graph.superReachers, id))
    return `${named} ${hasBit(graph.superusers, id) ? "is" : "can become"} a superuser`;
  if (power === "manages roles") return managesRoles(context, login) ?? attributeWay(context, login, ["createrole"]);
  if (power === "makes databases") return attributeWay(context, login, ["createdb"]);
  if (power === "takes all data out")
    return attributeWay(context, login, ["replication"]) ?? privilegeWay(context, login, TAKES_ALL);
  if (power === "erases the trail") return privilegeWay(context, login, ERASES);
  return changesData(context, login);
}

function attributeWay({ index }: CheckContext, login: RoleName, names: readonly string[]): string | null {
  for (const role of actingAs(index, login)) {
    const attributes = index.state.roles.get(role)?.attributes ?? {};
    const name = names.find((each) => attributes[each] === true);
    if (name === undefined) continue;
    const through = role === login ? "" : ` after SET ROLE to \`${describeName(role)}\``;
    return `\`${describeName(login)}\` has ${name.toUpperCase()}${through}`;
  }
  return null;
}

function managesRoles({ index, inScope }: CheckContext, login: RoleName): string | null {
  const { graph } = index;
  const id = graph.idOf(login);
  if (administers(index, login)) return `\`${describeName(login)}\` holds what administering takes`;
  for (const role of graph.adminRows.keys()) {
    const name = graph.names[role] as RoleName;
    if (!inScope(name) || !hasBit(graph.admins(role, null), id)) continue;
    return `\`${describeName(login)}\` may add and remove members of \`${describeName(name)}\``;
  }
  return null;
}

/** Privileges of the server, and names of parameters that decide what is logged. */
const ERASES =
  /^(AUDIT[_ ]ADMIN|SUPER|SYSTEM_VARIABLES_ADMIN|BINLOG[_ ]ADMIN|BINARY_LOG_ADMIN|FIREWALL_ADMIN|(log_|logging_|pgaudit\.|archive_|shared_preload).*)$/u;

const TAKES_ALL = /^(REPLICATION SLAVE|BACKUP_ADMIN|CLONE_ADMIN|BINLOG REPLAY)$/u;

/** What holds rows. */
const WRITTEN = new Set(["table", "column"]);

const SERVER_KINDS = new Set(["server", "all-schemas", "parameter", "dynamic-privilege"]);

/** What is told by its name: any privilege on it is the power. */
const BY_NAME = new Set(["parameter", "dynamic-privilege"]);

function privilegeWay({ index }: CheckContext, login: RoleName, wanted: RegExp): string | null {
  for (const place of index.classes.all) {
    if (!SERVER_KINDS.has(place.kind)) continue;
    for (const resource of place.resources) {
      const name = resource.path[0] ?? "";
      for (const privilege of index.rules.privilegesOf(place.kind)) {
        if (!wanted.test(BY_NAME.has(place.kind) ? name : privilege)) continue;
        if (index.can(login, privilege, resource, { reachable: true }) !== true) continue;
        return `${privilege} on ${describeTyped(resource)}: ${wayOf(index, login, { privilege, resource })}`;
      }
    }
  }
  return null;
}

function changesData({ index }: CheckContext, login: RoleName): string | null {
  const writes = writing(index.rules);
  for (const place of index.classes.all) {
    const [resource] = place.resources;
    if (!WRITTEN.has(place.kind) || resource === undefined) continue;
    for (const privilege of writes) {
      if (index.can(login, privilege, resource, { reachable: true }) !== true) continue;
      return `${privilege} on ${describeTyped(resource)}: ${wayOf(index, login, { privilege, resource })}`;
    }
  }
  return null;
}

function writing(rules: AccessRules): readonly string[] {
  return rules.privilegesOf("table").filter((privilege) => rules.privilegeClass("table", privilege) === "write");
}
