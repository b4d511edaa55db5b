import { describe, expect, test } from "vitest";
import { thing } from "../../../../test/support/access-sample.ts";
import { type CheckWorld, runOn, told, worldContext } from "../../../../test/support/check-world.ts";
import type { DeclaredRole } from "../../../model/declared.ts";
import { resourceKey } from "../../../model/resource.ts";
import type { Role } from "../../../model/role.ts";
import type { CheckContext } from "../check.ts";
import { runChecks } from "../run-checks.ts";
import { changedInitialLists, differsBetweenTargets, notInSource, orphans } from "./files-and-servers.ts";

function declaring(...names: readonly string[]): NonNullable<CheckWorld["declared"]> {
  const role = (name: string): DeclaredRole => ({ name, purpose: null, owner: null, reviewBy: null, because: null });
  return { roles: new Map(names.map((name) => [name, role(name)])) };
}

test("roles in one of files and server are told, where the files declare any", () => {
  expect(told(notInSource, { roles: { a: {}, b: {} }, declared: declaring("a", "c") })).toEqual([
    "medium `b` is on the server and not in the manifest",
    "low `c` is in the manifest and not on the server",
  ]);
  expect(told(notInSource, { roles: { a: {} }, declared: declaring("a") })).toEqual([]);
  expect(told(notInSource, { roles: { a: {} }, declared: declaring() })).toEqual([]);
});

describe("a role on two targets", () => {
  const at = (target: string, world: Partial<CheckWorld>, environment = "production"): CheckContext => ({
    ...worldContext({ roles: { a: {}, g: {} }, declared: declaring("a"), ...world }),
    target,
    environment,
  });
  const compare = (first: CheckContext, second: CheckContext): readonly string[] =>
    runChecks({ ...first, others: [second] }, [differsBetweenTargets]).findings.map((each) => each.message);

  test("is to be the same in one environment, and is told once", () => {
    const [one, two] = [at("one", {}), at("two", { roles: { a: { login: true }, g: {} } })];
    expect(compare(one, two)).toEqual(["`a` is not the same on one and two: attributes"]);
    expect(compare(two, one)).toEqual([]);
    expect(compare(one, at("two", { members: ["a in g"] }))).toEqual([
      "`a` is not the same on one and two: memberships",
    ]);
    expect(compare(one, at("two", {}))).toEqual([]);
    expect(compare(one, at("two", { members: ["a in g"] }, "staging"))).toEqual([]);
    expect(compare(one, at("two", { roles: { g: {} } }))).toEqual([]);
    expect(compare(one, at("two", { members: ["g in b"], roles: { a: {}, b: {}, g: {} } }))).toEqual([]);
    expect(compare(one, at("two", { members: ["a in g implied"] }))).toEqual([]);
    const elsewhere = { ...two, live: { ...two.live, identity: { ...two.live.identity, engine: "mysql" as const } } };
    expect(compare(one, elsewhere)).toEqual([]);
  });
});

test("entries of roles that are gone are told with what they are on", () => {
  const world = { roles: {}, grants: ["select on table sales.a to gone", "select on table sales.b to gone, public"] };
  const [found] = runOn(orphans, world).findings;
  expect(found?.message).toBe("access lists name `gone`, and there is no such role: table sales.a and 1 more");
  expect(found?.resources).toHaveLength(2);
  expect(told(orphans, { roles: {}, grants: ["select on table sales.a to gone"] })[0]).toMatch(/: table sales\.a$/u);
  expect(told(orphans, { roles: { here: {} }, grants: ["select on table sales.a to here, public"] })).toEqual([]);
});

test("settings in databases that are gone are told", () => {
  const context = worldContext({ roles: { a: {} } });
  const setting = (database: string | null): readonly string[] => {
    const role = context.index.recorded.roles.get("a");
    if (role === undefined) throw new Error("no role");
    const roles = new Map(context.index.recorded.roles).set("a", {
      ...role,
      settings: [{ database, name: "work_mem", value: "1" }],
    });
    const recorded = { ...context.index.recorded, roles };
    return runChecks({ ...context, index: { ...context.index, recorded } }, [orphans]).findings.map(
      (each) => each.message,
    );
  };
  expect(setting("gone")).toHaveLength(1);
  const other = thing("database other");
  const entries = new Map(context.live.catalog.entries).set(resourceKey(other), { resource: other });
  for (const [name, catalog] of [
    ["other", { ...context.live.catalog, entries }],
    ["shop", { ...context.live.catalog, entries: new Map() }],
  ] as const) {
    const roles = new Map(context.index.recorded.roles);
    const role = roles.get("a") as Role;
    roles.set("a", { ...role, settings: [{ database: name, name: "work_mem", value: "1" }] });
    const index = { ...context.index, recorded: { ...context.index.recorded, roles } };
    expect(runChecks({ ...context, index, live: { ...context.live, catalog } }, [orphans]).findings).toEqual([]);
  }
  expect(setting("shop")).toEqual([]);
  expect(setting(null)).toEqual([]);
});

test("changed first lists are told by whose they are", () => {
  const changed = (extension: string | null): CheckWorld => ({
    roles: {},
    posture: { postgresql: { changedLists: [{ resource: thing("table pg_catalog.pg_stats"), extension } as never] } },
  });
  expect(told(changedInitialLists, changed(null))).toEqual([
    "low of the server the access of table pg_catalog.pg_stats was changed",
  ]);
  expect(told(changedInitialLists, { ...changed(null), declared: null })).toEqual([]);
  const many = (count: number): string => {
    const changedLists = Array.from(
      { length: count },
      () => ({ resource: thing("table pg_catalog.t"), extension: null }) as never,
    );
    return told(changedInitialLists, { roles: {}, posture: { postgresql: { changedLists } } })[0] ?? "";
  };
  expect(many(3)).not.toContain("more");
  expect(many(4)).toContain("and 1 more was changed");
  expect(told(changedInitialLists, changed("pg_cron"))[0]).toContain("extension `pg_cron`");
  expect(told(changedInitialLists, { roles: {}, posture: { postgresql: { changedLists: [] } } })).toEqual([]);
  expect(
    runOn(changedInitialLists, { roles: {}, posture: { postgresql: { changedLists: null } } }).notEvaluated,
  ).toHaveLength(1);
});
