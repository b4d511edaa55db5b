import { describe, expect, test } from "vitest";
import { type CheckWorld, told, worldContext } from "../../../../test/support/check-world.ts";
import { mysqlContext, told as toldOnMysql } from "../../../../test/support/check-world-mysql.ts";
import { changing } from "../../../../test/support/plan-world.ts";
import type { Change } from "../../../model/change.ts";
import type { Role, RoleAttributes } from "../../../model/role.ts";
import type { Check, CheckContext } from "../check.ts";
import { runChecks } from "../run-checks.ts";
import { fewAdministrators, oneFailure, unmanageableRole } from "./administrators-left.ts";
import {
  closedDoors,
  lastAdminOfRole,
  lastProtector,
  otherAccountMatches,
  otherWayIn,
  ownAccount,
  ownRights,
  untriedSuperuser,
} from "./by-the-plan.ts";

const DBA = { login: true, superuser: true };
const OPEN = ["connect on database shop to public"];

function says(check: Check, context: CheckContext): string[] {
  return runChecks(context, [check]).findings.map((each) => `${each.danger} ${each.message}`);
}

function alter(role: string, name: string, before: boolean | number, after: boolean | number): Change {
  return { kind: "alter-role", role, attributes: [{ name, before, after }] };
}

function made(name: string, attributes: RoleAttributes = {}): Role {
  return { name, origin: "user", attributes, settings: [] };
}

describe("the state that is judged", () => {
  test("needs two administrators that can log in", () => {
    const roles = (over: RoleAttributes): CheckWorld["roles"] => ({
      postgres: { superuser: true, login: true },
      dba: over,
    });
    expect(told(fewAdministrators, { roles: roles(DBA) })).toEqual([]);
    expect(told(fewAdministrators, { roles: roles({ login: true, createrole: true }), grants: OPEN })).toEqual([]);
    expect(told(fewAdministrators, { roles: roles({ login: true }) })).toEqual([
      "medium only `postgres` can administer the server",
    ]);
    const ended = { ...DBA, valid_until: "2026-01-01T00:00:00.000000Z" };
    expect(told(fewAdministrators, { roles: roles(ended) })).toHaveLength(1);
    expect(told(fewAdministrators, { roles: { postgres: { superuser: true, login: false } } })).toEqual([
      "critical no login can administer the server",
    ]);
  });

  test("needs administrators that do not fail together", () => {
    const until = "2027-01-01T00:00:00.000000Z";
    const both = (first: string | null, second: string | null): CheckWorld => ({
      roles: { postgres: { ...DBA, valid_until: first }, dba: { ...DBA, valid_until: second } },
    });
    expect(told(oneFailure, both(until, until))).toEqual(
      ["medium all 2 administrators have an end: `dba`, `postgres`"].map((line) => line.replace("medium", "high")),
    );
    expect(told(oneFailure, both(until, null))).toEqual([]);
    expect(told(oneFailure, { roles: {} })).toEqual([]);
    expect(told(oneFailure, { roles: { postgres: { ...DBA, valid_until: until } } })).toEqual([]);
  });

  test("on MariaDB: hosts and plugins of administrators, and roles that nobody may grant", () => {
    const all = "create user on server to dba@localhost *";
    const grant = "grant option on all-schemas to dba@localhost";
    const administer = [all, grant];
    const pam = { plugin: "pam" };
    expect(toldOnMysql(oneFailure, { roles: { "dba@localhost": {} }, grants: administer })[0]).toContain(
      "can come from `localhost` alone",
    );
    const anywhere = administer.map((line) => line.replace("dba@localhost", "dba@%"));
    expect(toldOnMysql(oneFailure, { roles: { "dba@%": {} }, grants: anywhere })).toEqual([]);
    expect(toldOnMysql(oneFailure, { roles: { "root@localhost": pam, "dba@%": pam }, grants: anywhere })[0]).toContain(
      "sign in by `pam` alone",
    );
    const one = { "dba@%": pam, "root@localhost": { plugin: "mysql_native_password" } };
    expect(toldOnMysql(oneFailure, { roles: one, grants: anywhere })).toEqual([]);
    const near = administer.map((line) => line.replace("dba@localhost", "dba@10.0.0.1"));
    expect(toldOnMysql(oneFailure, { roles: { "dba@10.0.0.1": {} }, grants: near })).toEqual([]);
    const admin = { roles: { readers: {}, "app@%": {} }, members: ["root@localhost in readers admin"] };
    expect(toldOnMysql(unmanageableRole, admin)).toEqual([]);
    expect(toldOnMysql(unmanageableRole, { ...admin, members: ["app@% in readers"] })).toEqual([
      "critical nobody may grant the role `readers` any more",
    ]);
  });
});

describe("the plan that is judged", () => {
  test("does not touch its own account, nor what taking it back needs", () => {
    const own = worldContext({ roles: { dba: DBA } });
    expect(says(ownAccount, changing(own, [alter("postgres", "login", true, false)]))[0]).toContain(
      "the plan takes login from the role that it connects as",
    );
    const location = { file: "roles.yaml", line: 4, column: 3 };
    const context = changing(own, [alter("postgres", "login", true, false)]);
    const changes = context.change?.plan.changes.map((each) => ({
      ...each,
      origin: { ...each.origin, locations: [location] },
    }));
    const plan = context.change && { ...context.change.plan, changes: changes ?? [] };
    const located = { ...context, change: context.change && plan && { ...context.change, plan } };
    expect(runChecks(located, [ownAccount]).findings[0]?.location).toMatchObject(location);
    expect(runChecks(context, [ownAccount]).findings[0]).not.toHaveProperty("location");
    expect(says(ownAccount, changing(own, [alter("dba", "login", true, false)]))).toEqual([]);
    const owner: CheckWorld = { roles: { postgres: { login: true, superuser: true } }, grants: OPEN };
    const lost = changing(worldContext(owner), [alter("postgres", "superuser", true, false)], ["shop"]);
    expect(says(ownRights, lost)).toHaveLength(1);
    expect(
      says(ownRights, changing(worldContext(owner), [{ kind: "create-role", role: made("x") }], ["shop"])),
    ).toEqual([]);
  });

  test("does not shut out whoever came in by what everybody had", () => {
    const world = worldContext({ roles: { ann: { login: true } }, grants: OPEN });
    const database = { kind: "database", path: ["shop"] } as const;
    const taken: Change = {
      kind: "remove-grant",
      grantee: "",
      grantor: "postgres",
      privileges: ["CONNECT"],
      grantable: false,
      resources: [database],
    } as never;
    expect(says(closedDoors, changing(world, [taken]))).toEqual([
      "medium taking CONNECT on `shop` from PUBLIC leaves `ann` without it",
    ]);
    expect(says(closedDoors, changing(world, []))).toEqual([]);
  });

  test("leaves somebody who can manage a role", () => {
    const world: CheckWorld = {
      roles: { team: {}, ann: { login: true } },
      members: ["ann in team admin"],
      grants: OPEN,
      declared: {
        roles: new Map([["team", { name: "team", purpose: null, owner: null, reviewBy: null, because: null }]]),
      },
    };
    const context = worldContext(world);
    const [membership] = [...context.live.access.memberships.values()];
    if (membership === undefined) throw new Error("no membership");
    const without = changing(context, [{ kind: "remove-membership", membership }]);
    expect(says(lastAdminOfRole, without)[0]).toContain("can manage who is in `team` any more");
    expect(says(lastAdminOfRole, changing(context, []))).toEqual([]);
  });

  test("does not change how a login signs in without a word", () => {
    const context = worldContext({ roles: { rds_iam: {}, dba: DBA, ann: { login: true }, team: {} } });
    const add = (role: string, member: string): Change => ({
      kind: "add-membership",
      membership: { role, member, grantor: "postgres", admin: false, inherit: true, set: true, implied: false },
    });
    expect(says(otherWayIn, changing(context, [add("rds_iam", "dba")]))[0]).toContain("critical `dba` can no longer");
    expect(says(otherWayIn, changing(context, [add("rds_iam", "ann")]))[0]).toContain("medium `ann`");
    expect(says(otherWayIn, changing(context, [add("team", "dba")]))).toEqual([]);
  });

  test("on MariaDB and MySQL: moves no clients to another account unsaid", () => {
    const context = mysqlContext({ roles: { "app@%": {} } });
    const create = (name: string): Change => ({ kind: "create-role", role: made(name, { login: true }) });
    expect(says(otherAccountMatches, changing(context, [create("app@10.0.0.%")]))).toEqual([
      "high the new account `app@10.0.0.%` can take clients from `app@%`",
    ]);
    expect(says(otherAccountMatches, changing(context, [create("new@%")]))).toEqual([]);
    expect(says(otherAccountMatches, changing(mysqlContext({ roles: { app: {} } }), [create("ap@%")]))).toEqual([]);
    expect(says(otherAccountMatches, changing(mysqlContext({ roles: { "ap@%": {} } }), [create("app")]))).toEqual([]);
    const again = changing(context, [create("app@localhost"), create("app@localhost")]);
    expect(says(otherAccountMatches, again)).toHaveLength(1);
    const two = mysqlContext({ roles: { "app@%": {}, "app@localhost": {} } });
    const role = two.live.access.roles.get("app@localhost") as Role;
    expect(says(otherAccountMatches, changing(two, [{ kind: "drop-role", role }]))[0]).toContain(
      "clients fall to `app@%`",
    );
    expect(says(otherAccountMatches, changing(two, [alter("app@%", "login", true, false)]))).toEqual([]);
  });

  test("on MySQL: keeps somebody with SYSTEM_USER", () => {
    const context = mysqlContext({
      product: "mysql",
      roles: { "dba@%": {}, "ops@%": { login: false } },
      grants: [
        "usage on dynamic-privilege SYSTEM_USER to ops@%",
        "usage on dynamic-privilege SYSTEM_USER to dba@%",
        "create user on server to dba@%",
        "grant option on all-schemas to dba@%",
      ],
    });
    const holder = [...context.live.access.holdings.values()].find(
      (each) => each.resource.kind === "dynamic-privilege",
    );
    if (holder === undefined) throw new Error("nothing is held");
    const role = context.live.access.roles.get("dba@%") as Role;
    expect(says(lastProtector, changing(context, [{ kind: "drop-role", role }]))).toEqual([
      "high the plan takes SYSTEM_USER from the last login that has it",
    ]);
    expect(says(lastProtector, changing(context, []))).toEqual([]);
  });

  test("on Cassandra: the default superuser stays until another one was seen to log in", () => {
    const base = worldContext({ roles: { cassandra: DBA, admin: DBA } });
    const as = (role: string, superuser = true, from: CheckContext = base): CheckContext => ({
      ...from,
      live: {
        ...from.live,
        identity: { ...from.live.identity, engine: "cassandra" },
        actor: { ...from.live.actor, role, superuser },
      },
    });
    const ended = [alter("cassandra", "login", true, false)];
    expect(says(untriedSuperuser, changing(as("cassandra"), ended))).toHaveLength(1);
    expect(says(untriedSuperuser, changing(as("admin"), ended))).toEqual([]);
    expect(says(untriedSuperuser, changing(as("admin", false), ended))).toHaveLength(1);
    const weak = worldContext({ roles: { cassandra: { login: true, superuser: false }, admin: DBA } });
    expect(says(untriedSuperuser, changing(as("cassandra", true, weak), ended))).toEqual([]);
    expect(says(untriedSuperuser, changing(as("cassandra"), [alter("admin", "login", true, false)]))).toEqual([]);
  });
});
