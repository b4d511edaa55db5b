import { expect } from "vitest";
import type { AccessDelta, DeltaLine } from "../../src/analysis/access-delta.ts";
import type { AccessIndex } from "../../src/analysis/access-index.ts";
import { explainAccess } from "../../src/analysis/explain.ts";
import type { Identity } from "../../src/model/identity.ts";
import type { Resource } from "../../src/model/resource.ts";
import { resourceKey, tableOf } from "../../src/model/resource.ts";
import type { RoleName } from "../../src/model/role.ts";
import { PUBLIC } from "../../src/model/role.ts";

type Level = 0 | 1 | 2;

/** What asking one by one finds lost. */
export interface Lost {
  /** `subject|privilege|resource|weakened`, sorted: everything but columns. */
  readonly tables: readonly string[];
  readonly columns: readonly { readonly subject: string; readonly privilege: string; readonly column: Resource }[];
}

/** Asks for each subject, resource and privilege by itself. */
export function bruteForce(from: AccessIndex, to: AccessIndex, identities: readonly Identity[]): Lost {
  const tables: string[] = [];
  const columns: { subject: string; privilege: string; column: Resource }[] = [];
  for (const [subject, roles] of subjects(from, to, identities)) {
    for (const resource of resources(from)) {
      // The server's own are read only where their lists differ from the ones that it came with: then there is nothing to compare with.
      if (to.classOf(resource) === null) continue;
      for (const privilege of from.rules.privilegesOf(resource.kind)) {
        const had = highest(from, to, roles, privilege, resource);
        const has = highest(to, from, roles, privilege, resource);
        if (had <= has) continue;
        if (resource.kind === "column") columns.push({ subject, privilege, column: resource });
        else tables.push([subject, privilege, resourceKey(resource), has === 1].join("|"));
      }
    }
  }
  return { tables: tables.sort(), columns };
}

function highest(
  index: AccessIndex,
  other: AccessIndex,
  roles: readonly RoleName[],
  privilege: string,
  resource: Resource,
): Level {
  return Math.max(0, ...roles.map((role) => level(index, other, role, privilege, resource))) as Level;
}

function level(index: AccessIndex, other: AccessIndex, role: RoleName, privilege: string, resource: Resource): Level {
  if (role === PUBLIC) return index.can(PUBLIC, privilege, resource) === true ? 2 : 0;
  const attributes = index.state.roles.get(role)?.attributes;
  if (attributes === undefined) return 0;
  const login = attributes["login"] === true;
  const otherLogin = other.state.roles.get(role)?.attributes["login"] === true;
  if (!login && otherLogin) return 0;
  if (login === otherLogin && other.state.roles.has(role)) {
    if (index.can(role, privilege, resource) === true) return 2;
    return index.can(role, privilege, resource, { reachable: true }) === true ? 1 : 0;
  }
  // Who could not log in on the other side is told without what everybody has anyway.
  const paths = explainAccess(index, role, { privilege, resource })?.paths.filter((path) => path.by !== "public") ?? [];
  return paths.some((path) => !path.needsSetRole) ? 2 : paths.length > 0 ? 1 : 0;
}

function subjects(
  from: AccessIndex,
  to: AccessIndex,
  identities: readonly Identity[],
): [string, readonly RoleName[]][] {
  const result: [string, readonly RoleName[]][] = identities.map((each) => [each.name, each.logins.get("here") ?? []]);
  const taken = new Set(result.flatMap(([, roles]) => roles));
  const names = new Set([...from.state.roles.keys(), ...to.state.roles.keys()]);
  const logins = (index: AccessIndex): RoleName[] =>
    [...index.state.roles.values()].filter((role) => role.attributes["login"] === true).map((role) => role.name);
  const all = [from, to].map((index) => ({ index, logins: logins(index) }));
  for (const name of names) {
    if (taken.has(name)) continue;
    const login = all.some((side) => side.logins.includes(name));
    const behind = all.some(({ index, logins: those }) => those.some((each) => memberOf(index, each, name)));
    if (login || !behind) result.push([name, [name]]);
  }
  result.push(["PUBLIC", [PUBLIC]]);
  return result;
}

/** By rows alone: a superuser is a member of every role, but nobody's access is told through it. */
function memberOf(index: AccessIndex, login: RoleName, role: RoleName): boolean {
  const up = (name: RoleName): RoleName[] =>
    [...index.state.memberships.values()].filter((row) => row.member === name).map((row) => row.role);
  const seen = new Set<RoleName>([login]);
  for (const each of seen) for (const next of up(each)) seen.add(next);
  return seen.has(role);
}

function resources(index: AccessIndex): Resource[] {
  const all = [...index.state.holdings.values()].map((holding) => holding.resource);
  const columns = [...index.catalog.entries.values()].flatMap((entry) =>
    entry.resource.kind === "table" && entry.system !== true
      ? (entry.columns ?? []).map((name): Resource => ({ kind: "column", path: [...entry.resource.path, name] }))
      : [],
  );
  return [...all.filter((resource) => resource.kind !== "column"), ...columns];
}

/** What the lines of a delta say, one for each subject, privilege and resource; nothing may be said twice. Columns are left out. */
export function tellings(lines: readonly DeltaLine[]): Set<string> {
  const told = new Set<string>();
  for (const { subjects: who, what, afterSetRole } of lines) {
    if (what.kind !== "privilege" || what.future !== undefined || what.onlyGrantOption === true) continue;
    for (const subject of who) {
      for (const resource of what.resources) {
        if (resource.kind === "column") continue;
        for (const privilege of what.privileges) {
          const key = [subject.name, privilege, resourceKey(resource), afterSetRole === true].join("|");
          expect(told.has(key)).toBe(false);
          told.add(key);
        }
      }
    }
  }
  return told;
}

/** Every column that is lost must be told, by itself or with its table. */
export function columnsUntold(delta: AccessDelta, lost: Lost["columns"]): string[] {
  const told = new Set<string>();
  for (const { subjects: who, what } of delta.losses) {
    if (what.kind !== "privilege" || what.future !== undefined || what.onlyGrantOption === true) continue;
    for (const subject of who) {
      for (const resource of what.resources) {
        for (const privilege of what.privileges) told.add([subject.name, privilege, resourceKey(resource)].join("|"));
      }
    }
  }
  return lost
    .filter(
      ({ subject, privilege, column }) =>
        !told.has([subject, privilege, resourceKey(column)].join("|")) &&
        !told.has([subject, privilege, resourceKey(tableOf(column))].join("|")),
    )
    .map(({ subject, privilege, column }) => [subject, privilege, ...column.path].join(" "));
}
