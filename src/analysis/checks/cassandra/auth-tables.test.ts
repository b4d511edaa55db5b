import { describe, expect, it } from "vitest";
import {
  about,
  type CassandraWorld,
  node,
  runOn,
  told,
  toldAfterFix,
  withNodes,
} from "../../../../test/support/check-world-cassandra.ts";
import { anyIdentity, liftsOwnLimits, readsHashes, writesRoles } from "./auth-tables.ts";

const roles = { app: { login: true }, boss: { superuser: true } };
const on = (release: string, ...grants: string[]): CassandraWorld => ({ release, roles, grants });

describe("CSE-04", () => {
  it.each(["5.0.2", "4.1.7", "5.0.0"])("finds MODIFY on all keyspaces on %s", (release) => {
    const world = on(release, "modify, select on all-schemas to app");
    expect(told(writesRoles, world)).toEqual([
      `critical \`app\` may make itself a superuser on ${release}: it holds MODIFY on \`all schemas\``,
    ]);
    expect(toldAfterFix(writesRoles, world)).toEqual([]);
    expect(runOn(writesRoles, world).findings[0]).toMatchObject({ over: "escalable", confidence: "documented" });
  });

  it("finds it on the keyspace of roles, on all of its tables, and on those that decide", () => {
    const place = ["schema system_auth", "schema-tables system_auth", "table system_auth.role_permissions"];
    for (const each of place) expect(about(writesRoles, on("5.0.2", `modify on ${each} to app`))).toHaveLength(1);
    expect(about(writesRoles, on("5.0.2", "modify on table system_auth.cidr_groups to app"))).toEqual([]);
    expect(
      about(writesRoles, on("5.0.2", "modify on schema shop to app", "modify on table shop.roles to app")),
    ).toEqual([]);
  });

  it.each(["5.0.3", "4.1.8", "5.1.0"])("is silent on %s, where the way is closed", (release) => {
    expect(told(writesRoles, on(release, "modify on all-schemas to app"))).toEqual([]);
  });

  it("goes by the oldest node, and is silent about reading and about superusers", () => {
    const world = on("5.0.9", "modify on all-schemas to app");
    const nodes = withNodes(node("a"), node("b", {}, { release: "5.0.2" }));
    expect(told(writesRoles, { ...world, ...nodes })).toHaveLength(1);
    expect(told(writesRoles, { ...world, ...withNodes(node("a")) })).toEqual([]);
    expect(told(writesRoles, on("5.0.2", "select on all-schemas to app", "modify on all-schemas to boss"))).toEqual([]);
  });
});

describe("CSE-05", () => {
  it("finds who reads the table of roles, on any release", () => {
    for (const place of ["schema system_auth", "schema-tables system_auth", "table system_auth.roles"]) {
      const world = on("5.0.9", `select on ${place} to app`);
      expect(told(readsHashes, world), place).toHaveLength(1);
      expect(toldAfterFix(readsHashes, world), place).toEqual([]);
      expect(runOn(readsHashes, world).findings[0]).toMatchObject({ danger: "high", confidence: "certain" });
    }
  });

  it("finds SELECT on all keyspaces where that reaches the table", () => {
    expect(told(readsHashes, on("5.0.2", "select on all-schemas to app"))).toEqual([
      "high `app` may read the hashes of all passwords: it holds SELECT on `all schemas`",
    ]);
    expect(runOn(readsHashes, on("5.0.2", "select on all-schemas to app")).findings[0]?.confidence).toBe("documented");
    expect(told(readsHashes, on("5.0.9", "select on all-schemas to app"))).toEqual([]);
  });

  it("is silent about other tables, other rights and superusers", () => {
    expect(told(readsHashes, on("5.0.9", "select on table system_auth.role_members to app"))).toEqual([]);
    expect(told(readsHashes, on("5.0.9", "select on table shop.roles to app"))).toEqual([]);
    expect(told(readsHashes, on("5.0.9", "alter on schema system_auth to app"))).toEqual([]);
    expect(told(readsHashes, on("5.0.9", "select on schema system_auth to boss"))).toEqual([]);
  });
});

describe("CSE-06", () => {
  const limited = { near: { login: true, datacenters: '["dc1"]' }, office: { login: true, cidr_groups: '["hq"]' } };

  it("finds who may lift its own limits, of either kind", () => {
    expect(told(liftsOwnLimits, { release: "5.0.2", roles: limited })).toEqual([
      "medium `near` and `office` may lift the limits of where they log in on 5.0.2",
    ]);
    expect(told(liftsOwnLimits, { release: "4.1.7", roles: { near: limited.near } })).toHaveLength(1);
  });

  it("is silent on fixed releases, about who has no limits, cannot log in, or is a superuser", () => {
    expect(told(liftsOwnLimits, { release: "5.0.3", roles: limited })).toEqual([]);
    expect(told(liftsOwnLimits, { release: "5.0.2", roles: { app: { login: true } } })).toEqual([]);
    expect(told(liftsOwnLimits, { release: "4.1.7", roles: { app: { login: true } } })).toEqual([]);
    expect(told(liftsOwnLimits, { release: "5.0.2", roles: { group: { datacenters: '["dc1"]' } } })).toEqual([]);
    const boss = { login: true, superuser: true, datacenters: '["dc1"]' };
    expect(told(liftsOwnLimits, { release: "5.0.2", roles: { boss } })).toEqual([]);
  });
});

describe("CSE-07", () => {
  it("finds CREATE on all roles before 5.0.7", () => {
    const world = on("5.0.6", "create on all-roles to app");
    expect(told(anyIdentity, world)).toEqual([
      "high `app` may add an identity to any role on 5.0.6: it holds CREATE on all roles",
    ]);
    expect(toldAfterFix(anyIdentity, world)).toEqual([]);
  });

  it("is silent later, on 4.1, which has no identities, and about other rights and superusers", () => {
    expect(told(anyIdentity, on("5.0.7", "create on all-roles to app"))).toEqual([]);
    expect(told(anyIdentity, on("4.1.0", "create on all-roles to app"))).toEqual([]);
    expect(told(anyIdentity, on("5.0.6", "describe on all-roles to app", "create on all-routines to app"))).toEqual([]);
    expect(told(anyIdentity, on("5.0.6", "create on all-roles to boss"))).toEqual([]);
  });
});
