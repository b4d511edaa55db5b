import { buildAccessIndex } from "../../src/analysis/access-index.ts";
import type { Check, CheckContext } from "../../src/analysis/checks/check.ts";
import { checkContext } from "../../src/analysis/checks/context.ts";
import { type CheckRun, runChecks } from "../../src/analysis/checks/run-checks.ts";
import { predict } from "../../src/diff/predict.ts";
import { mariadb, mysql } from "../../src/engine/mysql/index.ts";
import { ACCOUNT_ATTRIBUTES, ROLE_ATTRIBUTES } from "../../src/engine/mysql/normalize-accounts.ts";
import { Privileges } from "../../src/engine/mysql/privileges.ts";
import { PRODUCTS } from "../../src/engine/mysql/product.ts";
import { type AccessEntry, accessList } from "../../src/model/access-list.ts";
import type { AccessState, Holding } from "../../src/model/access-state.ts";
import type { Catalog, CatalogEntry, DefinedCode } from "../../src/model/catalog.ts";
import { type Declared, NOTHING_DECLARED, type DeclaredRole, type Purpose } from "../../src/model/declared.ts";
import { fingerprint } from "../../src/model/fingerprint.ts";
import type { Identity } from "../../src/model/identity.ts";
import type { Posture } from "../../src/model/posture.ts";
import type { MysqlPosture } from "../../src/model/posture/mysql.ts";
import {
  describeTyped,
  type Resource,
  type ResourceKey,
  type ResourceKind,
  resourceKey,
} from "../../src/model/resource.ts";
import { type Membership, membershipKey, PUBLIC, type Role, type RoleAttributes } from "../../src/model/role.ts";
import type { ServerVersion, Snapshot, Unknown } from "../../src/model/snapshot.ts";

/** A small MariaDB or MySQL server and what checks know of it. `root@localhost`, who has everything, is always there. */
export interface MysqlWorld {
  /** @default "mariadb" */
  readonly product?: "mariadb" | "mysql";
  /** @default MariaDB 10.11, MySQL 8.4 */
  readonly version?: readonly [major: number, minor: number];
  /** Accounts (`app@%`) with what is not as CREATE USER makes it; on MariaDB a name without a host is a role. */
  readonly roles: Readonly<Record<string, RoleAttributes>>;
  /** `app@% in readers`, and options after it: `default`, `admin`; `public in readers`. */
  readonly members?: readonly string[];
  /** `select, insert on table shop.orders to app@%, public` with ` *` at the end for what can be passed on by itself. Kinds as in the model; `schema-pattern sh%`. */
  readonly grants?: readonly string[];
  /** What else exists: `table shop.orders`, `routine shop.total.function`. */
  readonly exists?: readonly string[];
  /** More about what exists, by `table shop.v`; it exists then. */
  readonly known?: Readonly<Record<string, Omit<Partial<CatalogEntry>, "resource">>>;
  readonly code?: readonly DefinedCode[];
  readonly unknowns?: readonly Unknown[];
  /** Settings that are numbers or switches. @default none */
  readonly limits?: Readonly<Record<string, number>>;
  readonly environment?: string;
  /** Purposes by role. */
  readonly purposes?: Readonly<Record<string, Purpose>>;
  readonly declared?: Partial<Declared> | null;
  readonly identities?: readonly Identity[];
  /** @default not read */
  readonly posture?: Partial<Omit<Posture, "mysql">> & { readonly mysql?: Partial<MysqlPosture> };
}

export const NOW = "2026-11-22T09:00:00Z";
const DATABASE = "def";
const ROOT = "root@localhost";

/** What checks look at, for a hand-made server. `access` in place of what the world says. */
export function mysqlContext(world: MysqlWorld, access: AccessState = worldState(world)): CheckContext {
  const engine = world.product === "mysql" ? mysql : mariadb;
  const catalog = worldCatalog(world);
  const live: Snapshot = {
    identity: { engine: engine.name, server: "1", databases: [DATABASE] },
    version: versionOf(world),
    actor: { role: ROOT, superuser: false, bootstrap: ROOT, provider: null },
    takenAt: NOW,
    catalog,
    access,
    unknowns: world.unknowns ?? [],
    fingerprint: fingerprint(access),
    limits: world.limits ?? {},
  };
  const dialect = engine.dialect(live);
  return checkContext({
    target: "here",
    environment: world.environment ?? "test",
    now: NOW,
    index: buildAccessIndex(access, catalog, dialect.accessRules),
    live,
    dialect,
    posture: world.posture === undefined ? null : postureOf(world.posture),
    declared: world.declared === null ? null : declaredOf(world),
  });
}

/** The grants of everything there is to somebody of this server, who is then as mighty as root. */
export function everythingTo(grantee: string, world: MysqlWorld = { roles: {} }): string[] {
  const { rules } = mysqlContext({ ...world, grants: [] }).index;
  return (["server", "all-schemas"] as const).map(
    (kind) => `${rules.privilegesOf(kind).join(", ").toLowerCase()} on ${kind} to ${grantee}`,
  );
}

/** The findings of a check where one of the roles of a server is one that the server brought. */
export function toldWithPredefined(check: Check, world: MysqlWorld, name: string): string[] {
  const state = worldState(world);
  const role = state.roles.get(name);
  if (role === undefined) throw new Error(`no role: ${name}`);
  const roles = new Map(state.roles).set(name, { ...role, origin: "predefined" });
  return runChecks(mysqlContext(world, { ...state, roles }), [check]).findings.map(({ message }) => message);
}

/** Runs one check on a hand-made server. */
export function runOn(check: Check, world: MysqlWorld): CheckRun {
  return runChecks(mysqlContext(world), [check]);
}

/** What it says, as `danger message`. */
export function told(check: Check, world: MysqlWorld): string[] {
  return runOn(check, world).findings.map((each) => `${each.danger} ${each.message}`);
}

/** What it still says after the changes of all its fixes were made; nothing is made of SQL. */
export function toldAfterFix(check: Check, world: MysqlWorld): string[] {
  const context = mysqlContext(world);
  const changes = runChecks(context, [check]).findings.flatMap(({ mend }) => mend.changes ?? []);
  if (changes.length === 0) throw new Error("the fix changes nothing");
  const after = predict(context.index.recorded, changes, context.dialect.rules);
  return runChecks(mysqlContext(world, after), [check]).findings.map(({ message }) => message);
}

function versionOf({ product, version }: MysqlWorld): ServerVersion {
  const [major, minor] = version ?? (product === "mysql" ? [8, 4] : [10, 11]);
  return { product: product === "mysql" ? "MySQL" : "MariaDB", major, minor, text: `${major}.${minor}.19` };
}

function worldState(world: MysqlWorld): AccessState {
  const product = PRODUCTS[world.product ?? "mariadb"];
  const { major, minor } = versionOf(world);
  const privileges = new Privileges(product, major * 100 + minor);
  const roles = Object.entries({ [ROOT]: {}, ...world.roles }).map(([name, own]): Role => {
    const isRole = !name.includes("@") && !product.rolesAreAccounts;
    const attributes = isRole ? ROLE_ATTRIBUTES : { ...ACCOUNT_ATTRIBUTES[product.engine], ...own };
    return { name, origin: name === ROOT ? "bootstrap" : "user", attributes, settings: [] };
  });
  const holdings = new Map<ResourceKey, { resource: Resource; entries: AccessEntry[] }>();
  const place = (resource: Resource): AccessEntry[] => {
    const key = resourceKey(resource);
    const known = holdings.get(key) ?? { resource, entries: [] };
    holdings.set(key, known);
    return known.entries;
  };
  for (const kind of ["server", "all-schemas"] as const) {
    const all = privileges.of(kind);
    place({ kind, path: [] }).push({ grantee: ROOT, grantor: "", privileges: all, grantable: [] });
  }
  for (const { resource } of worldCatalog(world).entries.values()) place(resource);
  for (const { resource, entries } of (world.grants ?? []).map(grant)) place(resource).push(...entries);
  return {
    roles: new Map(roles.map((role) => [role.name, role])),
    memberships: new Map(
      (world.members ?? [])
        .map((text) => membership(text, product.rolesAreAccounts))
        .map((each) => [membershipKey(each), each]),
    ),
    holdings: new Map(
      Array.from(holdings, ([key, { resource, entries }]): [ResourceKey, Holding] => [
        key,
        { resource, owner: null, list: accessList(entries) },
      ]),
    ),
    defaultPrivileges: new Map(),
    rowPolicies: new Map(),
  };
}

function grant(text: string): { readonly resource: Resource; readonly entries: AccessEntry[] } {
  const [, privileges = "", kind = "", name = "", to = "", star] =
    /^([\w, ]+?) on (server|all-schemas|[a-z-]+) ?(\S*) to (.+?)( \*)?$/u.exec(text) ?? [];
  if (privileges === "") throw new Error(`no grant: ${text}`);
  const held = privileges.split(", ").map((each) => each.toUpperCase());
  const sortedHeld = [...held].sort();
  return {
    resource: resourceOf(kind, name),
    entries: to.split(", ").map((grantee) => ({
      grantee: grantee === "public" ? PUBLIC : grantee,
      grantor: "",
      privileges: sortedHeld,
      grantable: star === undefined ? [] : sortedHeld,
    })),
  };
}

const SHARED: ReadonlySet<string> = new Set(["role", "dynamic-privilege"]);

/** `table shop.orders` and others by their kind and name. */
export function resource(text: string): Resource {
  const at = text.indexOf(" ");
  return at < 0 ? resourceOf(text, "") : resourceOf(text.slice(0, at), text.slice(at + 1));
}

function resourceOf(kind: string, name: string): Resource {
  if (name === "") return { kind: kind as ResourceKind, path: [] };
  if (SHARED.has(kind)) return { kind: kind as ResourceKind, path: [name] };
  const isWhole = kind === "schema" || kind === "schema-pattern";
  return { kind: kind as ResourceKind, path: [DATABASE, ...(isWhole ? [name] : name.split("."))] };
}

function membership(text: string, rolesAreAccounts: boolean): Membership {
  const [, member = "", role = "", options = ""] = /^(\S+) in (\S+)(.*)$/u.exec(text) ?? [];
  const isAccount = rolesAreAccounts || member.includes("@");
  return {
    member: member === "public" ? PUBLIC : member,
    role,
    grantor: "",
    admin: options.includes("admin"),
    inherit: !isAccount || options.includes("default"),
    set: isAccount,
    implied: options.includes("implied"),
  };
}

function worldCatalog(world: MysqlWorld): Catalog {
  const entries = new Map<ResourceKey, CatalogEntry>();
  const add = (entry: CatalogEntry): void => {
    const key = resourceKey(entry.resource);
    entries.set(key, { ...entries.get(key), ...entry });
  };
  for (const kind of ["server", "all-schemas"] as const) add({ resource: { kind, path: [] } });
  for (const text of world.exists ?? []) {
    const found = resource(text);
    add({ resource: found });
    if (found.kind !== "schema") add({ resource: { kind: "schema", path: found.path.slice(0, 2) } });
  }
  for (const text of world.grants ?? []) add({ resource: grant(text).resource });
  for (const [text, more] of Object.entries(world.known ?? {})) add({ resource: resource(text), ...more });
  return { databases: [DATABASE], entries, definedCode: world.code ?? [] };
}

function declaredOf({ declared, purposes = {}, identities = [] }: MysqlWorld): Declared {
  const roles = Object.entries(purposes).map(([name, purpose]): [string, DeclaredRole] => [
    name,
    { name, purpose, owner: null, reviewBy: null, because: null },
  ]);
  return {
    ...NOTHING_DECLARED,
    roles: new Map(roles),
    identities,
    targets: ["here"],
    ...declared,
  };
}

function postureOf({ mysql: own, ...rest }: NonNullable<MysqlWorld["posture"]>): Posture {
  return {
    takenAt: NOW,
    logins: new Map(),
    sessions: [],
    unknowns: [],
    ...rest,
    mysql: {
      settings: new Map(),
      triggers: [],
      plugins: [],
      nativeFunctions: [],
      grantors: [],
      outOfStep: [],
      severalPasswords: [],
      ...own,
    },
  };
}

/** The resources of the findings of a check, as text. */
export function about(check: Check, world: MysqlWorld): string[][] {
  return runOn(check, world).findings.map(({ resources }) => resources.map(describeTyped));
}
