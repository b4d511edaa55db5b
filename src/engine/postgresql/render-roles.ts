import type { AlterRole, Change, CreateRole, RenameRole, SetRoleSetting } from "../../model/change.ts";
import type { AttributeValue } from "../../model/role.ts";
import type { RenderedStatement } from "../engine.ts";
import type { Indexed } from "./column-repairs.ts";
import { quoteIdentifier, quoteLiteral } from "./quote.ts";
import { DEFAULT_ATTRIBUTES } from "./rules.ts";

/** Renames, new roles, attributes that only add, settings and passwords: what runs before everything else. */
export function earlyRoleStatements(changes: readonly Indexed<Change>[]): RenderedStatement[] {
  const renames = changes.flatMap(({ index, change }) => (change.kind === "rename-role" ? [{ index, change }] : []));
  return [
    ...inFreeOrder(renames).map(({ index, change }) =>
      statement(index, `alter role ${quoteIdentifier(change.from)} rename to ${quoteIdentifier(change.to)}`),
    ),
    ...changes.flatMap(({ index, change }) => earlyTexts(change).map((text) => statement(index, text))),
    ...changes.flatMap(({ index, change }) =>
      change.kind === "set-password"
        ? [
            {
              ...statement(index, `alter role ${quoteIdentifier(change.role)} password $secret`),
              secret: change.source,
            },
          ]
        : [],
    ),
  ];
}

/** Attributes that take something away, and dropped roles: what runs after everything else. */
export function lateRoleStatements(changes: readonly Indexed<Change>[]): RenderedStatement[] {
  return [
    ...changes.flatMap(({ index, change }) =>
      change.kind === "alter-role" && !onlyAdds(change) ? [statement(index, alterRoleText(change))] : [],
    ),
    ...changes.flatMap(({ index, change }) =>
      change.kind === "drop-role" ? [statement(index, `drop role ${quoteIdentifier(change.role.name)}`)] : [],
    ),
  ];
}

function statement(index: number, text: string): RenderedStatement {
  return { text, changes: [index], locks: { objects: 1, roles: [] } };
}

function earlyTexts(change: Change): readonly string[] {
  if (change.kind === "create-role") return createRoleTexts(change);
  if (change.kind === "alter-role") return onlyAdds(change) ? [alterRoleText(change)] : [];
  return change.kind === "set-role-setting" ? [setRoleSettingText(change)] : [];
}

/** Renames in an order in which each new name is free when it is taken. */
function inFreeOrder(renames: readonly Indexed<RenameRole>[]): readonly Indexed<RenameRole>[] {
  const left = [...renames];
  const ordered: Indexed<RenameRole>[] = [];
  while (left.length > 0) {
    const next = left.findIndex(({ change }) => !left.some((other) => other.change.from === change.to));
    // Two roles that swap their names: the server will refuse, and say so.
    ordered.push(...left.splice(Math.max(next, 0), 1));
  }
  return ordered;
}

/** The statements that make a role as described: only what differs from the server's defaults is said. */
function createRoleTexts({ role }: CreateRole): readonly string[] {
  const words = Object.keys(role.attributes)
    .sort()
    .filter((name) => role.attributes[name] !== DEFAULT_ATTRIBUTES[name])
    .map((name) => attributeText(name, role.attributes[name] ?? null));
  const name = quoteIdentifier(role.name);
  const settings = role.settings.map((setting) =>
    settingText(role.name, setting.database, setting.name, setting.value),
  );
  return [["create role", name, ...words].join(" "), ...settings];
}

function alterRoleText(change: AlterRole): string {
  const words = change.attributes.map(({ name, after }) => attributeText(name, after));
  return ["alter role", quoteIdentifier(change.role), ...words].join(" ");
}

function setRoleSettingText(change: SetRoleSetting): string {
  return settingText(change.role, change.database, change.name, change.after);
}

/** Whether a change of attributes takes nothing from anybody. */
export function onlyAdds(change: AlterRole): boolean {
  return change.attributes.every(({ name, before, after }) => {
    if (name === "connection_limit") return after === -1 || (before !== -1 && Number(after) >= Number(before));
    if (name === "valid_until") return noEnd(after) || (!noEnd(before) && String(after) >= String(before));
    return after === true;
  });
}

function noEnd(value: AttributeValue): boolean {
  return value === null || value === "infinity";
}

function attributeText(name: string, value: AttributeValue): string {
  switch (name) {
    case "connection_limit":
      return `connection limit ${Number(value)}`;
    case "valid_until":
      // There is no way back to NULL; `infinity` means the same to the server.
      return `valid until ${quoteLiteral(value === null ? "infinity" : String(value))}`;
    case "bypassrls":
    case "createdb":
    case "createrole":
    case "inherit":
    case "login":
    case "replication":
    case "superuser":
      return value === true ? name : `no${name}`;
    default:
      throw new TypeError(`unknown attribute ${name}`);
  }
}

/** Settings whose value is a list of quoted names: each element is a literal of its own, as pg_dump writes them. */
const LISTS: ReadonlySet<string> = new Set([
  "local_preload_libraries",
  "search_path",
  "session_preload_libraries",
  "shared_preload_libraries",
  "temp_tablespaces",
  "unix_socket_directories",
]);

function settingText(role: string, database: string | null, name: string, value: string | null): string {
  const where = database === null ? "" : ` in database ${quoteIdentifier(database)}`;
  const subject = `alter role ${quoteIdentifier(role)}${where}`;
  if (value === null) return `${subject} reset ${quoteIdentifier(name)}`;
  const text = LISTS.has(name.toLowerCase()) ? splitNames(value).map(quoteLiteral).join(", ") : quoteLiteral(value);
  return `${subject} set ${quoteIdentifier(name)} to ${text === "" ? "''" : text}`;
}

/** The elements of a list of names as the catalog holds it: `"$user", public`. */
export function splitNames(value: string): readonly string[] {
  const names: string[] = [];
  const element = /\s*(?:"((?:[^"]|"")*)"|([^",\s][^,]*?))\s*(,|$)/uy;
  while (element.lastIndex < value.length) {
    const found = element.exec(value);
    // Not a list after all: handed over as one value, the server says what is wrong with it.
    if (found === null) return [value];
    names.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
  }
  return names;
}
