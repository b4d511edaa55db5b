import { sortedText } from "../../base/order.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { accountName, accountOf, bareRoleName } from "./names.ts";
import { escapePattern } from "./quote.ts";

// MariaDB fills these two from what it goes by, not from the tables (seen on 10.11): they differ from the tables after an edit by hand until FLUSH PRIVILEGES.

/** MariaDB: what is in force on `*.*`, of accounts alone. */
export const GLOBAL_IN_FORCE =
  "select GRANTEE, '', PRIVILEGE_TYPE, IS_GRANTABLE from information_schema.USER_PRIVILEGES";
/** MariaDB: what is in force on schemas, by the text of each row. */
export const SCHEMAS_IN_FORCE: string = `
  select GRANTEE, TABLE_SCHEMA, PRIVILEGE_TYPE, IS_GRANTABLE from information_schema.SCHEMA_PRIVILEGES`;
export type InForceRow = readonly [grantee: string, text: string, privilege: string, grantable: "YES" | "NO"];

/** The accounts for which what is in force on `*.*` and on schemas is not what their rows say, sorted. */
export function outOfStep(live: Snapshot, rows: readonly InForceRow[]): readonly RoleName[] {
  const inForce = new Map<RoleName, Set<string>>();
  for (const [grantee, text, privilege, grantable] of rows) {
    const name = granteeOf(grantee, live);
    if (name === null) continue;
    const held = inForce.get(name) ?? new Set();
    inForce.set(name, held);
    if (privilege !== "USAGE") held.add(`${text}\0${privilege}`);
    if (grantable === "YES") held.add(`${text}\0GRANT OPTION`);
  }
  const recorded = new Map<RoleName, Set<string>>();
  for (const name of live.access.roles.keys()) if (accountOf(name) !== null) recorded.set(name, new Set());
  for (const { resource, list } of live.access.holdings.values()) {
    const text = rowText(resource.kind, resource.path[1] ?? "");
    if (text === null) continue;
    for (const { grantee, privileges } of list.entries) {
      for (const privilege of privileges) recorded.get(grantee)?.add(`${text}\0${privilege}`);
    }
  }
  const names = sortedText([...inForce.keys(), ...recorded.keys()]);
  return names.filter((name) => !equal(inForce.get(name), recorded.get(name)));
}

function rowText(kind: string, name: string): string | null {
  if (kind === "server" || kind === "all-schemas") return "";
  if (kind === "schema") return escapePattern(name);
  return kind === "schema-pattern" ? name : null;
}

/** `'user'@'host'`, in which nothing is escaped; null for roles and PUBLIC, of which only rows on schemas are shown. */
function granteeOf(text: string, live: Snapshot): RoleName | null {
  const [, user, host] = /^'(.*)'@'([^']*)'$/su.exec(text) ?? [];
  if (user === undefined || host === undefined) return null;
  if (host !== "") return accountName(user, host);
  const role = bareRoleName(user);
  return role === PUBLIC || live.access.roles.has(role) ? null : accountName(user, "%");
}

function equal(a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean {
  return a !== undefined && b !== undefined && a.size === b.size && [...a].every((one) => b.has(one));
}
