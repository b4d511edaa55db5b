import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Sample } from "../../../test/support/access-sample.ts";
import { type CheckWorld, worldContext } from "../../../test/support/check-world.ts";
import { evidence, need, needs, use, WINDOW } from "../../../test/support/evidence.ts";
import { type Declared, NOTHING_DECLARED } from "../../model/declared.ts";
import type { StatementRequirements } from "../../model/requirements.ts";
import { describeResource } from "../../model/resource.ts";
import type { EvidenceWindow, Use } from "../../model/workload.ts";
import type { Advice, Unit } from "./advice.ts";
import { advise } from "./advise.ts";
import { type AdviseRules, DEFAULT_ADVISE_RULES } from "./obstacles.ts";
import { observedPairs, pairKey } from "./observed.ts";
import { truthOf } from "../decide.ts";
import { proveEnough, proveLeast } from "./prove.ts";

interface Seen {
  readonly uses: readonly (readonly [Use, StatementRequirements])[];
  readonly windows?: readonly EvidenceWindow[];
  readonly declared?: Partial<Declared>;
  readonly rules?: Partial<AdviseRules>;
  readonly columns?: Readonly<Record<string, readonly string[]>>;
}

function world(sample: Sample, seen: Seen) {
  const given: CheckWorld = {
    ...sample,
    catalog: (catalog) => ({
      ...catalog,
      entries: new Map(
        [...catalog.entries].map(([key, entry]) => {
          const columns = seen.columns?.[describeResource(entry.resource)];
          return [key, columns === undefined ? entry : { ...entry, columns }];
        }),
      ),
    }),
  };
  const { index, dialect } = worldContext(given);
  const observed = evidence(
    seen.uses.map(([each]) => each),
    seen.windows,
  );
  const requirements = new Map(seen.uses.map(([each, needed]) => [pairKey(each), needed]));
  const advice = advise({
    index,
    evidence: observed,
    requirements,
    declared: { ...NOTHING_DECLARED, ...seen.declared },
    target: "here",
    rules: { ...DEFAULT_ADVISE_RULES, ...seen.rules },
  });
  return { advice, index, requirements, pairs: observedPairs(observed), rules: dialect.rules };
}

function say({ what }: Unit): string {
  if (what.kind === "membership") return `${what.members.join()} in ${what.role}`;
  return `${what.privileges.join()} ${what.resources.map(describeResource).join()} ${what.grantees.join()}`;
}

const told = (advice: Advice) => advice.removals.map((each) => `${each.kind} ${say(each.unit)}`);
const held = (advice: Advice) => advice.withheld.map((each) => `${each.obstacle.kind} ${say(each.unit)}`);

const SHOP: Sample = {
  roles: { app: { login: true }, job: { login: true }, readers: {} },
  members: ["app in readers"],
  grants: ["select, insert, delete on table sales.orders to app", "select on table sales.people to readers"],
};
const READS = [use("app", "reads"), needs(need("select on table sales.orders"))] as const;
const WRITES = [use("app", "writes"), needs(need("insert on table sales.orders"))] as const;

describe("advice", () => {
  test("takes what nobody used, and keeps what was used", () => {
    const { advice } = world(SHOP, { uses: [READS, WRITES] });
    expect(told(advice)).toEqual([
      "unused DELETE sales.orders app",
      "unused SELECT sales.people readers",
      "unused app in readers",
    ]);
    const [first] = advice.removals;
    expect(first).toMatchObject({ statements: 2, calls: 20, days: 110, atMostOneDayIn: 36, neededDays: 90, logins: 1 });
  });

  test("what a statement needs on a way that may not be taken stays too", () => {
    const sometimes = needs(
      need("select on table sales.orders"),
      need("delete on table sales.orders", { certainty: "conditional" }),
    );
    const { advice } = world(SHOP, { uses: [[use("app", "reads"), sometimes], WRITES] });
    expect(told(advice).join()).not.toContain("DELETE");
  });

  test("what a definer or a view's owner needs counts for that role", () => {
    const sample = {
      ...SHOP,
      roles: { ...SHOP.roles, maker: {} },
      grants: [...(SHOP.grants ?? []), "select on table sales.log to maker"],
    };
    const through = needs(need("select on table sales.log", { of: { role: "maker" } }));
    const { advice } = world(sample, { uses: [[use("app", "view"), through]] });
    expect(told(advice).join()).not.toContain("sales.log");
  });

  test("of two ways to the same access one stays, and that is said", () => {
    const sample = { ...SHOP, grants: ["select on table sales.people to readers, app"] };
    const { advice } = world(sample, { uses: [[use("app", "people"), needs(need("select on table sales.people"))]] });
    expect(told(advice)).toEqual(["redundant SELECT sales.people app"]);
  });

  test("what everybody has does not make a grant superfluous", () => {
    const sample = { ...SHOP, grants: ["select on table sales.people to app, public"] };
    const { advice } = world(sample, { uses: [[use("app", "people"), needs(need("select on table sales.people"))]] });
    expect(told(advice)).toEqual(["unused app in readers"]);
  });

  test("SET ROLE keeps the membership that allows it", () => {
    const sample = { ...SHOP, members: ["app in readers noinherit"] };
    const seen = [use("readers", "people", { login: "app" }), needs(need("select on table sales.people"))] as const;
    const { advice } = world(sample, { uses: [seen, READS, WRITES] });
    expect(told(advice)).toEqual(["unused DELETE sales.orders app"]);
  });

  test("where only the login is known, what any role that it may become needs is kept", () => {
    const sample = {
      ...SHOP,
      members: ["app in readers noinherit"],
      grants: [...(SHOP.grants ?? []), "select on table sales.orders to readers"],
    };
    const unknown = [use("app", "reads", { role: null }), needs(need("select on table sales.orders"))] as const;
    const { advice } = world(sample, { uses: [unknown] });
    expect(told(advice)).toEqual([
      "unused DELETE sales.orders app",
      "unused INSERT sales.orders app",
      "unused SELECT sales.people readers",
    ]);
    const refused = [use("app", "people", { role: null }), needs(need("select on table sales.people"))] as const;
    expect(told(world(sample, { uses: [refused] }).advice)).not.toContain("unused SELECT sales.people readers");
  });

  test("columns take the place of a table of which few are used", () => {
    const columns = { "sales.orders": ["id", "total", "note", "card", "day"], "sales.people": ["id", "name"] };
    const some = needs(need("select (id, total) on table sales.orders"), need("insert on table sales.orders"));
    const { advice } = world(SHOP, { columns, uses: [[use("app", "some"), some]] });
    expect(advice.narrowings).toMatchObject([{ privilege: "SELECT", columns: ["id", "total"], of: 5 }]);
    const most = needs(need("select (id, total, note) on table sales.orders"));
    expect(world(SHOP, { columns, uses: [[use("app", "most"), most]] }).advice.narrowings).toEqual([]);
    const whole = needs(need("select (*) on table sales.orders"));
    expect(world(SHOP, { columns, uses: [[use("app", "whole"), whole]] }).advice.narrowings).toEqual([]);
  });

  test("a sensitive column that nobody used is enough for columns", () => {
    const columns = { "sales.orders": ["id", "total", "card"] };
    const most = needs(need("select (id, total) on table sales.orders"));
    const card = { kind: "column", path: ["shop", "sales", "orders", "card"] } as const;
    const sensitive = [{ name: "cards", resources: [card], readers: new Set<string>(), writers: new Set<string>() }];
    const { advice } = world(SHOP, { columns, declared: { sensitive }, uses: [[use("app", "most"), most]] });
    expect(advice.narrowings).toMatchObject([{ columns: ["id", "total"], of: 3 }]);
  });
});

describe("nothing is advised", () => {
  const uses = [READS, WRITES];

  test("of a login that was not seen, nor of what it shares with others", () => {
    const { advice } = world({ ...SHOP, members: ["app in readers", "job in readers"] }, { uses });
    expect(told(advice)).toEqual(["unused DELETE sales.orders app", "unused app in readers"]);
    expect(held(advice)).toEqual(["no-evidence SELECT sales.people readers", "no-evidence job in readers"]);
    expect(advice.roles.find((each) => each.role === "readers")).toMatchObject({ idle: ["app"], unseen: ["job"] });
  });

  test.each(["break-glass", "backup", "replication", "migration", "monitoring"] as const)(
    "of a role for %s",
    (purpose) => {
      const role = { name: "app", purpose, owner: null, reviewBy: null, because: null };
      const { advice } = world(SHOP, { uses, declared: { roles: new Map([["app", role]]) } });
      expect(told(advice)).toEqual([]);
      expect(held(advice)).toContain("purpose DELETE sales.orders app");
    },
  );

  test("of what somebody for emergencies, or who may ask for it, gets to", () => {
    const logins = new Map([["here", ["app"]]]);
    const identity = { kind: "person", name: "eve", title: "eve", logins } as const;
    const glass = world(SHOP, { uses, declared: { identities: [{ ...identity, breakGlass: true }] } });
    expect(told(glass.advice)).toEqual([]);
    const eligible = [{ role: "readers", target: null, maxMinutes: null }];
    const asks = world(SHOP, { uses, declared: { identities: [{ ...identity, eligible }] } });
    expect(told(asks.advice)).toEqual(["unused DELETE sales.orders app", "unused app in readers"]);
  });

  test("of a role that owns something, or that may replicate", () => {
    expect(told(world({ ...SHOP, owners: { "table sales.log": "app" } }, { uses }).advice)).toEqual([
      "unused SELECT sales.people readers",
    ]);
    const roles = { ...SHOP.roles, app: { login: true, replication: true } };
    expect(told(world({ ...SHOP, roles }, { uses }).advice)).toEqual([]);
  });

  test("of what something unknown could need", () => {
    const open = {
      ...needs(need("select on table sales.orders")),
      unknown: [{ kind: "dynamic-sql", reason: "it builds its text", origin: [] }],
    };
    const many = Array.from({ length: 40 }, (_, at) => [use("app", `reads ${at}`), READS[1]] as const);
    const { advice } = world(SHOP, { uses: [...many, [use("app", "open"), open]] });
    expect(told(advice)).toEqual([]);
    expect(held(advice)).toContain("unknown DELETE sales.orders app");
    const remote = { ...open, unknown: [{ kind: "foreign-table", reason: "the other side decides", origin: [] }] };
    expect(told(world(SHOP, { uses: [...many, [use("app", "open"), remote]] }).advice)).not.toEqual([]);
  });

  test("where too little of a role is known", () => {
    const { advice } = world(SHOP, { uses: [READS, [use("app", "text"), { ...WRITES[1], approximate: true }]] });
    expect(told(advice)).toEqual([]);
    expect(advice.withheld[0]?.obstacle).toEqual({ kind: "coverage", role: "app", decided: 1, observed: 2 });
  });

  test("of a role that is younger than a third of the window", () => {
    const young = uses.map(([each, needed]) => [{ ...each, firstSeen: "2026-09-20T00:00:00Z" }, needed] as const);
    expect(held(world(SHOP, { uses: young }).advice)).toContain("young DELETE sales.orders app");
    const since = new Map([["app", "2026-09-20T00:00:00Z"]]);
    expect(held(world(SHOP, { uses, rules: { since } }).advice)).toContain("young DELETE sales.orders app");
  });

  test("before the window is long enough: twice as long for what is used or run", () => {
    const sample = { ...SHOP, grants: [...(SHOP.grants ?? []), "usage on schema sales to app"] };
    const { advice } = world(sample, { uses });
    expect(held(advice)).toContain("age USAGE sales app");
    expect(told(world(sample, { uses, rules: { minAgeDays: 111 } }).advice)).toEqual([]);
    expect(told(world(sample, { uses, rules: { minAgeDays: 55 } }).advice).join()).toContain("USAGE");
  });

  test("for a job that is seldom seen, or that says how often it runs", () => {
    const monthly = uses.map(
      ([each, needed]) => [{ ...each, days: ["2026-06-30", "2026-07-31", "2026-08-31"] }, needed] as const,
    );
    expect(held(world(SHOP, { uses: monthly }).advice)).toContain("age DELETE sales.orders app");
    const rare = new Map([["app", { days: 366, because: "the year's end" }]]);
    expect(world(SHOP, { uses, rules: { rare } }).advice.withheld[0]?.obstacle).toEqual({
      kind: "age",
      days: 110,
      needed: 366,
      why: "the year's end",
    });
  });

  test("without the end of a month and of a quarter", () => {
    const within = (from: string, to: string) =>
      world(SHOP, { uses, rules: { minAgeDays: 1 }, windows: [{ ...WINDOW, from, to }] }).advice;
    expect(held(within("2026-06-02T00:00:00Z", "2026-06-29T00:00:00Z"))).toContain(
      "no-month-end DELETE sales.orders app",
    );
    expect(held(within("2026-07-02T00:00:00Z", "2026-08-10T00:00:00Z"))).toContain(
      "no-quarter-end DELETE sales.orders app",
    );
    expect(within("2026-06-02T00:00:00Z", "2026-07-10T00:00:00Z").removals).not.toEqual([]);
  });

  test("from windows that do not tell who it was, or that only sample", () => {
    const blind = world(SHOP, { uses, windows: [{ ...WINDOW, lacks: ["login", "role"] }] });
    expect(blind.advice.watch).toMatchObject({ days: 0, left: [WINDOW.source] });
    expect(world(SHOP, { uses, windows: [{ ...WINDOW, lacks: ["calls"] }] }).advice.removals).toEqual([]);
  });

  test("of a gap: it does not count as watched", () => {
    const gaps = [{ from: "2026-07-01T12:00:00Z", to: "2026-08-01T12:00:00Z", reason: "rotated away" }];
    expect(world(SHOP, { uses, windows: [{ ...WINDOW, gaps }] }).advice.watch.days).toBe(79);
  });

  test("of what an access test needs", () => {
    const resource = { kind: "table", path: ["shop", "sales", "orders"] } as const;
    const test = {
      as: "app",
      logins: ["app"],
      must: "allow",
      privilege: "DELETE",
      resources: [resource],
      over: "effective",
      because: null,
    } as const;
    expect(told(world(SHOP, { uses, declared: { tests: [test] } }).advice).join()).not.toContain("DELETE");
  });

  test("of a membership that a row policy asks for, that is for passing on, or that the server gives a meaning", () => {
    const policy = {
      table: { kind: "table", path: ["shop", "sales", "orders"] },
      name: "mine",
      command: "ALL",
      permissive: true,
      roles: ["readers"],
      using: "true",
      check: null,
    } as const;
    expect(held(world({ ...SHOP, policies: [policy] }, { uses }).advice)).toContain("row-policy app in readers");
    expect(held(world({ ...SHOP, members: ["app in readers admin"] }, { uses }).advice)).toContain(
      "admin app in readers",
    );
    const roles = { ...SHOP.roles, pg_monitor: {} };
    expect(held(world({ ...SHOP, roles, members: ["app in pg_monitor"] }, { uses }).advice)).toContain(
      "built-in app in pg_monitor",
    );
  });
});

describe("summaries", () => {
  test("a role whose members use different parts of it is to be split", () => {
    const sample: Sample = {
      roles: { a: { login: true }, b: { login: true }, c: { login: true }, all: {} },
      members: ["a in all", "b in all", "c in all"],
      grants: ["select, insert on table sales.orders to all", "select on table sales.people to all"],
    };
    const { advice } = world(sample, {
      uses: [
        [use("a", "1"), needs(need("select on table sales.orders"))],
        [use("b", "2"), needs(need("select on table sales.orders"), need("insert on table sales.orders"))],
        [use("c", "3"), needs(need("select on table sales.people"))],
      ],
    });
    expect(advice.splits).toEqual([
      {
        role: "all",
        parts: [
          { members: ["a", "b"], grants: 2 },
          { members: ["c"], grants: 1 },
        ],
      },
    ]);
    expect(advice.roles.find((each) => each.role === "all")).toMatchObject({
      granted: 3,
      used: 3,
      members: 3,
      usedBy: 3,
      calls: 30,
    });
  });

  test("a role that nobody used is said to be unused, and an identity is told what it held and used", () => {
    const logins = new Map([["here", ["app"]]]);
    const { advice } = world(SHOP, {
      uses: [READS],
      declared: { identities: [{ kind: "service", name: "shop-app", title: "app", logins }] },
    });
    expect(advice.unusedRoles).toEqual(["readers"]);
    expect(advice.identities).toMatchObject([{ name: "shop-app", held: 4, used: 1, calls: 10 }]);
  });
});

describe("for any grants, memberships and statements", () => {
  const roles = ["g1", "g2", "g3", "a", "b", "c"];
  const logins = ["a", "b", "c"];
  const tables = ["sales.t1", "sales.t2", "sales.t3"];
  const privileges = ["select", "insert", "update"];
  const columns = ["x", "y", "z"];
  const grant = fc.tuple(
    fc.constantFrom(...privileges),
    fc.constantFrom(...tables),
    fc.constantFrom(...roles, "public"),
    fc.option(fc.constantFrom(...columns)),
  );
  const member = fc
    .tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 2 }), fc.constantFrom("", " noinherit", " noset"))
    .filter(([from, to]) => from > to)
    .map(([from, to, option]) => `${roles[from]} in ${roles[to]}${option}`);
  const sample: fc.Arbitrary<Sample> = fc
    .record({
      grants: fc.array(grant, { minLength: 8, maxLength: 24 }),
      members: fc.uniqueArray(member, { maxLength: 6, selector: (text) => text.split(" ").slice(0, 3).join() }),
    })
    .map(({ grants, members }) => ({
      roles: Object.fromEntries(roles.map((name) => [name, { login: logins.includes(name) }])),
      members,
      grants: [
        ...tables.map((table) => `select on table ${table} to postgres`),
        ...grants.map(
          ([privilege, table, to, column]) =>
            `${privilege} on ${column === null ? `table ${table}` : `column ${table}.${column}`} to ${to}`,
        ),
      ],
    }));
  const single = fc
    .tuple(
      fc.constantFrom(...privileges),
      fc.constantFrom(...tables),
      fc.option(fc.subarray(columns, { minLength: 1 })),
      fc.boolean(),
    )
    .map(([privilege, table, some, sometimes]) =>
      need(`${privilege}${some === null ? "" : ` (${some.join(", ")})`} on table ${table}`, {
        certainty: sometimes ? "conditional" : "always",
      }),
    );
  const requirement = fc.oneof(
    { weight: 3, arbitrary: single },
    fc.array(single, { minLength: 1, maxLength: 2 }).map((options) => ({ kind: "any-of" as const, options })),
  );
  const used = fc.tuple(
    fc.constantFrom(...logins),
    fc.constantFrom(...roles),
    fc.array(requirement, { minLength: 1, maxLength: 3 }),
  );

  test("what stays is enough, and nothing of it can go", () => {
    let advised = 0;
    let kept = 0;
    fc.assert(
      fc.property(sample, fc.array(used, { minLength: 3, maxLength: 9 }), (state, seen) => {
        const { index } = worldContext(state);
        const uses = [
          ...seen.flatMap(([login, role, allOf], at) => {
            // What was seen was allowed.
            const met = allOf.filter((each) => truthOf(each, index, role) === true);
            const becomes = login === role || index.hasRole(login, role, "set") === true;
            return becomes ? [[use(role, `s${at}`, { login }), needs(...met)] as const] : [];
          }),
          ...roles.map((role) => [use(role, `in ${role}`), needs()] as const),
        ];
        const made = world(state, {
          uses,
          columns: Object.fromEntries(tables.map((table) => [table, columns])),
          rules: { minAgeDays: 20 },
        });
        advised += made.advice.removals.length + made.advice.narrowings.length;
        kept += made.advice.needed.length;
        expect(proveEnough(made.advice, made)).toEqual([]);
        const sparePublic = () => !(state.grants ?? []).some((text) => text.endsWith("to public"));
        expect(proveLeast(made.advice, made).filter(sparePublic).map(say)).toEqual([]);
      }),
      { numRuns: 400 },
    );
    expect(advised).toBeGreaterThan(400);
    expect(kept).toBeGreaterThan(200);
  });
});
