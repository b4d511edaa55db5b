import { describe, expect, test } from "vitest";
import type { AccessDelta, Subject } from "../../analysis/access-delta.ts";
import type { Report } from "../../analysis/report.ts";
import type { GrantChange } from "../../model/change.ts";
import type { Resource } from "../../model/resource.ts";
import type { PlannedChange } from "../../plan/plan.ts";
import { layoutPage } from "../output/layout.ts";
import { PLAIN_LOOK } from "../output/look.ts";
import { planPage, type PlanSurroundings, type PlanView } from "./plan-page.ts";

const table = (name: string, schema = "sales"): Resource => ({ kind: "table", path: ["orders", schema, name] });
const grant = (
  kind: GrantChange["kind"],
  privileges: string[],
  resources: Resource[],
  grantee: string,
): GrantChange => ({
  kind,
  resourceKind: "table",
  database: "orders",
  resources,
  privileges,
  grantee,
  grantor: "app_owner",
  grantable: false,
});
const at = (line: number, file = "roles.yaml"): PlannedChange["origin"] => ({
  locations: [{ file, line, column: 3 }],
  by: "declared",
});
const person = (name: string): Subject => ({ kind: "person", name, login: name });
const service = (name: string): Subject => ({ kind: "service", name, login: name });
const fourteen = Array.from({ length: 14 }, (_, index) => table(`t${String(index + 1).padStart(2, "0")}`));

/** An engine whose grants take part in transactions, with databases. */
const POSTGRESQL = { transactionalGrants: true, databases: "many" } as const;

const CHANGES: readonly PlannedChange[] = [
  { change: grant("add-grant", ["SELECT"], [table("orders_masked")], "reporting_ro"), origin: at(29) },
  {
    change: grant("remove-grant", ["SELECT"], [table("orders")], "reporting_ro"),
    origin: { ...at(29), because: "card data moves behind a mask" },
  },
  { change: grant("remove-grant", ["TRUNCATE"], fourteen, "app_rw"), origin: at(48) },
  {
    change: {
      kind: "remove-membership",
      membership: {
        role: "release_admin",
        member: "tom",
        grantor: "postgres",
        admin: true,
        inherit: true,
        set: true,
        implied: false,
      },
    },
    origin: { locations: [{ file: "people.yaml", line: 12, column: 7 }], by: "absent" },
  },
];

const select = (name: string) =>
  ({
    kind: "privilege",
    privileges: ["SELECT"],
    grantable: false,
    resourceKind: "table",
    resources: [table(name)],
  }) as const;

const DELTA: AccessDelta = {
  losses: [
    {
      subjects: [service("svc_billing")],
      what: select("orders"),
      paths: [{ roles: ["reporting_ro"], by: "grant", needsSetRole: false }],
    },
    {
      subjects: [person("tom")],
      what: { kind: "admin", role: "app_rw" },
      paths: [{ roles: ["release_admin"], by: "grant", needsSetRole: true }],
    },
    {
      subjects: [person("alice"), person("bob")],
      what: select("orders"),
      paths: [{ roles: ["analysts", "reporting_ro"], by: "grant", needsSetRole: false }],
    },
    {
      subjects: [service("svc_checkout")],
      what: {
        kind: "privilege",
        privileges: ["TRUNCATE"],
        grantable: false,
        resourceKind: "table",
        resources: fourteen,
      },
      paths: [{ roles: ["app_rw"], by: "grant", needsSetRole: false }],
    },
  ],
  gains: [
    {
      subjects: [person("alice"), person("bob"), service("svc_billing")],
      what: select("orders_masked"),
      paths: [{ roles: ["reporting_ro"], by: "grant", needsSetRole: false }],
    },
  ],
  unknowns: [
    { subject: "database legacy", reason: "permission denied", help: "grant connect on database legacy to rolewright" },
  ],
  subjectsLosing: 5,
  subjectsGaining: 3,
};

const REPORT: Report = {
  plan: {
    format_version: "1.0",
    tool: "0.1.0",
    target: {
      name: "orders-prod",
      environment: "production",
      identity: { engine: "postgresql", server: "7312", databases: ["orders"] },
      version: { product: "PostgreSQL", major: 18, minor: 4, text: "18.4" },
      actor: "postgres",
    },
    manifest_digest: `sha256:4be1c070${"0".repeat(56)}`,
    fingerprint: { before: `sha256:3f9a21c8${"0".repeat(56)}`, after: `sha256:81c2aaaa${"0".repeat(56)}` },
    basis: {},
    changes: CHANGES,
    stages: [
      {
        name: "all",
        database: "orders",
        statements: [
          { text: "grant select on table sales.orders_masked to reporting_ro", changes: [0] },
          { text: "revoke select on table sales.orders from reporting_ro", changes: [1], as: "app_owner" },
        ],
      },
    ],
    inverse_changes: [],
    inverse: [],
    irreversible: [],
    budget: { statements: 2, locks: 0, max_locks: 6400, removals: 16 },
    findings: [],
    digest: `sha256:9c41e7d2${"0".repeat(56)}`,
  },
  delta: DELTA,
  findings: [
    {
      code: "LCK-05",
      severity: "error",
      message: "service `svc_billing` loses select on `sales.orders`",
      location: { file: "roles.yaml", line: 29, column: 3, endColumn: 15 },
      help: "grant it what it needs by a role of its own",
    },
  ],
  verdict: { refusedBy: ["LCK-05"], acceptLoss: 5 },
  unchanged: { roles: 37, grants: 1182, unmanagedRoles: ["legacy_a", "legacy_b", "rds admin"] },
};

const ROLES_YAML = [...Array.from({ length: 27 }, () => ""), "roles:", "  reporting_ro:"].join("\n");
const VIEW: PlanView = {
  detail: false,
  summary: false,
  only: null,
  sql: false,
  unchanged: false,
  unmanaged: false,
  frames: 1,
  sources: { text: (file) => (file === "roles.yaml" ? ROLES_YAML : null), name: (file) => file },
};
const AROUND: PlanSurroundings = {
  capabilities: POSTGRESQL,
  readAt: "2026-11-22T09:12:44Z",
  unchangedRoles: ["app_owner"],
  next: ["rolewright explain LCK-05"],
};

function print(view: Partial<PlanView> = {}, report: Report = REPORT, look: Partial<typeof PLAIN_LOOK> = {}): string {
  return layoutPage(planPage(report, { ...VIEW, ...view }, AROUND), { ...PLAIN_LOOK, ...look }).join("\n");
}

describe("the page of a plan", () => {
  test("says what changes, who is hurt, and what to type next, the most important last", () => {
    expect(print()).toMatchInlineSnapshot(`
      "orders-prod   postgresql 18.4   production   read 2026-11-22 09:12:44Z   fingerprint 3f9a21c8   manifest 4be1c070

      CHANGES
        ~ role app_rw                                                                                          roles.yaml:48:3
            - truncate on 14 tables in sales
        ~ role reporting_ro                                                                                    roles.yaml:29:3
            + select on sales.orders_masked
            - select on sales.orders   because: card data moves behind a mask
        - membership of tom in release_admin (admin option)                                                   people.yaml:12:7
          unchanged: 37 roles, 1,182 grants. not managed, not touched: 3 roles

      CHECKS       1 refused
        refused  LCK-05  service \`svc_billing\` loses select on \`sales.orders\`                                  roles.yaml:29:3
            28 | roles:
            29 |   reporting_ro:
               |   ^^^^^^^^^^^^
            help: grant it what it needs by a role of its own

      WHO LOSES          what                             by way of
        - svc_billing    select on sales.orders           reporting_ro
        - tom            admin of app_rw                  release_admin (after set role)
        - alice, bob     select on sales.orders           analysts > reporting_ro
        - svc_checkout   truncate on 14 tables in sales   app_rw

      WHO GAINS                     what                            by way of
        + alice, bob, svc_billing   select on sales.orders_masked   reporting_ro

      UNKNOWN
        ? database legacy: permission denied. What it would show is unknown, not absent
            help: grant connect on database legacy to rolewright

      SUMMARY      1 grant added, 15 removed, 1 membership removed. 5 identities lose access: svc_billing, tom, alice, bob, svc_checkout; 3 identities gain: alice, bob, svc_billing
      REFUSED      by LCK-05. Plan 9c41e7d2 cannot be approved or applied
      NEXT         rolewright explain LCK-05"
    `);
  });

  test("lists every object and every grantor with --detail", () => {
    expect(print({ detail: true, only: "changes" })).toMatchInlineSnapshot(`
      "orders-prod   postgresql 18.4   production   read 2026-11-22 09:12:44Z   fingerprint 3f9a21c8   manifest 4be1c070

      CHANGES
        ~ role app_rw                                                                                          roles.yaml:48:3
            - truncate on 14 tables in sales
                sales.t01 (granted by app_owner)
                sales.t02 (granted by app_owner)
                sales.t03 (granted by app_owner)
                sales.t04 (granted by app_owner)
                sales.t05 (granted by app_owner)
                sales.t06 (granted by app_owner)
                sales.t07 (granted by app_owner)
                sales.t08 (granted by app_owner)
                sales.t09 (granted by app_owner)
                sales.t10 (granted by app_owner)
                sales.t11 (granted by app_owner)
                sales.t12 (granted by app_owner)
                sales.t13 (granted by app_owner)
                sales.t14 (granted by app_owner)
        ~ role reporting_ro                                                                                    roles.yaml:29:3
            + select on sales.orders_masked
                sales.orders_masked (granted by app_owner)
            - select on sales.orders   because: card data moves behind a mask
                sales.orders (granted by app_owner)
        - membership of tom in release_admin (admin option)                                                   people.yaml:12:7
          unchanged: 37 roles, 1,182 grants. not managed, not touched: 3 roles

      SUMMARY      1 grant added, 15 removed, 1 membership removed. 5 identities lose access: svc_billing, tom, alice, bob, svc_checkout; 3 identities gain: alice, bob, svc_billing
      REFUSED      by LCK-05. Plan 9c41e7d2 cannot be approved or applied
      NEXT         rolewright explain LCK-05"
    `);
  });

  test("prints each statement under its change with --sql", () => {
    expect(print({ only: "sql" })).toMatchInlineSnapshot(`
      "orders-prod   postgresql 18.4   production   read 2026-11-22 09:12:44Z   fingerprint 3f9a21c8   manifest 4be1c070

      STATEMENTS   2 statements in 1 transaction
        stage 1 of 1: everything, one transaction in database orders
            -- + select on sales.orders_masked (role reporting_ro)
            grant select on table sales.orders_masked to reporting_ro;

            -- - select on sales.orders (role reporting_ro)
            -- run as app_owner
            revoke select on table sales.orders from reporting_ro;

      SUMMARY      1 grant added, 15 removed, 1 membership removed. 5 identities lose access: svc_billing, tom, alice, bob, svc_checkout; 3 identities gain: alice, bob, svc_billing
      REFUSED      by LCK-05. Plan 9c41e7d2 cannot be approved or applied
      NEXT         rolewright explain LCK-05"
    `);
  });

  test("prints only who loses and the verdict with --only loses", () => {
    expect(print({ only: "loses" })).toMatchInlineSnapshot(`
      "orders-prod   postgresql 18.4   production   read 2026-11-22 09:12:44Z   fingerprint 3f9a21c8   manifest 4be1c070

      WHO LOSES          what                             by way of
        - svc_billing    select on sales.orders           reporting_ro
        - tom            admin of app_rw                  release_admin (after set role)
        - alice, bob     select on sales.orders           analysts > reporting_ro
        - svc_checkout   truncate on 14 tables in sales   app_rw

      SUMMARY      1 grant added, 15 removed, 1 membership removed. 5 identities lose access: svc_billing, tom, alice, bob, svc_checkout; 3 identities gain: alice, bob, svc_billing
      REFUSED      by LCK-05. Plan 9c41e7d2 cannot be approved or applied
      NEXT         rolewright explain LCK-05"
    `);
  });

  test("is one labelled fact per line when accessible", () => {
    expect(print({ summary: true }, REPORT, { accessible: true })).toMatchInlineSnapshot(`
      "target: orders-prod
      engine: postgresql 18.4
      environment: production
      read: 2026-11-22 09:12:44Z
      fingerprint: 3f9a21c8
      manifest: 4be1c070

      WHO LOSES
        - svc_billing
            what: select on sales.orders
            by way of: reporting_ro
        - tom
            what: admin of app_rw
            by way of: release_admin (after set role)
        - alice, bob
            what: select on sales.orders
            by way of: analysts > reporting_ro
        - svc_checkout
            what: truncate on 14 tables in sales
            by way of: app_rw

      WHO GAINS
        + alice, bob, svc_billing
            what: select on sales.orders_masked
            by way of: reporting_ro

      UNKNOWN
        ? database legacy: permission denied. What it would show is unknown, not absent
            help: grant connect on database legacy to rolewright

      SUMMARY: 1 grant added, 15 removed, 1 membership removed. 5 identities lose access: svc_billing, tom, alice, bob, svc_checkout; 3 identities gain: alice, bob, svc_billing
      REFUSED: by LCK-05. Plan 9c41e7d2 cannot be approved or applied
      NEXT: rolewright explain LCK-05"
    `);
  });

  test("becomes a list where the terminal is too narrow for the table", () => {
    expect(print({ only: "loses" }, REPORT, { width: 44, terminal: true })).toMatchInlineSnapshot(`
      "orders-prod   postgresql 18.4   production
        read 2026-11-22 09:12:44Z
        fingerprint 3f9a21c8   manifest 4be1c070

      WHO LOSES
        - svc_billing
            what: select on sales.orders
            by way of: reporting_ro
        - tom
            what: admin of app_rw
            by way of: release_admin (after set role)
        - alice, bob
            what: select on sales.orders
            by way of: analysts > reporting_ro
        - svc_checkout
            what: truncate on 14 tables in sales
            by way of: app_rw

      SUMMARY      1 grant added, 15 removed, 1
                   membership removed. 5
                   identities lose access:
                   svc_billing, tom, alice, bob,
                   svc_checkout; 3 identities
                   gain: alice, bob, svc_billing
      REFUSED      by LCK-05. Plan 9c41e7d2 cannot
                   be approved or applied
      NEXT         rolewright explain LCK-05"
    `);
  });

  test("says nobody and nothing, and not silence, where nothing changes", () => {
    const report: Report = {
      ...REPORT,
      plan: { ...REPORT.plan, changes: [], stages: [] },
      delta: { losses: [], gains: [], unknowns: [], subjectsLosing: 0, subjectsGaining: 0 },
      findings: [],
      verdict: { refusedBy: [], acceptLoss: null },
    };
    expect(print({}, report)).toMatchInlineSnapshot(`
      "orders-prod   postgresql 18.4   production   read 2026-11-22 09:12:44Z   fingerprint 3f9a21c8   manifest 4be1c070

      CHANGES
          unchanged: 37 roles, 1,182 grants. not managed, not touched: 3 roles

      WHO LOSES
          nobody

      WHO GAINS
          nobody

      UNKNOWN
          nothing

      NO CHANGES   the database is as the manifest says
      NEXT         rolewright explain LCK-05"
    `);
  });

  test("asks for the number of losses where the environment wants it accepted", () => {
    const report: Report = { ...REPORT, findings: [], verdict: { refusedBy: [], acceptLoss: 5 } };
    expect(print({ only: "loses" }, report)).toContain("--accept-access-loss=5");
  });

  test("lets no name break out of its line", () => {
    const hostile = "eve\u001b[2K\r\nWHO LOSES\n  nobody\u202e";
    const report: Report = {
      ...REPORT,
      plan: {
        ...REPORT.plan,
        changes: [
          {
            change: grant("remove-grant", ["SELECT"], [table(hostile)], hostile),
            origin: { locations: [], by: "absent", because: hostile },
          },
        ],
      },
      delta: {
        ...DELTA,
        losses: [
          {
            subjects: [person(hostile)],
            what: { kind: "admin", role: hostile },
            paths: [{ roles: [hostile], by: "grant", needsSetRole: false }],
          },
        ],
      },
      findings: [{ code: "RW999", severity: "warning", message: hostile, help: hostile }],
    };
    const text = print({ detail: true, sql: true }, report);
    // oxlint-disable-next-line no-control-regex -- the characters that must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202a-\u202e]/);
    expect(text.split("\n").filter((line) => line.startsWith("WHO LOSES"))).toHaveLength(1);
  });
});
