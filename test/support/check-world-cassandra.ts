import { buildAccessIndex } from "../../src/analysis/access-index.ts";
import type { Check, CheckContext } from "../../src/analysis/checks/check.ts";
import { checkContext } from "../../src/analysis/checks/context.ts";
import { type CheckRun, runChecks } from "../../src/analysis/checks/run-checks.ts";
import { predict } from "../../src/diff/predict.ts";
import { cassandra } from "../../src/engine/cassandra/index.ts";
import { SYSTEM_KEYSPACES } from "../../src/engine/cassandra/resource-names.ts";
import { type AccessEntry, accessList } from "../../src/model/access-list.ts";
import type { AccessState, Holding } from "../../src/model/access-state.ts";
import type { Catalog, CatalogEntry } from "../../src/model/catalog.ts";
import { type Declared, NOTHING_DECLARED, type DeclaredRole, type Purpose } from "../../src/model/declared.ts";
import { fingerprint } from "../../src/model/fingerprint.ts";
import type { Identity } from "../../src/model/identity.ts";
import type { Posture } from "../../src/model/posture.ts";
import type { CassandraPosture, NodeFacts, NodeSettings } from "../../src/model/posture/cassandra.ts";
import {
  describeTyped,
  isShared,
  isUnnamed,
  type Resource,
  type ResourceKey,
  type ResourceKind,
  resourceKey,
} from "../../src/model/resource.ts";
import { type Membership, membershipKey, type Role, type RoleAttributes } from "../../src/model/role.ts";
import type { ServerVersion, Snapshot } from "../../src/model/snapshot.ts";

/** A small Cassandra cluster and what checks know of it. `cassandra`, the superuser that the server makes by itself, is always there. */
export interface CassandraWorld {
  /** @default "5.0.9" */
  readonly release?: string;
  /** Roles with what is not as CREATE ROLE makes it. */
  readonly roles: Readonly<Record<string, RoleAttributes>>;
  /** `app in readers`. */
  readonly members?: readonly string[];
  /** `select, modify on table shop.orders to app, ann`. Kinds as in the model; `*` is every privilege of the kind. */
  readonly grants?: readonly string[];
  /** What else exists: `table shop.orders`. */
  readonly exists?: readonly string[];
  /** What is granted on and does not exist: `table shop.gone`. */
  readonly missing?: readonly string[];
  readonly environment?: string;
  /** Purposes by role. */
  readonly purposes?: Readonly<Record<string, Purpose>>;
  /** Null: there is no manifest. */
  readonly declared?: Partial<Declared> | null;
  readonly identities?: readonly Identity[];
  /** @default not read */
  readonly posture?: Partial<Omit<Posture, "cassandra">> & { readonly cassandra?: Partial<CassandraPosture> };
}

export const NOW = "2026-11-22T09:00:00Z";
const DATABASE = "cluster";
const FIRST = "cassandra";

/** What checks look at, for a hand-made cluster. `access` in place of what the world says. */
export function cassandraContext(world: CassandraWorld, access: AccessState = worldState(world)): CheckContext {
  const catalog = worldCatalog(world);
  const live: Snapshot = {
    identity: { engine: cassandra.name, server: "1", databases: [DATABASE] },
    version: versionOf(world),
    actor: { role: FIRST, superuser: true, bootstrap: FIRST, provider: null },
    takenAt: NOW,
    catalog,
    access,
    unknowns: [],
    fingerprint: fingerprint(access),
    limits: {},
  };
  const dialect = cassandra.dialect(live);
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

/** Runs one check on a hand-made cluster. */
export function runOn(check: Check, world: CassandraWorld): CheckRun {
  return runChecks(cassandraContext(world), [check]);
}

/** What it says, as `danger message`. */
export function told(check: Check, world: CassandraWorld): string[] {
  return runOn(check, world).findings.map((each) => `${each.danger} ${each.message}`);
}

/** Why it could not be evaluated. */
export function untold(check: Check, world: CassandraWorld): string[] {
  return runOn(check, world).notEvaluated.map(({ reason }) => reason);
}

/** What it still says after the changes of all its fixes were made; nothing is made of SQL. */
export function toldAfterFix(check: Check, world: CassandraWorld): string[] {
  const context = cassandraContext(world);
  const changes = runChecks(context, [check]).findings.flatMap(({ mend }) => mend.changes ?? []);
  if (changes.length === 0) throw new Error("the fix changes nothing");
  const after = predict(context.index.recorded, changes, context.dialect.rules);
  return runChecks(cassandraContext(world, after), [check]).findings.map(({ message }) => message);
}

/** What its findings are about, as text. */
export function about(check: Check, world: CassandraWorld): string[][] {
  return runOn(check, world).findings.map(({ resources }) => resources.map(describeTyped));
}

/** A node whose settings are as they should be. */
export function node(
  name: string,
  settings: Partial<NodeSettings> | null = {},
  more: Partial<NodeFacts> = {},
): NodeFacts {
  const own = { node: name, dataCenter: "dc1", release: "5.0.9", schema: "s1", reached: true };
  return { ...own, settings: settings === null ? null : { ...GOOD, ...settings }, ...more };
}

const GOOD: NodeSettings = {
  authenticator: "PasswordAuthenticator",
  authorizer: "CassandraAuthorizer",
  roleManager: "CassandraRoleManager",
  networkAuthorizer: "CassandraNetworkAuthorizer",
  cidrAuthorizer: "CassandraCIDRAuthorizer",
  cidrMonitors: false,
  cacheMs: 2000,
  userFunctions: false,
  looseFunctions: false,
};

/** A posture with these nodes. */
export function withNodes(...nodes: readonly NodeFacts[]): { readonly posture: CassandraWorld["posture"] & {} } {
  return { posture: { cassandra: { nodes } } };
}

function versionOf({ release = "5.0.9" }: CassandraWorld): ServerVersion {
  const [major = 0, minor = 0] = release.split(".").map(Number);
  return { product: "Apache Cassandra", major, minor, text: release };
}

function worldState(world: CassandraWorld): AccessState {
  const { major, minor } = versionOf(world);
  const since5 = major >= 5 ? { cidr_groups: null, identities: "[]" } : {};
  const all: Readonly<Record<string, RoleAttributes>> = {
    [FIRST]: { login: true, superuser: true },
    ...world.roles,
  };
  const roles = Object.entries(all).map(([name, own]): Role => {
    const attributes = { login: false, superuser: false, datacenters: null, ...since5, ...own };
    return { name, origin: name === FIRST ? "bootstrap" : "user", attributes, settings: [] };
  });
  const holdings = new Map<ResourceKey, { resource: Resource; entries: AccessEntry[] }>();
  const place = (found: Resource): AccessEntry[] => {
    const key = resourceKey(found);
    const known = holdings.get(key) ?? { resource: found, entries: [] };
    holdings.set(key, known);
    return known.entries;
  };
  for (const entry of worldCatalog(world).entries.values()) place(entry.resource);
  const rules = cassandra.dialect(bareSnapshot({ major, minor })).accessRules;
  for (const { on, privileges, to } of (world.grants ?? []).map(grant)) {
    const held = [...(privileges[0] === "*" ? rules.privilegesOf(on.kind) : privileges)].toSorted();
    place(on).push(...to.map((grantee) => ({ grantee, grantor: "", privileges: held, grantable: [] })));
  }
  return {
    roles: new Map(roles.map((role) => [role.name, role])),
    memberships: new Map((world.members ?? []).map(membership).map((each) => [membershipKey(each), each])),
    holdings: new Map(
      Array.from(holdings, ([key, { resource: found, entries }]): [ResourceKey, Holding] => [
        key,
        { resource: found, owner: null, list: accessList(entries) },
      ]),
    ),
    defaultPrivileges: new Map(),
    rowPolicies: new Map(),
  };
}

/** What privileges there are hangs on the version alone. */
function bareSnapshot({ major, minor }: Pick<ServerVersion, "major" | "minor">): Snapshot {
  const access: AccessState = {
    roles: new Map(),
    memberships: new Map(),
    holdings: new Map(),
    defaultPrivileges: new Map(),
    rowPolicies: new Map(),
  };
  return {
    identity: { engine: cassandra.name, server: "1", databases: [DATABASE] },
    version: { product: "Apache Cassandra", major, minor, text: `${major}.${minor}.0` },
    actor: { role: FIRST, superuser: true, bootstrap: FIRST, provider: null },
    takenAt: NOW,
    catalog: { databases: [DATABASE], entries: new Map() },
    access,
    unknowns: [],
    fingerprint: fingerprint(access),
    limits: {},
  };
}

interface GrantSaid {
  readonly privileges: readonly string[];
  readonly on: Resource;
  readonly to: readonly string[];
}

function grant(text: string): GrantSaid {
  const [, privileges = "", on = "", to = ""] = /^([\w, *]+?) on (.+) to (.+)$/u.exec(text) ?? [];
  if (privileges === "") throw new Error(`no grant: ${text}`);
  return {
    privileges: privileges.split(", ").map((each) => each.toUpperCase()),
    on: resource(on),
    to: to.split(", "),
  };
}

/** `table shop.orders`, `role boss`, `mbean java.lang:type=Memory`, `routine shop.total.int`, `all-roles` and others by their kind and name. */
export function resource(text: string): Resource {
  const at = text.indexOf(" ");
  const kind = (at < 0 ? text : text.slice(0, at)) as ResourceKind;
  const name = at < 0 ? "" : text.slice(at + 1);
  if (isUnnamed(kind)) return { kind, path: [] };
  return { kind, path: isShared(kind) ? [name] : [DATABASE, ...name.split(".")] };
}

function membership(text: string): Membership {
  const [, member = "", role = ""] = /^(\S+) in (\S+)$/u.exec(text) ?? [];
  return { member, role, grantor: "", admin: false, inherit: true, set: false, implied: false };
}

function worldCatalog(world: CassandraWorld): Catalog {
  const entries = new Map<ResourceKey, CatalogEntry>();
  const missing = new Set((world.missing ?? []).map((text) => resourceKey(resource(text))));
  const add = (found: Resource): void => {
    const key = resourceKey(found);
    const isSystem = SYSTEM_KEYSPACES.has(found.path[1] ?? "");
    const more = isSystem ? { system: true } : missing.has(key) ? { missing: true } : {};
    entries.set(key, { resource: found, ...more });
  };
  for (const kind of ["all-schemas", "all-routines", "all-roles", "all-mbeans"] as const) add({ kind, path: [] });
  for (const name of [FIRST, ...Object.keys(world.roles)]) add({ kind: "role", path: [name] });
  const named = [...(world.exists ?? []), ...(world.missing ?? [])].map(resource);
  for (const found of [...named, ...(world.grants ?? []).map((text) => grant(text).on)]) {
    add(found);
    if (isShared(found.kind)) continue;
    const path = found.path.slice(0, 2);
    for (const kind of ["schema", "schema-tables", "schema-routines"] as const) add({ kind, path });
  }
  return { databases: [DATABASE], entries };
}

function declaredOf({ declared, purposes = {}, identities = [] }: CassandraWorld): Declared {
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

function postureOf({ cassandra: own, ...rest }: NonNullable<CassandraWorld["posture"]>): Posture {
  return {
    takenAt: NOW,
    logins: new Map(),
    sessions: [],
    unknowns: [],
    ...rest,
    cassandra: {
      settings: new Map(),
      nodes: [],
      copies: [],
      lopsided: [],
      unindexed: [],
      leftovers: [],
      masked: [],
      ...own,
    },
  };
}
