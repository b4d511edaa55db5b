import { describe, expect, test } from "vitest";
import { person, thing } from "../../../../test/support/access-sample.ts";
import { type CheckWorld, runOn, told, worldContext } from "../../../../test/support/check-world.ts";
import type { Duty, DutyPart, SeparationRule } from "../../../model/declared.ts";
import type { Identity } from "../../../model/identity.ts";
import { mysqlContext } from "../../../../test/support/check-world-mysql.ts";
import { changing } from "../../../../test/support/plan-world.ts";
import type { Membership } from "../../../model/role.ts";
import { runChecks } from "../run-checks.ts";
import type { CheckContext } from "../check.ts";
import {
  acrossTargets,
  byCode,
  oneLogin,
  oneLoginByChoice,
  oneLoginByEscalation,
  severalLogins,
} from "./duties-in-one-hand.ts";
import { inBetween } from "./in-between.ts";
import { dutyApprovals } from "./duty-approvals.ts";
import { approvesAndChanges, backUpAndRestore, dataAndTrail, rolesAndBusiness } from "./powers-together.ts";
import { neverEvaluated, nobodyApproves, reviewsOwnEmergency, sharedLogin, tooMany } from "./rules-themselves.ts";
import { wholeData } from "./whole-data.ts";

const LOGIN = { login: true };
const ANN = person("ann", "ann_db");

function insertOn(table: string): DutyPart {
  return {
    kind: "privilege",
    privileges: ["INSERT"],
    resources: [thing(`table ${table}`)],
    text: `insert on table ${table}`,
  };
}

function duties(parts: Readonly<Record<string, readonly DutyPart[]>>): ReadonlyMap<string, Duty> {
  return new Map(Object.entries(parts).map(([name, list]) => [name, { name, parts: list }]));
}

const PAY = duties({ enter: [insertOn("pay.entered")], approve: [insertOn("pay.approved")] });
const NEVER: SeparationRule = {
  kind: "never-together",
  duties: ["approve", "enter"],
  over: "escalable",
  because: null,
};

/** Two tables, a role that may write each, and Ann with what is said. */
function world(
  over: Partial<CheckWorld> & {
    readonly rules?: readonly SeparationRule[];
    readonly approvers?: readonly string[];
  } = {},
): CheckWorld {
  const { rules = [NEVER], approvers = [], declared, ...rest } = over;
  return {
    roles: { ann_db: LOGIN, ann_two: LOGIN, entering: {}, approving: {} },
    grants: ["insert on table pay.entered to entering", "insert on table pay.approved to approving"],
    identities: [ANN],
    ...rest,
    declared: { duties: PAY, separation: rules, approvers, ...declared },
  };
}

describe("two duties in one hand", () => {
  test("by one login at once are SOD-01, with the way to each", () => {
    const both = world({ members: ["ann_db in entering", "ann_db in approving"] });
    expect(told(oneLogin, both)).toEqual(["critical `ann` has both `approve` (as `ann_db`) and `enter` (as `ann_db`)"]);
    expect(runOn(oneLogin, both).findings[0]?.path).toEqual([
      "insert on table pay.approved: `ann_db` → `approving`, which holds it",
      "insert on table pay.entered: `ann_db` → `entering`, which holds it",
    ]);
    expect(told(oneLoginByChoice, both)).toEqual([]);
    expect(told(severalLogins, both)).toEqual([]);
    expect(told(acrossTargets, both)).toEqual([]);
    const [found] = runOn(oneLogin, both).findings;
    expect([found?.over, found?.location]).toEqual(["effective", undefined]);
    expect(
      told(oneLogin, { ...both, declared: { ...both.declared, separation: [{ ...NEVER, over: "effective" }] } }),
    ).toHaveLength(1);
    const location = { file: "rules.yaml", line: 3, column: 5 };
    const located = world({
      members: ["ann_db in entering", "ann_db in approving"],
      rules: [{ ...NEVER, location }],
    });
    expect(runOn(oneLogin, located).findings[0]?.location).toMatchObject(location);
  });

  test("are told by the easiest of several ways", () => {
    const members = ["ann_db in entering", "ann_db in approving noinherit", "ann_two in approving"];
    const several = world({ members, identities: [person("ann", "ann_db", "ann_two")] });
    expect(told(severalLogins, several)).toHaveLength(1);
    expect(told(oneLoginByChoice, several)).toEqual([]);
    const twice = world({
      members: ["ann_db", "ann_two"].flatMap((each) => [`${each} in entering`, `${each} in approving`]),
      identities: [person("ann", "ann_db", "ann_two")],
    });
    expect(told(oneLogin, twice)[0]).toContain("(as `ann_db`)");
    const both = ["approving", "entering"].map((role) => ({ role, target: null, maxMinutes: 60 }));
    const gone = world({ members: [], identities: [{ ...person("ann", "unknown"), eligible: both }] });
    expect(told(oneLoginByChoice, gone)).toEqual([]);
    expect(told(oneLoginByChoice, world({ identities: [{ ...ANN, eligible: both }] }))).toHaveLength(1);
    const rules = [{ ...NEVER, over: "reachable" as const }];
    expect(told(oneLoginByChoice, world({ identities: [{ ...ANN, eligible: both }], rules }))).toHaveLength(1);
  });

  test("are none with one duty, or without a rule, or with a rule of another kind", () => {
    expect(told(oneLogin, world({ members: ["ann_db in entering"] }))).toEqual([]);
    const members = ["ann_db in entering", "ann_db in approving"];
    expect(told(oneLogin, world({ members, rules: [] }))).toEqual([]);
    expect(told(oneLogin, world({ members, rules: [{ ...NEVER, kind: "at-most", people: 5 }] }))).toEqual([]);
  });

  test("one of them after SET ROLE are SOD-02, unless the rule does not look that far", () => {
    const members = ["ann_db in entering", "ann_db in approving noinherit"];
    expect(told(oneLoginByChoice, world({ members }))).toEqual([
      "critical `ann` has both `approve` (as `ann_db`, after SET ROLE) and `enter` (as `ann_db`)",
    ]);
    expect(told(oneLoginByChoice, world({ members, rules: [{ ...NEVER, over: "effective" }] }))).toEqual([]);
    expect(told(oneLoginByChoice, world({ members, rules: [{ ...NEVER, over: "reachable" }] }))).toHaveLength(1);
    const [found] = runOn(oneLoginByChoice, world({ members })).findings;
    expect([found?.over, found?.principals]).toEqual(["reachable", ["ann_db"]]);
    const two = { members, identities: [person("ann", "ann_db", "ann_two")] };
    expect(told(severalLogins, world(two))).toEqual([]);
    const ways = ["ann_two in entering", "ann_db in approving noinherit"];
    expect(told(oneLoginByChoice, world({ ...two, members: ways }))).toEqual([]);
    expect(told(oneLogin, world({ members }))).toEqual([]);
  });

  test("one of them by a role that may be asked for are SOD-02, on its target alone", () => {
    const asking = (target: string | null): Identity => ({
      ...ANN,
      eligible: [{ role: "approving", target, maxMinutes: 60 }],
    });
    const members = ["ann_db in entering"];
    const [found] = runOn(oneLoginByChoice, world({ members, identities: [asking(null)] })).findings;
    expect(found?.message).toContain("which can be asked for");
    expect(found?.path[0]).toBe("may ask for `approving`");
    expect(told(oneLoginByChoice, world({ members, identities: [asking("here")] }))).toHaveLength(1);
    expect(told(oneLoginByChoice, world({ members, identities: [asking("elsewhere")] }))).toEqual([]);
    const rules = [{ ...NEVER, over: "effective" as const }];
    expect(told(oneLoginByChoice, world({ members, identities: [asking(null)], rules }))).toEqual([]);
    const first = { aaa: {}, ann_db: LOGIN, entering: {} };
    const aaa = { ...ANN, eligible: [{ role: "aaa", target: null, maxMinutes: 60 }] };
    const grants = ["insert on table pay.entered to entering", "insert on table pay.approved to aaa"];
    expect(told(oneLoginByChoice, world({ roles: first, grants, members, identities: [aaa] }))).toHaveLength(1);
    const parts = duties({ enter: [{ kind: "role", role: "aaa" }], approve: [{ kind: "role", role: "nobody" }] });
    const declared = { duties: parts };
    const nobody = { ...ANN, eligible: [{ role: "nobody", target: null, maxMinutes: 60 }] };
    expect(
      told(oneLoginByChoice, world({ roles: first, members: ["ann_db in aaa"], identities: [nobody], declared })),
    ).toEqual([]);
    const inner = duties({ enter: [{ kind: "role", role: "aaa" }], approve: [{ kind: "role", role: "entering" }] });
    const choosing = world({
      roles: first,
      members: ["ann_db in aaa noinherit", "ann_db in entering"],
      declared: { duties: inner },
    });
    expect(told(oneLoginByChoice, choosing)).toHaveLength(1);
    const unknown = { ...ANN, eligible: [{ role: "nobody", target: null, maxMinutes: 60 }] };
    expect(told(oneLoginByChoice, world({ members, identities: [unknown] }))).toEqual([]);
    expect(found?.over).toBe("reachable");
  });

  test("by two logins of one person are SOD-05", () => {
    const both = world({
      identities: [person("ann", "ann_db", "ann_two")],
      members: ["ann_db in entering", "ann_two in approving"],
    });
    expect(told(severalLogins, both)).toHaveLength(1);
    expect(runOn(severalLogins, both).findings[0]?.principals).toEqual(["ann_db", "ann_two"]);
    const context = worldContext({ ...both, members: ["ann_db in entering"] });
    for (const needsVictim of [false, true]) {
      const path = {
        steps: ["it may"],
        goal: { kind: "role" as const, role: "approving" },
        needsVictim,
        confidence: "certain" as const,
      };
      const rolesFrom = (login: string): string[] => (login === "ann_two" ? ["approving"] : []);
      const escalation = { edges: [], rolesFrom, toRole: () => path, toSuperuser: () => null };
      const counts = [severalLogins, oneLoginByEscalation, byCode].map(
        (each) => runChecks({ ...context, escalation }, [each]).findings.length,
      );
      expect(counts).toEqual(needsVictim ? [0, 0, 1] : [0, 1, 0]);
    }
    expect(told(oneLogin, both)).toEqual([]);
  });

  test("by two people are none", () => {
    const two = world({
      identities: [ANN, person("bob", "ann_two")],
      members: ["ann_db in entering", "ann_two in approving"],
    });
    for (const check of [oneLogin, oneLoginByChoice, oneLoginByEscalation, severalLogins, acrossTargets]) {
      expect(told(check, two)).toEqual([]);
    }
  });

  test("being a role is a duty too, and a superuser may do all that it may", () => {
    const roles = duties({
      enter: [{ kind: "role", role: "entering" }],
      approve: [{ kind: "role", role: "approving" }],
    });
    const by = (members: readonly string[], ann = LOGIN): string[] =>
      told(
        oneLogin,
        world({ declared: { duties: roles }, members, roles: { ann_db: ann, entering: {}, approving: {} } }),
      );
    expect(by(["ann_db in entering", "ann_db in approving"])).toHaveLength(1);
    expect(by(["ann_db in entering"])).toEqual([]);
    expect(by([], { login: true, superuser: true } as never)).toHaveLength(1);
    const path = (over: Partial<CheckWorld>): readonly string[] | undefined => {
      const own = world({ declared: { duties: roles }, ...over });
      return [oneLogin, oneLoginByChoice].flatMap((check) => runOn(check, own).findings)[0]?.path;
    };
    expect(path({ members: ["ann_db in entering", "ann_db in approving"] })).toEqual([
      "`ann_db` is in `approving`",
      "`ann_db` is in `entering`",
    ]);
    expect(path({ members: ["ann_db in entering", "ann_db in approving noinherit"] })).toEqual([
      "`ann_db` is in `approving` after SET ROLE",
      "`ann_db` is in `entering`",
    ]);
    expect(path({ members: ["ann_db in entering"] })).toBeUndefined();
    const boss = { ann_db: { login: true, superuser: true }, entering: {}, approving: {} };
    expect(path({ roles: boss })).toEqual(["`ann_db` may do everything", "`ann_db` may do everything"]);
    const itself = duties({
      enter: [{ kind: "role", role: "ann_db" }],
      approve: [{ kind: "role", role: "approving" }],
    });
    expect(path({ members: ["ann_db in approving"], declared: { duties: itself } })).toEqual([
      "`ann_db` is in `approving`",
      "`ann_db` is it",
    ]);
  });

  test("on two targets are SOD-04, told once", () => {
    const at = (target: string, members: readonly string[], role: string): CheckContext => {
      const own = worldContext(
        world({
          identities: [
            {
              ...ANN,
              logins: new Map([
                ["a", ["ann_db"]],
                ["b", ["ann_db"]],
              ]),
            },
          ],
          members,
        }),
      );
      return {
        ...own,
        target,
        declared: own.declared && {
          ...own.declared,
          duties: duties({ [role]: PAY.get(role)?.parts ?? [], [role === "enter" ? "approve" : "enter"]: [] }),
        },
      };
    };
    const [first, second] = [at("a", ["ann_db in entering"], "enter"), at("b", ["ann_db in approving"], "approve")];
    const [here, there] = [
      { ...first, others: [second] },
      { ...second, others: [first] },
    ];
    const found = runChecks(here, [acrossTargets]).findings;
    expect(found.map((each) => each.message)).toEqual([
      "`ann` has both `approve` (as `ann_db` on b) and `enter` (as `ann_db` on a)",
    ]);
    expect(found[0]?.principals).toEqual(["ann_db"]);
    for (const check of [oneLogin, oneLoginByChoice, severalLogins])
      expect(runChecks(here, [check]).findings).toEqual([]);
    const choosing = at("b", ["ann_db in approving noinherit"], "approve");
    expect(runChecks({ ...first, others: [choosing] }, [oneLoginByChoice]).findings).toEqual([]);
    expect(runChecks({ ...first, others: [choosing] }, [acrossTargets]).findings).toHaveLength(1);
    for (const needsVictim of [false, true]) {
      const path = {
        steps: ["it may"],
        goal: { kind: "superuser" as const },
        needsVictim,
        confidence: "certain" as const,
      };
      const escalation = { edges: [], rolesFrom: () => [], toRole: () => null, toSuperuser: () => path };
      const others = [{ ...at("b", [], "approve"), escalation }];
      const counts = [acrossTargets, oneLoginByEscalation, byCode].map(
        (each) => runChecks({ ...first, others }, [each]).findings.length,
      );
      expect(counts).toEqual(needsVictim ? [0, 0, 1] : [0, 1, 0]);
    }
    expect(runChecks(there, [acrossTargets]).findings).toEqual([]);
    expect(runChecks(first, [acrossTargets]).findings).toEqual([]);
  });

  test("one of them by escalation are SOD-03, and by planted code SOD-09", () => {
    const context = worldContext(world({ members: ["ann_db in entering"] }));
    const escalating = (needsVictim: boolean): CheckContext => ({
      ...context,
      escalation: {
        edges: [],
        rolesFrom: () => ["ann_db", "approving", "entering"],
        toSuperuser: () => null,
        toRole: () => ({
          steps: ["`ann_db` may add itself"],
          goal: { kind: "role", role: "approving" },
          needsVictim,
          confidence: "certain",
        }),
      },
    });
    const everything = (needsVictim: boolean): CheckContext => ({
      ...context,
      escalation: {
        ...escalating(needsVictim).escalation,
        rolesFrom: () => [],
        toSuperuser: () => ({
          steps: ["`ann_db` may become one"],
          goal: { kind: "superuser" },
          needsVictim,
          confidence: "certain",
        }),
      },
    });
    for (const victim of [false, true]) {
      const checks = [oneLoginByEscalation, byCode];
      const counts = checks.map((check) => runChecks(everything(victim), [check]).findings.length);
      expect(counts).toEqual(victim ? [0, 1] : [1, 0]);
      expect(told(severalLogins, world())).toEqual([]);
    }
    const run = (victim: boolean, check: typeof byCode): readonly string[] =>
      runChecks(escalating(victim), [check]).findings.map((each) => each.message);
    expect(run(false, oneLoginByEscalation)).toHaveLength(1);
    expect(run(false, byCode)).toEqual([]);
    expect(run(true, byCode)).toHaveLength(1);
    expect(run(true, oneLoginByEscalation)).toEqual([]);
  });
});

describe("on the way of a plan", () => {
  const membership = (role: string): Membership => ({
    role,
    member: "ann_db",
    grantor: "postgres",
    admin: false,
    inherit: true,
    set: true,
    implied: false,
  });
  const swapped = (
    members: readonly string[],
    rules: readonly SeparationRule[] = [NEVER],
    stages = ["shop", "other"],
  ): CheckContext =>
    changing(
      worldContext(world({ members, rules })),
      [
        { kind: "add-membership", membership: membership("approving") },
        { kind: "remove-membership", membership: membership("entering") },
      ],
      stages,
    );
  const says = (context: CheckContext): string[] =>
    runChecks(context, [inBetween]).findings.map(({ message }) => message);

  test("what is added before the other is taken is SOD-13, unless both happen at once", () => {
    expect(says(swapped(["ann_db in entering"]))).toEqual([
      "while the plan runs, `ann` has both `approve` (as `ann_db`) and `enter` (as `ann_db`)",
    ]);
    expect(says(swapped(["ann_db in entering"], [NEVER], ["shop"]))).toEqual([]);
    expect(says(swapped([]))).toEqual([]);
    expect(says(swapped(["ann_db in entering"], []))).toEqual([]);
    const single = swapped(["ann_db in entering"], [NEVER], ["shop"]);
    const capabilities = { ...single.dialect.capabilities, transactionalGrants: false };
    expect(says({ ...single, dialect: { ...single.dialect, capabilities } })).toHaveLength(1);
  });

  test("what stood before is none", () => {
    expect(says(swapped(["ann_db in entering", "ann_db in approving"]))).toEqual([]);
  });
});

describe("rules about numbers and approvals", () => {
  const two = { identities: [ANN, person("bob", "ann_two")] };
  const atMost = (people: number): SeparationRule => ({
    kind: "at-most",
    duties: ["enter"],
    people,
    over: "reachable",
    because: "few know it",
  });

  test("more people than a rule allows are counted by name", () => {
    const members = ["ann_db in entering", "ann_two in entering"];
    expect(told(tooMany, world({ ...two, members, rules: [atMost(1)] }))).toEqual([
      "high 2 people have the duty `enter`, and at most 1 may: `ann`, `bob`; few know it",
    ]);
    expect(told(tooMany, world({ ...two, members, rules: [atMost(2)] }))).toEqual([]);
    expect(told(tooMany, world({ ...two, members, rules: [{ ...NEVER, duties: ["enter"] }] }))).toEqual([]);
    const robot: Identity = { ...person("robot", "ann_two"), kind: "service" };
    expect(told(tooMany, world({ identities: [ANN, robot], members, rules: [atMost(1)] }))).toEqual([]);
    const choosing = ["ann_db in entering", "ann_two in entering noinherit"];
    const over = (reach: SeparationRule["over"], list = choosing, people = two.identities): string[] =>
      told(tooMany, world({ identities: people, members: list, rules: [{ ...atMost(1), over: reach }] }));
    expect(
      ["effective", "reachable", "escalable"].map((reach) => over(reach as SeparationRule["over"]).length),
    ).toEqual([0, 1, 1]);
    const bob: Identity = {
      ...person("bob", "ann_two"),
      eligible: [{ role: "entering", target: null, maxMinutes: 60 }],
    };
    expect(over("reachable", ["ann_db in entering"], [ANN, bob])).toHaveLength(1);
    expect(over("effective", ["ann_db in entering"], [ANN, bob])).toEqual([]);
    const context = worldContext(
      world({ ...two, members: ["ann_db in entering"], rules: [{ ...atMost(1), over: "escalable" }] }),
    );
    const counted = (needsVictim: boolean, reach: SeparationRule["over"]): number => {
      const path = {
        steps: ["it may"],
        goal: { kind: "superuser" as const },
        needsVictim,
        confidence: "certain" as const,
      };
      const declared = context.declared && { ...context.declared, separation: [{ ...atMost(1), over: reach }] };
      const escalation = { edges: [], rolesFrom: () => [], toRole: () => null, toSuperuser: () => path };
      return runChecks({ ...context, declared, escalation }, [tooMany]).findings.length;
    };
    expect([counted(false, "escalable"), counted(true, "escalable"), counted(false, "reachable")]).toEqual([1, 0, 0]);
    const all = worldContext(world({ ...two, members, rules: [atMost(1)] }));
    const [first, second] = [
      { ...all, target: "a" },
      { ...all, target: "b" },
    ];
    const logins = new Map(["a", "b"].map((target) => [target, ["ann_db", "ann_two"]]));
    const named = (each: CheckContext): CheckContext => ({
      ...each,
      declared: each.declared && { ...each.declared, identities: two.identities.map((own) => ({ ...own, logins })) },
    });
    expect(runChecks({ ...named(first), others: [named(second)] }, [tooMany]).findings).toHaveLength(1);
    expect(runChecks({ ...named(second), others: [named(first)] }, [tooMany]).findings).toEqual([]);
    expect(told(tooMany, world({ ...two, members: ["ann_db in entering"], rules: [atMost(1)] }))).toEqual([]);
  });

  test("a duty that needs approval needs somebody else who could give it", () => {
    const rule: SeparationRule = {
      kind: "requires-approval",
      duties: ["enter"],
      by: "approve",
      over: "reachable",
      because: null,
    };
    const says = (members: readonly string[]): string[] =>
      told(nobodyApproves, world({ ...two, members, rules: [rule] }));
    expect(says(["ann_db in entering"])[0]).toContain("nobody has that");
    expect(says(["ann_db in entering", "ann_db in approving"])[0]).toContain("only people who have both");
    expect(says(["ann_db in entering", "ann_two in approving"])).toEqual([]);
    expect(told(nobodyApproves, world({ ...two, rules: [atMost(1)] }))).toEqual([]);
    const here = worldContext(world({ ...two, members: ["ann_db in entering"], rules: [rule] }));
    expect(runChecks({ ...here, others: [{ ...here, target: "a" }] }, [nobodyApproves]).findings).toEqual([]);
    expect(runChecks({ ...here, others: [{ ...here, target: "z" }] }, [nobodyApproves]).findings).toHaveLength(1);
  });

  test("a duty that matches nothing, and rules without people, are told; a target that was not read is unknown", () => {
    const empty = duties({ enter: PAY.get("enter")?.parts ?? [], approve: [] });
    expect(told(neverEvaluated, world({ declared: { duties: empty } }))).toEqual([
      "low the duty `approve` matches nothing on any target",
    ]);
    expect(told(neverEvaluated, world({ identities: [] }))).toEqual([
      "low there are rules about people, and no people are declared",
    ]);
    expect(told(neverEvaluated, world())).toEqual([]);
    expect(runOn(neverEvaluated, world()).notEvaluated).toEqual([]);
    expect(told(neverEvaluated, world({ rules: [], identities: [] }))).toEqual([]);
    const unread = { targets: ["here", "there"] };
    expect(runOn(neverEvaluated, world({ declared: { targets: ["there", "here"] } })).notEvaluated).toEqual([]);
    expect(runOn(neverEvaluated, world({ rules: [], declared: unread })).notEvaluated).toEqual([]);
    expect(told(neverEvaluated, world({ declared: { targets: ["there", "here"], duties: empty } }))).toEqual([]);
    const other = runOn(neverEvaluated, world({ declared: { targets: ["here", "there"], duties: empty } }));
    expect(other.findings).toEqual([]);
    expect(other.notEvaluated[0]?.reason).toContain("`there` was not read");
  });
});

describe("a duty that needs approval", () => {
  const rule: SeparationRule = {
    kind: "requires-approval",
    duties: ["enter"],
    by: "approve",
    over: "reachable",
    because: null,
  };
  const two = { identities: [ANN, person("bob", "ann_two")] };
  const asked = (
    before: readonly string[],
    after: readonly string[],
    rules: readonly SeparationRule[] = [rule],
  ): readonly unknown[] =>
    dutyApprovals(
      worldContext(world({ ...two, rules, members: before })),
      worldContext(world({ ...two, rules, members: after })),
    );

  test("asks whoever has the approving one when a plan gives it to somebody", () => {
    const approving = "ann_two in approving";
    expect(asked([approving], [approving, "ann_db in entering"])).toMatchObject([
      { policy: "separation: enter", result: "approvals", approvals: { count: 1, from: ["bob"] } },
    ]);
    expect(asked([approving, "ann_db in entering"], [approving, "ann_db in entering"])).toEqual([]);
    expect(asked([approving], [approving, "ann_db in entering noinherit"])).toHaveLength(1);
    expect(asked([approving], [approving, "ann_db in entering"])).toMatchObject([
      { finding: { help: "it may be bob" } },
    ]);
    expect(asked([], ["ann_db in entering"])).toMatchObject([
      { finding: { help: "nobody has that here; those may approve who may anyway" } },
    ]);
    const single = [approving, "ann_db in entering"];
    const location = { file: "rules.yaml", line: 3, column: 5 };
    expect(asked([approving], single, [{ ...rule, location }])).toMatchObject([{ finding: { location } }]);
    const robots = [{ ...ANN, kind: "service" as const }];
    const after = worldContext(world({ identities: robots, rules: [rule], members: single }));
    expect(dutyApprovals(worldContext(world({ identities: robots, rules: [rule] })), after)).toEqual([]);
    for (const needsVictim of [false, true]) {
      const path = {
        steps: ["it may"],
        goal: { kind: "superuser" as const },
        needsVictim,
        confidence: "certain" as const,
      };
      const escalation = { edges: [], rolesFrom: () => [], toRole: () => null, toSuperuser: () => path };
      const plain = worldContext(world({ ...two, rules: [rule] }));
      expect(dutyApprovals(plain, { ...plain, escalation })).toEqual([]);
    }
    expect(asked([approving], single, [{ ...rule, kind: "at-most", people: 3 }])).toEqual([]);
    expect(asked([approving], [approving])).toEqual([]);
    expect(asked([approving], [approving, "ann_db in entering"], [NEVER])).toEqual([]);
  });

  test("asks nobody who gets it too, nor who gets the approving one by the same plan", () => {
    const both = ["ann_two in approving"];
    expect(asked(both, [...both, "ann_two in entering"])).toMatchObject([{ approvals: { from: [] } }]);
    expect(asked([], ["ann_db in entering", "ann_two in approving"])).toMatchObject([{ approvals: { from: [] } }]);
  });
});

describe("powers that nobody declares", () => {
  const WRITES = ["insert on table pay.entered to entering"];

  test("changing data and what is logged are SOD-07", () => {
    const members = ["ann_db in entering"];
    const grants = [...WRITES, "set on parameter log_statement to ann_db"];
    const system = [...WRITES, "alter system on parameter log_statement to ann_db"];
    expect(told(dataAndTrail, world({ members, grants: system }))).toHaveLength(1);
    const [found] = runOn(dataAndTrail, world({ members, grants })).findings;
    expect(found?.path).toHaveLength(2);
    const boss = world({ roles: { ann_db: { login: true, superuser: true } }, grants: [] });
    expect(runOn(dataAndTrail, boss).findings[0]?.path).toEqual(["`ann_db` is a superuser"]);
    const roles = { ann_db: LOGIN, boss: { superuser: true } };
    const becomes = world({ roles, members: ["ann_db in boss noinherit"], grants: [] });
    expect(runOn(dataAndTrail, becomes).findings[0]?.path).toEqual(["`ann_db` can become a superuser"]);
    const robot: Identity = { ...ANN, kind: "service" };
    expect(told(dataAndTrail, world({ members, grants, identities: [robot] }))).toEqual([]);
    expect(told(dataAndTrail, world({ members, grants, identities: [person("ann", "nobody")] }))).toEqual([]);
    const other = [...WRITES, "set on parameter log_statement to approving"];
    expect(told(dataAndTrail, world({ members, grants: other }))).toEqual([]);
    const reads = ["select on table pay.entered to entering", "set on parameter log_statement to ann_db"];
    expect(told(dataAndTrail, world({ members, grants: reads }))).toEqual([]);
    const database = ["connect on database log_x to ann_db", ...WRITES];
    expect(told(dataAndTrail, world({ members, grants: database }))).toEqual([]);
    const column = ["update on column pay.entered.by to ann_db", "set on parameter log_statement to ann_db"];
    expect(told(dataAndTrail, world({ grants: column }))).toHaveLength(1);
    const sequence = ["update on sequence pay.numbers to ann_db", "set on parameter log_statement to ann_db"];
    expect(told(dataAndTrail, world({ grants: sequence }))).toEqual([]);
    expect(told(dataAndTrail, world({ members, grants }))).toEqual([
      "critical `ann` can erase the trail and change data",
    ]);
    expect(told(dataAndTrail, world({ grants }))).toEqual([]);
    expect(told(dataAndTrail, world({ members, grants: WRITES }))).toEqual([]);
    expect(told(dataAndTrail, world({ members, grants: [...WRITES, "set on parameter work_mem to ann_db"] }))).toEqual(
      [],
    );
  });

  test("administering roles with a business duty is SOD-08, unless being a superuser is all there is", () => {
    const members = ["ann_db in entering"];
    const roles = (ann: object): CheckWorld["roles"] => ({
      ann_db: { login: true, ...ann },
      entering: {},
      approving: {},
    });
    expect(told(rolesAndBusiness, world({ members, roles: roles({ createrole: true }) }))).toEqual([
      "critical `ann` administers roles and has the duty `enter`",
    ]);
    expect(told(rolesAndBusiness, world({ members: [...members, "ann_db in approving admin"] }))).toHaveLength(1);
    expect(told(rolesAndBusiness, world({ members }))).toEqual([]);
    const choosing = world({ members: ["ann_db in entering noinherit"], roles: roles({ createrole: true }) });
    expect(told(rolesAndBusiness, choosing)).toHaveLength(1);
    const asking = { ...ANN, eligible: [{ role: "entering", target: null, maxMinutes: 60 }] };
    expect(told(rolesAndBusiness, world({ identities: [asking], roles: roles({ createrole: true }) }))).toHaveLength(1);
    const becomes = world({
      members: ["ann_db in approving noinherit"],
      roles: { ...roles({ createrole: true }), approving: { createrole: true } },
    });
    expect(runOn(rolesAndBusiness, becomes).findings[0]?.path[0]).toBe("`ann_db` has CREATEROLE");
    const through = world({
      members: ["ann_db in approving noinherit", ...members],
      roles: { ...roles({}), approving: { createrole: true } },
    });
    expect(runOn(rolesAndBusiness, through).findings[0]?.path[0]).toBe(
      "`ann_db` has CREATEROLE after SET ROLE to `approving`",
    );
    const others = world({
      identities: [ANN, person("bob", "ann_two")],
      members: ["ann_two in entering"],
      roles: { ...roles({ createrole: true }), ann_two: LOGIN },
    });
    expect(told(rolesAndBusiness, others)).toEqual([]);
    const location = { file: "people.yaml", line: 2, column: 3 };
    const located = world({
      identities: [
        { ...person("aaa", "x"), location: { ...location, line: 9 } },
        { ...ANN, location },
      ],
      members,
      roles: roles({ createrole: true }),
    });
    expect(runOn(rolesAndBusiness, located).findings[0]?.location).toMatchObject(location);
    const manager = world({ members: [...members, "ann_two in approving admin"] });
    expect(told(rolesAndBusiness, manager)).toEqual([]);
    const boss = { ...ANN, eligible: [{ role: "boss", target: null, maxMinutes: 60 }] };
    const asks = world({ identities: [boss], roles: { ...roles({ createrole: true }), boss: { superuser: true } } });
    expect(told(rolesAndBusiness, asks)).toEqual([]);
    const parts = duties({ enter: [{ kind: "role", role: "entering" }], approve: [] });
    const all = world({ roles: roles({ superuser: true }), declared: { duties: parts } });
    expect(told(rolesAndBusiness, all)).toEqual([]);
    const context = worldContext(world({ roles: roles({ createrole: true }) }));
    const path = {
      steps: ["it may"],
      goal: { kind: "role" as const, role: "entering" },
      needsVictim: false,
      confidence: "certain" as const,
    };
    const escalation = { edges: [], rolesFrom: () => ["entering"], toRole: () => path, toSuperuser: () => null };
    expect(runChecks({ ...context, escalation }, [rolesAndBusiness]).findings).toEqual([]);
    const managing = world({
      members: [...members, "ann_db in pg_monitor admin"],
      roles: { ...roles({}), pg_monitor: {} },
    });
    expect(told(rolesAndBusiness, managing)).toEqual([]);
    expect(told(rolesAndBusiness, world({ roles: roles({ createrole: true }) }))).toEqual([]);
    expect(told(rolesAndBusiness, world({ roles: roles({ superuser: true }) }))).toEqual([]);
  });

  test("on MariaDB and MySQL: the rights of the server that give these powers", () => {
    const ann = person("ann", "ann@%");
    const says = (check: typeof byCode, product: "mariadb" | "mysql", ...grants: readonly string[]): number => {
      const write = "insert on table shop.orders to ann@%";
      const context = mysqlContext({ product, roles: { "ann@%": {} }, grants: [write, ...grants], identities: [ann] });
      const enter = {
        kind: "privilege" as const,
        privileges: ["INSERT"],
        resources: [{ kind: "table" as const, path: ["def", "shop", "orders"] }],
        text: "insert",
      };
      const declared = context.declared && { ...context.declared, duties: duties({ enter: [enter] }) };
      return runChecks({ ...context, declared }, [check]).findings.length;
    };
    expect(says(dataAndTrail, "mariadb")).toBe(0);
    expect(says(dataAndTrail, "mariadb", "super on server to ann@%")).toBe(1);
    expect(says(dataAndTrail, "mysql", "usage on dynamic-privilege AUDIT_ADMIN to ann@%")).toBe(1);
    expect(says(dataAndTrail, "mysql", "usage on dynamic-privilege BINLOG_ADMIN to ann@%")).toBe(1);
    const administer = ["create user on server to ann@%", "grant option on all-schemas to ann@%"];
    expect(says(rolesAndBusiness, "mariadb", ...administer)).toBe(1);
    expect(says(rolesAndBusiness, "mariadb")).toBe(0);
    expect(says(backUpAndRestore, "mysql", ...administer, "usage on dynamic-privilege BACKUP_ADMIN to ann@%")).toBe(1);
  });

  test("approving changes of roles and changing data is SOD-17", () => {
    const members = ["ann_db in entering"];
    expect(told(approvesAndChanges, world({ members, approvers: ["ann"] }))).toHaveLength(1);
    expect(told(approvesAndChanges, world({ members }))).toEqual([]);
    expect(told(approvesAndChanges, world({ approvers: ["ann"] }))).toEqual([]);
  });

  test("taking all data out and putting it up again is SOD-18", () => {
    const ann = (attributes: object): CheckWorld =>
      world({ roles: { ann_db: { login: true, ...attributes } }, grants: [] });
    expect(told(backUpAndRestore, ann({ replication: true, createdb: true }))).toHaveLength(1);
    expect(told(backUpAndRestore, ann({ replication: true }))).toEqual([]);
    expect(told(backUpAndRestore, ann({ createdb: true }))).toEqual([]);
    expect(told(backUpAndRestore, ann({ superuser: true }))).toEqual([]);
    expect(told(backUpAndRestore, ann({ replication: true, createdb: true }))[0]).toContain("put it up here");
    const both: Identity = { ...ANN, logins: new Map(["here", "there"].map((target) => [target, ["ann_db"]])) };
    const on = (target: string, attributes: object): CheckContext => ({
      ...worldContext({ ...ann(attributes), identities: [both] }),
      target,
    });
    const elsewhere = { ...on("here", { replication: true }), others: [on("there", { createdb: true })] };
    expect(runChecks(elsewhere, [backUpAndRestore]).findings[0]?.message).toContain("put it up on there");
  });

  test("reading past columns and row policies that a rule relies on is SOD-12", () => {
    const columns = duties({
      enter: PAY.get("enter")?.parts ?? [],
      approve: [
        {
          kind: "privilege",
          privileges: ["UPDATE"],
          resources: [thing("column pay.approved.by")],
          text: "update (by)",
        },
      ],
    });
    const ann = (attributes: object, declared: object = { duties: columns }): CheckWorld =>
      world({
        roles: { ann_db: { login: true, ...attributes } },
        grants: ["insert on table pay.entered to ann_db"],
        declared,
      });
    expect(told(wholeData, ann({ bypassrls: true }))).toHaveLength(1);
    expect(told(wholeData, ann({ replication: true }))).toHaveLength(1);
    expect(told(wholeData, ann({}))).toEqual([]);
    expect(told(wholeData, ann({ bypassrls: true }, {}))).toEqual([]);
    const policies = {
      ...ann({ bypassrls: true }, {}),
      rowSecurity: { "pay.entered": { enabled: true, forced: false } },
    };
    expect(told(wholeData, policies)).toHaveLength(1);
    expect(told(wholeData, { ...ann({ bypassrls: true }), declared: { duties: columns, separation: [] } })).toEqual([]);
    const mixed = duties({
      enter: [insertOn("pay.entered"), ...(columns.get("approve")?.parts ?? [])],
      approve: [insertOn("pay.approved")],
    });
    expect(told(wholeData, ann({ bypassrls: true }, { duties: mixed }))).toHaveLength(1);
  });

  test("who has break-glass access and alone could review it is SOD-10", () => {
    const kim: Identity = { ...person("kim", "ann_two"), breakGlass: true };
    expect(told(reviewsOwnEmergency, world({ identities: [kim], approvers: ["kim"] }))).toHaveLength(1);
    expect(told(reviewsOwnEmergency, world({ identities: [kim, ANN], approvers: ["kim", "ann"] }))).toEqual([]);
    expect(told(reviewsOwnEmergency, world({ identities: [kim], approvers: [] }))).toEqual([]);
    expect(told(reviewsOwnEmergency, world({ identities: [ANN], approvers: ["ann"] }))).toEqual([]);
    expect(told(reviewsOwnEmergency, world({ identities: [kim, ANN], approvers: ["kim"] }))).toHaveLength(1);
  });

  test("a shared login with a duty that is kept apart is SOD-11", () => {
    const team: Identity = { ...ANN, shared: true };
    const members = ["ann_db in entering"];
    expect(told(sharedLogin, world({ identities: [team], members }))).toHaveLength(1);
    expect(told(sharedLogin, world({ identities: [ANN], members }))).toEqual([]);
    expect(told(sharedLogin, world({ identities: [team], members, rules: [] }))).toEqual([]);
    expect(told(sharedLogin, world({ identities: [team] }))).toEqual([]);
    const context = worldContext(world({ identities: [team] }));
    for (const needsVictim of [false, true]) {
      const path = {
        steps: ["it may"],
        goal: { kind: "superuser" as const },
        needsVictim,
        confidence: "certain" as const,
      };
      const escalation = { edges: [], rolesFrom: () => [], toRole: () => null, toSuperuser: () => path };
      expect(runChecks({ ...context, escalation }, [sharedLogin]).findings).toEqual([]);
    }
  });
});
