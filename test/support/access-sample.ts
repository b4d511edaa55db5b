import { buildAccessIndex, type AccessIndex } from "../../src/analysis/access-index.ts";
import { privilegesOf } from "../../src/engine/postgresql/privileges.ts";
import { postgresAccessRules } from "../../src/engine/postgresql/semantics.ts";
import type { AccessEntry } from "../../src/model/access-list.ts";
import { accessList } from "../../src/model/access-list.ts";
import type { AccessRules } from "../../src/model/access-rules.ts";
import type { AccessState, DefaultPrivilege, Holding, RowPolicy, RowSecurity } from "../../src/model/access-state.ts";
import { defaultPrivilegeKey, rowPolicyKey } from "../../src/model/access-state.ts";
import type { Catalog, CatalogEntry } from "../../src/model/catalog.ts";
import type { Identity } from "../../src/model/identity.ts";
import type { Resource, ResourceKey, ResourceKind } from "../../src/model/resource.ts";
import { resourceKey } from "../../src/model/resource.ts";
import type { Membership, Role, RoleAttributes, RoleSetting } from "../../src/model/role.ts";
import { membershipKey, PUBLIC } from "../../src/model/role.ts";

/** A small state of a PostgreSQL cluster with one database, `shop`, in a few words; what is not said is as the server has it for a user of no importance. */
export interface Sample {
  /** @default 18 */
  readonly major?: number;
  /** By name. `postgres`, a superuser that can log in, is always there. */
  readonly roles: Readonly<Record<string, RoleAttributes>>;
  /** `alice in readers`, and options after it: `admin`, `noinherit`, `noset`, `implied`, and `by=` with the grantor. */
  readonly members?: readonly string[];
  /** `select, insert on table sales.orders to alice, public` with ` *` at the end for the grant option. The resource exists then. */
  readonly grants?: readonly string[];
  /** By `kind name`: the owner; `postgres` owns everything else. */
  readonly owners?: Readonly<Record<string, string>>;
  readonly defaults?: readonly (Pick<DefaultPrivilege, "creator" | "schema" | "kind"> & {
    readonly to: Readonly<Record<string, readonly string[]>>;
  })[];
  readonly policies?: readonly RowPolicy[];
  readonly rowSecurity?: Readonly<Record<string, RowSecurity>>;
  /** By role: what its sessions start with. */
  readonly roleSettings?: Readonly<Record<string, readonly RoleSetting[]>>;
}

export const DATABASE = "shop";

export function sampleIndex(sample: Sample): AccessIndex {
  return buildAccessIndex(sampleState(sample), sampleCatalog(sample), sampleRules(sample.major ?? 18));
}

export function sampleRules(major: number): AccessRules {
  return postgresAccessRules({
    major,
    bootstrap: "postgres",
    rules: {
      privilegesOf: (kind) => privilegesOf(kind, major),
      builtinList: (kind, owner) =>
        accessList([
          { grantee: owner, grantor: owner, privileges: privilegesOf(kind, major), grantable: [] },
          ...(kind === "routine" ? [{ grantee: PUBLIC, grantor: owner, privileges: ["EXECUTE"], grantable: [] }] : []),
        ]),
    },
  });
}

const ORDINARY: RoleAttributes = {
  bypassrls: false,
  connection_limit: -1,
  createdb: false,
  createrole: false,
  inherit: true,
  login: false,
  replication: false,
  superuser: false,
  valid_until: null,
};

export function sampleState(sample: Sample): AccessState {
  const all = { postgres: { superuser: true, login: true }, ...sample.roles };
  const roles = Object.entries(all).map(([name, attributes]): Role => {
    const origin = name === "postgres" ? "bootstrap" : name.startsWith("pg_") ? "predefined" : "user";
    return {
      name,
      origin,
      attributes: { ...ORDINARY, ...(attributes as RoleAttributes) },
      settings: sample.roleSettings?.[name] ?? [],
    };
  });
  const memberships = (sample.members ?? []).map(membership);
  const defaults = (sample.defaults ?? []).map((each): DefaultPrivilege => {
    const entries = Object.entries(each.to).map(([grantee, privileges]) =>
      entry(grantee, each.creator, privileges, false),
    );
    const { creator, schema, kind } = each;
    return { creator, schema, kind, database: DATABASE, list: accessList(entries) };
  });
  return {
    roles: new Map(roles.map((role) => [role.name, role])),
    memberships: new Map(memberships.map((each) => [membershipKey(each), each])),
    holdings: holdings(sample),
    defaultPrivileges: new Map(defaults.map((each) => [defaultPrivilegeKey(each), each])),
    rowPolicies: new Map((sample.policies ?? []).map((policy) => [rowPolicyKey(policy), policy])),
  };
}

export function sampleCatalog(sample: Sample): Catalog {
  const entries = new Map<ResourceKey, CatalogEntry>();
  for (const [key, { resource }] of holdings(sample)) entries.set(key, { resource });
  return { databases: [DATABASE], entries };
}

export function person(name: string, ...logins: readonly string[]): Identity {
  return { kind: "person", name, title: name, logins: new Map([["here", logins]]) };
}

export function service(name: string, ...logins: readonly string[]): Identity {
  return { kind: "service", name, title: name, logins: new Map([["here", logins]]) };
}

/** `table sales.orders` as a resource. */
export function thing(text: string): Resource {
  const [kind = "", name = ""] = text.split(" ");
  const shared = kind === "database" || kind === "parameter" || kind === "tablespace";
  return { kind: kind as ResourceKind, path: shared ? [name] : [DATABASE, ...name.split(".")] };
}

function membership(text: string): Membership {
  const [member = "", , role = "", ...options] = text.split(" ");
  return {
    role,
    member,
    grantor: options.find((each) => each.startsWith("by="))?.slice(3) ?? "postgres",
    admin: options.includes("admin"),
    inherit: !options.includes("noinherit"),
    set: !options.includes("noset"),
    implied: options.includes("implied"),
  };
}

function entry(grantee: string, grantor: string, privileges: readonly string[], grantable: boolean): AccessEntry {
  return {
    grantee: grantee === "public" ? PUBLIC : grantee,
    grantor,
    privileges: privileges.map((each) => each.toUpperCase()),
    grantable: grantable ? privileges.map((each) => each.toUpperCase()) : [],
  };
}

function holdings(sample: Sample): Map<ResourceKey, Holding> {
  const entries = new Map<ResourceKey, { resource: Resource; entries: AccessEntry[] }>();
  const at = (resource: Resource): AccessEntry[] => {
    const key = resourceKey(resource);
    let found = entries.get(key);
    if (found === undefined) entries.set(key, (found = { resource, entries: [] }));
    return found.entries;
  };
  const ownerOf = (resource: Resource): string => {
    const name = resource.path.slice(resource.kind === "database" ? 0 : 1).join(".");
    return sample.owners?.[`${resource.kind} ${name}`] ?? "postgres";
  };
  at({ kind: "database", path: [DATABASE] });
  for (const text of Object.keys(sample.owners ?? {})) at(thing(text));
  for (const text of sample.grants ?? []) {
    const [, what = "", on = "", to = "", option] = /^(.*) on (\S+ \S+) to (.*?)( \*)?$/.exec(text) ?? [];
    const resource = thing(on);
    for (const grantee of to.split(", ")) {
      at(resource).push(entry(grantee, ownerOf(resource), what.split(", "), option !== undefined));
    }
  }
  return new Map(
    [...entries].map(([key, { resource, entries: list }]) => {
      const security = sample.rowSecurity?.[resource.path.slice(1).join(".")];
      const owner = resource.kind === "column" ? null : ownerOf(resource);
      return [
        key,
        { resource, owner, list: accessList(list), ...(security === undefined ? {} : { rowSecurity: security }) },
      ];
    }),
  );
}
