import { describe, expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import { thing } from "../../../../test/support/access-sample.ts";
import type { RowPolicy } from "../../../model/access-state.ts";
import type { CatalogEntry } from "../../../model/catalog.ts";
import { resourceKey } from "../../../model/resource.ts";
import { openPolicies } from "./open-policies.ts";
import { viewsPastPolicies } from "./views-past-policies.ts";

const roles = {
  ann: { login: true },
  plain: {},
  seer: { bypassrls: true },
  owner: {},
  app: { login: true },
  boss: { superuser: true },
};
const ON = { enabled: true, forced: false };
const FORCED = { enabled: true, forced: true };

function marked(name: string, facts: Partial<CatalogEntry>): NonNullable<CheckWorld["catalog"]> {
  const resource = thing(name);
  return (catalog) => ({
    ...catalog,
    entries: new Map(catalog.entries).set(resourceKey(resource), { resource, ...facts }),
  });
}

describe("PGE-17", () => {
  const view = thing("table app.v");
  const outer = thing("table app.outer");
  const table = thing("table app.t");

  function world(viewOwner: string, changed: Partial<CheckWorld> = {}): CheckWorld {
    return {
      roles,
      owners: { "table app.t": "owner", "table app.v": viewOwner },
      grants: ["select on table app.v to ann"],
      rowSecurity: { "app.t": ON },
      posture: { postgresql: { views: [{ view, reads: [table] }] } },
      ...changed,
    };
  }

  test("finds views whose owner the policies do not apply to", () => {
    expect(told(viewsPastPolicies, world("boss"))).toEqual([
      "high `table app.v` shows `ann` all rows of `table app.t`, whose policies do not apply to its owner `boss`",
    ]);
    expect(told(viewsPastPolicies, world("seer"))).toHaveLength(1);
    expect(told(viewsPastPolicies, world("boss", { rowSecurity: { "app.t": FORCED } }))).toHaveLength(1);
    expect(told(viewsPastPolicies, world("owner"))).toHaveLength(1);
    expect(told(viewsPastPolicies, world("plain", { members: ["plain in owner"] }))).toHaveLength(1);
    expect(told(viewsPastPolicies, world("boss", { grants: ["select on table app.v to public"] }))[0]).toContain(
      "everybody",
    );
  });

  test("is mended by security_invoker from 15 on", () => {
    const sql = (major: number): readonly string[] | undefined =>
      runOn(viewsPastPolicies, world("boss", { major })).findings[0]?.mend.sql;
    expect(sql(15)).toEqual(['alter view "app"."v" set (security_invoker = true)']);
    expect(sql(14)).toBeUndefined();
    expect(
      told(viewsPastPolicies, world("boss", { catalog: marked("table app.v", { securityInvoker: true }) })),
    ).toEqual([]);
  });

  test("is silent where the policies apply, where there are none, and where nobody else reads", () => {
    const quiet = (each: CheckWorld): void => expect(told(viewsPastPolicies, each)).toEqual([]);
    quiet(world("plain"));
    quiet(world("owner", { rowSecurity: { "app.t": FORCED } }));
    quiet(world("boss", { rowSecurity: {} }));
    quiet(world("boss", { rowSecurity: { "app.t": { enabled: false, forced: true } } }));
    const other = { owners: { "table app.t": "owner", "table app.v": "boss", "table app.other": "owner" } };
    quiet(world("boss", { ...other, rowSecurity: { "app.other": ON } }));
    quiet(world("boss", { ...other, rowSecurity: { "app.other": ON, "app.t": { enabled: false, forced: true } } }));
    quiet(world("boss", { grants: ["insert on table app.v to ann", "select on table app.t to ann"] }));
    quiet(world("boss", { catalog: marked("table app.v", { form: "materialized-view" }) }));
  });

  test("looks through views into views: each reads as its own owner, an invoker's as the one outside", () => {
    const nested = (outerOwner: string, innerOwner: string, changed: Partial<CheckWorld> = {}): string[] =>
      told(viewsPastPolicies, {
        ...world(innerOwner),
        owners: { "table app.t": "owner", "table app.v": innerOwner, "table app.outer": outerOwner },
        grants: ["select on table app.outer to ann"],
        posture: {
          postgresql: {
            views: [
              { view: outer, reads: [view] },
              { view, reads: [table] },
            ],
          },
        },
        ...changed,
      });
    expect(nested("plain", "boss")).toHaveLength(1);
    expect(nested("boss", "plain")).toEqual([]);
    const invoker = { catalog: marked("table app.v", { securityInvoker: true }) };
    expect(nested("boss", "plain", invoker)).toHaveLength(1);
    expect(nested("plain", "boss", invoker)).toEqual([]);
    expect(nested("plain", "boss", { catalog: marked("table app.v", { form: "materialized-view" }) })).toEqual([]);
  });

  test("ends where views read each other", () => {
    const circle = [
      { view: outer, reads: [view] },
      { view, reads: [outer, table] },
    ];
    const found = runOn(viewsPastPolicies, world("boss", { posture: { postgresql: { views: circle } } }));
    expect(found.findings.map((each) => each.resources)).toEqual([[view, table]]);
  });

  test("is not evaluated without views", () => {
    expect(runOn(viewsPastPolicies, { roles, posture: { postgresql: {} } }).notEvaluated).toHaveLength(1);
  });
});

describe("PGE-18", () => {
  const policy = (changed: Partial<RowPolicy> = {}): RowPolicy => ({
    table: thing("table app.t"),
    name: "p",
    command: "ALL",
    permissive: true,
    roles: ["ann"],
    using: "(id = 1)",
    check: null,
    ...changed,
  });
  const world = (policies: readonly RowPolicy[], changed: Partial<CheckWorld> = {}): CheckWorld => ({
    roles,
    owners: { "table app.t": "owner" },
    policies,
    rowSecurity: { "app.t": ON },
    ...changed,
  });
  const found = (...policies: RowPolicy[]): string[] => told(openPolicies, world(policies));

  test("a policy with a condition for named roles is as it should be", () => {
    expect(found(policy())).toEqual([]);
    expect(told(openPolicies, world([], { rowSecurity: {} }))).toEqual([]);
    expect(told(openPolicies, world([policy({ using: "true" })], { rowSecurity: {} }))).toEqual([]);
  });

  test("finds tables without a policy, together in one schema", () => {
    const two = {
      owners: { "table app.t": "owner", "table app.u": "owner" },
      rowSecurity: { "app.t": ON, "app.u": ON },
    };
    expect(told(openPolicies, world([], two))).toEqual([
      "medium row security is on for 2 tables in schema `app`, and no policy lets anybody see a row",
    ]);
  });

  test("finds conditions that are always true, but not in what restricts", () => {
    expect(found(policy({ using: "true" }))).toEqual([
      "medium the policy `p` lets `ann` have every row of `table app.t`",
    ]);
    expect(found(policy({ using: "true", check: "(true)" }))).toHaveLength(1);
    expect(found(policy({ command: "INSERT", using: null, check: "true" }))).toHaveLength(1);
    expect(found(policy({ command: "INSERT", using: null, check: "(id = 1)" }))).toEqual([]);
    expect(found(policy({ using: "true", check: "(id = 1)" }))).toEqual([]);
    expect(found(policy({ command: "INSERT", using: null, check: null }))).toEqual([]);
    expect(found(policy({ command: "UPDATE", using: null, check: "true" }))).toEqual([]);
    expect(found(policy(), policy({ name: "r", permissive: false, using: "true" }))).toEqual([]);
  });

  test("finds policies for everybody, unless they restrict", () => {
    expect(found(policy({ roles: [""] }))).toEqual([
      "low the policy `p` of `table app.t` is for everybody, also for roles that are made later",
    ]);
    expect(found(policy(), policy({ name: "r", permissive: false, roles: [""] }))).toEqual([]);
  });

  test("finds owners that somebody logs in as, unless it is forced", () => {
    const owned = (owner: string, changed: Partial<CheckWorld> = {}): string[] =>
      told(openPolicies, world([policy()], { owners: { "table app.t": owner }, ...changed }));
    expect(owned("app")).toEqual(["medium no policy of `table app.t` applies to `app`, acting as the owner `app`"]);
    expect(owned("owner", { members: ["app in owner"] })).toHaveLength(1);
    expect(owned("app", { rowSecurity: { "app.t": FORCED } })).toEqual([]);
    expect(owned("boss")).toEqual([]);
    expect(owned("boss", { members: ["app in boss"] })).toEqual([]);
    const [hit] = runOn(openPolicies, world([policy()], { owners: { "table app.t": "app" } })).findings;
    expect(hit?.mend.changes).toMatchObject([{ kind: "set-row-security", after: FORCED }]);
  });
});
