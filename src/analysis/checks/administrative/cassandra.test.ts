import { expect, test } from "vitest";
import { service } from "../../../../test/support/access-sample.ts";
import { cassandra } from "../../../engine/cassandra/index.ts";
import { type AccessEntry, accessList } from "../../../model/access-list.ts";
import type { AccessState, Holding } from "../../../model/access-state.ts";
import type { CatalogEntry } from "../../../model/catalog.ts";
import { DEFAULT_LIMITS, type DeclaredRole, type Purpose } from "../../../model/declared.ts";
import type { Identity } from "../../../model/identity.ts";
import {
  isUnnamed,
  isShared,
  type Resource,
  type ResourceKey,
  type ResourceKind,
  resourceKey,
} from "../../../model/resource.ts";
import { membershipKey, type RoleAttributes } from "../../../model/role.ts";
import type { Snapshot } from "../../../model/snapshot.ts";
import { buildAccessIndex } from "../../access-index.ts";
import type { Check } from "../check.ts";
import { checkContext } from "../context.ts";
import { memberTables } from "../inheritance/member-tables.ts";
import { redundantGrants } from "../inheritance/redundant-grants.ts";
import { selfService } from "../inheritance/self-service.ts";
import { blanketGrants } from "../least-privilege/blanket.ts";
import { unusedOptions } from "../least-privilege/unused-options.ts";
import { type CheckRun, runChecks } from "../run-checks.ts";
import { defaultSuperuser, inheritedSuperuser } from "./default-superuser.ts";
import { applicationsEverywhere } from "./everywhere.ts";
import { administrativeMachines } from "./machines.ts";
import { destroyers } from "./owners.ts";

/** A ring in a few words. */
interface Ring {
  readonly roles: Readonly<Record<string, RoleAttributes>>;
  readonly members?: readonly string[];
  /** `select on table shop.a to reader`. */
  readonly grants?: readonly string[];
  readonly identities?: readonly Identity[];
  readonly purposes?: Readonly<Record<string, Purpose>>;
  readonly needs?: readonly string[];
  readonly environment?: string;
}

const DATABASE = "cluster";

function thing(text: string): Resource {
  const [word = "", name = ""] = text.split(" ");
  const kind = word as ResourceKind;
  if (isUnnamed(kind)) return { kind, path: [] };
  return { kind, path: isShared(kind) ? [name] : [DATABASE, ...name.split(".")] };
}

function run(check: Check, ring: Ring): CheckRun {
  const held = new Map<ResourceKey, { resource: Resource; entries: AccessEntry[] }>();
  const at = (text: string): AccessEntry[] => {
    const resource = thing(text);
    const key = resourceKey(resource);
    const known = held.get(key) ?? { resource, entries: [] };
    held.set(key, known);
    return known.entries;
  };
  for (const each of ["schema shop", "table shop.a", "table shop.b"]) at(each);
  for (const name of Object.keys(ring.roles)) at(`role ${name}`);
  for (const text of ring.grants ?? []) {
    const [, what = "", on = "", to = ""] = /^(.*) on (.*) to (.*)$/u.exec(text) ?? [];
    const privileges = what
      .split(", ")
      .map((each) => each.toUpperCase())
      .sort();
    at(on).push({ grantee: to, grantor: "", privileges, grantable: [] });
  }
  const memberships = (ring.members ?? []).map((text) => {
    const [member = "", , role = ""] = text.split(" ");
    return { role, member, grantor: "", admin: false, inherit: true, set: false, implied: false };
  });
  const roles = Object.entries(ring.roles).map(([name, own]) => {
    const attributes = {
      login: false,
      superuser: false,
      datacenters: null,
      cidr_groups: null,
      identities: "[]",
      ...own,
    };
    return {
      name,
      origin: name === "cassandra" ? ("bootstrap" as const) : ("user" as const),
      attributes,
      settings: [],
    };
  });
  const holdings = [...held].map(([key, { resource, entries }]): [ResourceKey, Holding] => [
    key,
    { resource, owner: null, list: accessList(entries) },
  ]);
  const access: AccessState = {
    roles: new Map(roles.map((each) => [each.name, each])),
    memberships: new Map(memberships.map((each) => [membershipKey(each), each])),
    holdings: new Map(holdings),
    defaultPrivileges: new Map(),
    rowPolicies: new Map(),
  };
  const live: Snapshot = {
    identity: { engine: "cassandra", server: "1", databases: [DATABASE] },
    version: { product: "Cassandra", major: 5, minor: 0, text: "5.0.6" },
    actor: { role: "dba", superuser: true, bootstrap: "cassandra", provider: null },
    takenAt: "2026-11-22T09:00:00Z",
    catalog: {
      databases: [DATABASE],
      entries: new Map([...held].map(([key, { resource }]): [ResourceKey, CatalogEntry] => [key, { resource }])),
    },
    access,
    unknowns: [],
    fingerprint: "sha256:0",
    limits: {},
  };
  const dialect = cassandra.dialect(live);
  const declaredRoles = Object.entries(ring.purposes ?? {}).map(([name, purpose]): [string, DeclaredRole] => [
    name,
    { name, purpose, owner: null, reviewBy: null, because: null },
  ]);
  const tests = (ring.needs ?? []).map((text) => {
    const [, privilege = "", on = "", as = ""] = /^(.*) on (.*) by (.*)$/u.exec(text) ?? [];
    return {
      as,
      logins: [as],
      must: "allow" as const,
      privilege: privilege.toUpperCase(),
      resources: [thing(on)],
      over: "effective" as const,
      because: null,
    };
  });
  const declared = {
    roles: new Map(declaredRoles),
    identities: ring.identities ?? [],
    sensitive: [],
    duties: new Map(),
    separation: [],
    approvers: [],
    targets: ["here"],
    tests,
    limits: DEFAULT_LIMITS,
    severities: [],
    acceptances: [],
    policies: [],
    packs: [],
  };
  const index = buildAccessIndex(access, live.catalog, dialect.accessRules);
  const environment = ring.environment ?? "test";
  return runChecks(checkContext({ target: "here", environment, now: live.takenAt, index, live, dialect, declared }), [
    check,
  ]);
}

const told = (check: Check, ring: Ring): string[] =>
  run(check, ring).findings.map((each) => `${each.danger} ${each.message}`);
const LOGIN = { login: true };
const APP = [service("shop", "app")];

test("the first superuser is found as long as it can log in or do everything", () => {
  const ring = (own: RoleAttributes): Ring => ({ roles: { cassandra: own, dba: { login: true, superuser: true } } });
  expect(told(defaultSuperuser, ring({ login: true, superuser: true }))).toEqual([
    "critical the default role `cassandra` can log in and is a superuser",
  ]);
  expect(run(defaultSuperuser, ring({ login: true })).findings[0]?.mend.changes).toEqual([
    { kind: "alter-role", role: "cassandra", attributes: [{ name: "login", before: true, after: false }] },
  ]);
  expect(told(defaultSuperuser, ring({ superuser: true }))).toHaveLength(1);
  expect(told(defaultSuperuser, ring({}))).toEqual([]);
  expect(told(defaultSuperuser, { roles: { dba: { login: true, superuser: true } } })).toEqual([]);
});

test("a superuser by membership is found with the way, and one by its own attribute is not", () => {
  const roles = { ann: LOGIN, mid: {}, dba: { superuser: true }, own: { login: true, superuser: true } };
  const ring: Ring = { roles, members: ["ann in mid", "mid in dba", "own in dba"] };
  expect(told(inheritedSuperuser, ring)).toEqual(["critical `ann` is a superuser by being in `dba`"]);
  expect(run(inheritedSuperuser, ring).findings[0]?.path).toEqual([
    "`ann` has the privileges of `mid`",
    "`mid` has the privileges of `dba`",
    "`dba` is a superuser",
  ]);
  const two = run(inheritedSuperuser, {
    roles: { ...roles, bob: LOGIN },
    members: [...(ring.members ?? []), "bob in dba"],
  });
  expect(two.findings[0]?.message).toBe("`ann` and `bob` are superusers by being in `dba`");
  // Only who is in it directly can leave it.
  expect(two.findings[0]?.mend.manifest).toEqual(["roles:", "  bob:", "    not_member_of: [dba]"]);
  expect(told(inheritedSuperuser, { roles, members: ["own in dba"] })).toEqual([]);
  expect(told(inheritedSuperuser, { roles: { ...roles, dba: {} }, members: ring.members ?? [] })).toEqual([]);
});

test("a program that inherits superuser is found, and it is not by SET ROLE", () => {
  const ring: Ring = { roles: { app: LOGIN, dba: { superuser: true } }, members: ["app in dba"], identities: APP };
  expect(told(administrativeMachines, ring)).toEqual(["high the service login `app` holds superuser through `dba`"]);
  expect(run(administrativeMachines, ring).findings[0]?.over).toBe("effective");
  expect(told(administrativeMachines, { ...ring, roles: { ...ring.roles, boss: { superuser: true } } })).toEqual([
    "high the service login `app` holds superuser through `dba`",
  ]);
  expect(
    told(administrativeMachines, {
      roles: { app: { login: true, superuser: true } },
      identities: APP,
      grants: ["alter on all-roles to app"],
    }),
  ).toEqual(["high the service login `app` holds superuser"]);
  expect(
    told(administrativeMachines, {
      roles: { app: LOGIN },
      identities: APP,
      grants: ["alter, authorize, describe on all-roles to app"],
    }),
  ).toEqual(["high the service login `app` holds alter"]);
});

test("an application's rights on all keyspaces are found where they come from", () => {
  const ring: Ring = {
    roles: { app: LOGIN, rw: {} },
    members: ["app in rw"],
    grants: ["select, modify on all-schemas to rw"],
    identities: APP,
  };
  expect(told(applicationsEverywhere, ring)).toEqual([
    "critical `rw` holds modify, select on all keyspaces, which gives it to `app`",
  ]);
  const quiet = (more: Partial<Ring>) => expect(told(applicationsEverywhere, { ...ring, ...more })).toEqual([]);
  quiet({ grants: ["select on schema shop to rw"] });
  quiet({ grants: ["authorize on all-schemas to rw"] });
  quiet({ members: [] });
  quiet({ identities: [] });
  quiet({ purposes: { app: "migration" } });
  quiet({ purposes: { rw: "admin" } });
  quiet({ purposes: { rw: "admin", app: "application" } });
  quiet({ purposes: { app: "admin" } });
  quiet({
    roles: { app: LOGIN, cassandra: {} },
    members: ["app in cassandra"],
    grants: ["select on all-schemas to cassandra"],
  });
  expect(told(applicationsEverywhere, { ...ring, members: [], grants: ["select on all-schemas to app"] })).toEqual([
    "critical `app` holds select on all keyspaces",
  ]);
  quiet({ roles: { app: { login: true, superuser: true }, rw: {} } });
});

test("dropping and altering destroy; writing rows does not count, since nothing narrower writes", () => {
  const ring: Ring = {
    roles: { app: LOGIN },
    environment: "production",
    identities: APP,
    grants: ["drop, modify, select on schema shop to app", "alter on role app to app"],
  };
  expect(told(destroyers, ring)).toEqual(["critical `app` holds drop on `schema shop`"]);
});

test("a right on a keyspace makes the same on its table redundant", () => {
  const roles = { reader: {}, other: {} };
  expect(
    told(redundantGrants, {
      roles,
      grants: ["select on schema shop to reader", "select, modify on table shop.a to reader"],
    }),
  ).toEqual(["low `reader` was granted select on `table shop.a`, and has it on `schema shop` too"]);
  expect(
    told(redundantGrants, { roles, grants: ["select on schema shop to other", "select on table shop.a to reader"] }),
  ).toEqual([]);
  expect(
    told(redundantGrants, { roles, grants: ["select on all-schemas to reader", "select on schema shop to reader"] }),
  ).toHaveLength(1);
  expect(
    told(redundantGrants, { roles, grants: ["modify on schema shop to reader", "select on table shop.a to reader"] }),
  ).toEqual([]);
});

test("a grant on a keyspace is a blanket where tests need one table", () => {
  const ring: Ring = {
    roles: { app: LOGIN, rw: {} },
    members: ["app in rw"],
    grants: ["select on schema shop to rw"],
    needs: ["select on table shop.a by app"],
  };
  expect(told(blanketGrants, ring)).toEqual([
    "medium `app` holds select on `schema shop` by way of `rw`; its tests need it on `table shop.a` alone",
  ]);
  expect(told(blanketGrants, { ...ring, grants: ["select on table shop.a to rw"] })).toEqual([]);
});

test("AUTHORIZE on a role that one is in is self-service, and whether it is used is not known", () => {
  const ring: Ring = {
    roles: { ann: LOGIN, pay: {} },
    members: ["ann in pay"],
    grants: ["authorize on role pay to ann"],
  };
  expect(told(selfService, ring)).toEqual(["high `ann` is in `pay`, and may put others into it"]);
  expect(told(selfService, { ...ring, members: [] })).toEqual([]);
  expect(told(selfService, { ...ring, grants: ["alter on role pay to ann"] })).toEqual([]);
  expect(run(unusedOptions, ring)).toMatchObject({
    findings: [],
    passed: [],
    notEvaluated: [{ reason: "whether `ann` ever passed anything on: grants do not say who made them" }],
  });
  expect(run(unusedOptions, { ...ring, grants: ["select on table shop.a to ann"] }).passed).toEqual(["LPV-10"]);
});

test("what was not read of the tables of members is no pass", () => {
  expect(run(memberTables, { roles: {} })).toMatchObject({
    findings: [],
    passed: [],
    notEvaluated: [{ check: "INH-08" }],
  });
});
