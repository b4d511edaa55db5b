import { describe, expect, it } from "vitest";
import { cassandraContext, type CassandraWorld, node, withNodes } from "../../../test/support/check-world-cassandra.ts";
import type { EscalationPath } from "./escalation.ts";

const roles = { app: { login: true }, team: {}, boss: { superuser: true }, owner: {} };
const on = (...grants: string[]): CassandraWorld => ({ roles, members: ["app in team"], grants });

function toAll(world: CassandraWorld, name = "app"): EscalationPath | null {
  return cassandraContext(world).escalation.toSuperuser(name);
}

function toRole(world: CassandraWorld, role: string, name = "app"): EscalationPath | null {
  return cassandraContext(world).escalation.toRole(name, role);
}

describe("escalation on Cassandra", () => {
  it("is none by rights on data, and none for who has everything", () => {
    const little = on(
      "* on schema shop to app",
      "describe, drop, create on all-roles to app",
      "select on all-mbeans to app",
    );
    expect(toAll(little)).toBeNull();
    const world = on("alter on all-roles to boss");
    expect(cassandraContext(world).escalation.edges).toEqual([]);
  });

  it.each([
    ["alter", "ALTER on all roles, which sets the password of any role"],
    ["authorize", "AUTHORIZE on all roles, which grants to itself any role"],
  ])("goes by %s on all roles", (privilege, text) => {
    expect(toAll(on(`${privilege} on all-roles to app`))).toEqual({
      steps: [`\`app\` holds ${text}`],
      goal: { kind: "superuser" },
      needsVictim: false,
      confidence: "certain",
    });
  });

  it.each([
    ["alter", "ALTER on role boss, which sets the password of `boss`"],
    ["authorize", "AUTHORIZE on role boss, which grants to itself `boss`"],
  ])("goes by %s on one role, over what one is in", (privilege, text) => {
    const world = on(`${privilege} on role boss to team`);
    expect(toAll(world)?.steps).toEqual([
      "`app` has the privileges of `team`",
      `\`team\` holds ${text}`,
      "`boss` is a superuser",
    ]);
    expect(toRole(on(`${privilege} on role owner to app`), "owner")?.steps).toHaveLength(1);
    expect(toAll(on(`${privilege} on role owner to app`))).toBeNull();
    expect(toAll(on(`describe, drop on role boss to app`))).toBeNull();
    expect(toAll(on(`${privilege} on role app to app`))).toBeNull();
  });

  it("goes to every role where nobody is a superuser", () => {
    const plain = {
      ...on("alter on all-roles to app"),
      roles: { app: { login: true }, team: {}, owner: {}, cassandra: { superuser: false } },
    };
    expect(toAll(plain)).toBeNull();
    expect(cassandraContext(plain).escalation.rolesFrom("app")).toEqual(["app", "cassandra", "owner", "team"]);
  });

  it("goes by writing the tables of roles, on releases that let that through", () => {
    const world = on("modify on all-schemas to app");
    expect(toAll({ ...world, release: "5.0.2" })).toMatchObject({ confidence: "documented" });
    expect(toAll(world)).toBeNull();
    const old = withNodes(node("a"), node("b", {}, { release: "4.1.7" }));
    expect(toAll({ ...world, ...old })).not.toBeNull();
    expect(toAll({ ...on("select on all-schemas to app"), release: "5.0.2" })).toBeNull();
    expect(toAll({ ...on("modify on schema shop to app"), release: "5.0.2" })).toBeNull();
    expect(toAll({ ...on("modify on table system_auth.roles to app"), release: "5.0.2" })).not.toBeNull();
  });

  it("goes by identities, on releases that let that through", () => {
    const world = on("create on all-roles to app");
    expect(toAll({ ...world, release: "5.0.6" })).toMatchObject({ confidence: "documented" });
    expect(toAll(world)).toBeNull();
    expect(toAll({ ...on("create on all-routines to app"), release: "5.0.6" })).toBeNull();
    expect(toAll({ ...on("describe on all-roles to app"), release: "5.0.6" })).toBeNull();
  });

  it("goes by powerful MBeans, over the account that the node runs as", () => {
    expect(toAll(on("execute on all-mbeans to app"))?.steps).toEqual([
      "`app` holds EXECUTE on all MBeans, which makes a node run and write what one likes",
      "the server's own account is a superuser",
    ]);
    expect(toAll(on("modify on mbean org.apache.cassandra.db:* to app"))).toMatchObject({ confidence: "documented" });
    expect(toAll(on("execute on mbean org.apache.cassandra.metrics:* to app"))).toBeNull();
    expect(toAll(on("execute on all-routines to app", "modify on schema shop to app"))).toBeNull();
  });

  it("goes by functions only where they run, and outside of the sandbox", () => {
    const world = on("create on schema-routines shop to app");
    const both = { userFunctions: true, looseFunctions: true };
    expect(toAll({ ...world, ...withNodes(node("a", both)) })).not.toBeNull();
    expect(toAll({ ...world, ...withNodes(node("a", { userFunctions: true })) })).toBeNull();
    expect(toAll({ ...world, ...withNodes(node("a", { looseFunctions: true })) })).toBeNull();
    expect(toAll(world)).toBeNull();
    expect(toAll({ ...on("execute on all-routines to app"), ...withNodes(node("a", both)) })).toBeNull();
    expect(toAll({ ...on("create on schema shop to app"), ...withNodes(node("a", both)) })).toBeNull();
  });
});
