import { expect, test } from "vitest";
import { person, thing } from "../../../test/support/access-sample.ts";
import { type CheckWorld, worldContext } from "../../../test/support/check-world.ts";
import { changing } from "../../../test/support/plan-world.ts";
import type { Change, GrantChange } from "../../model/change.ts";
import type { Identity } from "../../model/identity.ts";
import { policyValues } from "./values.ts";

const ORDERS = thing("table sales.orders");
const PARTS = thing("table sales.parts");
const WORLD: CheckWorld = {
  roles: { ann: { login: true }, two: { login: true }, team: {}, ops: { superuser: true } },
  members: ["ann in team"],
  grants: [
    "connect on database shop to public",
    "usage on schema sales to public",
    "insert on table sales.orders to postgres",
    "insert on table sales.parts to postgres",
  ],
};

function give(over: Partial<GrantChange> = {}): Change {
  return {
    kind: "add-grant",
    resourceKind: "table",
    database: "shop",
    resources: [ORDERS, PARTS],
    privileges: ["SELECT"],
    grantee: "ann",
    grantor: "postgres",
    grantable: false,
    ...over,
  };
}

const ROLES = { ...WORLD.roles, pg_monitor: {} };

type Value = Readonly<Record<string, unknown>>;

interface Seen {
  readonly plan: { readonly changes: readonly Value[] };
  readonly delta: { readonly gains: readonly Value[] };
  readonly identities: readonly Value[];
}

function seen(changes: readonly Change[], over: Partial<CheckWorld> = {}): Seen {
  const context = changing(worldContext({ ...WORLD, ...over }), changes);
  return policyValues({ context, findings: [], tests: { passed: 0, failed: 0 } }) as never;
}

test("a change is sensitive where one thing of several is", () => {
  const sensitive = (...resources: readonly (typeof ORDERS)[]): unknown =>
    seen([give()], {
      declared: { sensitive: [{ name: "x", resources, readers: new Set(), writers: new Set() }] },
    }).plan.changes[0]?.["sensitive"];
  expect([sensitive(ORDERS), sensitive(thing("table sales.other")), sensitive()]).toEqual([true, false, false]);
});

test("a change says to whom it gives, and whether that can be passed on", () => {
  const [first] = seen([give()]).plan.changes;
  expect(first).toMatchObject({ to_login: true, grantable: false, to_public: false });
  const [second] = seen([give({ grantee: "team", grantable: true })]).plan.changes;
  expect(second).toMatchObject({ to_login: false, grantable: true });
  const renamed = seen([{ kind: "rename-role", from: "team", to: "crew" }]).plan.changes;
  expect(renamed[0]).toMatchObject({ role: "crew", to_login: false, grantable: false });
  const role = { name: "new", origin: "user", attributes: { login: true, createdb: false }, settings: [] } as const;
  expect(seen([{ kind: "create-role", role }]).plan.changes[0]?.["attributes"]).toEqual(["login"]);
});

test("a plan is a reversal only where all of it is, and there is some of it", () => {
  const reverts = (...by: readonly ("declared" | "revert")[]): unknown => {
    const context = changing(
      worldContext(WORLD),
      by.map(() => give()),
    );
    const plan = context.change?.plan;
    const changes = plan?.changes.map((each, at) => ({
      ...each,
      origin: { ...each.origin, by: by[at] ?? "declared" },
    }));
    const change = context.change && { ...context.change, plan: { ...context.change.plan, changes: changes ?? [] } };
    const values = policyValues({ context: { ...context, change }, findings: [], tests: { passed: 0, failed: 0 } });
    return (values["plan"] as { reverts: boolean }).reverts;
  };
  expect([reverts("revert"), reverts("revert", "declared"), reverts()]).toEqual([true, false, false]);
});

test("a line of the access delta says what kind of access it is", () => {
  const [line] = seen([give()]).delta.gains;
  expect(line).toMatchObject({ what: "privilege", grantable: false, resource_kind: "table", after_set_role: false });
  expect(line?.["count"]).toBe(2n);
  const [passed] = seen([give({ grantable: true })]).delta.gains;
  expect(passed?.["grantable"]).toBe(true);
});

test("lines about roles and ownership name what they are about", () => {
  const membership = { grantor: "postgres", inherit: true, set: true, implied: false };
  const gains = (change: Change): readonly Value[] => seen([change], { roles: ROLES }).delta.gains;
  const into = (role: string, admin: boolean): readonly Value[] =>
    gains({ kind: "add-membership", membership: { ...membership, role, member: "two", admin } });
  expect(into("team", true)).toContainEqual(
    expect.objectContaining({ what: "admin", name: "team", resource_kind: "", count: 0n }),
  );
  expect(into("pg_monitor", false)).toContainEqual(expect.objectContaining({ what: "member", name: "pg_monitor" }));
  const given: Change = {
    kind: "change-owner",
    resourceKind: "table",
    database: "shop",
    resources: [ORDERS],
    from: "postgres",
    to: "two",
  };
  expect(gains(given)).toContainEqual(
    expect.objectContaining({ what: "ownership", name: "", resource_kind: "table", resources: ["sales.orders"] }),
  );
  expect(seen([given]).plan.changes[0]?.["role"]).toBe("two");
});

test("a finding says whether somebody accepted it", () => {
  const finding = { code: "DEF-01", severity: "warning", message: "m" } as const;
  const accepted = { owner: "ann", because: "x", until: "2027-01-01" };
  const values = policyValues({
    context: worldContext(WORLD),
    findings: [finding, { ...finding, accepted }],
    tests: { passed: 0, failed: 0 },
  });
  expect(values["findings"]).toMatchObject([{ accepted: false, family: "DEF" }, { accepted: true }]);
});

test("people are seen with what they may ask for here, and with what any of their logins can become", () => {
  const ask = (target: string | null): Identity["eligible"] => [{ role: "team", target, maxMinutes: 60 }];
  const people = (identity: Identity, members: readonly string[] = []): Value | undefined =>
    seen([], { identities: [identity], members: [...(WORLD.members ?? []), ...members] }).identities[0];
  const ann = person("ann", "ann", "two");
  expect(people({ ...ann, eligible: ask(null) ?? [] })?.["eligible"]).toEqual(["team"]);
  expect(people({ ...ann, eligible: ask("here") ?? [] })?.["eligible"]).toEqual(["team"]);
  expect(people({ ...ann, eligible: ask("there") ?? [] })?.["eligible"]).toEqual([]);
  expect(people(ann)).toMatchObject({ roles: ["team"], superuser: false, shared: false });
  expect(people({ ...ann, shared: true }, ["two in ops"])).toMatchObject({ superuser: true, shared: true });
  expect(people(person("eve", "nobody"))).toMatchObject({ roles: [], superuser: false });
});
