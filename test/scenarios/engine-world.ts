import { resolveManifest } from "../../src/config/resolve.ts";
import { diff } from "../../src/diff/diff.ts";
import { cassandraLacks } from "../../src/engine/cassandra/lacks.ts";
import { PRODUCTS } from "../../src/engine/mysql/product.ts";
import { mysqlStateRules } from "../../src/engine/mysql/rules.ts";
import { accessList, type AccessEntry, NOBODY } from "../../src/model/access-list.ts";
import type { Holding } from "../../src/model/access-state.ts";
import type { CatalogEntry } from "../../src/model/catalog.ts";
import type { EngineName } from "../../src/model/engine-name.ts";
import {
  isShared,
  isUnnamed,
  type Resource,
  type ResourceKey,
  resourceKey,
  type ResourceKind,
} from "../../src/model/resource.ts";
import { type Membership, membershipKey, type Role } from "../../src/model/role.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { StateRules } from "../../src/model/state-rules.ts";
import { changeLines, findingLines, fromText, type Resolved } from "./manifest-world.ts";

/** The engines without owners and with one database, whose name is never shown. */
export type Ownerless = Exclude<EngineName, "postgresql">;

/** A server of such an engine, before anything is in it. */
export interface Ground {
  readonly engine: Ownerless;
  readonly database: string;
  readonly product: string;
  readonly rules: (snapshot: Snapshot) => StateRules;
  /** What can stand behind the name of a role. */
  readonly hosts: readonly string[];
  /** What stands between the parentheses of a routine. */
  readonly routine: string;
}

export const MARIADB: Ground = {
  engine: "mariadb",
  database: "def",
  product: "MariaDB",
  rules: (snapshot) => mysqlStateRules(snapshot, PRODUCTS.mariadb),
  hosts: ["", "@%", "@localhost", "@10.0.0.%"],
  routine: "function",
};
export const MYSQL: Ground = {
  ...MARIADB,
  engine: "mysql",
  product: "MySQL",
  rules: (snapshot) => mysqlStateRules(snapshot, PRODUCTS.mysql),
  hosts: ["@%", "@localhost"],
};

const DATA = ["ALTER", "AUTHORIZE", "DROP", "MODIFY", "SELECT", "SELECT_MASKED", "UNMASK"];
const ROUTINES = ["ALTER", "AUTHORIZE", "DROP", "EXECUTE"];
const ROLES = ["ALTER", "AUTHORIZE", "DROP"];
const MBEANS = ["AUTHORIZE", "DESCRIBE", "EXECUTE", "MODIFY", "SELECT"];
const PRIVILEGES: Readonly<Partial<Record<ResourceKind, readonly string[]>>> = {
  "all-schemas": [...DATA, "CREATE"].toSorted(),
  schema: [...DATA, "CREATE"].toSorted(),
  "schema-tables": DATA,
  table: DATA,
  "all-routines": [...ROUTINES, "CREATE"].toSorted(),
  "schema-routines": [...ROUTINES, "CREATE"].toSorted(),
  routine: ROUTINES,
  "all-roles": [...ROLES, "CREATE", "DESCRIBE"].toSorted(),
  role: ROLES,
  "all-mbeans": MBEANS,
  mbean: MBEANS,
};

const rules = (): StateRules => ({
  privilegesOf: (kind) => PRIVILEGES[kind] ?? [],
  builtinList: () => NOBODY,
  transferOwnership: (list) => list,
  normalizeDefault: () => null,
  defaultAttributes: () => ({ cidr_groups: null, datacenters: null, identities: "[]", login: false, superuser: false }),
  refusesName: () => null,
  refusesAttribute: () => null,
  refusesRename: () => "make the new role, grant it what the old one has, and retire that",
  lacks: cassandraLacks,
  ownedAlong: () => [],
  impliedMemberships: () => [],
  grantorFor: () => "",
  membershipGrantor: () => "",
  membershipOptions: false,
  normalMembership: (membership) => ({ ...membership, admin: false, inherit: true, set: false }),
  mostInherited: () => null,
  unrecordedList: (kind) =>
    kind === "mbean" || kind === "schema-tables" || kind === "schema-routines" ? NOBODY : undefined,
  resourceOfRole: (role) => ({
    resource: { kind: "role", path: [role] },
    owner: null,
    list: accessList([{ grantee: "admin", grantor: "", privileges: ROLES, grantable: [] }]),
  }),
  grantOption: "none",
});

export const CASSANDRA: Ground = {
  engine: "cassandra",
  database: "cluster",
  product: "Cassandra",
  rules,
  hosts: [""],
  routine: "int, map<text, int>",
};

export const GROUNDS: readonly Ground[] = [MARIADB, MYSQL, CASSANDRA];

/** What is on it. Things are written `table shop.orders`, `server`, `role app@%`; each with who holds what. */
export interface EngineWorld {
  readonly roles?: readonly string[];
  readonly attributes?: Readonly<Record<string, Role["attributes"]>>;
  readonly memberships?: readonly Partial<Membership>[];
  readonly things?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** More things, by resources of their own: for names that hold dots. */
  readonly held?: readonly {
    readonly resource: Resource;
    readonly missing: boolean;
    readonly list: readonly AccessEntry[];
  }[];
  /** What could not be read. */
  readonly unknowns?: readonly string[];
  /** Of the things: those that do not exist. */
  readonly missing?: readonly string[];
  /** Of the things: the roles whose rights they run with. */
  readonly definers?: Readonly<Record<string, string>>;
}

/** A resource from `KIND NAME`, the parts of the name joined by dots. */
export function resourceIn(database: string, text: string): Resource {
  const space = text.indexOf(" ");
  const kind = (space < 0 ? text : text.slice(0, space)) as Resource["kind"];
  if (isUnnamed(kind)) return { kind, path: [] };
  const name = text.slice(space + 1);
  if (isShared(kind)) return { kind, path: [name] };
  return { kind, path: [database, ...name.split(".")] };
}

/** A made-up server with the engine's real rules. */
export function makeEngineWorld(
  ground: Ground,
  world: EngineWorld,
): { readonly live: Snapshot; readonly rules: StateRules } {
  const { database } = ground;
  const empty: Snapshot = {
    identity: { engine: ground.engine, server: "1", databases: [database] },
    version: { product: ground.product, major: 11, minor: 4, text: "11.4" },
    actor: { role: "admin@localhost", superuser: false, bootstrap: "root@localhost", provider: null },
    takenAt: "2026-11-22T00:00:00Z",
    catalog: { databases: [database], entries: new Map() },
    access: {
      roles: new Map(),
      memberships: new Map(),
      holdings: new Map(),
      defaultPrivileges: new Map(),
      rowPolicies: new Map(),
    },
    unknowns: (world.unknowns ?? []).map((subject) => ({ subject, reason: "hidden", help: `show the ${subject}` })),
    fingerprint: "sha256:0",
    limits: {},
  };
  const bare = ground.rules(empty);
  const roles = (world.roles ?? []).map((name): Role => {
    const attributes = { ...bare.defaultAttributes(name), ...world.attributes?.[name] };
    return { name, origin: "user", attributes, settings: [] };
  });
  const memberships = (world.memberships ?? []).map((row): Membership => {
    const usual = { role: "", member: "", grantor: "", admin: false, inherit: true, set: true, implied: false };
    return bare.normalMembership({ ...usual, ...row });
  });
  const holdings = new Map<ResourceKey, Holding>();
  const entries = new Map<ResourceKey, CatalogEntry>();
  for (const [text, held] of Object.entries(world.things ?? {})) {
    const resource = resourceIn(database, text);
    const key = resourceKey(resource);
    if (resource.kind === "table") entries.set(key, { resource, form: "table", columns: ["id", "name"] });
    else if (resource.kind !== "column" && !isUnnamed(resource.kind)) entries.set(key, { resource });
    if (world.missing?.includes(text) === true) entries.set(key, { resource, missing: true });
    const definer = world.definers?.[text];
    if (definer !== undefined) entries.set(key, { ...(entries.get(key) ?? { resource }), definer });
    const list = accessList(
      Object.entries(held).map(([grantee, privileges]): AccessEntry => {
        const plain = privileges.map((privilege) => privilege.replace("*", ""));
        const grantable = privileges.filter((privilege) => privilege.endsWith("*"));
        return { grantee, grantor: "", privileges: plain, grantable: grantable.map((each) => each.slice(0, -1)) };
      }),
    );
    if (list.entries.length > 0 || bare.unrecordedList(resource.kind) === undefined) {
      holdings.set(key, { resource, owner: null, list });
    }
  }
  for (const { resource, missing, list } of world.held ?? []) {
    const key = resourceKey(resource);
    if (holdings.has(key)) continue;
    const about = resource.kind === "table" && !missing ? { form: "table" as const, columns: ["id", "na me"] } : {};
    if (!isUnnamed(resource.kind)) entries.set(key, { resource, ...about, ...(missing ? { missing } : {}) });
    const normal = accessList(list);
    const recorded = bare.unrecordedList(resource.kind) === undefined && resource.kind !== "column";
    if (normal.entries.length > 0 || recorded) holdings.set(key, { resource, owner: null, list: normal });
    else entries.delete(key);
  }
  for (const { name } of roles) {
    const own = bare.resourceOfRole(name);
    if (own === null || holdings.has(resourceKey(own.resource))) continue;
    holdings.set(resourceKey(own.resource), { ...own, list: accessList([]) });
    entries.set(resourceKey(own.resource), { resource: own.resource });
  }
  const live: Snapshot = {
    ...empty,
    catalog: { databases: [database], entries },
    access: {
      ...empty.access,
      roles: new Map(roles.map((role) => [role.name, role])),
      memberships: new Map(memberships.map((row) => [membershipKey(row), row])),
      holdings,
    },
  };
  return { live, rules: ground.rules(live) };
}

/** Resolves manifest text (without its first line and its target `prod`) against such a server, and compares. */
export function resolveOn(ground: Ground, text: string, world: EngineWorld): Resolved {
  const { live, rules } = makeEngineWorld(ground, world);
  const target = `targets: { prod: { engine: ${ground.engine}, url: '\${URL}' } }\n`;
  const resolution = resolveManifest(fromText(`version: 1\n${target}${text}`), "prod", live, rules);
  const { renames, passwords } = resolution;
  return { ...resolution, live, changes: diff(live.access, resolution.desired, { rules, renames, passwords }) };
}

/** What the text changes, as lines; throws where it has errors. */
export function changesOn(ground: Ground, text: string, world: EngineWorld): readonly string[] {
  const { changes, findings } = resolveOn(ground, text, world);
  const errors = findings.filter((finding) => finding.severity === "error");
  if (errors.length > 0) throw new Error(findingLines(errors).join("\n"));
  return changeLines(changes);
}

/** The errors of a text: `RW236 2:3 message (help)`. */
export function errorsOn(ground: Ground, text: string, world: EngineWorld): readonly string[] {
  const errors = resolveOn(ground, text, world).findings.filter((finding) => finding.severity === "error");
  return findingLines(errors).map((line, index) => `${line} (${errors[index]?.help ?? ""})`);
}
