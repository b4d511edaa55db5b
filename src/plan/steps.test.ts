import { describe, expect, test } from "vitest";
import { snapshotOf } from "../../test/property/diff-states.ts";
import { outlineOf, stepwiseDialect } from "../../test/support/stepwise-dialect.ts";
import { accessList } from "../model/access-list.ts";
import { EMPTY_STATE, type AccessState, type Holding } from "../model/access-state.ts";
import type { Change, GrantChange } from "../model/change.ts";
import { fingerprint } from "../model/fingerprint.ts";
import { resourceKey, type Resource } from "../model/resource.ts";
import type { Role } from "../model/role.ts";
import { derivePlan, type DerivedPlan } from "./build-plan.ts";
import { readPlan, writePlan } from "./plan-json.ts";
import { rederive } from "./rederive.ts";
import { cutIntoPieces, stepsOf } from "./steps.ts";

const table = (name: string): Resource => ({ kind: "table", path: ["shop", "sales", name] });
const column = (name: string, of: string): Resource => ({ kind: "column", path: ["shop", "sales", of, name] });
const role = (name: string, login = false): Role => ({ name, origin: "user", attributes: { login }, settings: [] });

function grant(
  kind: GrantChange["kind"],
  resources: readonly Resource[],
  over: Partial<GrantChange> = {},
): GrantChange {
  const [first] = resources;
  return {
    kind,
    resourceKind: first?.kind ?? "table",
    database: "shop",
    resources,
    privileges: ["SELECT"],
    grantee: "app",
    grantor: "owner",
    grantable: false,
    ...over,
  };
}

function stateWith(held: readonly Resource[], empty: readonly Resource[] = []): AccessState {
  const entry = { grantee: "app", grantor: "owner", privileges: ["SELECT"], grantable: [] };
  const holding = (resource: Resource, full: boolean): Holding => ({
    resource,
    owner: resource.kind === "column" ? null : "owner",
    list: accessList(full ? [entry] : []),
  });
  const all = [...held.map((one) => holding(one, true)), ...empty.map((one) => holding(one, false))];
  return {
    ...EMPTY_STATE,
    roles: new Map(["app", "owner", "postgres"].map((name) => [name, role(name)])),
    holdings: new Map(all.map((one) => [resourceKey(one.resource), one])),
  };
}

function plan(before: AccessState, changes: readonly Change[]): DerivedPlan {
  const snapshot = { ...snapshotOf(before), fingerprint: fingerprint(before) };
  return derivePlan({
    target: "t",
    environment: "e",
    snapshot,
    dialect: stepwiseDialect(snapshot),
    changes: changes.map((change) => ({ change, origin: { locations: [], by: "declared" } })),
    manifestDigest: null,
    tool: "0",
    allowRemovals: Number.MAX_SAFE_INTEGER,
  });
}

const outline = ({ plan: { stages } }: DerivedPlan): string[] =>
  stages.map((stage) => `${stage.name}: ${stage.statements.map(({ text }) => outlineOf(text)).join(", ")}`);

describe("a plan whose statements each stand at once", () => {
  test("adds before it removes, and cuts what one statement cannot do, while its changes stay as they are", () => {
    const made = plan(stateWith([table("a")], [table("b"), table("c")]), [
      { kind: "create-role", role: role("new", true) },
      grant("add-grant", [table("b"), table("c")]),
      grant("remove-grant", [table("a")]),
    ]);
    expect(outline(made)).toEqual([
      "prepare: create-role, more",
      "add: add-grant b, add-grant c",
      "remove: remove-grant a",
      "finish: alter-role",
    ]);
    expect(made.plan.changes.map(({ change }) => change.kind)).toEqual([
      "create-role",
      "alter-role",
      "add-grant",
      "remove-grant",
    ]);
    expect(made.plan.stages[1]?.statements.map(({ changes }) => changes)).toEqual([[2], [2]]);
    expect(made.steps.map((steps) => steps.map(({ from, to }) => [from, to]))).toEqual([
      [[0, 2]],
      [
        [0, 1],
        [1, 2],
      ],
      [[0, 1]],
      [[0, 1]],
    ]);
  });

  test("is never a single stage, however small, and is derived anew byte for byte", () => {
    const before = stateWith([], [table("a")]);
    const { plan: made } = plan(before, [grant("add-grant", [table("a")])]);
    expect(made.stages.map(({ name }) => name)).toEqual(["add"]);
    const snapshot = { ...snapshotOf(before), fingerprint: fingerprint(before) };
    const read = readPlan(writePlan(made));
    expect(rederive(read, snapshot, stepwiseDialect(snapshot)).plan).toEqual(made);
  });

  test("grants columns right after their table's grant is taken, says what is missing between, and grants other columns first", () => {
    const made = plan(stateWith([table("a"), table("b")], [table("c")]), [
      grant("add-grant", [column("id", "a"), column("id", "c"), column("name", "a")]),
      grant("remove-grant", [table("a"), table("b")]),
    ]);
    expect(outline(made)).toEqual([
      "add: add-grant c.id",
      "remove: remove-grant a, add-grant a.id a.name, remove-grant b",
    ]);
    const gap = "until the next statement `app` is without SELECT on id, name of sales.a";
    expect(made.plan.stages[1]?.statements.map(({ interrupts }) => interrupts)).toEqual([gap, undefined, undefined]);
    expect(made.plan.findings).toMatchObject([
      { code: "RW331", severity: "warning", message: expect.stringContaining(gap) },
    ]);
    const snapshot = { ...snapshotOf(stateWith([table("a"), table("b")], [table("c")])) };
    const live = { ...snapshot, fingerprint: fingerprint(snapshot.access) };
    expect(rederive(made.plan, live, stepwiseDialect(live)).plan.digest).toBe(made.plan.digest);
  });

  test("keeps no state for each statement and no change for each table", () => {
    const tables = Array.from({ length: 10_000 }, (_, i) => table(`t${String(i).padStart(5, "0")}`));
    const made = plan(stateWith([], tables), [grant("add-grant", tables)]);
    expect(made.plan.changes).toHaveLength(1);
    expect(made.plan.stages[0]?.statements).toHaveLength(10_000);
    expect(made.states).toHaveLength(2);
  });
});

describe("steps", () => {
  const pieces = cutIntoPieces([
    grant("add-grant", [table("a"), table("b")]),
    { kind: "create-role", role: role("x") },
  ]);

  test("parts of changes that share their resources share them too", () => {
    const resources = [table("a"), table("b")];
    const cut = cutIntoPieces([grant("add-grant", resources), grant("add-grant", resources, { grantee: "other" })]);
    const sets = cut.flatMap(({ change }) => ("resources" in change ? [change.resources] : []));
    expect(new Set(sets).size).toBe(2);
    expect(cut.map(({ of }) => of)).toEqual([0, 0, 1, 1]);
  });

  test("statements that share a change are one step", () => {
    const statement = (...changes: number[]) => ({ text: "", changes });
    const found = stepsOf([statement(2), statement(2, 0), statement(0), statement(1)], pieces);
    expect(found.map(({ from, to, changes }) => [from, to, changes.length])).toEqual([
      [0, 3, 2],
      [3, 4, 1],
    ]);
  });

  test("a change that no statement carries out, or that is taken up again later, is a defect", () => {
    const [one, two] = [
      { text: "", changes: [0] },
      { text: "", changes: [1, 2] },
    ];
    expect(() => stepsOf([one], pieces)).toThrow("by no statement");
    expect(() => stepsOf([one, two, one], pieces)).toThrow("do not follow each other");
  });
});
