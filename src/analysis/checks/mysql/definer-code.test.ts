import { describe, expect, it } from "vitest";
import { type MysqlWorld, runOn, told, toldWithPredefined } from "../../../../test/support/check-world-mysql.ts";
import { definerCode } from "./definer-code.ts";

const ROUTINE = "routine shop.total.function";
const world: MysqlWorld = {
  roles: { "app@%": {}, "strong@%": {}, "weak@%": {}, "ops@%": {} },
  grants: [`execute on ${ROUTINE} to app@%`, "super on server to strong@%, ops@%"],
  known: { [ROUTINE]: { securityDefiner: true, definer: "strong@%" } },
};
const FOUND = "high `routine shop.total(function)` runs with everything that `strong@%` has, and `app@%` can use it";

describe("MYE-04", () => {
  it("finds a routine of a strong account that a weak one may run", () => {
    expect(told(definerCode, world)).toEqual([FOUND]);
    expect(runOn(definerCode, world).findings[0]).toMatchObject({ over: "escalable", principals: ["app@%"] });
  });

  it("is silent where it runs as its caller, where its definer is weak or is not there, and where only strong ones run it", () => {
    expect(told(definerCode, { ...world, known: { [ROUTINE]: {} } })).toEqual([]);
    for (const definer of ["weak@%", "gone@%"]) {
      expect(told(definerCode, { ...world, known: { [ROUTINE]: { securityDefiner: true, definer } } })).toEqual([]);
    }
    const grants = [`execute on ${ROUTINE} to ops@%`, "super on server to strong@%, ops@%"];
    expect(told(definerCode, { ...world, grants })).toEqual([]);
    expect(told(definerCode, { ...world, grants: [`alter routine on ${ROUTINE} to app@%`, ...grants] })).toEqual([]);
  });

  it("counts who is declared an administrator as strong, and what counts above", () => {
    const known = { [ROUTINE]: { securityDefiner: true, definer: "weak@%" } };
    expect(told(definerCode, { ...world, known, purposes: { "weak@%": "admin" } })[0]).toContain("`weak@%` has");
    const grants = ["execute on schema shop to app@%", "super on server to strong@%"];
    expect(told(definerCode, { ...world, grants })).toEqual([FOUND]);
  });

  it("finds a view, and not one that checks its caller", () => {
    const view = "table shop.v";
    const grants = [`select on ${view} to app@%`, "super on server to strong@%"];
    const known = { [view]: { form: "view", definer: "strong@%" } } as const;
    expect(told(definerCode, { ...world, grants, known })).toHaveLength(1);
    expect(told(definerCode, { ...world, grants, known: { [view]: { form: "view", securityInvoker: true } } })).toEqual(
      [],
    );
    expect(
      told(definerCode, { ...world, grants: [`trigger on ${view} to app@%`, "super on server to strong@%"], known }),
    ).toEqual([]);
  });

  it("is silent about a view that checks its caller although somebody defined it", () => {
    const view = "table shop.v";
    const grants = [`select on ${view} to app@%`, "super on server to strong@%"];
    const known = { [view]: { form: "view", definer: "strong@%", securityInvoker: true } } as const;
    expect(told(definerCode, { ...world, grants, known })).toEqual([]);
  });

  it("tells of everybody by that word", () => {
    const view = "table shop.v";
    const grants = [`select on ${view} to public`, "super on server to strong@%"];
    const known = { [view]: { form: "view", definer: "strong@%" } } as const;
    expect(runOn(definerCode, { ...world, grants, known }).findings.map(({ principals }) => principals)).toEqual([
      [""],
    ]);
  });

  it("tells code that the same callers use in one finding", () => {
    const other = "routine shop.other.function";
    const known = { ...world.known, [other]: { securityDefiner: true, definer: "strong@%" } };
    const grants = ["execute on schema shop to app@%", "super on server to strong@%"];
    expect(runOn(definerCode, { ...world, grants, known }).findings.map(({ resources }) => resources.length)).toEqual([
      2,
    ]);
  });
});

describe("MYE-04, triggers and events", () => {
  const table = { kind: "table", path: ["def", "shop", "t"] } as const;
  const trigger = { schema: "shop", name: "tr", table, definer: "strong@%" };
  const withTrigger: MysqlWorld = {
    roles: world.roles,
    grants: ["insert on table shop.t to app@%", "super on server to strong@%"],
    code: [{ form: "trigger", path: ["def", "shop", "tr"], definer: "strong@%" }],
    posture: { mysql: { triggers: [trigger] } },
  };

  it("finds a trigger of a strong account on a table that a weak one writes", () => {
    expect(told(definerCode, withTrigger)).toEqual([
      "high trigger `shop.tr` runs with everything that `strong@%` has, and `app@%` can use it",
    ]);
    expect(
      told(definerCode, { ...withTrigger, grants: ["select on table shop.t to app@%", "super on server to strong@%"] }),
    ).toEqual([]);
    const weak = { triggers: [{ ...trigger, definer: "weak@%" }] };
    expect(told(definerCode, { ...withTrigger, posture: { mysql: weak } })).toEqual([]);
  });

  it("does not say that there is none where the tables of triggers are not known", () => {
    const { posture: _, ...unread } = withTrigger;
    expect(runOn(definerCode, unread).notEvaluated).toHaveLength(1);
    expect(
      runOn(definerCode, { ...unread, code: [{ form: "trigger", path: ["def", "shop", "tr"], definer: "weak@%" }] })
        .notEvaluated,
    ).toEqual([]);
  });

  it("asks for them as soon as one trigger is of a strong account", () => {
    const { posture: _, ...unread } = withTrigger;
    const weak = { form: "trigger", path: ["def", "shop", "a"], definer: "weak@%" } as const;
    expect(runOn(definerCode, { ...unread, code: [weak, ...(unread.code ?? [])] }).notEvaluated).toHaveLength(1);
  });

  it("finds an event of a strong account in a schema where a weak one may change events", () => {
    const events: MysqlWorld = {
      roles: world.roles,
      grants: ["event on schema shop to app@%", "super on server to strong@%"],
      code: [{ form: "event", path: ["def", "shop", "e"], definer: "strong@%" }],
    };
    expect(told(definerCode, events)).toEqual([
      "high event `shop.e` runs with everything that `strong@%` has, and `app@%` can use it",
    ]);
    expect(
      told(definerCode, { ...events, grants: ["trigger on schema shop to app@%", "super on server to strong@%"] }),
    ).toEqual([]);
    expect(
      told(definerCode, { ...events, code: [{ form: "event", path: ["def", "shop", "e"], definer: "weak@%" }] }),
    ).toEqual([]);
  });
});

describe("MYE-04, what it keeps apart", () => {
  it("asks for the tables of triggers alone, and takes no trigger for an event", () => {
    const strong = { path: ["def", "shop", "x"], definer: "strong@%" } as const;
    const grants = ["super on server to strong@%", "event on schema shop to app@%"];
    const event: MysqlWorld = { roles: world.roles, grants, code: [{ form: "event", ...strong }] };
    expect(runOn(definerCode, event).notEvaluated).toEqual([]);
    const trigger: MysqlWorld = { ...event, code: [{ form: "trigger", ...strong }], posture: { mysql: {} } };
    expect(told(definerCode, trigger)).toEqual([]);
  });

  it("leaves out callers that the server brought, and a definer that is declared and not there", () => {
    expect(toldWithPredefined(definerCode, world, "weak@%")).toHaveLength(1);
    expect(toldWithPredefined(definerCode, world, "app@%")).toEqual([]);
    const known = { [ROUTINE]: { securityDefiner: true, definer: "gone@%" } };
    expect(told(definerCode, { ...world, known, purposes: { "gone@%": "admin" } })).toEqual([]);
  });

  it("names three callers, and counts the others", () => {
    const callers = ["a@%", "b@%", "c@%", "d@%"];
    const said = (count: number): string | undefined =>
      told(definerCode, {
        ...world,
        roles: { ...world.roles, ...Object.fromEntries(callers.map((name) => [name, {}])) },
        grants: [`execute on ${ROUTINE} to ${callers.slice(0, count).join(", ")}`, "super on server to strong@%"],
      })[0];
    expect(said(3)).toMatch(/and `a@%`, `b@%`, `c@%` can use it$/u);
    expect(said(4)).toMatch(/and `a@%`, `b@%`, `c@%` and 1 more can use it$/u);
  });
});
