import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DATABASE, sampleCatalog, sampleRules, sampleState, thing } from "../../test/support/access-sample.ts";
import type { AccessIndex } from "../analysis/access-index.ts";
import { buildAccessIndex } from "../analysis/access-index.ts";
import type { ColumnNeed, Need, Requirement, Right, StatementRequirements } from "../model/requirements.ts";
import { resourceKey } from "../model/resource.ts";
import { decideAll } from "./decide-all.ts";
import { decide } from "./decide.ts";

const SAMPLE = {
  roles: {
    ana: { login: true },
    ben: { login: true },
    readers: {},
    keeper: {},
    maker: { createdb: true },
  },
  members: ["ana in readers", "ben in keeper noinherit", "ana in maker noinherit noset"],
  grants: [
    "select on table sales.orders to readers",
    "select on column sales.people.name to ben",
    "select on column sales.people.id to ben, public",
    "update on column sales.people.name to ana",
    "select, insert on table sales.people to keeper",
    "usage on schema sales to public",
    "usage on sequence sales.orders_id to readers",
  ],
  owners: { "table sales.orders": "keeper", "table sales.people": "maker", "table sales.log": "ana" },
};

function index(): AccessIndex {
  const catalog = sampleCatalog(SAMPLE);
  const entries = new Map(catalog.entries);
  for (const [name, columns] of [
    ["table sales.orders", ["id", "amount"]],
    ["table sales.people", ["id", "name"]],
  ] as const) {
    entries.set(resourceKey(thing(name)), { resource: thing(name), columns });
  }
  return buildAccessIndex(sampleState(SAMPLE), { ...catalog, entries }, sampleRules(18));
}

const INDEX = index();

function need(right: Right, more: Partial<Need> = {}): Need {
  return { kind: "need", right, of: "caller", certainty: "always", origin: [], ...more };
}

function privilege(name: string, on: string, columns?: ColumnNeed): Right {
  return { kind: "privilege", privilege: name, resource: thing(on), ...(columns === undefined ? {} : { columns }) };
}

function statement(allOf: readonly Requirement[], more: Partial<StatementRequirements> = {}): StatementRequirements {
  return { allOf, unknown: [], resolved: [], approximate: false, refused: null, ...more };
}

const state = (allOf: readonly Requirement[], role: string, more: Partial<StatementRequirements> = {}): string =>
  decide(statement(allOf, more), INDEX, { role }).state;

describe("a need of the caller", () => {
  test("is met through a membership that is inherited, and by a superuser", () => {
    const wanted = [need(privilege("SELECT", "table sales.orders"))];
    expect(["ana", "ben", "readers", "postgres"].map((role) => state(wanted, role))).toEqual([
      "yes",
      "no",
      "yes",
      "yes",
    ]);
  });

  test("on columns is met by the table, or by each of them", () => {
    const listed = (...names: string[]): Requirement[] => [
      need(privilege("SELECT", "table sales.people", { kind: "listed", names })),
    ];
    expect(state(listed("id", "name"), "ben")).toBe("yes");
    expect(state(listed("id"), "ana")).toBe("yes");
    expect(state(listed("id", "name"), "ana")).toBe("no");
    expect(state(listed("id", "name"), "keeper")).toBe("yes");
  });

  test("on any column is met by one, on the whole row by all", () => {
    const any = [need(privilege("SELECT", "table sales.people", { kind: "any" }))];
    const all = [need(privilege("SELECT", "table sales.people", { kind: "all" }))];
    expect([state(any, "ana"), state(all, "ana"), state(all, "ben")]).toEqual(["yes", "no", "yes"]);
    expect(state([need(privilege("DELETE", "table sales.people", { kind: "any" }))], "ben")).toBe("no");
  });

  test("on columns that nothing is known of is unknown, for a superuser it is met", () => {
    const wanted = [need(privilege("SELECT", "table sales.log", { kind: "any" }))];
    expect([state(wanted, "ben"), state(wanted, "postgres")]).toEqual(["unknown", "yes"]);
  });

  test("to own something is met by the owner and its heirs", () => {
    const wanted = [need({ kind: "owner", resource: thing("table sales.orders") })];
    expect([state(wanted, "keeper"), state(wanted, "ben"), state(wanted, "postgres")]).toEqual(["yes", "no", "yes"]);
  });

  test("to have or to become a role follows the options of the membership", () => {
    const privileges = [need({ kind: "role", role: "keeper", mode: "privileges" })];
    const set = [need({ kind: "role", role: "keeper", mode: "set" })];
    expect([state(privileges, "ben"), state(set, "ben"), state(set, "ana")]).toEqual(["no", "yes", "no"]);
  });

  test("for an attribute is not inherited", () => {
    const wanted = [need({ kind: "attribute", attribute: "createdb" })];
    expect([state(wanted, "maker"), state(wanted, "ana"), state(wanted, "postgres")]).toEqual(["yes", "no", "yes"]);
    expect(state([need({ kind: "attribute", attribute: "superuser" })], "maker")).toBe("no");
  });
});

describe("a decision", () => {
  const held = need(privilege("SELECT", "table sales.orders"));
  const lacking = need(privilege("DELETE", "table sales.orders"));
  const elsewhere = need(privilege("SELECT", "table sales.nowhere"));

  test("asks another role for what runs as it", () => {
    expect(state([need(privilege("INSERT", "table sales.people"), { of: { role: "keeper" } })], "ana")).toBe("yes");
    expect(state([need(privilege("SELECT", "table sales.orders"), { of: { role: "ben" } })], "postgres")).toBe("no");
    expect(state([need(privilege("SELECT", "table sales.orders"), { of: { role: "gone" } })], "ana")).toBe("unknown");
  });

  test("is unknown where nothing was read of a resource, and no where something else is missing", () => {
    expect(state([elsewhere], "ana")).toBe("unknown");
    expect(state([held, elsewhere], "ana")).toBe("unknown");
    expect(state([lacking, elsewhere], "ana")).toBe("no");
    expect(state([lacking], "ana", { unknown: [{ kind: "dynamic-sql", reason: "it is", origin: [] }] })).toBe("no");
  });

  test("takes one option of several", () => {
    expect(state([{ kind: "any-of", options: [lacking, held] }], "ana")).toBe("yes");
    expect(state([{ kind: "any-of", options: [lacking, elsewhere] }], "ana")).toBe("unknown");
    expect(state([{ kind: "any-of", options: [lacking] }], "ana")).toBe("no");
    expect(state([{ kind: "any-of", options: [] }], "ana")).toBe("no");
  });

  test("is maybe where only something conditional is missing, and unknown where more is open", () => {
    const sometimes: Need = { ...lacking, certainty: "conditional" };
    expect(decide(statement([held, sometimes]), INDEX, { role: "ana" })).toEqual({
      state: "maybe",
      missing: [],
      maybe: [sometimes],
      unknown: [],
      refused: null,
      absent: null,
    });
    expect(state([sometimes, elsewhere], "ana")).toBe("unknown");
    expect(state([sometimes, lacking], "ana")).toBe("no");
  });

  test("never says yes or no of what was read from the text alone", () => {
    expect(state([held], "ana", { approximate: true })).toBe("unknown");
    expect(state([lacking], "ana", { approximate: true })).toBe("maybe");
    expect(state([], "postgres", { approximate: true })).toBe("unknown");
  });

  test("is no where the server does not take the statement, or there is no such role", () => {
    expect(state([], "ana", { refused: { code: "42P01", message: "gone" } })).toBe("no");
    expect(decide(statement([held]), INDEX, { role: "gone" })).toMatchObject({ state: "no", absent: "gone" });
  });

  test("asks the login whether it can become the role", () => {
    expect(decide(statement([]), INDEX, { role: "keeper", login: "ben" }).state).toBe("yes");
    const refused = decide(statement([]), INDEX, { role: "keeper", login: "ana" });
    expect(refused.state).toBe("no");
    expect(refused.missing).toMatchObject([
      { right: { kind: "role", role: "keeper", mode: "set" }, of: { role: "ana" } },
    ]);
  });
});

describe("decisions of many statements at once", () => {
  const names = ["ana", "ben", "readers", "keeper", "maker", "postgres", "gone"];
  const tables = ["sales.orders", "sales.people", "sales.log", "sales.nowhere"];
  const columns = fc.oneof(
    fc.constant(undefined),
    fc.constant({ kind: "any" as const }),
    fc.constant({ kind: "all" as const }),
    fc
      .subarray(["id", "name", "amount"], { minLength: 1 })
      .map((listed): ColumnNeed => ({ kind: "listed", names: listed })),
  );
  const right: fc.Arbitrary<Right> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .record({
          privilege: fc.constantFrom("SELECT", "INSERT", "UPDATE", "DELETE"),
          table: fc.constantFrom(...tables),
          columns,
        })
        .map((each) => privilege(each.privilege, `table ${each.table}`, each.columns)),
    },
    fc.constant(privilege("USAGE", "schema sales")),
    fc.constant(privilege("SET", "parameter work_mem")),
    fc.constant(privilege("CREATE", `database ${DATABASE}`)),
    fc.constantFrom(...tables).map((table): Right => ({ kind: "owner", resource: thing(`table ${table}`) })),
    fc
      .record({ role: fc.constantFrom(...names), mode: fc.constantFrom("privileges" as const, "set" as const) })
      .map((each): Right => ({ kind: "role", ...each })),
    fc.constantFrom("createdb", "superuser", "bypassrls").map((attribute): Right => ({ kind: "attribute", attribute })),
  );
  const single: fc.Arbitrary<Requirement> = fc
    .record({
      right,
      of: fc.oneof(
        { weight: 3, arbitrary: fc.constant("caller" as const) },
        fc.constantFrom(...names).map((role) => ({ role })),
      ),
      certainty: fc.constantFrom("always" as const, "always" as const, "conditional" as const),
    })
    .map((each): Need => ({ kind: "need", origin: [], ...each }));
  const requirement = fc.oneof(
    { weight: 4, arbitrary: single },
    fc.array(single, { maxLength: 3 }).map((options): Requirement => ({ kind: "any-of", options })),
  );
  const whole = fc
    .record({
      allOf: fc.array(requirement, { maxLength: 4 }),
      approximate: fc.constantFrom(false, false, true),
      open: fc.constantFrom(false, false, true),
      refused: fc.constantFrom(false, false, false, true),
    })
    .map((each) =>
      statement(each.allOf, {
        approximate: each.approximate,
        unknown: each.open ? [{ kind: "dynamic-sql", reason: "it is", origin: [] }] : [],
        refused: each.refused ? { code: "42P01", message: "gone" } : null,
      }),
    );

  test("are the decisions of each", () => {
    fc.assert(
      fc.property(fc.array(whole, { maxLength: 8 }), (statements) => {
        const all = decideAll(statements, INDEX);
        for (const [at, each] of statements.entries()) {
          for (const role of names) {
            for (const login of [undefined, ...names]) {
              const who = login === undefined ? { role } : { role, login };
              expect([at, who, all.state(at, who)]).toEqual([at, who, decide(each, INDEX, who).state]);
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
