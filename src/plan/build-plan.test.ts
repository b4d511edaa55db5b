import { describe, expect, test } from "vitest";
import { diff } from "../diff/diff.ts";
import { postgresDialect } from "../engine/postgresql/dialect.ts";
import { accessList, type AccessEntry } from "../model/access-list.ts";
import type { AccessState, Holding } from "../model/access-state.ts";
import type { Change, GrantChange } from "../model/change.ts";
import { fingerprint } from "../model/fingerprint.ts";
import { resourceKey, type Resource } from "../model/resource.ts";
import type { Membership, Role } from "../model/role.ts";
import { membershipKey } from "../model/role.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { derivePlan, type DerivedPlan } from "./build-plan.ts";
import { digestOf } from "./digest.ts";
import { readPlan, writePlan } from "./plan-json.ts";
import type { Plan } from "./plan.ts";
import { rederive } from "./rederive.ts";
import { remainingOf } from "./remaining.ts";

const ATTRIBUTES = {
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

function role(name: string, attributes: Record<string, boolean> = {}): Role {
  return { name, origin: "user", attributes: { ...ATTRIBUTES, ...attributes }, settings: [] };
}

function holding(resource: Resource, entries: readonly AccessEntry[] = []): Holding {
  return { resource, owner: "owner", list: accessList(entries) };
}

const orders = (database: string): Resource => ({ kind: "table", path: [database, "sales", "orders"] });
const DATABASES = ["billing", "shop"];

function snapshot(over: Partial<AccessState> = {}, databases: readonly string[] = DATABASES): Snapshot {
  const roles = [role("owner"), role("reader"), role("clerk", { login: true }), role("postgres", { superuser: true })];
  const holdings = databases.flatMap((name) => [
    holding({ kind: "database", path: [name] }),
    holding({ kind: "schema", path: [name, "sales"] }),
    holding(orders(name)),
  ]);
  const access: AccessState = {
    roles: new Map(roles.map((one) => [one.name, one])),
    memberships: new Map(),
    holdings: new Map(holdings.map((one) => [resourceKey(one.resource), one])),
    defaultPrivileges: new Map(),
    rowPolicies: new Map(),
    ...over,
  };
  return {
    identity: { engine: "postgresql", server: "1", databases },
    version: { product: "PostgreSQL", major: 18, minor: 4, text: "18.4" },
    actor: { role: "postgres", superuser: true, bootstrap: "postgres", provider: null },
    takenAt: "2026-01-01T00:00:00Z",
    catalog: {
      databases,
      entries: new Map(holdings.map((one) => [resourceKey(one.resource), { resource: one.resource }])),
    },
    access,
    unknowns: [],
    fingerprint: fingerprint(access),
    limits: { max_locks: 6400 },
  };
}

function plan(live: Snapshot, changes: readonly Change[], allowRemovals?: number): DerivedPlan {
  return derivePlan({
    target: "shop-prod",
    environment: "production",
    snapshot: live,
    dialect: postgresDialect(live),
    changes: changes.map((change) => ({ change, origin: { locations: [], by: "declared" } })),
    manifestDigest: null,
    tool: "0.1.0",
    ...(allowRemovals === undefined ? {} : { allowRemovals }),
  });
}

function grant(resource: Resource, grantee = "reader", kind: GrantChange["kind"] = "add-grant"): GrantChange {
  const database = resource.kind === "database" ? null : (resource.path[0] ?? null);
  const privileges = resource.kind === "database" ? ["CONNECT"] : ["SELECT"];
  const [grantor, grantable] = ["owner", false];
  return {
    kind,
    resourceKind: resource.kind,
    database,
    resources: [resource],
    privileges,
    grantee,
    grantor,
    grantable,
  };
}

const outline = (value: Plan): string[] =>
  value.stages.map((s) => `${s.name} ${s.database}: ${s.statements.map((t) => t.text.split(" ")[0]).join(" ")}`);

describe("stages", () => {
  test("one database without heavy locks is a single stage", () => {
    const { plan: value } = plan(snapshot(), [grant(orders("shop")), { kind: "create-role", role: role("new") }]);
    expect(outline(value)).toEqual(["all shop: create grant"]);
  });

  test("several databases get additions first, everywhere, and removals last", () => {
    const held = holding(orders("shop"), [
      { grantee: "clerk", grantor: "owner", privileges: ["SELECT"], grantable: [] },
    ]);
    const live = snapshot();
    const access = { ...live.access, holdings: new Map([...live.access.holdings, [resourceKey(held.resource), held]]) };
    const { plan: value, states } = plan({ ...live, access, fingerprint: fingerprint(access) }, [
      grant(orders("shop")),
      grant(orders("billing")),
      grant(orders("shop"), "clerk", "remove-grant"),
      grant({ kind: "database", path: ["shop"] }),
    ]);
    expect(outline(value)).toEqual([
      "prepare billing: grant",
      "add billing: grant",
      "add shop: grant",
      "remove shop: revoke",
    ]);
    expect(states.map(fingerprint).at(-1)).toBe(value.fingerprint.after);
    expect(states).toHaveLength(value.stages.length + 1);
  });

  test("a table that changes hands is alone in its transaction, together with its grants", () => {
    const tables = ["a", "b"].map((name): Resource => ({ kind: "table", path: ["shop", "sales", name] }));
    const live = snapshot();
    const more = tables.map((table) => [resourceKey(table), holding(table)] as const);
    const access = { ...live.access, holdings: new Map([...live.access.holdings, ...more]) };
    const { plan: value } = plan({ ...live, access, fingerprint: fingerprint(access) }, [
      { kind: "change-owner", resourceKind: "table", database: "shop", resources: tables, from: "owner", to: "clerk" },
      { ...grant(orders("shop")), resources: tables, grantor: "clerk" },
      grant(orders("shop")),
    ]);
    expect(outline(value)).toEqual(["add shop: grant", "heavy shop: alter grant", "heavy shop: alter grant"]);
    expect(value.stages[1]?.statements[0]?.heavy).toContain("ACCESS EXCLUSIVE on sales.a");
  });

  test("a login that is created in several stages is opened in the last one", () => {
    const { plan: value } = plan(snapshot(), [
      { kind: "create-role", role: role("app", { login: true }) },
      grant(orders("shop"), "app"),
      grant(orders("billing"), "app"),
    ]);
    expect(value.stages[0]?.statements[0]?.text).toBe('create role "app"');
    expect(value.stages.at(-1)?.statements.map((s) => s.text)).toEqual(['alter role "app" login']);
  });

  test("every change is carried out wholly within one stage", () => {
    const { plan: value } = plan(snapshot(), [
      { kind: "create-role", role: role("app", { login: true }) },
      grant(orders("shop"), "app"),
      grant(orders("billing"), "app"),
    ]);
    const homes = value.stages.flatMap((stage, at) => stage.statements.flatMap((s) => s.changes.map((c) => [c, at])));
    expect(new Set(homes.map((home) => home.join())).size).toBe(value.changes.length);
  });

  test("a membership that is turned around over several stages is taken before it is given", () => {
    const row = (of: string, member: string): Membership => ({
      role: of,
      member,
      grantor: "postgres",
      admin: false,
      inherit: true,
      set: true,
      implied: false,
    });
    const old = row("reader", "clerk");
    const live = snapshot({ memberships: new Map([[membershipKey(old), old]]) });
    const { plan: value } = plan(live, [
      { kind: "remove-membership", membership: old },
      { kind: "add-membership", membership: row("clerk", "reader") },
      grant(orders("shop")),
      grant(orders("billing")),
    ]);
    expect(outline(value)[0]).toBe("prepare billing: revoke grant");
  });
});

describe("a plan file", () => {
  const { plan: value } = plan(snapshot(), [
    grant(orders("shop")),
    { kind: "create-role", role: role("app", { login: true }) },
    { kind: "set-password", role: "app", source: "env:APP_PASSWORD" },
  ]);
  const text = writePlan(value);

  test("is read back as it was written, and never holds a secret", () => {
    expect(readPlan(text)).toEqual(value);
    expect(value.stages[0]?.statements.at(1)).toMatchObject({
      text: 'alter role "app" password $secret',
      secret: "env:APP_PASSWORD",
    });
  });

  test("that was edited is refused, whatever was edited", () => {
    const edited = text.replace('\\"reader\\"', '\\"clerk\\"');
    expect(edited).not.toBe(text);
    expect(() => readPlan(edited)).toThrow(expect.objectContaining({ code: "RW302" }));
    expect(() => readPlan(text.replace("shop-prod", "shop-test"))).toThrow(expect.objectContaining({ code: "RW302" }));
  });

  test("of a newer format, of another shape, or cut off is refused by name", () => {
    expect(() => readPlan(text.replace('"1.0"', '"1.1"'))).toThrow(expect.objectContaining({ code: "RW303" }));
    expect(() => readPlan(text.slice(0, text.length / 2))).toThrow(expect.objectContaining({ code: "RW301" }));
    expect(() => readPlan("[]")).toThrow(expect.objectContaining({ code: "RW301" }));
    const odd = JSON.stringify({ ...value, surprise: true });
    expect(() => readPlan(odd)).toThrow(expect.objectContaining({ code: "RW301" }));
  });

  test("with other statements but the right digest is not what its changes mean", () => {
    const live = snapshot();
    const stages = value.stages.map((stage) => ({ ...stage, statements: stage.statements.slice(1) }));
    const forged = { ...value, stages };
    const plausible = { ...forged, digest: digestOf(forged) };
    expect(readPlan(writePlan(plausible))).toEqual(plausible);
    expect(rederive(value, live, postgresDialect(live)).plan.digest).toBe(value.digest);
    expect(rederive(plausible, live, postgresDialect(live)).plan.digest).not.toBe(plausible.digest);
  });
});

describe("findings", () => {
  const wide = Array.from({ length: 11 }, (_, i): Resource => ({ kind: "table", path: ["shop", "sales", `t${i}`] }));
  const held = wide.map((table) => {
    const entry = { grantee: "reader", grantor: "owner", privileges: ["SELECT"], grantable: [] };
    return [resourceKey(table), holding(table, [entry])] as const;
  });
  const live = snapshot({ holdings: new Map([...snapshot().access.holdings, ...held]) });
  const remove = (count: number): Change => ({
    ...grant(orders("shop")),
    kind: "remove-grant",
    resources: wide.slice(0, count),
  });

  test("more removals than the budget refuse the plan until their number is allowed", () => {
    expect(plan(live, [remove(10)]).plan.findings).toEqual([]);
    expect(plan(live, [remove(11)]).plan.findings).toMatchObject([{ code: "RW330", severity: "error" }]);
    const allowed = plan(live, [remove(11)], 11).plan;
    expect(allowed.findings).toEqual([]);
    expect(allowed.budget).toMatchObject({ removals: 11, allowed_removals: 11 });
    expect(rederive(allowed, live, postgresDialect(live)).plan.digest).toBe(allowed.digest);
  });

  test("a grant whose grant option is taken from under it is found", () => {
    const entries = [
      { grantee: "reader", grantor: "owner", privileges: ["SELECT"], grantable: ["SELECT"] },
      { grantee: "clerk", grantor: "reader", privileges: ["SELECT"], grantable: [] },
    ];
    const one = holding(orders("shop"), entries);
    const state = snapshot({ holdings: new Map([...snapshot().access.holdings, [resourceKey(one.resource), one]]) });
    const change: Change = { ...grant(orders("shop")), kind: "remove-grant", grantable: true };
    expect(plan(state, [change]).plan.findings).toMatchObject([{ code: "RW314", severity: "error" }]);
  });

  test("a role that owns something cannot be dropped, and the finding says what", () => {
    const base = snapshot();
    const roles = new Map([...base.access.roles].filter(([name]) => name !== "owner"));
    const changes = diff(base.access, { ...base.access, roles }, { rules: postgresDialect(base).rules });
    const { findings } = plan(base, changes).plan;
    expect(findings).toMatchObject([{ code: "RW313", message: expect.stringContaining("it owns billing") }]);
  });
});

test("what is left of changes is found tuple by tuple", () => {
  const live = snapshot();
  const { rules } = postgresDialect(live);
  const applied = derivePlan({
    target: "t",
    environment: "e",
    snapshot: live,
    dialect: postgresDialect(live),
    changes: [{ change: grant(orders("shop")), origin: { locations: [], by: "declared" } }],
    manifestDigest: null,
    tool: "0.1.0",
  });
  const after = applied.states.at(-1) ?? live.access;
  const changes = [grant(orders("shop")), grant(orders("billing"))];
  expect(remainingOf(changes, after, rules)).toEqual({
    open: [grant(orders("billing"))],
    of: [1],
    done: 1,
    changed: [],
  });
  const option = { ...grant(orders("shop")), kind: "add-grant-option" as const, grantable: true };
  expect(remainingOf([option], live.access, rules).changed).toEqual([
    "SELECT on sales.orders of `reader` from `owner`",
  ]);
});
