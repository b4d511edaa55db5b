import { checkManifest } from "../../src/config/check.ts";
import { joinFiles } from "../../src/config/join-files.ts";
import type { LoadedManifest } from "../../src/config/load.ts";
import type { Manifest } from "../../src/config/manifest.ts";
import type { Resolution } from "../../src/config/resolution.ts";
import { resolveManifest } from "../../src/config/resolve.ts";
import { manifestSchema } from "../../src/config/schema.ts";
import { schemaFindings } from "../../src/config/schema-findings.ts";
import { parseYamlFile } from "../../src/config/yaml-file.ts";
import { diff } from "../../src/diff/diff.ts";
import { postgresStateRules } from "../../src/engine/postgresql/rules.ts";
import { accessList, type AccessEntry, type AccessList } from "../../src/model/access-list.ts";
import {
  type DefaultPrivilege,
  type DefaultPrivilegeKey,
  defaultPrivilegeKey,
  type Holding,
  type RowPolicy,
  rowPolicyKey,
} from "../../src/model/access-state.ts";
import type { CatalogEntry } from "../../src/model/catalog.ts";
import type { Change } from "../../src/model/change.ts";
import type { Finding } from "../../src/model/finding.ts";
import { describeResource, type Resource, type ResourceKey, resourceKey } from "../../src/model/resource.ts";
import { type Membership, membershipKey, PUBLIC, type Role, type RoleOrigin } from "../../src/model/role.ts";
import type { Snapshot, Unknown } from "../../src/model/snapshot.ts";
import type { StateRules } from "../../src/model/state-rules.ts";

/** One thing of a made-up server: what it is, who owns it, and its access list (left out: the server's built-in one). */
export interface Thing extends Omit<CatalogEntry, "resource"> {
  readonly resource: Resource;
  readonly owner?: string | null;
  readonly list?: readonly AccessEntry[];
}

export interface World {
  readonly major?: number;
  readonly roles?: readonly (string | (Partial<Role> & { readonly name: string }))[];
  readonly memberships?: readonly (Partial<Membership> & { readonly role: string; readonly member: string })[];
  readonly things?: readonly Thing[];
  readonly defaults?: readonly (Omit<DefaultPrivilege, "list" | "database"> & {
    readonly list: readonly AccessEntry[];
  })[];
  readonly policies?: readonly RowPolicy[];
  readonly unknowns?: readonly Unknown[];
}

const DATABASE = "shop";

/** `has("reader", "app_owner", "SELECT")`: one entry of an access list; a star after a privilege is its grant option. */
export function has(grantee: string, grantor: string, ...privileges: readonly string[]): AccessEntry {
  const plain = privileges.map((privilege) => privilege.replace("*", "")).sort();
  const grantable = privileges
    .filter((privilege) => privilege.endsWith("*"))
    .map((privilege) => privilege.slice(0, -1));
  return { grantee, grantor, privileges: plain, grantable: grantable.sort() };
}

/** `thing("table", "sales.orders", { owner: "app_owner" })`, in the database `shop`. */
export function thing(kind: Resource["kind"], name: string, more: Omit<Thing, "resource"> = {}): Thing {
  const shared = kind === "database" || kind === "tablespace" || kind === "parameter";
  const [plain = "", args] = name.split("(");
  const parts = plain.split(".");
  const path = [...(shared ? [] : [DATABASE]), ...parts, ...(args === undefined ? [] : [args.slice(0, -1)])];
  const form = kind === "table" ? ({ form: "table", columns: ["id", "name"] } as const) : {};
  return { resource: { kind, path }, ...form, ...more };
}

/** A made-up server with PostgreSQL's real rules. */
export function makeWorld(world: World): { readonly live: Snapshot; readonly rules: StateRules } {
  const major = world.major ?? 18;
  const roles = new Map<string, Role>();
  const add = (name: string, origin: RoleOrigin, more: Partial<Role> = {}): void => {
    const attributes = {
      ...BASE,
      ...(origin === "bootstrap" ? { superuser: true, login: true } : {}),
      ...more.attributes,
    };
    roles.set(name, { name, origin, settings: [], ...more, attributes });
  };
  add("postgres", "bootstrap");
  add("pg_monitor", "predefined");
  for (const role of world.roles ?? []) {
    if (typeof role === "string") add(role, "user");
    else add(role.name, role.origin ?? "user", role);
  }
  const actor = { role: "postgres", superuser: true, bootstrap: "postgres", provider: null };
  const memberships = (world.memberships ?? []).map(
    (row): Membership => ({
      grantor: "postgres",
      admin: false,
      inherit: true,
      set: true,
      implied: false,
      ...row,
    }),
  );
  const base: Snapshot = {
    identity: { engine: "postgresql", server: "1", databases: [DATABASE] },
    version: { product: "PostgreSQL", major, minor: 0, text: `${major}.0` },
    actor,
    takenAt: "2026-11-22T00:00:00Z",
    catalog: { databases: [DATABASE], entries: new Map() },
    access: {
      roles,
      memberships: new Map(memberships.map((m) => [membershipKey(m), m])),
      holdings: new Map(),
      defaultPrivileges: new Map(),
      rowPolicies: new Map(),
    },
    unknowns: world.unknowns ?? [],
    fingerprint: "sha256:0",
    limits: {},
  };
  const bare = postgresStateRules(base);
  const holdings = new Map<ResourceKey, Holding>();
  const entries = new Map<ResourceKey, CatalogEntry>();
  // Things that are given one list share its normal form, as things that are read do.
  const lists = new Map<readonly AccessEntry[], AccessList>();
  const normal = (entries: readonly AccessEntry[]): AccessList => {
    const known = lists.get(entries) ?? accessList(entries);
    lists.set(entries, known);
    return known;
  };
  const all: readonly Thing[] = [thing("database", DATABASE), ...(world.things ?? [])];
  for (const { owner = "app_owner", list, ...entry } of all) {
    const { resource } = entry;
    const key = resourceKey(resource);
    const held = list === undefined ? bare.builtinList(resource.kind, owner ?? "postgres") : normal(list);
    const ownerless = resource.kind === "column" || resource.kind === "parameter";
    if (resource.kind !== "column") entries.set(key, entry);
    holdings.set(key, { resource, owner: ownerless ? null : owner, list: held });
  }
  const defaults = (world.defaults ?? []).map((entry): [DefaultPrivilegeKey, DefaultPrivilege] => {
    const whole = { ...entry, database: DATABASE, list: accessList(entry.list) };
    return [defaultPrivilegeKey(whole), whole];
  });
  const live: Snapshot = {
    ...base,
    catalog: { databases: [DATABASE], entries },
    access: {
      ...base.access,
      holdings,
      defaultPrivileges: new Map(defaults),
      rowPolicies: new Map((world.policies ?? []).map((policy) => [rowPolicyKey(policy), policy])),
    },
  };
  return { live, rules: postgresStateRules(live) };
}

const BASE = {
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

/** Manifest text as if it had been loaded, without a file. */
export function fromText(
  text: string,
  file = "rolewright.yaml",
): Pick<LoadedManifest, "manifest" | "findings" | "locate"> {
  const source = parseYamlFile(file, text);
  const findings = [...source.findings, ...(source.value === undefined ? [] : schemaFindings(source, manifestSchema))];
  if (findings.length > 0) throw new Error(JSON.stringify(findings, null, 1));
  const joined = joinFiles([source]);
  return { manifest: joined.value as unknown as Manifest, findings, locate: joined.locate };
}

const TARGET = "targets: { prod: { engine: postgresql, url: '${URL}' } }\n";

export interface Resolved extends Resolution {
  readonly live: Snapshot;
  readonly changes: readonly Change[];
}

/** Resolves manifest text (without its first line and its target `prod`) against a made-up server, and compares. */
export function resolveText(text: string, world: World): Resolved {
  const { live, rules } = makeWorld(world);
  const resolution = resolveManifest(fromText(`version: 1\n${TARGET}${text}`), "prod", live, rules);
  const { renames, passwords } = resolution;
  return { ...resolution, live, changes: diff(live.access, resolution.desired, { rules, renames, passwords }) };
}

/** `RW201 4:7 there is no role ...`, lines counted in the text that was given to `resolveText`. */
export function findingLines(findings: readonly Finding[]): readonly string[] {
  return findings.map(
    (finding) =>
      `${finding.code} ${(finding.location?.line ?? 0) - 2}:${finding.location?.column ?? 0} ${finding.message}`,
  );
}

export function checkText(text: string): readonly Finding[] {
  return checkManifest(fromText(`version: 1\n${TARGET}${text}`));
}

/** Changes as short lines, sorted: `+ SELECT sales.orders to reader by app_owner`. */
export function changeLines(changes: readonly Change[]): readonly string[] {
  return changes.map(changeLine).toSorted();
}

function changeLine(change: Change): string {
  const who = (name: string): string => (name === PUBLIC ? "PUBLIC" : name);
  switch (change.kind) {
    case "create-role":
      return `+ role ${change.role.name}`;
    case "drop-role":
      return `- role ${change.role.name}`;
    case "rename-role":
      return `~ role ${change.from} to ${change.to}`;
    case "alter-role":
      return `~ role ${change.role} ${change.attributes.map((a) => `${a.name}=${a.after}`).join(" ")}`;
    case "set-role-setting":
      return `~ role ${change.role} set ${change.name}=${change.after}`;
    case "set-password":
      return `~ role ${change.role} password ${change.source}`;
    case "add-membership":
    case "remove-membership":
      return `${sign(change.kind)} ${change.membership.member} in ${change.membership.role}${options(change.membership)}`;
    case "alter-membership":
      return `~ ${change.after.member} in ${change.after.role}${options(change.after)}`;
    case "add-grant":
    case "remove-grant":
    case "add-grant-option":
    case "remove-grant-option": {
      const what = change.resources.map(describeResource).join(", ");
      const option = change.kind.endsWith("option") ? "option of " : "";
      return `${sign(change.kind)} ${option}${change.privileges.join(",")} ${what} to ${who(change.grantee)} by ${change.grantor}${change.grantable ? " grantable" : ""}`;
    }
    case "add-default":
    case "remove-default":
    case "add-default-option":
    case "remove-default-option": {
      const { creator, schema, kind } = change.target;
      return `${sign(change.kind)} default ${change.privileges.join(",")} ${kind} ${schema ?? "*"} of ${creator} to ${who(change.grantee)}`;
    }
    case "change-owner":
      return `~ owner ${change.resources.map(describeResource).join(", ")} ${change.from} to ${change.to}`;
    case "create-policy":
      return `+ policy ${change.policy.name}`;
    case "drop-policy":
      return `- policy ${change.policy.name}`;
    case "alter-policy":
      return `~ policy ${change.after.name}`;
    case "set-row-security":
      return `~ row security ${describeResource(change.table)}`;
  }
  return change satisfies never;
}

function sign(kind: string): string {
  return kind.startsWith("add") ? "+" : "-";
}

function options({ admin, inherit, set, grantor }: Membership): string {
  return ` admin=${admin} inherit=${inherit} set=${set} by ${grantor}`;
}
